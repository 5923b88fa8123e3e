"""Draw the losses of the short trainings: tiny-subset test and rehearsal."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from flatline.facts import Array, RehearsalFacts, TinySubsetFacts
from flatline.plots.dense import plot_dense
from flatline.plots.frame import COLOURS, DASHES, DECADES, GREY, axes, literal
from flatline.plots.legend import legend_above
from flatline.plots.picture import picture

OTHER = {"color": GREY, "alpha": 0.5, "linestyle": "-", "linewidth": 0.8, "zorder": 1}
NAMED = 6  # curves; a legend of more leaves no room for them in an overview


def plot_training_curves(
    curves: Mapping[str, Array], *, null: float = float("nan"), ax: Axes | None = None, **line_kw: Any
) -> Axes:
    """Draw loss against step, one line a training, and the loss of the best constant prediction.

    Of more than six, the first and those that end lowest are told apart; the others are thin and grey.

    Parameters
    ----------
    curves : mapping of str to ndarray of shape (n_steps,)
        Loss per step, by name; steps whose loss is not finite are left out and said to have diverged.
    null : float
        Loss of the best constant prediction; not drawn when it is NaN.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Returns
    -------
    Axes
        With one line a curve, in the order given, then the null line.
    """
    ax = axes(ax)
    drawn = []
    named = _told_apart(curves)
    others = f"{len(curves) - len(named)} other variations"
    for name, losses in curves.items():
        losses = np.asarray(losses, dtype=float)
        finite = np.isfinite(losses)
        drawn.append(losses[finite])
        if name not in named:
            plot_dense(ax, np.arange(len(losses)), losses, pale=False, label=others, **{**OTHER, **line_kw})
            others = ""  # one entry for all of them
            continue
        number = named.index(name)
        style = {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number % len(DASHES)]}
        # A single step is a point: a line of one point is invisible.
        marker = {"marker": "o"} if finite.sum() == 1 else {"marker": ""}
        label = literal(name) if finite.all() else f"{literal(name)} (diverged)"
        plot_dense(ax, np.arange(len(losses)), losses, **{"label": label, **style, **marker, **line_kw})
    if math.isfinite(null):
        ax.axhline(null, color=GREY, linewidth=1.0, label="best constant prediction")
    values = np.concatenate([*drawn, [null] if math.isfinite(null) else []])
    if len(values) and values.min() > 0 and math.log10(values.max() / values.min()) > DECADES:
        ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    legend_above(ax)
    return ax


def _told_apart(curves: Mapping[str, Array]) -> list[str]:
    """Names of the curves that are told apart: the first, and those that end lowest; in the order given."""

    def end(name: str) -> float:
        losses = np.asarray(curves[name], dtype=float)
        last = losses[-max(1, len(losses) // 10) :]
        return float(np.mean(last)) if len(last) and np.all(np.isfinite(last)) else math.inf

    first, *rest = list(curves) or [""]
    lowest = sorted(rest, key=end)[: NAMED - 1]
    return [name for name in curves if name == first or name in lowest]


@picture(
    "rehearsal of the first steps",
    look_for="A network that learns leaves the grey line, which is what guessing reaches. A variation that falls where "
    "the set-up as it is stays flat names the cause.",
    group="loss",
    rank=80,
    about=("progress", "initial_loss_ratio", "batch_growth", "penalty_ratio", "held_out_score"),
)
def plot_rehearsal(rehearsal: RehearsalFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the losses of the rehearsed first steps, of the set-up as it is and of its variations.

    Parameters
    ----------
    rehearsal : RehearsalFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.
    """
    curves = {name: arm.losses for name, arm in rehearsal.arms.items() if not arm.rescaled}
    return plot_training_curves(curves, null=rehearsal.null, ax=ax, **line_kw)


@picture(
    "tiny-subset test",
    look_for="A few examples can be learnt by heart: every curve should reach the bottom. One that stays at the grey "
    "line shows a network that cannot learn at all, whatever the data are.",
    group="loss",
    rank=90,
    about=("progress",),
)
def plot_tiny_subset(test: TinySubsetFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the losses of the tiny-subset test, of the set-up as it is and of its variations.

    Parameters
    ----------
    test : TinySubsetFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.
    """
    curves = {name: arm.losses for name, arm in test.arms.items() if not arm.rescaled}
    return plot_training_curves(curves, null=test.null, ax=ax, **line_kw)
