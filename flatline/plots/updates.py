"""Draw the updates of a run: which share of its weights each step changes."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.detectors.updates_too_large import FAST, REPLACED
from flatline.detectors.updates_too_small import SLOW, USUAL
from flatline.errors import CannotTell
from flatline.facts import OptimizerFacts
from flatline.logs import Marks, UpdateLog
from flatline.plots.depth import Bound, first_and_latest, plot_profile
from flatline.plots.heat import plot_heat_map
from flatline.plots.marks import named_layers
from flatline.plots.picture import picture
from flatline.sampled import applied

QUANTITY = "update ratio ‖ΔW‖/‖W‖ of a step"
BOUNDS = (Bound(USUAL, f"rule of thumb, {USUAL:g}"), Bound(REPLACED, f"weights replaced, {REPLACED:g}"))
BAND = (SLOW, FAST)


@picture(
    "update of each layer",
    look_for="A step should change about a thousandth of the weights, and anything in the shaded band may do. Left of "
    "it nothing moves; right of it each step throws away what was learnt.",
    group="weights",
    rank=10,
    about=("update_ratio", "layer_update_ratio", "moving_steps", "learning_rate", "weight_shrinkage"),
)
def plot_update_profile(
    updates: UpdateLog, marks: Marks | None = None, *, ax: Axes | None = None, **line_kw: Any
) -> Axes:
    """Draw the update ratio over depth, of the first and the latest sample, against the usual band.

    Parameters
    ----------
    updates : UpdateLog
        Steps that the optimizer left out on purpose are not drawn.
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no update was a number.
    """
    rows = applied(updates)
    return plot_profile(
        first_and_latest(updates.step[rows], updates.update_ratio[rows]), updates.layers, quantity=QUANTITY, log=True,
        bounds=BOUNDS, usual=BAND, always=named_layers(marks), ax=ax, **line_kw,
    )  # fmt: skip


@picture(
    "update of each layer over the steps",
    look_for="Values near the line of the colour bar, a thousandth, are healthy in every layer. A row of another "
    "colour is a layer that stands still, or that is thrown about.",
    group="weights",
    rank=20,
    about=("layer_update_ratio", "moving_steps"),
)
def plot_update_map(updates: UpdateLog, marks: Marks | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the update ratio over layers and steps.

    Parameters
    ----------
    updates : UpdateLog
        Steps that the optimizer left out on purpose are not drawn.
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Raises
    ------
    CannotTell
        When no update was a number.
    """
    rows = applied(updates)
    if not rows.any():
        raise CannotTell("the optimizer left every sampled step out")
    return plot_heat_map(
        updates.step[rows], updates.update_ratio[rows], updates.layers, unit="‖ΔW‖/‖W‖", log=True, bound=USUAL,
        always=named_layers(marks), ax=ax,
    )  # fmt: skip


@picture(
    "update of each layer in the first step",
    look_for="The first step should change about a thousandth of the weights, and anything in the shaded band may do. "
    "Left of it nothing moves; right of it the step throws away what is there.",
    group="weights",
    rank=30,
    about=("update_ratio", "learning_rate", "optimizer_argument"),
)
def plot_first_update(optimizer: OptimizerFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the update ratio of the first real step over depth, against the usual band.

    Parameters
    ----------
    optimizer : OptimizerFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no first step was taken.
    """
    if not optimizer.update_ratios:
        raise CannotTell("no first step was taken")
    ratios = np.array(list(optimizer.update_ratios.values()), float)
    return plot_profile(
        {f"{optimizer.kind} at {optimizer.learning_rate:.3g}": ratios}, tuple(optimizer.update_ratios),
        quantity=QUANTITY, log=True, bounds=BOUNDS, usual=BAND, ax=ax, **line_kw,
    )  # fmt: skip
