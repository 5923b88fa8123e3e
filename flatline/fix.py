"""A fix is data: a title, how far it may be trusted, the edits it makes, and the code to paste."""

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flatline.verdict import Verdict


class Safety(enum.Enum):
    """SAFE computes the same function, UNSAFE changes training (verify it), ADVICE is not mechanical."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    ADVICE = "advice"


@dataclass(frozen=True, kw_only=True)
class SetLayer:
    """Set an argument of the layer called `layer`, e.g. `activation="softmax"`."""

    layer: str
    argument: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class ReplaceLayer:
    """Put a layer of class `kind` with `config` in the place of `layer` (its name is kept)."""

    layer: str
    kind: str
    config: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class InsertLayer:
    """Insert a layer of class `kind` with `config` before the layer called `before`."""

    before: str
    kind: str
    config: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RemoveLayer:
    """Take the layer called `layer` out."""

    layer: str


@dataclass(frozen=True, kw_only=True)
class SetCompile:
    """Set an argument of `compile` ("loss", "metrics"), or one of the optimizer ("optimizer.learning_rate")."""

    argument: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class SetFit:
    """Set an argument of `fit`, e.g. `batch_size`."""

    argument: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class MapInput:
    """Transform X: "standardize", or "rescale" by `factor` (and then shift by `offset`)."""

    how: str
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class MapLabels:
    """Transform y: "integers", "one_hot", "zero_one", "from_zero", "standardize", or "rescale" by `factor`."""

    how: str
    classes: int = 0
    factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Shuffle:
    """Shuffle the rows of X and y together."""


@dataclass(frozen=True, kw_only=True)
class Reinitialize:
    """Draw the weights of these layers anew, by their own initialisers."""

    layers: tuple[str, ...]


Edit = (
    SetLayer
    | ReplaceLayer
    | InsertLayer
    | RemoveLayer
    | SetCompile
    | SetFit
    | MapInput
    | MapLabels
    | Shuffle
    | Reinitialize
)


@dataclass(frozen=True, kw_only=True)
class Fix:
    """One change to try.

    Parameters
    ----------
    title : str
        Imperative, with code names in backticks.
    safety : Safety
        How far it may be trusted.
    edits : tuple of Edit
        What `Recipe.apply` does; empty for ADVICE.
    snippet : str
        Code for this model: real layer names, real numbers.
    verdict : Verdict or None
        Outcome of an experiment; None until tried.
    """

    title: str
    safety: Safety = Safety.UNSAFE
    edits: tuple[Edit, ...] = ()
    snippet: str = ""
    verdict: "Verdict | None" = None
