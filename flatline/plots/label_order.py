"""Draw the labels in the order of the rows: whether they are sorted."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from flatline.checks.sorted_labels import MAX_ORDER
from flatline.errors import CannotTell
from flatline.facts import Array, ArrayFacts, DataFacts, PlanFacts
from flatline.plots import frame
from flatline.plots.frame import COLOURS
from flatline.plots.legend import legend_above
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND

MOST = 500  # rows; more say no more and make an image large


@picture(
    "labels in the order of the rows",
    look_for="Every label should be found all along the rows. A staircase is sorted rows: each batch then holds one "
    "label only, and what is held out from the end, right of the dotted line, is unlike all that was trained on.",
    group="data",
    rank=80,
    about=("label_order",),
    if_found=True,
)
def plot_label_order(data: DataFacts, plan: PlanFacts | None = None, *, ax: Axes | None = None, **kw: Any) -> Axes:
    """Draw the label of a row against the place of the row in the data.

    Parameters
    ----------
    data : DataFacts
        Of which a sample of the first target is drawn.
    plan : PlanFacts or None
        With the share of rows that `validation_split` holds out.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When the order of the rows, or the labels, are not known.
    """
    labels = _labels(data.targets[0]) if data.targets else np.empty(0)
    if not data.label_order_is_known or not len(labels):
        raise CannotTell("the order of the labels is not known")
    ax = frame.axes(ax)
    shown = np.unique(np.linspace(0, len(labels) - 1, min(len(labels), MOST)).round().astype(int))
    place = (shown + 0.5) / len(labels)
    style = {"linestyle": "none", "marker": "|", "color": COLOURS[0], "markersize": 9, "markeredgewidth": 0.8}
    told = f"sorted by {data.label_order:.2f} of 1; bound, {MAX_ORDER:g}"
    ax.plot(place, labels[shown], **{**style, "label": told, **kw})
    if plan is not None and 0 < plan.validation_split < 1:
        ax.axvline(1 - plan.validation_split, color=BOUND, linestyle=":", linewidth=1.8, label="held out from here on")
    ax.set_xlim(0, 1)
    ax.margins(y=0.1)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("place of the row in the data")
    ax.set_ylabel("label")
    legend_above(ax)
    return ax


def _labels(target: ArrayFacts) -> Array:
    """Class of each row of the sample; of one-hot rows the place of the largest cell."""
    rows = np.asarray(target.sample)
    if not len(rows):
        return np.empty(0)
    rows = rows.reshape(len(rows), -1)
    return np.asarray(rows[:, 0] if rows.shape[1] == 1 else rows.argmax(axis=1))
