"""Draw the relative gradients of a run: how much of a change each layer is asked for."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.detectors.vanishing_gradient import LEAST_LAYERS, MIN_RATIO
from flatline.facts import Array
from flatline.logs import GradientLog, Marks
from flatline.plots.depth import Bound, first_and_latest, plot_profile
from flatline.plots.heat import plot_heat_map
from flatline.plots.marks import named_layers
from flatline.plots.picture import picture

QUANTITY = "relative gradient ‖g‖/‖W‖"
MISSING = "no gradient, or no number"


@picture(
    "gradient of each layer",
    look_for="Lines that run upright are healthy. Where the first layers lie left of the dotted line, next to nothing "
    "of the gradient reaches them; where a line bends far to the right, the gradient explodes.",
    group="gradients",
    rank=10,
    about=("relative_gradient_ratio", "backward_growth"),
)
def plot_gradient_profile(
    gradients: GradientLog, marks: Marks | None = None, *, ax: Axes | None = None, **line_kw: Any
) -> Axes:
    """Draw the relative gradient over depth, of the first and the latest sample.

    Parameters
    ----------
    gradients : GradientLog
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no gradient was a number.
    """
    samples = first_and_latest(gradients.step, gradients.relative)
    return plot_profile(
        samples, gradients.layers, quantity=QUANTITY, log=True, bounds=vanishing(list(samples.values())[-1]),
        missing=MISSING, always=named_layers(marks), ax=ax, **line_kw,
    )  # fmt: skip


def vanishing(relative: Array) -> tuple[Bound, ...]:
    """Where a first layer's gradient counts as vanished, in networks that are deep enough."""
    known = relative[np.isfinite(relative)]
    if len(known) < LEAST_LAYERS or not known.max() > 0:
        return ()
    return (Bound(MIN_RATIO * float(known.max()), f"{MIN_RATIO:g} of the largest"),)


@picture(
    "gradient of each layer over the steps",
    look_for="One colour from top to bottom is healthy. Dark rows on top are first layers that the gradient does not "
    "reach; a bright column is a spell in which it explodes.",
    group="gradients",
    rank=20,
    about=("gradient_growth", "gradient_jump", "relative_gradient_ratio"),
)
def plot_gradient_map(gradients: GradientLog, marks: Marks | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the relative gradient over layers and steps.

    Parameters
    ----------
    gradients : GradientLog
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Raises
    ------
    CannotTell
        When no gradient was a number.
    """
    return plot_heat_map(
        gradients.step, gradients.relative, gradients.layers, unit="‖g‖/‖W‖", log=True, missing=MISSING,
        always=named_layers(marks), ax=ax,
    )  # fmt: skip
