"""Draw which classes a network takes for which, against always answering the most frequent one."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from flatline.exhibits import Confusion
from flatline.facts import Array
from flatline.plots.frame import COLOURS, axes, short
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND

WRITTEN = 12  # classes up to which every cell has its number
NAMED = 30  # classes that are named along the axes
MAP = "Blues"


@picture(
    "true and predicted classes",
    look_for="A network that has learnt fills the diagonal. One that answers the same class whatever it sees, as "
    "guessing does, fills one column; the orange frame is around that of the most frequent class.",
    group="data",
    rank=50,
    size=(6.5, 5.0),
    about=("predicted_classes", "probability_spread"),
)
def plot_confusion(confusion: Confusion, *, ax: Axes | None = None) -> Axes:
    """Draw predicted classes from left to right against true classes from top to bottom.

    Parameters
    ----------
    confusion : Confusion
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Returns
    -------
    Axes
        Shades are shares of the rows of a true class: cells of up to 30 classes, else a point for each pair of classes
        that came together, the larger the oftener. The frame is what always answering the most frequent class fills.
    """
    ax = axes(ax)
    n = len(confusion.label)
    if n <= NAMED:
        _cells(ax, confusion)
    else:
        _points(ax, confusion)
    frame = Rectangle((confusion.majority - 0.5, -0.5), 1, n, fill=False, edgecolor=BOUND, linewidth=2.0, clip_on=False)
    ax.add_patch(frame)
    ax.set_xlim(-0.5, n - 0.5)
    ax.set_ylim(n - 0.5, -0.5)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    ax.set_title(_title(confusion), fontsize="medium")
    return ax


def _cells(ax: Axes, confusion: Confusion) -> None:
    n = len(confusion.label)
    counts = np.zeros((n, n), int)
    counts[confusion.true.astype(int), confusion.predicted.astype(int)] = confusion.count
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap=MAP, vmin=0, vmax=1, aspect="auto")
    if n <= WRITTEN:
        for row, column in np.argwhere(counts):
            colour = "white" if shares[row, column] > 0.6 else "black"
            ax.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=colour, fontsize="small")
    names = [f"{label:g}" for label in confusion.label.tolist()]
    turned: dict[str, Any] = {"rotation": 90} if max(map(len, names)) * n > 60 else {}
    ax.set_xticks(range(n), names, fontsize="small", **turned)
    ax.set_yticks(range(n), names, fontsize="small")


def _points(ax: Axes, confusion: Confusion) -> None:
    size = 4.0 + 60.0 * confusion.count / max(1, int(confusion.count.max()))
    right = confusion.true == confusion.predicted
    for chosen, colour, marker in ((~right, "#444444", "x"), (right, COLOURS[0], "o")):
        ax.scatter(
            confusion.predicted[chosen], confusion.true[chosen], s=size[chosen], color=colour, marker=marker, alpha=0.6,
            linewidths=0.8,
        )  # fmt: skip
    places = _spread(len(confusion.label))
    names = [f"{confusion.label[place]:g}" for place in places.tolist()]
    ax.set_xticks(places, names, fontsize="small")
    ax.set_yticks(places, names, fontsize="small")


def _spread(n: int) -> Array:
    return np.linspace(0, n - 1, 6).astype(int)


def _title(confusion: Confusion) -> str:
    guess = f"always answering {confusion.label[confusion.majority]:g} is in {confusion.null:.1%}"
    told = [f"right in {confusion.accuracy:.1%} of {confusion.n:,}; {guess}"]
    how = "rehearsed steps" if confusion.rehearsed else "steps"
    second = [f"after {confusion.n_steps:,} {how}"]
    if len(confusion.label) > NAMED:
        second.append("● right, × wrong")
    if confusion.n_heads > 1:
        second.insert(0, f"{short(confusion.name)}, the worst of {confusion.n_heads} outputs")
    if confusion.n_nonfinite:
        second.append(f"{confusion.n_nonfinite:,} answers NaN or ∞")
    if confusion.n_left_out:
        second.append(f"{confusion.n_left_out:,} answers in rare pairs not drawn")
    return "\n".join([*told, ", ".join(second)])
