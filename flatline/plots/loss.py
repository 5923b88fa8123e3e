"""Draw the losses of a run against what guessing reaches, with what was found marked where it happened."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.logs import EpochLog, LossLog, Marks, RunFacts
from flatline.plots import frame
from flatline.plots.dense import FEW, plot_dense
from flatline.plots.frame import COLOURS
from flatline.plots.legend import legend_above
from flatline.plots.marks import draw_marks
from flatline.plots.picture import picture
from flatline.progress import Progress, State, progress

MOST = 20  # places where the loss is no number
NOTABLE = 0.01  # 1; share of the loss that penalties make up from where they are drawn apart

_SPANS = {
    State.FLAT: "flat: no better than guessing",
    State.PLATEAU: "plateau: no gain any more",
    State.DIVERGED: "diverged",
}
_HATCHES = {State.FLAT: "", State.PLATEAU: "..", State.DIVERGED: "//"}  # colour never tells alone


@picture(
    "loss of the run",
    look_for="A network that learns leaves the grey line, which is what guessing reaches. Shaded is where it stands "
    "still; numbers mark where something was found.",
    group="loss",
    rank=10,
    about=("progress", "training_loss", "loss_swing", "validation_rise", "penalty_to_gap", "gradient_jump"),
)
def plot_loss(
    losses: LossLog,
    run: RunFacts | None = None,
    epochs: EpochLog | None = None,
    marks: Marks | None = None,
    *,
    ax: Axes | None = None,
    **line_kw: Any,
) -> Axes:
    """Draw training and validation loss against the loss of the best constant prediction.

    Parameters
    ----------
    losses : LossLog
        Drawn less its penalties, as the null model has none; with them as well where they matter. Of many rows the
        running median is drawn over the envelope of all.
    run : RunFacts or None
        With the null model's loss and the lowest there can be.
    epochs : EpochLog or None
        With the validation loss.
    marks : Marks or None
        What was found.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot` of the training loss.

    Returns
    -------
    Axes
        With the training loss, what penalties add, the validation loss, the null line, the perfect line and the marks.

    Raises
    ------
    CannotTell
        When no loss was a finite number.
    """
    known = np.isfinite(losses.loss)
    if not known.any():
        raise CannotTell("no loss was a finite number")
    ax = frame.axes(ax)
    style = {"color": COLOURS[0], "linewidth": 1.8, "label": "training loss", **line_kw}
    drawn = [plot_dense(ax, losses.step, losses.data, **style)]
    penalty = losses.penalty_at(losses.step)
    if np.nanmax(np.abs(penalty[known])) > NOTABLE * np.nanmax(np.abs(losses.loss[known])):
        style = {"color": COLOURS[3], "linestyle": (0, (5, 1, 1, 1)), "label": "with penalties"}
        drawn.append(plot_dense(ax, losses.step, losses.loss, **style))
    if epochs is not None and "val_loss" in epochs.values:
        drawn.append(_draw_validation(ax, epochs.step, epochs.values["val_loss"]))
    null, perfect = (run.null, run.perfect) if run is not None else (math.nan, math.nan)
    if math.isfinite(null):
        ax.axhline(null, color=frame.GREY, linewidth=1.5, label=f"best constant prediction, {null:.3g}")
    main = np.concatenate([each[0] for each in drawn] + [[null]])
    frame.fit_height(ax, main, np.concatenate([each[1] for each in drawn]))
    _draw_perfect(ax, perfect)
    _shade(ax, losses, progress(run, losses) if run is not None else None)
    frame.over_steps(ax)
    ax.set_ylabel("loss")
    draw_marks(ax, marks)
    legend_above(ax)
    return ax


def _draw_validation(ax: Axes, step: Array, values: Array) -> tuple[Array, Array]:
    finite = np.isfinite(values)
    style: dict[str, Any] = {"marker": "s", "markersize": 3.5} if finite.sum() <= FEW // 2 else {}
    style |= {"color": COLOURS[1], "linestyle": "--", "linewidth": 1.5, "label": "validation loss"}
    ax.plot(step[finite], values[finite], **style)
    return values[finite], values[finite]


def _draw_perfect(ax: Axes, perfect: float) -> None:
    """Draw the lowest loss there can be; on a log scale only where it is near."""
    low, high = ax.get_ylim()
    if ax.get_yscale() == "linear" and math.isfinite(perfect):
        ax.set_ylim(min(low, perfect - frame.HEADROOM * (high - perfect)), high)
    elif not low <= perfect <= high:
        return
    ax.axhline(perfect, color=COLOURS[2], linewidth=1.2, linestyle=":", label="perfect fit")


def _shade(ax: Axes, losses: LossLog, now: Progress | None) -> None:
    """Shade the span in which nothing is gained, and mark losses that are no number."""
    bad = ~np.isfinite(losses.loss)
    begins = losses.step[bad & ~np.append(False, bad[:-1])][:MOST]
    if len(begins):
        ax.plot(
            begins, np.full(len(begins), 0.03), transform=ax.get_xaxis_transform(), color=COLOURS[1], marker="x",
            markersize=7, markeredgewidth=2.0, linestyle="none", label=f"no number, from step {begins[0]:,}",
        )  # fmt: skip
    if now is None or now.state not in _SPANS:
        return
    begin, end = max(now.since, int(losses.step[0])), int(losses.step[-1])
    ax.axvspan(
        begin, max(end, begin + 1), facecolor=frame.GREY, alpha=0.15, hatch=_HATCHES[now.state], edgecolor=frame.GREY,
        linewidth=0, label=_SPANS[now.state],
    )  # fmt: skip
