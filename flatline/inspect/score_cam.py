"""Score-CAM: feature maps weighted by what the model says of the input seen through them."""

from typing import Any

import keras
import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.class_maps import feature_maps
from flatline.inspect.names import channels_first
from flatline.inspect.opened import in_batches, n_rows, opened, pairs, prepared
from flatline.inspect.passes import scored
from flatline.inspect.resize import input_size, resized
from flatline.inspect.saliency import Target
from flatline.inspect.score import Score


def score_cam(
    model: Any,
    x: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    layer: Any = None,
    max_maps: int | None = 32,
    resize: bool = True,
    batch_size: int = 32,
) -> Array:
    """Return the feature maps of a layer, weighted by the score of the input when only what a map shows is left.

    Parameters
    ----------
    model, x, target, output, layer, resize, batch_size
        As for `grad_cam`. Inputs of another rank than the maps (a table beside the image) stay as they are.
    max_maps : int or None
        Of each row, only so many maps whose values vary most are tried (Faster Score-CAM); all if None.

    Returns
    -------
    ndarray of shape (n_rows, height, width), or (n_rows, n_steps) for a sequence
        float32, not negative.

    Raises
    ------
    FlatlineError
        As for `grad_cam`, and if no input has as many directions as the maps.

    Notes
    -----
    No gradient is needed, but where `layer` is None one pass finds the layer that the gradient reaches. Then one
    forward pass for each map of each row. The weights are a softmax over the scores that the maps leave.

    References
    ----------
    H. Wang et al., Score-CAM, arXiv 1910.01279, algorithm 1.
    """
    if max_maps is not None and (not isinstance(max_maps, int) or max_maps < 1):
        raise FlatlineError(f"The `max_maps` parameter must be an integer of at least 1 or None. Got {max_maps!r}.")
    with opened(model):
        x = prepared(model, x)
        score = Score(model, target=target, output=output, layer=None, n_rows=n_rows(x))
        first = channels_first(model)

        def measure(rows: slice, part: Any) -> Array:
            maps = feature_maps(model, part, score, rows, layer)[0]
            size = input_size(part, maps.ndim - 2, first)
            if size is None or not any(leaf.ndim == maps.ndim for leaf in keras.tree.flatten(part)):
                raise FlatlineError("No input has the directions of the maps to be seen through them: use `grad_cam`.")
            _, targets = scored(model, part, score, rows)
            kept = _most_varied(maps, max_maps)
            masks = np.stack([_mask(resized(kept[..., i], size)) for i in range(kept.shape[-1])], axis=1)
            found = np.zeros(masks.shape[:2])
            for row, which in pairs(n_rows(part), masks.shape[1], batch_size):
                mask = np.expand_dims(masks[row, which], 1 if first else -1)
                some = keras.tree.map_structure(
                    lambda leaf, row=row, mask=mask: (
                        (leaf[row] * mask).astype(leaf.dtype) if leaf.ndim == mask.ndim else leaf[row]
                    ),
                    part,
                )
                wanted = None if targets is None else targets[row]
                found[row, which], _ = scored(model, some, score.at(wanted), slice(None))
            share = np.exp(found - found.max(axis=1, keepdims=True))
            share /= share.sum(axis=1, keepdims=True)
            shape = (len(kept), *[1] * (kept.ndim - 2), -1)
            cam = np.maximum((kept * share.reshape(shape)).sum(-1), 0)
            return resized(cam, size) if resize else cam

        return np.asarray(in_batches(x, batch_size, measure), "float32")


def _most_varied(maps: Array, most: int | None) -> Array:
    if most is None or maps.shape[-1] <= most:
        return maps
    spread = maps.std(tuple(range(1, maps.ndim - 1)))  # (n_rows, n_channels)
    chosen = np.argsort(spread, axis=1)[:, ::-1][:, :most]
    return np.take_along_axis(maps, chosen.reshape(len(maps), *[1] * (maps.ndim - 2), most), axis=-1)


def _mask(maps: Array) -> Array:
    """Each row between 0 and 1."""
    axes = tuple(range(1, maps.ndim))
    low, high = maps.min(axes, keepdims=True), maps.max(axes, keepdims=True)
    return np.asarray(np.divide(maps - low, high - low, out=np.zeros_like(maps), where=high > low))
