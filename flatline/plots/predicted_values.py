"""Draw predicted against true values, and the line that answering the mean would make."""

import numpy as np
from matplotlib.axes import Axes

from flatline.exhibits import Predictions
from flatline.facts import Array
from flatline.plots.frame import COLOURS, GREY, axes, short
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND, linear_width

FAR = 50.0  # 1; answers so many times the largest true value press these into a line


@picture(
    "true and predicted values",
    look_for="A network that has learnt lies along the diagonal. One that has not lies along the orange line, which is "
    "what answering the mean gives, or far from both.",
    group="data",
    rank=60,
    size=(6.5, 4.5),
    about=("relative_output_spread", "output_spread"),
)
def plot_predicted_values(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """Draw predicted values against true ones.

    Parameters
    ----------
    predictions : Predictions
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Returns
    -------
    Axes
        With the points, the diagonal, and the line of the mean.
    """
    ax = axes(ax)
    true, predicted = predictions.true, predictions.predicted
    ax.plot(
        true, predicted, linestyle="none", marker="o", markersize=3.5, alpha=0.5, color=COLOURS[0], markeredgewidth=0,
        label="answers",
    )  # fmt: skip
    ends = [float(true.min()), float(true.max())]
    ax.plot(ends, ends, color=GREY, linewidth=1.2, label="right answers")
    ax.axhline(predictions.mean, color=BOUND, linestyle="--", linewidth=1.5, label=f"mean {predictions.mean:.4g}")
    _scale(ax, true, predicted)
    ax.set_xlabel("true value")
    ax.set_ylabel("predicted value")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize="small")
    ax.set_title(_title(predictions), fontsize="medium")
    return ax


def _scale(ax: Axes, true: Array, predicted: Array) -> None:
    """Show what lies decades apart, on both axes alike; of answers that are far too large, only how far."""
    width, largest = linear_width(true), float(np.abs(true).max())
    if width is not None:
        ax.set_xscale("symlog", linthresh=width)
        if true.min() >= 0:
            ax.set_xlim(left=0)
    elif largest > 0 and np.abs(predicted).max() > FAR * largest:
        width = largest
    if width is not None:
        ax.set_yscale("symlog", linthresh=width)
        if min(true.min(), predicted.min()) >= 0:
            ax.set_ylim(bottom=0)


def _title(predictions: Predictions) -> str:
    score = "all true values are the same" if np.isnan(predictions.r2) else f"R² = {predictions.r2:.3g}, the mean: 0"
    how = "rehearsed steps" if predictions.rehearsed else "steps"
    second = [f"{predictions.n:,} answers after {predictions.n_steps:,} {how}"]
    if predictions.n_columns > 1 and predictions.column is not None:
        second.insert(0, f"column {predictions.column}, the worst of {predictions.n_columns:,}")
    if predictions.n_heads > 1:
        second.insert(0, f"{short(predictions.name)}, the worst of {predictions.n_heads} outputs")
    if predictions.n_nonfinite:
        second.append(f"{predictions.n_nonfinite:,} NaN or ∞")
    return f"{score}\n{', '.join(second)}"
