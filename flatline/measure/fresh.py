"""Initial weights drawn anew from a seed, layer by layer, so that two networks that share a layer share its weights."""

import zlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array

FEW = 32  # cells of a kernel: the deviation of so few drawn numbers is within a factor of 2.5, of more within 1.5
_CONSTANT = ("Zeros", "Ones", "Constant", "Identity", "_ForgetBias")


def draw(
    model: Any,
    seed: int,
    *,
    kept: frozenset[str] = frozenset(),
    anew: Collection[str] = (),
    initializers: Mapping[tuple[str, str], Any] = {},
) -> list[Array]:
    """Return a value for each variable of the model.

    Parameters
    ----------
    model : keras.Model
        Built.
    seed : int
        Equal seeds give layers of equal path and shape equal weights.
    kept : set of str
        Paths of layers whose weights stay as they are, as `kept_layers` tells.
    anew : collection of str
        Names of layers that are drawn with all that is in them, also where they are kept.
    initializers : mapping of (layer, argument) to initializer
        Used in place of the layer's own, e.g. ("dense", "kernel_initializer"), and in what the layer holds.

    Returns
    -------
    list of ndarray
        In the order of `model.variables`; what has no known initialiser keeps its value.
    """
    drawn: dict[int, Array] = {}
    for path, layer, variable in owned(model):
        names = path.split("/")
        other = [
            initializers[name, argument]
            for name in names
            for argument in _arguments(variable.name)
            if (name, argument) in initializers
        ]
        if path in kept and not other and not set(names) & set(anew):
            continue
        own = _opened(layer, variable.name, other[-1]) if other else _initializer(layer, variable.name)
        value = _drawn(own, variable, zlib.crc32(f"{path}/{variable.name}/{seed}".encode()))
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
    """Paths, as in "lstm/lstm_cell", of layers whose weights are not as drawn (pretrained, set), and the frozen ones.

    A layer was trained where what starts as a constant, a bias or a moving mean, is one no more; and its kernel was set
    where its deviation is not its initialiser's. Where any layer was trained, so were those that have no constants.
    """
    kept, silent, trained = set(), set(), False
    for path, layer in {id(layer): (path, layer) for path, layer, _ in owned(model)}.values():
        if not layer.trainable:
            kept.add(path)
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
            kept.add(path)
        elif not constants:
            silent.add(path)
    return frozenset(kept | silent if trained else kept)


def _variables(layer: Any) -> list[Any]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def owned(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every variable with the layer that made it and its path: all cells of recurrent layers bear the same name."""
    pending, seen = [("", model)], set()
    while pending:
        path, layer = pending.pop(0)
        if id(layer) not in seen:
            seen.add(id(layer))
            yield from ((path, layer, variable) for variable in _variables(layer))
            inner = layer._flatten_layers(include_self=False, recursive=False)
            pending += [(f"{path}/{each.name}" if path else each.name, each) for each in inner]


def _arguments(name: str) -> tuple[str, str]:
    """What the initialiser of a variable may be called."""
    return f"{name}_initializer", f"{name.removesuffix('_kernel')}_initializer"


def _initializer(layer: Any, name: str) -> Any:
    depthwise = ("depthwise_initializer",) if name == "kernel" else ()  # of DepthwiseConv, whose kernel has that name
    for argument in (*_arguments(name), *depthwise):
        if callable(getattr(layer, argument, None)):
            return _opened(layer, name, getattr(layer, argument))
    return None


def _opened(layer: Any, name: str, initializer: Any) -> Any:
    """The initialiser as the layer uses it: an LSTM opens its forget gate, EinsumDense tells which axes are units."""
    if name == "bias" and getattr(layer, "unit_forget_bias", False):
        return _ForgetBias(keras.initializers.get(initializer))
    if name == "kernel" and isinstance(layer, keras.layers.EinsumDense):
        initializer = keras.initializers.get(initializer)
        config = initializer.get_config()
        if "input_axes" in config and None in (config["input_axes"], config["output_axes"]):
            _, axes, outputs = layer.equation.replace("->", ",").split(",")
            config["output_axes"] = [i for i, axis in enumerate(axes) if axis in outputs]
            config["input_axes"] = [i for i, axis in enumerate(axes) if axis not in outputs]
            return type(initializer).from_config(config)
    return initializer


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
