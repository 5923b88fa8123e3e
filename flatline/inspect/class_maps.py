"""Class activation maps: where the last feature maps speak for a class."""

from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import Channels, find_layer, layer_names
from flatline.inspect.opened import in_batches, n_rows, opened, prepared
from flatline.inspect.resize import input_size, resized
from flatline.inspect.saliency import Target
from flatline.inspect.score import Score

Variant = Literal["grad_cam", "grad_cam++", "layer_cam", "hires_cam"]


def grad_cam(
    model: Any,
    x: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    layer: Any = None,
    variant: Variant = "grad_cam",
    resize: bool = True,
    batch_size: int = 32,
) -> Array:
    """Return where the feature maps of a layer speak for a class: the maps, weighted by the gradient of its score.

    Parameters
    ----------
    model : keras.Model
        Of any kind, also with a backbone nested in it; it is called in inference mode and left as it was.
    x : ndarray or structure of ndarray
        A batch, in the structure that the model takes.
    target, output
        As for `saliency`.
    layer : str, keras.layers.Layer or None
        Layer whose maps are weighted, by name or path ("backbone/conv1"). None: the last one called whose output has
        positions and channels and that the gradient reaches; images (n_rows, height, width, n_channels) come before
        sequences (n_rows, n_steps, n_channels).
    variant : {"grad_cam", "grad_cam++", "layer_cam", "hires_cam"}
        Weights: the mean gradient of each map; that of the positive gradients, by their share in the score; the
        positive gradient at each position; the gradient at each position.
    resize : bool
        Whether to interpolate the maps to the size of the input.
    batch_size : int
        Rows that are looked at at a time.

    Returns
    -------
    ndarray of shape (n_rows, height, width), or (n_rows, n_steps) for a sequence
        float32, not negative, not normalised: what is equal for all rows or classes shows.

    Raises
    ------
    FlatlineError
        If the layer does not exist (the message lists those that do), has no positions, or the score does not depend
        on it.

    See Also
    --------
    flatline.inspect.overlay, flatline.plots.attribution.plot_attribution

    Notes
    -----
    One forward pass, and a backward pass from the score to the layer.

    References
    ----------
    R. R. Selvaraju et al., Grad-CAM, arXiv 1610.02391, equations 1 and 2.
    A. Chattopadhyay et al., Grad-CAM++, arXiv 1710.11063, equations 10 and 19, for the exponential of the score.
    P.-T. Jiang et al., LayerCAM, doi 10.1109/TIP.2021.3089943, equations 5 and 6.
    R. L. Draelos, L. Carin, HiResCAM, arXiv 2011.08891.
    """
    if variant not in _VARIANTS:
        known = ", ".join(map(repr, _VARIANTS))
        raise FlatlineError(f"The `variant` parameter must be one of {known}. Got {variant!r}.")
    with opened(model):
        x = prepared(model, x)
        score = Score(model, target=target, output=output, layer=None, n_rows=n_rows(x))

        def measure(rows: slice, part: Any) -> Array:
            maps, gradients, first = feature_maps(model, part, score, rows, layer)
            found = _VARIANTS[variant](maps, gradients)
            size = input_size(part, found.ndim - 1, first) if resize else None
            return found if size is None else resized(found, size)

        return np.asarray(in_batches(x, batch_size, measure), "float32")


def _positive(weighted: Array) -> Array:
    return np.asarray(np.maximum(weighted.sum(-1), 0))


def _plain(maps: Array, gradients: Array) -> Array:
    weights = gradients.mean(_positions(maps), keepdims=True)
    return _positive(weights * maps)


def _plus_plus(maps: Array, gradients: Array) -> Array:
    """Equation 19 for an exponential: its value is a factor of the whole map and is left out."""
    positions = _positions(maps)
    # In units of the largest, for the third power of a small gradient is no number in single precision.
    unit = np.abs(gradients).max((*positions, -1), keepdims=True)
    g = gradients / np.where(unit > 0, unit, 1)
    below = 2 * g**2 + unit * maps.sum(positions, keepdims=True) * g**3
    share = np.divide(g**2, below, out=np.zeros_like(g), where=below != 0)
    total = share.sum(positions, keepdims=True)
    share = np.divide(share, total, out=np.zeros_like(g), where=total != 0)
    weights = (share * np.maximum(gradients, 0)).sum(positions, keepdims=True)
    return _positive(weights * maps)


