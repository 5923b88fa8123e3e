"""Draw a network as it stands before the first step: signal, gradient and units out of work over depth."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.checks.born_dead import MAX_DEAD
from flatline.checks.saturated_at_start import MAX_SATURATED
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts
from flatline.plots.depth import Bound, plot_profile
from flatline.plots.gradients import QUANTITY, vanishing
from flatline.plots.picture import picture


@picture(
    "signal of each layer at initialisation",
    look_for="Upright lines near 1 are healthy. Where both run to the left or the right the signal shrinks or grows "
    "from layer to layer; where the spread alone lies far to the left, all samples look the same to the layer.",
    group="activations",
    rank=60,
    about=("signal_ratio", "kernel_scale", "input_dependence", "preprocessing_gain"),
)
def plot_initial_signal(model: ModelFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw root mean square and spread over samples of each layer's outputs on the probe batch.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no output was measured.
    """
    layers = [each for each in model.layers if np.isfinite(each.output_rms)]
    if not layers:
        raise CannotTell("no output of a layer was measured")
    size = np.array([each.output_rms for each in layers])
    spread = np.array([each.output_spread for each in layers])
    return plot_profile(
        {"spread over samples": spread, "size, root mean square": size}, _names(layers), quantity="output of the layer",
        log=True, ax=ax, **line_kw,
    )  # fmt: skip


@picture(
    "units out of work at initialisation",
    look_for="Units that are zero for every sample, or that sit on the flat end of their activation, pass no gradient. "
    "Right of the dotted line that is so for most of the layer.",
    group="activations",
    rank=70,
    about=("dead_share", "saturated_share", "saturating_layers"),
)
def plot_initial_units(model: ModelFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the shares of dead and of saturated units of each layer on the probe batch.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no layer has such units.
    """
    layers = [each for each in model.layers if np.isfinite([each.dead_share, each.saturated_share]).any()]
    if not layers:
        raise CannotTell("no layer has units that can die or saturate")
    dead = np.array([each.dead_share for each in layers])
    saturated = np.array([each.saturated_share for each in layers])
    bound = {f"bound, {limit:g}": limit for limit in (MAX_DEAD, MAX_SATURATED)}
    shares = {name: share for name, share in (("dead", dead), ("saturated", saturated)) if np.isfinite(share).any()}
    return plot_profile(
        shares, _names(layers), quantity="share of the layer's units", missing="",
        bounds=[Bound(limit, label) for label, limit in bound.items()], ax=ax, **line_kw,
    )  # fmt: skip


@picture(
    "gradient of each layer at initialisation",
    look_for="A line that runs upright is healthy. Where the first layers lie left of the dotted line, next to nothing "
    "of the gradient reaches them; a cross is a layer that none reaches.",
    group="gradients",
    rank=30,
    about=("relative_gradient_ratio", "loss_gradient_norm", "trainable_weights", "saturating_layers"),
)
def plot_initial_gradients(model: ModelFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the relative gradient of each trainable layer on the probe batch.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When there is no trainable layer, or no gradient was measured.
    """
    layers = [each for each in model.layers if each.n_trainable]
    if not layers:
        raise CannotTell("no layer has a weight that is trained")
    relative = np.array([each.relative_gradient for each in layers])
    return plot_profile(
        {"at initialisation": relative}, _names(layers), quantity=QUANTITY, log=True, bounds=vanishing(relative),
        missing="no gradient reaches it", ax=ax, **line_kw,
    )  # fmt: skip


def _names(layers: list[LayerFacts]) -> tuple[str, ...]:
    return tuple(each.name for each in layers)
