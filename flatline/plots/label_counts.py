"""Draw how often each label occurs, against what guessing gives."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from flatline.checks.class_imbalance import NOTABLE_RATIO
from flatline.errors import CannotTell
from flatline.exhibits import HeadLabels, LabelCounts
from flatline.facts import Array
from flatline.plots.frame import COLOURS, GREY, axes, short
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND

FEW = 30  # labels that have a bar each, under their own name
WRITTEN = 12  # bars that have their number on top
LEAST = 6  # bars that there is room for: fewer are no wider
GAP = 1.0  # bars, between outputs
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}  # a line may pass under it
ODD: dict[str, Any] = {
    "hatch": "////",
    "facecolor": "white",
    "edgecolor": BOUND,
}  # a label that the output has no unit for


@picture(
    "label counts and what guessing gives",
    look_for="Guessing the most frequent label is right as often as the grey line says, and a network must do better. "
    "Labels far below the dashed line hardly count in the loss; a single bar leaves nothing to learn.",
    group="data",
    rank=25,
    about=("class_ratio", "rare_class_share", "unseen_classes"),
)
def plot_label_counts(labels: LabelCounts, *, ax: Axes | None = None) -> Axes:
    """Draw the count of each label: a bar for each of a few, a curve from the most frequent to the rarest of many.

    Parameters
    ----------
    labels : LabelCounts
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Returns
    -------
    Axes
        With the outputs from left to right, and over each the share of its most frequent label.

    Raises
    ------
    CannotTell
        When no label was counted.
    """
    heads = [head for head in labels.heads if head.n]
    if not heads:
        raise CannotTell("none of the targets is a finite number")
    ax = axes(ax)
    many = sum(len(head.label) for head in heads) > FEW
    left, ticks = 0.0, list[tuple[float, str]]()
    for head in heads:
        width = _curve(ax, head, left) if many else _bars(ax, head, left, ticks)
        _guess(ax, head, left, width, named=len(heads) > 1, last=head is heads[-1])
        left += width + GAP
    pad = max(0.0, (LEAST - (left - GAP)) / 2)
    ax.set_xlim(-0.5 - pad, left - GAP - 0.5 + pad)
    if many:
        ax.set_yscale("log")
        ax.set_ylim(bottom=0.7)
        ax.set_xlabel("labels, from the most frequent to the rarest")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    else:
        turned: dict[str, Any] = {"rotation": 90} if max(len(text) for _, text in ticks) * len(ticks) > 90 else {}
        ax.set_xticks([place for place, _ in ticks], [text for _, text in ticks], **turned)
        ax.set_xlabel("label")
        ax.set_ylim(0, (1.1 if len(heads) == 1 else 1.4) * max(float(head.count.max()) for head in heads))
    ax.set_ylabel("rows" if all(head.exclusive for head in heads) else "rows with this label")
    return ax


def _odd(head: HeadLabels) -> Array:
    """Labels that the output has no unit for."""
    return (head.label < 0) | (head.label >= head.units) if head.units > 1 else np.zeros(len(head.label), bool)


def _bars(ax: Axes, head: HeadLabels, left: float, ticks: list[tuple[float, str]]) -> float:
    places, odd = left + np.arange(len(head.label)), _odd(head)
    ax.bar(places[~odd], head.count[~odd], color=COLOURS[0])
    if odd.any():
        ax.bar(places[odd], head.count[odd], **ODD)
    for place, count, strange in zip(places, head.count, odd, strict=True):
        text = (f"{count:,}" if len(head.label) <= WRITTEN else "") + ("\nno unit" if strange else "")
        if text or count == 0:
            ax.text(place, count, text or "0", ha="center", va="bottom", fontsize="small", bbox=CLEAR)
    ticks += [(place, f"{label:g}") for place, label in zip(places.tolist(), head.label.tolist(), strict=True)]
    return float(len(places))


def _curve(ax: Axes, head: HeadLabels, left: float) -> float:
    order = np.argsort(-head.count, kind="stable")[: np.count_nonzero(head.count)]
    places, count, odd = left + np.arange(len(order)), head.count[order], _odd(head)[order]
    ax.fill_between(places, count, 0.5, step="mid", color=COLOURS[0], alpha=0.5, linewidth=0)
    ax.plot(places, count, drawstyle="steps-mid", color=COLOURS[0], linewidth=1.5)
    ax.plot(places[odd], count[odd], linestyle="none", marker="x", color=BOUND)
    return float(len(places))


def _guess(ax: Axes, head: HeadLabels, left: float, width: float, *, named: bool, last: bool) -> None:
    most, ends = float(head.count.max()), [left - 0.5, left + width - 0.5]
    ax.plot(ends, [most, most], color=GREY, linewidth=1.5)
    told = _told(head)
    if named:
        told.insert(0, short(head.name))
    ax.annotate(
        "\n".join(told), (ends[0], most) if named else (0.0, 1.0), (2, 14 if named else 4), fontsize="small",
        va="bottom", xycoords="data" if named else "axes fraction", textcoords="offset points",
    )  # fmt: skip
    if head.exclusive and most > NOTABLE_RATIO:
        ax.plot(ends, [most / NOTABLE_RATIO] * 2, color=BOUND, linestyle="--", linewidth=1.2)
        if last:
            ax.annotate(
                f"{NOTABLE_RATIO:g} times\nfewer", (1.0, most / NOTABLE_RATIO), (4, 0), va="center", fontsize="small",
                xycoords=ax.get_yaxis_transform(), textcoords="offset points", color=BOUND, annotation_clip=False,
            )  # fmt: skip


def _told(head: HeadLabels) -> list[str]:
    most = f"{head.label[int(head.count.argmax())]:g}"
    if head.exclusive:
        told = [f"always {most}: right in {head.majority_share:.1%}"]
    else:
        told = [f"{most} is in {head.majority_share:.1%} of the rows"]
    for count, what in (
        (int((head.count == 0).sum()), "labels that never occur"),
        (int(_odd(head).sum()), f"labels without a unit among the {head.units:,}"),
        (head.n_left_out, "labels left out"),
        (head.n_nonfinite, "targets that are NaN or ∞"),
    ):
        if count:
            told.append(f"{what}: {count:,}")
    return [" · ".join(told[:2]), *told[2:]]