def _layer_cam(maps: Array, gradients: Array) -> Array:
    return _positive(np.maximum(gradients, 0) * maps)


def _hires(maps: Array, gradients: Array) -> Array:
    return _positive(gradients * maps)


_VARIANTS: dict[str, Callable[[Array, Array], Array]] = {
    "grad_cam": _plain,
    "grad_cam++": _plus_plus,
    "layer_cam": _layer_cam,
    "hires_cam": _hires,
}


def _positions(maps: Array) -> tuple[int, ...]:
    return tuple(range(1, maps.ndim - 1))


def feature_maps(model: Any, x: Any, score: Score, rows: slice, layer: Any) -> tuple[Array, Array, bool]:
    """Maps of a layer (n_rows, *positions, n_channels), the gradient at them, and whether channels come first."""
    wanted = None if layer is None else find_layer(model, layer)
    seen: list[tuple[Any, int]] = []
    # First without remembering what led to the last maps: most gradients reach these, and it is the cheapest.
    for alone in (True, False) if wanted is None else (False,):
        seen, gradients = _pass(model, x, score, rows, wanted, alone=alone)
        reached = [i for i, g in enumerate(gradients) if g is not None]
        if reached:
            tensor, axis = seen[reached[-1]]
            maps = np.asarray(keras.ops.convert_to_numpy(tensor), "float32")
            return np.moveaxis(maps, axis, -1), np.moveaxis(gradients[reached[-1]], axis, -1), axis == 1
    raise FlatlineError(_reason(wanted, bool(seen)))


def _pass(
    model: Any, x: Any, score: Score, rows: slice, wanted: tuple[str, Any] | None, *, alone: bool
) -> tuple[list[tuple[Any, int]], list[Any]]:
    """Maps that may be meant, with the axis of their channels, and the gradient at the last that it reaches."""
    names = layer_names(model)
    seen: list[tuple[Any, int]] = []

    def forward(watch: Callable[..., Any]) -> tuple[Any, list[Any]]:
        channels = Channels()
        seen.clear()

        def edit(called: Any, given: Any, outputs: Any) -> Any:
            made = backend.layer_output(outputs)
            axis = channels.axis(called, 0 if made is None else len(made.shape))
            mine = id(called) in names if wanted is None else called is wanted[1]
            if mine and made is not None and _has_positions(made, n_rows(x), axis):
                image_before = any(len(each.shape) > len(made.shape) for each, _ in seen)
                if not (alone and image_before):
                    if alone:
                        seen.clear()
                    seen.append((watch(made, alone=alone), axis))
            return outputs

        with backend.edited(edit):
            outputs = backend.call(model, backend.to_tensors(x), training=False)
        found, _ = score.of(outputs, rows)
        if wanted is None:  # the score's own tensor is no map of it
            made = {id(tensor) for tensor in keras.tree.flatten(outputs)}
            seen[:] = sorted((s for s in seen if id(s[0]) not in made), key=lambda s: len(s[0].shape) > 3)
        return found, [tensor for tensor, _ in seen]

    return seen, backend.differentiate(forward, last=True)


def _has_positions(tensor: Any, rows: int, axis: int) -> bool:
    shape = list(tensor.shape)
    if not backend.is_float(tensor) or len(shape) < 3 or shape[0] != rows:
        return False
    del shape[axis]
    return bool(np.prod(shape[1:]) > 1)


def _reason(wanted: tuple[str, Any] | None, seen: bool) -> str:
    if wanted is None:
        return (
            "No layer makes maps (n_rows, height, width, n_channels) or steps (n_rows, n_steps, n_channels) that the "
            "score depends on: use `saliency`."
        )
    if not seen:
        return (
            f"Layer `{wanted[0]}` makes no maps with positions and channels. "
            "Name a convolution or pooling, or leave `layer` out."
        )
    return f"The score does not depend on what layer `{wanted[0]}` makes, in a way that has a gradient."
