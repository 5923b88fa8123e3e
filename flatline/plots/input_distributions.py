"""Draw how the inputs are distributed before and after the model's own preprocessing, against unit scale."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from flatline.checks.input_scale import MAX_RMS, MIN_PEAK
from flatline.errors import CannotTell
from flatline.exhibits import ReceivedInputs, Spread
from flatline.plots.frame import COLOURS, GREY, axes, short
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND, beside
from flatline.plots.spreads import Group, draw_groups, limit_height, odd_ones

BEFORE, AFTER = "#555555", COLOURS[0]
THROUGH = 2  # layers that are named
NEAR = 0.1  # 1; where nothing reaches so far, the axis is linear up to the bound for small inputs only


@picture(
    "inputs before and after preprocessing",
    look_for="What the first layers with weights receive should lie within a few units of zero: dark is the middle "
    "half of the values of a feature, pale all of them. Features far outside, or as flat as a line, are named.",
    group="data",
    rank=10,
    size=(9.0, 4.2),
    about=(
        "input_rms", "input_peak", "input_range", "feature_scale_ratio", "mean_to_spread", "varying_inputs",
        "constant_features", "token_id", "nonfinite_cells",
    ),
)  # fmt: skip
def plot_input_distributions(inputs: ReceivedInputs, *, ax: Axes | None = None) -> Axes:
    """Draw quantiles of each feature as it is fed, and as the first layers with weights receive it.

    Parameters
    ----------
    inputs : ReceivedInputs
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Returns
    -------
    Axes
        With a group of features for each input, and one for each of the layers. An input that a layer receives as it
        is fed is drawn once.

    Raises
    ------
    CannotTell
        When no cell is a finite number.
    """
    groups = list(_groups(inputs))
    values = np.concatenate([group.spread.quantiles.ravel() for group in groups])
    values = values[np.isfinite(values)]
    if not len(values):
        raise CannotTell("no cell of the inputs is a finite number")
    ax = axes(ax)
    draw_groups(ax, groups)
    if all(_is_looked_up(group.spread, inputs) for group in groups):
        ax.set_ylabel("number of the row that is looked up")
    else:
        largest = float(np.abs(values).max())
        ax.set_yscale("symlog", linthresh=1.0 if largest > NEAR else MIN_PEAK)
        ax.axhspan(-1, 1, color=COLOURS[2], alpha=0.12, linewidth=0)
        limit_height(ax, groups)
        _bounds(ax, largest)
    for left, group in enumerate(groups):
        if group.spread.lookup is not None:
            ax.hlines(group.spread.lookup, left, left + 1, color=BOUND, linestyle="--", linewidth=1.5)
            ax.text(left + 0.02, group.spread.lookup, f"the table ends at {group.spread.lookup:,}",
                    va="bottom", color=BOUND, fontsize="small")  # fmt: skip
    return ax


def _groups(inputs: ReceivedInputs) -> Iterator[Group]:
    unchanged = [spread for spread in inputs.after if any(_same(spread, other) for other in inputs.before)]
    for spread in inputs.before:
        if not any(_same(spread, other) for other in unchanged):
            yield _group(spread, f"fed as {short(spread.name)}", BEFORE)
    for spread in inputs.after:
        passed = [short(name) for name in spread.through]
        how = "after operations of the model"
        if any(spread is other for other in unchanged):
            how = "as it is fed"
        elif passed:
            how = f"after {', '.join(passed[-THROUGH:])}" + (" and others" if len(passed) > THROUGH else "")
        yield _group(spread, f"received by {short(spread.name)}, {how}", AFTER)


def _group(spread: Spread, where: str, colour: str) -> Group:
    group = Group(spread=spread, title=where, colour=colour)
    above = float("inf") if spread.lookup is not None else MAX_RMS
    told = [f"rms {spread.rms:.3g}"] if spread.lookup is None else []
    return replace(group, title=f"{where}\n{' · '.join([*told, *odd_ones(group.noun, spread, above)])}")


def _same(one: Spread, other: Spread) -> bool:
    """Whether a layer receives an input as it is fed."""
    return one.shape == other.shape and np.array_equal(one.quantiles, other.quantiles, equal_nan=True)


def _is_looked_up(spread: Spread, inputs: ReceivedInputs) -> bool:
    """Whether these are numbers of rows, whose scale does not matter."""
    return all(after.lookup is not None for after in inputs.after) or spread.lookup is not None


def _bounds(ax: Axes, largest: float) -> None:
    low, high = ax.get_ylim()
    lines = {1.0: ("unit scale", COLOURS[2], "-")}
    if largest > MAX_RMS / 4:
        lines[MAX_RMS] = (f"rms {MAX_RMS:g}: too large", BOUND, "--")
    if largest <= NEAR:
        lines[MIN_PEAK] = (f"none above {MIN_PEAK:g}:\ntoo small", BOUND, "--")
    for height, (text, colour, style) in lines.items():
        for sign in (-1, 1):
            ax.axhline(sign * height, color=colour, linestyle=style, linewidth=1.2)
        beside(ax, height, text, colour=colour)
    furthest = 1.3 * max(lines)
    ax.set_ylim(min(low, -furthest if low < 0 else -1.3), max(high, furthest))
    ax.axhline(0, color=GREY, linewidth=0.5)
    ax.set_ylabel("value")
