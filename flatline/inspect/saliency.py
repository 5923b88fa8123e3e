"""Plain gradients of a score, and guided ones."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras
import numpy as np

from flatline.backend import ReluRule
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.opened import in_batches, n_rows, opened, prepared
from flatline.inspect.passes import differentiable, run
from flatline.inspect.score import Score

Target = int | Sequence[int] | Array | Callable[[Any], Any] | None
Modifier = Literal["negate", "absolute", "invert", "relu", "small_values"] | Callable[[Array], Array] | None
EPSILON = 1e-7  # keras.config.epsilon(), as in keras-vis

MODIFIERS: dict[str, Callable[[Array], Array]] = {
    "negate": np.negative,
    "absolute": np.abs,
    "invert": lambda g: 1 / (g + EPSILON),
    "relu": lambda g: np.maximum(g, 0),
    "small_values": lambda g: np.abs(1 / (g + EPSILON)),
}


def saliency(
    model: Any,
    x: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    layer: Any = None,
    modifier: Modifier = None,
    batch_size: int = 32,
) -> Any:
    """Return the gradient of a score with respect to the inputs: what a small change of each would do.

    Parameters
    ----------
    model : keras.Model
        Of any kind; it is called in inference mode and left as it was.
    x : ndarray or structure of ndarray
        A batch, in the structure that the model takes.
    target : int, sequence of int, callable or None
        Class or unit whose score is differentiated: one for all rows or one for each; None for the predicted class, or
        the unit itself where there is only one. A single sigmoid unit has the classes 0 and 1. A callable gets the
        model's outputs and returns the score of each row, made with operations of Keras.
    output : int, str or None
        Which output of a model with several; the first if None.
    layer : str, keras.layers.Layer or None
        Take the unit `target` from this layer instead of the output: one of its channels, averaged over positions, or
        all of them if `target` is None.
    modifier : {"negate", "absolute", "invert", "relu", "small_values"}, callable or None
        What is shown of the gradient g: −g, |g|, 1/g, max(g, 0), |1/g| (small gradients become bright), or what a
        callable makes of the array.
    batch_size : int
        Rows that are looked at at a time.

    Returns
    -------
    ndarray or structure of ndarray
        Signed gradients, float32, in the structure and shape of `x`. For tokens (whole numbers that a layer turns into
        floats) the gradient at the output of that layer, (n_rows, n_steps, n_dimensions).

    Raises
    ------
    FlatlineError
        If the layer, output or target does not exist (the message lists those that do), or the score does not depend on
        any input.

    See Also
    --------
    smoothgrad, integrated_gradients, flatline.inspect.reduce_channels, flatline.plots.attribution.plot_attribution

    Notes
    -----
    Where the last activation is a softmax or sigmoid of Keras, the score is what goes into it: the gradient of a
    saturated output is close to zero whatever the network has learnt. One forward and one backward pass.

    References
    ----------
    K. Simonyan, A. Vedaldi, A. Zisserman, Deep Inside Convolutional Networks, arXiv 1312.6034, section 3.
    """
    return gradient(
        model, x, target=target, output=output, layer=layer, modifier=modifier, batch_size=batch_size, relu="plain"
    )


def guided_backprop(
    model: Any,
    x: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    layer: Any = None,
    rule: Literal["guided", "rectified"] = "guided",
    modifier: Modifier = None,
    batch_size: int = 32,
) -> Any:
    """Return the gradient of a score with respect to the inputs, of which each rectifier lets only positive parts pass.

    Parameters
    ----------
    model, x, target, output, layer, modifier, batch_size
        As for `saliency`.
    rule : {"guided", "rectified"}
        Gradients pass a rectifier where they are positive and so is its output, or ("rectified", the backward pass of a
        deconvnet) wherever they are positive.

    Returns
    -------
    ndarray or structure of ndarray
        As for `saliency`.

    Raises
    ------
    FlatlineError
        As for `saliency`, and if the rule does not exist.

    Warnings
    --------
    These pictures look like edges of the image, also with random weights in the upper layers: they fail the
    parameter-randomisation test (J. Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292), here as there.
    They show what the first layers see; for what the answer depends on, use `saliency` or `integrated_gradients`.

    Notes
    -----
    The gradients of the operations Relu and Relu6 are exchanged for the time of the pass and in this thread alone, so a
    rectifier is reached however the model calls it; the model is not edited. Not reached are `maximum(x, 0)`, leaky and
    smooth rectifiers (LeakyReLU, ELU, GELU, SiLU): their gradients pass as they are. Without any rectifier this is
    `saliency`.

    References
    ----------
    J. T. Springenberg et al., Striving for Simplicity, arXiv 1412.6806, section 3.4.
    M. D. Zeiler, R. Fergus, Visualizing and Understanding Convolutional Networks, arXiv 1311.2901, section 2.1.
    """
    if rule not in ("guided", "rectified"):
        raise FlatlineError(f"The `rule` parameter must be 'guided' or 'rectified'. Got {rule!r}.")
    return gradient(
        model, x, target=target, output=output, layer=layer, modifier=modifier, batch_size=batch_size, relu=rule
    )


def gradient(
    model: Any,
    x: Any,
    *,
    target: Target,
    output: int | str | None,
    layer: Any,
    modifier: Modifier,
    batch_size: int,
    relu: ReluRule,
) -> Any:
    """Gradients of a score, by a rule for rectifiers."""
    change = _modification(modifier)
    with opened(model):
        x = prepared(model, x)
        score = Score(model, target=target, output=output, layer=layer, n_rows=n_rows(x))

        def measure(rows: slice, part: Any) -> Any:
            return run(model, part, score, rows, relu=relu).gradients

        found = differentiable(x, lambda x: in_batches(x, batch_size, measure))
    return keras.tree.map_structure(change, keras.tree.pack_sequence_as(x, found))


def _modification(modifier: Modifier) -> Callable[[Array], Array]:
    if modifier is None:
        return lambda g: g
    if callable(modifier):
        return modifier
    if modifier not in MODIFIERS:
        known = ", ".join(map(repr, MODIFIERS))
        raise FlatlineError(f"The `modifier` parameter must be one of {known}, a callable or None. Got {modifier!r}.")
    return MODIFIERS[modifier]
