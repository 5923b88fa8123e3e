"""Integrated gradients: what each input adds to a score, between a baseline and itself."""

from typing import Any

import keras
import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.opened import in_batches, n_rows, opened, pairs, prepared
from flatline.inspect.passes import differentiable, run
from flatline.inspect.saliency import Target
from flatline.inspect.score import Score


def integrated_gradients(
    model: Any,
    x: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    layer: Any = None,
    baseline: Any = 0.0,
    steps: int = 50,
    batch_size: int = 32,
) -> Any:
    """Return what each input adds to a score: its distance from a baseline times the mean gradient on the way there.

    Parameters
    ----------
    model, x, target, output, layer
        As for `saliency`. The class is the one predicted at `x`, all the way.
    baseline : float, ndarray or structure of ndarray
        Where the way begins: a number, or a row or rows in the structure of `x`. What stands for "nothing there": black
        for images, the mean for standardised columns; for tokens it is a number, in all dimensions of the embedding.
    steps : int
        Points at which the gradient is taken, by Gauss-Legendre quadrature.
    batch_size : int
        Rows, times points, that are looked at at a time.

    Returns
    -------
    ndarray or structure of ndarray
        Signed, float32, in the structure and shape of `x`; for tokens (n_rows, n_steps, n_dimensions). The sum over all
        inputs of a row is the score at `x` less the score at the baseline (completeness), within the error of the
        quadrature: if it is not, take more steps.

    Raises
    ------
    FlatlineError
        As for `saliency`, and if the baseline does not fit `x`.

    See Also
    --------
    saliency, smoothgrad

    Notes
    -----
    What equals the baseline gets nothing: a black pixel never matters with a black baseline. `steps` forward and
    backward passes.

    References
    ----------
    M. Sundararajan, A. Taly, Q. Yan, Axiomatic Attribution for Deep Networks, arXiv 1703.01365, equation 1.
    """
    if not isinstance(steps, int) or steps < 1:
        raise FlatlineError(f"The `steps` parameter must be an integer of at least 1. Got {steps!r}.")
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    nodes, weights = (nodes + 1) / 2, weights / 2
    with opened(model):
        x = prepared(model, x)
        score = Score(model, target=target, output=output, layer=layer, n_rows=n_rows(x))
        begin = _baselines(x, baseline)

        def measure(rows: slice, part: Any) -> list[Array]:
            here = run(model, part, score, rows)
            fixed = score.at(here.targets)
            start = [_start(b, value, rows) for b, value in zip(begin, here.values, strict=True)]
            mean = [np.zeros(value.shape) for value in here.values]
            for row, node in pairs(n_rows(part), steps, batch_size):
                some = keras.tree.map_structure(lambda leaf, row=row: leaf[row], part)
                targets = None if here.targets is None else here.targets[row]

                def change(i: int, tensor: Any, row: Array = row, node: Array = node) -> Any:
                    at = nodes[node].reshape(-1, *[1] * (len(tensor.shape) - 1)).astype("float32")
                    first = keras.ops.cast(start[i][row], tensor.dtype)
                    return first + keras.ops.cast(at, tensor.dtype) * (tensor - first)

                found = run(
                    model, some, fixed.at(targets), slice(None), change=change, embedded=here.embedded
                ).gradients
                for total, gradient in zip(mean, found, strict=True):
                    np.add.at(total, row, weights[node].reshape(-1, *[1] * (gradient.ndim - 1)) * gradient)
            return [
                np.asarray((v - s) * g, "float32") if v.dtype.kind == "f" else g
                for v, s, g in zip(here.values, start, mean, strict=True)
            ]

        found = differentiable(x, lambda x: in_batches(x, batch_size, measure))
    return keras.tree.pack_sequence_as(x, found)


def _baselines(x: Any, baseline: Any) -> list[Any]:
    leaves = keras.tree.flatten(x)
    if isinstance(baseline, (int, float)):
        return [float(baseline)] * len(leaves)
    given = [np.asarray(part, "float32") for part in keras.tree.flatten(baseline)]
    if len(given) != len(leaves):
        raise FlatlineError(f"The `baseline` parameter must have the structure of `x`, {len(leaves)} arrays.")
    return given


def _start(baseline: Any, value: Array, rows: slice) -> Array:
    """Baseline of some rows, in the shape of what the gradient is taken at."""
    if isinstance(baseline, np.ndarray) and baseline.ndim == value.ndim and len(baseline) > 1:
        baseline = baseline[rows]
    try:
        return np.array(np.broadcast_to(baseline, value.shape), "float32")
    except ValueError:
        raise FlatlineError(
            f"The `baseline` parameter must be a number or fit rows of shape {value.shape[1:]}. "
            f"Got {np.shape(baseline)}."
        ) from None
