"""Nested structures of arrays, as `fit` takes them: lists, tuples and dicts, with one array at every leaf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One array of a structure."""

    path: Path  # keys and indices that lead to it
    name: str
    value: Any


def is_structure(value: Any) -> bool:
    """Whether a value holds several arrays, rather than being one: a list of arrays, not a list of numbers."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, (list, tuple)) and any(
        item is None or is_structure(item) or (hasattr(item, "shape") and len(item.shape) > 0) for item in value
    )


def leaves(structure: Any, names: Sequence[str], default: str, path: Path = ()) -> list[Leaf]:
    """List the arrays of a structure; None has none.

    Parameters
    ----------
    structure : object
        An array, or lists, tuples and dicts of such.
    names : sequence of str
        Of the model's inputs or outputs. A dict is listed in their order and names its arrays itself; a list of as
        many arrays takes their names.
    default : str
        Name of an array without one.
    path : tuple
        That leads to the structure.
    """
    if structure is None:
        return []
    if not is_structure(structure):
        return [Leaf(path=path, name=names[0] if len(names) == 1 else default, value=structure)]
    if isinstance(structure, Mapping):
        first = [key for key in names if key in structure]
        keys = [(key, str(key)) for key in (*first, *(key for key in structure if key not in first))]
    else:
        named = len(names) == len(structure)
        keys = [(at, names[at] if named else f"{default}[{at}]") for at in range(len(structure))]
    return [leaf for key, name in keys for leaf in leaves(structure[key], (), name, (*path, key))]


def rebuilt(structure: Any, values: Mapping[Path, Any], path: Path = ()) -> Any:
    """Make a structure like the one given, with other values at its leaves."""
    if structure is None:
        return None
    if not is_structure(structure):
        return values[path]
    if isinstance(structure, Mapping):
        return {key: rebuilt(item, values, (*path, key)) for key, item in structure.items()}
    parts = [rebuilt(item, values, (*path, at)) for at, item in enumerate(structure)]
    return parts if isinstance(structure, list) else tuple(parts)
