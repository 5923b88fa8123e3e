"""Draw a quantity of every layer over the steps as a map: layers from first to last, steps from left to right."""

import math
from collections.abc import Collection, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Patch

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.plots import frame
from flatline.plots.frame import COLOURS

COLUMNS = 200  # of steps; a panel has not many more columns of pixels
SPAN = 8.0  # decades below the largest value; what lies further down is as good as nothing
MAP = "cividis"  # uniform, the same for any colour vision: Nuñez et al. 2018, doi:10.1371/journal.pone.0199239
MISSING: dict[str, Any] = {"facecolor": "#dddddd", "hatch": "xxxx", "edgecolor": "#ffffff"}


def columns(step: Array, values: Array, n_columns: int = COLUMNS) -> Array:
    """Gather samples into columns of equal length in steps: the median of each, NaN where none was measured.

    A median looks the same however many samples it is of: records are thinned in their older half.

    Parameters
    ----------
    step : ndarray of shape (n,)
        Increasing.
    values : ndarray of shape (n, n_layers)
    n_columns : int

    Returns
    -------
    ndarray of shape (n_layers, n_columns)
        A column without a sample shows the one before it, which is the latest that is known there.
    """
    edges = np.linspace(step[0], step[-1] + 1, n_columns + 1)
    column = np.searchsorted(edges, step, side="right") - 1
    first = np.flatnonzero(np.diff(column, prepend=-1))
    parts = np.split(values, first[1:])
    middle = np.array([_median(part) if len(part) > 1 else part[0] for part in parts])
    latest = np.searchsorted(column[first], np.arange(n_columns), side="right") - 1
    return np.asarray(middle[latest].T)


def _median(samples: Array) -> Array:
    """Median of what is known in each layer; one of the samples, so that an exact 0 stays one."""
    ordered = np.sort(samples, axis=0)  # NaN at the end
    known = (~np.isnan(samples)).sum(axis=0)
    return np.asarray(ordered[np.maximum(known - 1, 0) // 2, np.arange(samples.shape[1])])


def plot_heat_map(
    step: Array,
    values: Array,
    names: Sequence[str],
    *,
    unit: str,
    log: bool = False,
    bound: float | None = None,
    missing: str = "not measured",
    always: Collection[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw values over steps and layers, with a colour bar.

    Parameters
    ----------
    step : ndarray of shape (n,)
    values : ndarray of shape (n, n_layers)
        NaN is hatched; on a log scale an exact 0 and what is infinite have colours of their own.
    names : sequence of str
        Of the layers, in the order of the forward pass.
    unit : str
        Of the colour bar.
    log : bool
        Whether decades matter; else the scale goes from 0 to 1.
    bound : float or None
        A line in the colour bar.
    missing : str
        What NaN means, for the legend.
    always : collection of str
        Layers that are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Raises
    ------
    CannotTell
        When nothing was measured.
    """
    if np.isnan(values).all():
        raise CannotTell("nothing was measured in any layer")
    ax = frame.axes(ax)
    shown = columns(step, values)
    colours = matplotlib.colormaps[MAP].with_extremes(bad=(0, 0, 0, 0), under=COLOURS[1], over=COLOURS[3])
    norm = _log_norm(shown) if log else Normalize(0.0, 1.0)
    if norm.vmin is not None and log:
        shown = np.where(shown < norm.vmin, np.where(shown > 0, norm.vmin, norm.vmin / 10), shown)
    image = ax.imshow(
        np.ma.masked_invalid(np.where(np.isposinf(shown), np.finfo(float).max, shown)), aspect="auto", cmap=colours,
        norm=norm, interpolation="nearest", extent=(step[0] - 0.5, step[-1] + 0.5, len(names) - 0.5, -0.5),
    )  # fmt: skip
    ax.patch.set(**MISSING)
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.06)
    bar.set_label(unit if bound is None else f"{unit} (line: {bound:g})")
    if bound is not None and (norm.vmin or 0) <= bound <= (norm.vmax or 1):
        bar.ax.axhline(bound, color=COLOURS[1], linewidth=2.5)
    handles = [
        *([Patch(**MISSING, label=missing)] if np.isnan(shown).any() else []),
        *([Patch(color=COLOURS[1], label="exactly 0")] if log and (shown < (norm.vmin or 0)).any() else []),
        *([Patch(color=COLOURS[3], label="infinite")] if np.isposinf(shown).any() else []),
    ]
    frame.name_rows(ax, names, always=always)
    frame.over_steps(ax)
    ax.set_xlim(step[0] - 0.5, step[-1] + 0.5)
    if handles:
        ax.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, frameon=False, fontsize="small"
        )
    return ax


def _log_norm(values: Array) -> LogNorm:
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known):
        return LogNorm(0.1, 1.0)
    high = float(known.max())
    low = max(float(known.min()), high / 10**SPAN)
    return LogNorm(10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high) + 1e-9))
