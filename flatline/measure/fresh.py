"""Initial weights drawn anew from a seed, layer by layer, so that two networks that share a layer share its weights."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array

FEW = 32  # cells of a kernel: the deviation of so few drawn numbers is within a factor of 2.5, of more within 1.5
_CONSTANT = ("Zeros", "Ones", "Constant", "Identity", "_ForgetBias")


def draw(
    model: Any, seed: int, *, kept: frozenset[str] = frozenset(), initializers: Mapping[tuple[str, str], Any] = {}
) -> list[Array]:
    """Return a value for each variable of the model.

    Parameters
    ----------
    model : keras.Model
        Built.
    seed : int
        Equal seeds give layers of equal name and shape equal weights.
    kept : set of str
        Layers whose weights stay as they are: frozen or pretrained ones.
    initializers : mapping of (layer, argument) to initializer
        Used in place of the layer's own, e.g. ("dense", "kernel_initializer").

    Returns
    -------
    list of ndarray
        In the order of `model.variables`; what has no known initialiser keeps its value.
    """
    drawn: dict[int, Array] = {}
    for layer, variable in owned(model):
        if layer.name in kept and (layer.name, f"{variable.name}_initializer") not in initializers:
            continue
        own = initializers.get((layer.name, f"{variable.name}_initializer"), _initializer(layer, variable.name))
        value = _drawn(own, variable, zlib.crc32(f"{layer.name}/{variable.name}/{seed}".encode()))
        if value is not None:
            drawn[id(variable)] = value
    values = []
    for variable in model.variables:
        if variable.name == "seed_generator_state":
            mark = zlib.crc32(f"{variable.path}/{seed}".encode())
            values.append(np.array([mark, 0], dtype="uint32"))
        else:
            values.append(drawn.get(id(variable), backend.read(variable)))
    return values


def kept_layers(model: Any) -> frozenset[str]:
    """Name the layers whose weights are not as drawn (pretrained, set by hand), and the frozen ones.

    A layer was trained where what starts as a constant, a bias or a moving mean, is one no more; and its kernel was set
    where its deviation is not its initialiser's. Where any layer was trained, so were those that have no constants.
    """
    kept, silent, trained = set(), set(), False
    for layer in {id(layer): layer for layer, _ in owned(model)}.values():
        if not layer.trainable:
            kept.add(layer.name)
        constants, as_drawn = False, True
        for variable in _variables(layer):
            initializer = _initializer(layer, variable.name)
            value = backend.read(variable)
            again = _drawn(initializer, variable, 0)
            if again is None:
                as_drawn = as_drawn and value.dtype.kind != "f"
            elif type(initializer).__name__ in _CONSTANT:
                constants = True
                if not np.array_equal(value, again):
                    as_drawn, trained = False, True
            elif value.size > 1:
                bound = 2.5 if value.size < FEW else 1.5
                as_drawn = as_drawn and 1 / bound <= (value.std() + 1e-12) / (again.std() + 1e-12) <= bound
        if not as_drawn:
            kept.add(layer.name)
        elif not constants:
            silent.add(layer.name)
    return frozenset(kept | silent if trained else kept)


def _variables(layer: Any) -> list[Any]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def owned(model: Any) -> Iterator[tuple[Any, Any]]:
    """Every variable with the layer that made it."""
    for layer in model._flatten_layers():
        yield from ((layer, variable) for variable in _variables(layer))


def _initializer(layer: Any, name: str) -> Any:
    for attribute in (f"{name}_initializer", f"{name.removesuffix('_kernel')}_initializer"):
        if callable(getattr(layer, attribute, None)):
            initializer = getattr(layer, attribute)
            if name == "bias" and getattr(layer, "unit_forget_bias", False):
                return _ForgetBias(initializer)
            return initializer
    return None


class _ForgetBias:
    """The bias of an LSTM, whose forget gate starts open (Jozefowicz et al. 2015, PMLR 37)."""

    def __init__(self, initializer: Any) -> None:
        self._initializer = initializer

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        units = shape[-1] // 4
        bias = np.array(keras.ops.convert_to_numpy(self._initializer(shape, dtype=dtype)))
        bias[..., units : 2 * units] = 1.0
        return bias


def _drawn(initializer: Any, variable: Any, mark: int) -> Array | None:
    if isinstance(initializer, str | dict):
        initializer = keras.initializers.get(initializer)
    if initializer is None:
        return None
    try:
        config = initializer.get_config() if hasattr(initializer, "get_config") else {}
        if "seed" in config:
            initializer = type(initializer).from_config({**config, "seed": mark % 2**31})
        return np.asarray(keras.ops.convert_to_numpy(initializer(tuple(variable.shape), dtype=variable.dtype)))
    except Exception:  # an initialiser of the user's own that takes something else: the weight stays as it is
        return None
