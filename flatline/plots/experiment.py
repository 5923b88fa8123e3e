"""Draw the paired runs of an experiment: scores with and without the best change."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from flatline import pairs
from flatline.errors import CannotTell
from flatline.experiment import Experiment, Paired
from flatline.facts import Array
from flatline.plots.frame import COLOURS, GREY, axes, literal
from flatline.plots.picture import picture
from flatline.verdict import FLOOR, Verdict

STYLES = {
    "before": ("as it is", {"color": COLOURS[1], "linestyle": "--"}),
    "after": ("with the change", {"color": COLOURS[0], "linestyle": "-"}),
}  # colour never tells alone
THIN = {"linewidth": 0.8, "alpha": 0.45}
THICK = {"linewidth": 2.4}
FEW = 10  # points of a curve up to which each is marked


def plot_paired_scores(
    paired: Paired,
    *,
    null: float = float("nan"),
    score: str = "score",
    verdict: Verdict | None = None,
    ax: Axes | None = None,
    **line_kw: Any,
) -> Axes:
    """Draw score against step: a thin line a run, thick ones for the medians, and the null model's score.

    Parameters
    ----------
    paired : Paired
        Scores along the runs; points that are not finite are left out.
    null : float
        Score of the best constant answer; not drawn when it is NaN.
    score : str
        What the scores are, for the axis.
    verdict : Verdict or None
        Of these runs; becomes the title.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Returns
    -------
    Axes
        With the runs as they are, their median, the runs with the change, their median, then the null line. A single
        pair is its own median.
    """
    ax = axes(ax)
    marker = {"marker": "o", "markersize": 4} if len(paired.step) <= FEW else {}
    for name, runs in (("before", paired.before), ("after", paired.after)):
        label, style = STYLES[name]
        if len(runs) > 1:
            for run in runs:
                _curve(ax, paired.step, run, **{**style, **THIN, **line_kw})
            label = f"{label}, median of {len(runs)} runs"
        if len(runs):
            _curve(ax, paired.step, _median(runs), **{"label": label, **style, **THICK, **marker, **line_kw})
    if math.isfinite(null):
        ax.axhline(null, color=GREY, linewidth=1.0, linestyle=":", label="best constant answer")
    if verdict is not None:
        ax.set_title(_title(verdict), fontsize="medium")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("step")
    at_floor = any(np.any(runs == FLOOR) for runs in (paired.before, paired.after))
    ax.set_ylabel(literal(score) + (f" ({FLOOR:g}: or worse)" if at_floor else ""))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(edgecolor="none", framealpha=0.85)  # the null line may pass under it
    return ax


def _curve(ax: Axes, step: Array, values: Array, **style: Any) -> None:
    finite = np.isfinite(values)
    if finite.sum() == 1:
        style = {"marker": "o", **style}  # a line of one point is invisible
    ax.plot(step[finite], values[finite], **style)


def _median(runs: Array) -> Array:
    """Median over runs, in which one that diverged, or was not scored, is the worst."""
    worst = np.where(np.isnan(runs), -math.inf, runs)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.median(worst, axis=0))


def _title(verdict: Verdict) -> str:
    before, after = pairs.from_to(verdict.before, verdict.after)
    return f"{verdict.ruling.value}: {before} → {after} {pairs.in_pairs(verdict)}".strip()


@picture(
    "paired runs with and without the change",
    look_for="Each thin line is one short run, and the two of a pair began alike. The change helps where the solid "
    "lines end above the dashed ones in every pair, and well above the dotted line of guessing.",
    group="experiment",
    about=("score_as_is", "paired_gain"),
)
def plot_experiment(experiment: Experiment, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the paired runs of an experiment with their verdict.

    Parameters
    ----------
    experiment : Experiment
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no pair was run.
    """
    if not experiment.paired.step.size:
        raise CannotTell("no change was good enough to be put to the test in pairs")
    return plot_paired_scores(
        experiment.paired,
        null=experiment.null_score,
        score=experiment.score,
        verdict=experiment.verdict,
        ax=ax,
        **line_kw,
    )
