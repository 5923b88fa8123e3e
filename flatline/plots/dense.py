"""Draw a curve of any length: all of a few rows, the envelope and the median of a million."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.facts import Array

FEW = 60  # rows up to which each is marked
MANY = 800  # rows; more than twice the columns of pixels that a panel has for them
COLUMNS = 400  # of the envelope
WINDOWS = 100  # of the median


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Rows gathered by step: what is drawn of a curve that has more of them than there are pixels."""

    step: Array  # (n,) middle of each column that has rows
    low: Array
    middle: Array  # median
    high: Array


def gathered(step: Array, values: Array, n_columns: int) -> Columns:
    """Gather finite rows into columns of equal length in steps.

    Parameters
    ----------
    step : ndarray of shape (n,)
        Increasing.
    values : ndarray of shape (n,)
        Finite.
    n_columns : int
        At most so many; columns without rows are left out.
    """
    edges = np.linspace(step[0], step[-1], n_columns + 1)
    first = np.unique(np.searchsorted(step, edges[:-1]))
    after = np.append(first[1:], len(step))
    return Columns(
        step=(step[first] + step[after - 1]) / 2,
        low=np.minimum.reduceat(values, first),
        middle=np.array([np.median(values[a:b]) for a, b in zip(first, after, strict=True)]),
        high=np.maximum.reduceat(values, first),
    )


def plot_dense(ax: Axes, step: Array, values: Array, *, pale: bool = True, **style: Any) -> tuple[Array, Array]:
    """Draw a curve; rows that are no finite number are left out.

    Parameters
    ----------
    ax : Axes
    step, values : ndarray of shape (n,)
    pale : bool
        Whether the rows themselves stand behind their median.
    **style
        Of the main line, passed on to `Axes.plot`: the rows themselves where they are few, else their running median
        over a pale envelope of all of them.

    Returns
    -------
    tuple of ndarray
        The values of the main line, and all that the drawing reaches, for the choice of a scale.
    """
    finite = np.isfinite(values)
    step, values = step[finite], values[finite]
    if len(step) <= FEW:
        marker = {"marker": "o", "markersize": 3} if len(step) <= FEW // 2 else {}
        ax.plot(step, values, **{**marker, **style})
        return values, values
    colour, middle = style.get("color"), gathered(step, values, WINDOWS)
    if len(step) > MANY:
        envelope = gathered(step, values, COLUMNS)
        if pale:
            ax.fill_between(envelope.step, envelope.low, envelope.high, color=colour, alpha=0.25, linewidth=0)
        values = np.concatenate([envelope.low, envelope.high])
    elif pale:
        ax.plot(step, values, color=colour, alpha=0.35, linewidth=0.7)
    ax.plot(middle.step, middle.middle, **style)
    return middle.middle, values
