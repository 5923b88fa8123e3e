"""Draw what the loss makes of right answers against what it makes of guessing."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import ObjectiveFacts
from flatline.plots import frame
from flatline.plots.frame import COLOURS, GREY, literal
from flatline.plots.legend import legend_above
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND

MOST = 3  # outputs


@picture(
    "loss of right answers",
    look_for="A loss is to be lower the better the answers are. Where right answers, the cross, lie right of the "
    "dotted line of guessing, training moves away from them.",
    group="loss",
    rank=85,
    about=("loss_at_targets",),
    if_found=True,
)
def plot_loss_of_right_answers(objective: ObjectiveFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the loss of outputs that equal the targets, of the best constant and of the network as it starts.

    Parameters
    ----------
    objective : ObjectiveFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Returns
    -------
    Axes
        With a row for each output, in which right answers, guessing and the start have a mark each.

    Raises
    ------
    CannotTell
        When the loss of right answers, or of guessing, is not known.
    """
    heads = [head for head in objective.heads if np.isfinite([head.perfect, head.null]).all()][:MOST]
    if not heads:
        raise CannotTell("the loss of right answers is not known")
    ax = frame.axes(ax)
    for row, head in enumerate(heads):
        named = row == 0
        ax.plot(
            [head.null] * 2, [row - 0.4, row + 0.4], color="#000000", linestyle=":", linewidth=2.0,
            label="best constant answer" if named else "_",
        )  # fmt: skip
        ax.plot(
            [head.initial], [row], color=GREY, marker="o", markersize=7, linestyle="none",
            label="the network as it starts" if named else "_", **line_kw,
        )  # fmt: skip
        colour = BOUND if head.perfect > head.null else COLOURS[0]
        ax.plot(
            [head.perfect], [row], color=colour, marker="X", markersize=11, linestyle="none",
            label="right answers" if named else "_", **line_kw,
        )  # fmt: skip
        ax.annotate(f"{head.perfect:.3g}", (head.perfect, row), (0, 9), textcoords="offset points", ha="center")
    ax.set_yticks(range(len(heads)), [literal(head.name) for head in heads])
    ax.set_ylim(len(heads) - 0.5, -0.5)
    ax.margins(x=0.15)
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel("loss")
    legend_above(ax)
    return ax
