"""Draw the learning rate of a run over its steps, where it changes."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.logs import Marks, RunFacts, UpdateLog
from flatline.plots import frame
from flatline.plots.dense import plot_dense
from flatline.plots.frame import COLOURS
from flatline.plots.marks import draw_marks
from flatline.plots.picture import picture


@picture(
    "learning rate over the steps",
    look_for="Compare with the loss: where it stands still while the rate is already close to nothing, the schedule "
    "ended too early; where it jumps as the rate is at its peak, the peak is too high.",
    group="weights",
    rank=40,
    about=("learning_rate",),
)
def plot_learning_rate(
    updates: UpdateLog,
    run: RunFacts | None = None,
    marks: Marks | None = None,
    *,
    ax: Axes | None = None,
    **line_kw: Any,
) -> Axes:
    """Draw the learning rate of each sampled step.

    Parameters
    ----------
    updates : UpdateLog
    run : RunFacts or None
        Says whether the rate is scheduled.
    marks : Marks or None
        What was found.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When the rate is not known, or stays what it was.
    """
    known = updates.learning_rate[np.isfinite(updates.learning_rate)] if len(updates.learning_rate) else np.empty(0)
    if not len(known):
        raise CannotTell("the learning rate is not known")
    if known.min() == known.max() and not (run is not None and run.scheduled):
        raise CannotTell(f"the learning rate is {known[0]:.3g} in every sampled step")
    ax = frame.axes(ax)
    style = {"color": COLOURS[0], "linewidth": 1.8, "label": "learning rate"}
    frame.fit_height(ax, *plot_dense(ax, updates.step, updates.learning_rate, **{**style, **line_kw}))
    frame.over_steps(ax)
    ax.set_ylabel("learning rate")
    draw_marks(ax, marks)
    return ax
