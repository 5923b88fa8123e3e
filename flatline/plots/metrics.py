"""Draw the metrics that `fit` reports, epoch by epoch."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.logs import EpochLog, Marks, RunFacts
from flatline.plots import frame
from flatline.plots.frame import COLOURS, literal
from flatline.plots.legend import legend_above
from flatline.plots.marks import draw_marks
from flatline.plots.picture import picture

MOST = 3  # metrics in one drawing
FEW = 30  # epochs up to which each is marked
_OTHER = re.compile(r"(.+_)?loss|lr|learning_rate")
_ACCURACY = re.compile(r"(\w+_)?acc(uracy)?(_\d+)?")
VALIDATION = "val_"


@picture(
    "metrics by epoch",
    look_for="A metric that stays on the grey line says no more than guessing does. Training that rises where "
    "validation (dashed) stays behind is learning by heart.",
    group="loss",
    rank=20,
    about=("accuracy", "metric_range", "epoch_value", "predicted_classes"),
)
def plot_metrics(
    epochs: EpochLog,
    run: RunFacts | None = None,
    marks: Marks | None = None,
    *,
    ax: Axes | None = None,
    **line_kw: Any,
) -> Axes:
    """Draw metrics by epoch, of training and validation rows, with the accuracy that guessing reaches.

    Parameters
    ----------
    epochs : EpochLog
        Drawn are the first metric that is no loss, and up to two more of the same scale.
    run : RunFacts or None
        With the share of the most frequent class.
    marks : Marks or None
        What was found.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Returns
    -------
    Axes
        With a line for each metric and one for its validation, then the line of guessing.

    Raises
    ------
    CannotTell
        When `fit` reports no metric but losses.
    """
    shown = _shown(epochs.values)
    if not shown:
        raise CannotTell("`fit` reports no metric but losses")
    ax, values = frame.axes(ax), []
    for number, name in enumerate(shown):
        for each, dashes in ((name, "-"), (VALIDATION + name, "--")):
            if each in epochs.values:
                style = {"color": COLOURS[number], "linestyle": dashes, "label": literal(each), "linewidth": 1.6}
                values.append(_curve(ax, epochs.step, epochs.values[each], **{**style, **line_kw}))
    guessing = _guessing(shown, run)
    if math.isfinite(guessing):
        ax.axhline(guessing, color=frame.GREY, linewidth=1.5, label=f"always the largest class, {guessing:.3g}")
    reached = np.concatenate(values)
    if len(reached) and reached.min() >= 0 and reached.max() <= 1:
        ax.set_ylim(-0.03, 1.03)
    else:
        frame.fit_height(ax, reached)
    frame.over_steps(ax)
    ax.set_ylabel(literal(shown[0]) if len(shown) == 1 else "metric")
    draw_marks(ax, marks)
    legend_above(ax)
    return ax


def _shown(values: Mapping[str, Array]) -> list[str]:
    """Names of the first metric and of others of its scale."""
    names = [name for name in values if not name.startswith(VALIDATION) and not _OTHER.fullmatch(name)]
    names = [name for name in names if np.isfinite(values[name]).any()]
    return [name for name in names if _is_share(values[name]) == _is_share(values[names[0]])][:MOST]


def _is_share(values: Array) -> bool:
    known = values[np.isfinite(values)]
    return bool((known >= 0).all() and (known <= 1).all())


def _curve(ax: Axes, step: Array, values: Array, **style: Any) -> Array:
    finite = np.isfinite(values)
    marker = {"marker": "o", "markersize": 3} if finite.sum() <= FEW else {}
    ax.plot(step[finite], values[finite], **{**marker, **style})
    return np.asarray(values[finite], float)


def _guessing(shown: list[str], run: RunFacts | None) -> float:
    """Share of the most frequent class of the output whose accuracy is shown; NaN where it is not known."""
    known = [share for name in shown for share in _shares(name, run)]
    return known[0] if len(set(known)) == 1 else math.nan


def _shares(name: str, run: RunFacts | None) -> Iterator[float]:
    if run is None or not _ACCURACY.fullmatch(name):
        return
    for head in run.heads:
        if math.isfinite(head.majority_share) and (len(run.heads) == 1 or name.startswith(f"{head.name}_")):
            yield head.majority_share
