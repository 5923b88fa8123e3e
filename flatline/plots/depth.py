"""Draw a quantity of every layer as a profile over depth: the first layer on top, the last at the bottom."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.plots import frame
from flatline.plots.frame import COLOURS
from flatline.plots.legend import legend_above

DECADE = 10.0
FEW = 40  # layers up to which each is marked
STYLES: tuple[dict[str, Any], ...] = (
    {"color": COLOURS[1], "linestyle": "--", "marker": "s", "linewidth": 1.4},
    {"color": COLOURS[0], "linestyle": "-", "marker": "o", "linewidth": 1.8},
)  # colour never tells alone


class Bound(NamedTuple):
    """A line across a profile."""

    value: float
    label: str


def plot_profile(
    profiles: Mapping[str, Array],
    names: Sequence[str],
    *,
    quantity: str,
    log: bool = False,
    bounds: Sequence[Bound] = (),
    usual: tuple[float, float] | None = None,
    missing: str = "not measured",
    always: Collection[str] = (),
    ax: Axes | None = None,
    **line_kw: Any,
) -> Axes:
    """Draw a value for each layer, one line a profile.

    Parameters
    ----------
    profiles : mapping of str to ndarray of shape (n_layers,)
        One or two, by name. What no log scale can show stands at the left edge.
    names : sequence of str
        Of the layers, in the order of the forward pass.
    quantity : str
        What is drawn, with its unit.
    log : bool
        Whether decades matter; else the scale goes from 0 to 1.
    bounds : sequence of Bound
        Upright lines.
    usual : tuple of float or None
        Ends of a shaded band.
    missing : str
        What NaN means, for the legend; "" where it means nothing.
    always : collection of str
        Layers that are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Returns
    -------
    Axes
        With the profiles, then the bounds.

    Raises
    ------
    CannotTell
        When nothing was measured.
    """
    if not len(names) or all(np.isnan(values).all() for values in profiles.values()):
        raise CannotTell("nothing was measured in any layer")
    ax = frame.axes(ax)
    depth = np.arange(len(names))
    if usual is not None:
        ax.axvspan(*usual, color=COLOURS[2], alpha=0.15, linewidth=0, label=f"usual: {usual[0]:g} to {usual[1]:g}")
    for (name, values), style in zip(profiles.items(), STYLES[-len(profiles) :], strict=True):
        marker = {"markersize": 4} if len(names) <= FEW else {"marker": ""}
        seen = np.isfinite(values) & ((values > 0) | (not log))
        ax.plot(np.where(seen, values, np.nan), depth, **{**style, **marker, "label": name, **line_kw})
    *earlier, latest = profiles
    if log:
        for name in earlier:
            _at_edge(ax, depth[profiles[name] == 0], "4", f"exactly 0: {name}", COLOURS[1])
        _at_edge(ax, depth[profiles[latest] == 0], "<", "exactly 0")
    _at_edge(ax, depth[np.isnan(profiles[latest])], "x", missing)
    for bound in bounds:
        if np.isfinite(bound.value) and (bound.value > 0 or not log):
            ax.axvline(bound.value, color="#000000", linestyle=":", linewidth=1.4, label=bound.label)
    if log and (bounds or usual or any((values > 0).any() for values in profiles.values())):
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        if high < DECADE**2 * low:  # what differs by less hardly differs, and needs two decades for its ticks
            middle = math.sqrt(low * high)
            ax.set_xlim(middle / DECADE, middle * DECADE)
    elif log:
        ax.set_xticks([])  # all of them stand at the edge
    else:
        ax.set_xlim(-0.03, 1.03)
    frame.name_rows(ax, names, always=always)
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel(quantity)
    legend_above(ax)
    return ax


def _at_edge(ax: Axes, depth: Array, marker: str, label: str, colour: str = "#000000") -> None:
    """Show at the left edge, inside it, what has no place on the scale."""
    if len(depth) and label:
        ax.plot(
            np.full(len(depth), 0.015), depth, transform=ax.get_yaxis_transform(), color=colour, marker=marker,
            markersize=6, linestyle="none", label=label,
        )  # fmt: skip


def first_and_latest(step: Array, values: Array) -> dict[str, Array]:
    """Return the first and the latest sample in which any layer is known, named by their steps; one if they are one.

    Parameters
    ----------
    step : ndarray of shape (n,)
    values : ndarray of shape (n, n_layers)

    Raises
    ------
    CannotTell
        When there is none.
    """
    rows = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not len(rows):
        raise CannotTell("nothing was measured in any layer")
    latest = {f"step {step[rows[-1]]:,}, the latest": values[rows[-1]]}
    return latest if len(rows) == 1 else {f"step {step[rows[0]]:,}, the first": values[rows[0]], **latest}
