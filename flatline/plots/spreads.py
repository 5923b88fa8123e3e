"""Draw quantiles of features side by side: boxes of a few, bands of thousands in the order of their scale."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from flatline.exhibits import Spread
from flatline.facts import Array
from flatline.plots.frame import GREY, literal
from flatline.plots.sheet import inches

WIDEST = 0.15  # of a box
FEW = 12  # features that are drawn as boxes, in their own order
GAP = 0.12  # between groups, each of which is 1 wide
PALE = (0.18, 0.35, 0.75)  # opacity of all cells, of the middle 90 %, of the middle 50 %
NAMED = 3  # features of the largest scale
FAR = 1e3  # 1; times the largest of the middle 90 %: what lies further out is marked, not drawn
LETTER = 0.066  # inches; a small letter is about as wide
ROOM = 0.75  # 1; of the width of the axes, that labels leave


@dataclass(frozen=True, kw_only=True)
class Group:
    """Features that are drawn together."""

    spread: Spread
    title: str
    colour: str

    @property
    def noun(self) -> str:
        """What a feature is called."""
        if self.spread.lookup is not None:
            return "position"
        return "channel" if len(self.spread.shape) > 1 else "column"


def draw_groups(ax: Axes, groups: Sequence[Group]) -> None:
    """Draw groups of features from left to right, each between x = 0, 1, … and one further, less a gap.

    Parameters
    ----------
    ax : Axes
        Gets a tick for each of a few features, a word on them otherwise, and a title over each group.
    groups : sequence of Group
    """
    letters = max(12, int(ROOM * inches(ax)[0] / len(groups) / LETTER))
    ticks: list[tuple[float, str]] = []
    for left, group in enumerate(groups):
        spread = group.spread
        known = np.asarray(np.isfinite(spread.quantiles).all(axis=1))
        if spread.n_features <= FEW:
            places = left + (np.arange(spread.n_features) + 0.5) * (1 - GAP) / spread.n_features + GAP / 2
            _boxes(ax, places[known], spread.quantiles[known], group.colour, min(WIDEST, 0.5 / spread.n_features))
            for place in places[~known]:
                ax.text(place, 0, "nothing\nfinite", ha="center", va="center", color=GREY, fontsize="small")
            ticks += list(zip(places.tolist(), map(str, spread.feature.tolist()), strict=True))
        else:
            order = np.argsort(spread.rank)
            order = order[known[order]]
            places = left + GAP / 2 + (1 - GAP) * spread.rank[order] / max(1, spread.n_features - 1)
            _bands(ax, places, spread.quantiles[order], group.colour)
            words = f"{spread.n_features:,} {group.noun}s, smallest to largest"
            ticks.append((left + 0.5, textwrap.fill(words, letters)))
        if left:
            ax.axvline(left, color="#cccccc", linewidth=0.8)
        title = "\n".join(textwrap.fill(line, letters) for line in group.title.splitlines())
        ax.text(
            (left + GAP / 4) / len(groups), 1.02, title, transform=ax.transAxes, va="bottom", fontsize="small",
            color=group.colour,
        )  # fmt: skip
    ax.set_xlim(0, len(groups))
    ax.set_xticks([place for place, _ in ticks], [text for _, text in ticks], fontsize="small")
    few = dict.fromkeys(group.noun for group in groups if group.spread.n_features <= FEW)
    if len(ticks) > 1 and few:
        ax.set_xlabel(" or ".join(few))


def limit_height(ax: Axes, groups: Sequence[Group]) -> None:
    """Keep a few cells far out from pressing all others into a line: they are marked at the edge."""
    quantiles = np.concatenate([group.spread.quantiles for group in groups])
    quantiles = quantiles[np.isfinite(quantiles).all(axis=1)]
    most = FAR * max(1.0, float(np.abs(quantiles[:, 1:-1]).max(initial=0)))
    low, high = float(quantiles.min()), float(quantiles.max())
    if high > most:
        ax.set_ylim(top=most)
        _mark(ax, 1.0, "v", f"▲ up to {high:.2g}")
    if low < -most:
        ax.set_ylim(bottom=-most)
        _mark(ax, 0.0, "^", f"▼ down to {low:.2g}".replace("-", "−"))


def _mark(ax: Axes, y: float, edge: str, text: str) -> None:
    va = "top" if edge == "v" else "bottom"
    ax.text(0.99, abs(y - 0.02), text, transform=ax.transAxes, ha="right", va=va, fontsize="small")


def _boxes(ax: Axes, places: Array, quantiles: Array, colour: str, width: float) -> None:
    lowest, low, first, middle, third, high, highest = quantiles.T
    ax.vlines(places, lowest, highest, color=colour, linewidth=1.0)
    ax.bar(places, high - low, width * 0.5, low, color=colour, alpha=PALE[1], linewidth=0)
    ax.bar(places, third - first, width, first, color=colour, alpha=PALE[2], linewidth=0)
    ax.plot(places, middle, linestyle="none", marker="_", color="black", markersize=9, markeredgewidth=1.8)


def _bands(ax: Axes, places: Array, quantiles: Array, colour: str) -> None:
    lowest, low, first, middle, third, high, highest = quantiles.T
    for (bottom, top), alpha in zip(((lowest, highest), (low, high), (first, third)), PALE, strict=True):
        ax.fill_between(places, bottom, top, color=colour, alpha=alpha, linewidth=0)
    ax.plot(places, middle, linestyle="none", marker=".", color="black", markersize=2.5)


def odd_ones(group_noun: str, spread: Spread, above: float) -> list[str]:
    """Name what stands out: features of a scale above a bound, the largest first, constant and non-finite ones."""
    told = []
    large = [i for i in np.argsort(-np.nan_to_num(spread.scale, nan=-1.0)).tolist() if spread.scale[i] > above]
    if large and spread.n_features > 1:
        listed = ", ".join(str(spread.feature[i]) for i in large[:NAMED])
        told.append(f"largest: {group_noun} {listed} (rms {spread.scale[large[0]]:.2g})")
    if spread.n_constant:
        told.append(f"{spread.n_constant:,} constant")
    if spread.n_nonfinite:
        told.append(f"{spread.n_nonfinite / max(1, spread.n_cells):.2%} of cells NaN or ∞")
    return [literal(each) for each in told]
