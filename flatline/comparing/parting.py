"""Where two curves over steps part for good, or for a while: beyond the noise of both, and by enough to matter."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flatline.facts import Array
from flatline.statistics import robust_spread

CERTAIN = 2.0  # standard errors: 1 window of 44 by chance on a given side, and two in a row are asked for: 1 of 1,900
CERTAIN_OF_MANY = 3.0  # the same where a thousand curves are compared: by chance two in a row in 1 of 550,000
MEDIAN = 1.2533  # standard error of a median over that of a mean, √(π/2) for a normal distribution
LASTING = 2  # windows in a row; a single one is a spike
MOST = 0.8  # 1; of the windows since the parting that show it: curves that lie apart still touch now and then
GROWTH = 0.25  # 1; length of a window over its first step: early steps change a network the most
FINENESS = (32, 16, 8)  # windows in a run, at least: the finest that shows a parting tells when; of wide ones the noise
# averages out, and the least, 8, leaves two windows for the last quarter of a run
NEIGHBOURS = 8  # rows on either side that the noise is estimated from as well: of fewer, the estimate is itself noise
LARGEST = float(np.finfo(float).max) / 2  # below what is infinite
REACH = 0.1  # 1; steps between two samples that count as taken together, over the step: less than half a window


@dataclass(frozen=True, kw_only=True)
class Spell:
    """Steps in which two curves lie apart, on the same side throughout."""

    step: int  # first that shows it
    until: int | None  # last that shows it; None where they do not meet again
    a: float  # medians of the steps just after they part or, if they meet again, of where they are the furthest apart
    b: float
    size: float  # largest distance of the medians, in distances that matter
    from_start: bool  # apart in the first steps that both curves have


def paired(step_a: Array, a: Array, step_b: Array, b: Array) -> tuple[Array, Array, Array]:
    """Bring two columns onto the steps of the one with fewer rows, each with the other's nearest row.

    Rows that are NaN do not count, nor do rows that the other curve has nothing near to: a distance of up to a tenth
    of the step counts as near.

    Returns
    -------
    tuple of ndarray of shape (n_pairs,)
        Steps, and both curves there.
    """
    known_a, known_b = ~np.isnan(a), ~np.isnan(b)
    step_a, a, step_b, b = step_a[known_a], a[known_a], step_b[known_b], b[known_b]
    if len(step_a) > len(step_b):
        step, there, here = paired(step_b, b, step_a, a)
        return step, here, there
    if not len(step_a):
        return step_a, a, b[:0]
    after = np.clip(np.searchsorted(step_b, step_a), 1, max(1, len(step_b) - 1))
    before = after - 1
    after = np.minimum(after, len(step_b) - 1)
    nearest = np.where(np.abs(step_b[after] - step_a) < np.abs(step_b[before] - step_a), after, before)
    near = np.abs(step_b[nearest] - step_a) <= REACH * step_a
    return step_a[near], a[near], b[nearest][near]


def spell(step: Array, a: Array, b: Array, *, matters: float, one_of_many: bool = False) -> Spell | None:
    """Find where two curves part for good; where they do not, where they lay apart the longest; else None.

    The medians of both over windows of steps are compared. Windows grow with the step up to a part of the run, so that
    an early parting is told to a few steps and a late one is not drowned. Two curves lie apart in a window when the
    medians differ by more than `matters` and by more than two standard errors, the noise being that of successive
    rows near by.

    Parameters
    ----------
    step : ndarray of shape (n,)
        Increasing.
    a, b : ndarray of shape (n,)
        On these steps. What is infinite lies above all numbers.
    matters : float
        Distance below which a difference is of no interest, in the unit of the curves.
    one_of_many : bool, default=False
        Ask for three standard errors, and look only for a parting for good.
    """
    found = [_spell(step, a, b, matters, fineness, one_of_many) for fineness in FINENESS]
    return next((each for each in found if each and each.until is None), found[0])


def _spell(step: Array, a: Array, b: Array, matters: float, fineness: int, one_of_many: bool) -> Spell | None:
    windows = _windows(step, fineness)
    if len(windows) < LASTING:
        return None
    certain = CERTAIN_OF_MANY if one_of_many else CERTAIN
    with np.errstate(over="ignore", invalid="ignore"):
        end = {_compared(a, b, rows, matters, certain)[0] for rows in windows[-LASTING:]}
        if one_of_many and (len(end) > 1 or 0 in end):
            return None  # most curves end together, and nothing more is asked of them
        found = [_compared(a, b, rows, matters, certain) for rows in windows]
    sides = np.array([side for side, _, _, _ in found])
    first, last = _for_good(sides), len(sides) - 1
    good = first is not None
    if first is None:
        first, last = _longest(sides)
        if last - first < LASTING:  # for a while is only said where it is longer than what counts at the end
            return None
    apart = [found[k] for k in range(first, last + 1) if sides[k] == sides[first]]
    widest = max(apart, key=lambda each: each[3])
    onset = _onset(a, b, windows, first, int(sides[first]))
    _, middle_a, middle_b, _ = widest
    if good:
        middle_a, middle_b = (float(np.median(_high(c[onset : windows[first].stop]))) for c in (a, b))
    return Spell(
        step=int(step[onset]),
        until=None if good else int(step[windows[last]][-1]),
        a=middle_a,
        b=middle_b,
        size=widest[3],
        from_start=first == 0,
    )


def _windows(step: Array, fineness: int) -> list[slice]:
    """Rows of each window that has any."""
    if not len(step):
        return []
    longest = max(1.0, (step[-1] + 1) / fineness)
    edges = [float(step[0])]
    while edges[-1] <= step[-1]:
        edges.append(edges[-1] + max(1.0, min(GROWTH * edges[-1], longest)))
    if len(edges) > 2 and step[-1] + 1 - edges[-2] < (edges[-1] - edges[-2]) / 2:
        del edges[-2]  # the run ends early in the last window: too few rows for one of their own
    bounds = np.searchsorted(step, edges)
    return [slice(low, high) for low, high in pairwise(bounds) if high > low]


def _compared(a: Array, b: Array, rows: slice, matters: float, certain: float) -> tuple[int, float, float, float]:
    """Which curve lies above in these rows (0: neither, 1: a, −1: b), both medians, and their distance."""
    middle_a, middle_b = float(np.median(_high(a[rows]))), float(np.median(_high(b[rows])))
    if math.isinf(middle_a) or math.isinf(middle_b):
        distance = 0.0 if middle_a == middle_b else middle_a - middle_b
        return int(np.sign(distance)), middle_a, middle_b, abs(distance)
    noise = MEDIAN * math.hypot(_noise(a, rows), _noise(b, rows)) / math.sqrt(rows.stop - rows.start)
    distance = middle_a - middle_b
    apart = abs(distance) > max(matters, certain * noise)
    return int(np.sign(distance)) if apart else 0, middle_a, middle_b, abs(distance) / max(matters, 1e-300)


def _onset(a: Array, b: Array, windows: list[slice], k: int, side: int) -> int:
    """First row, in window k or the one before, from which most lie half as far apart as windows k and k + 1 do."""
    with np.errstate(over="ignore", invalid="ignore"):
        distance = side * np.where(a == b, 0.0, a - b)
    half = min(max(float(np.median(distance[rows])) for rows in windows[k : k + 2]) / 2, LARGEST)
    start = windows[max(0, k - 1)].start
    gain = np.cumsum(np.where(distance[start : windows[k].stop] > half, 1, -1)[::-1])[::-1]
    return int(start + np.argmax(gain))


def _high(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.inf)


def _noise(values: Array, rows: slice) -> float:
    """Spread of single rows, of which a trend is no part: that of successive differences, over √2 (von Neumann)."""
    near = values[max(0, rows.start - NEIGHBOURS) : rows.stop + NEIGHBOURS]
    spread = robust_spread(np.diff(near[np.isfinite(near)])) / math.sqrt(2)
    return spread if math.isfinite(spread) else 0.0


def _for_good(sides: Array) -> int | None:
    """First window from which nearly all lie apart on the side of the last ones; None where the end is together."""
    end = sides[-1]
    if not end or len(sides) < LASTING or (sides[-LASTING:] != end).any():
        return None
    shows = sides == end
    share = np.cumsum(shows[::-1])[::-1] / np.arange(len(sides), 0, -1)
    begins = np.array([shows[k : k + LASTING].all() for k in range(len(sides))])
    return int(np.flatnonzero(begins & (share >= MOST))[0])


def _longest(sides: Array) -> tuple[int, int]:
    """First and last of the longest row of windows that lie apart on one side; the last is before the first: none."""
    best, start = (0, -1), 0
    for k in range(len(sides)):
        if k == 0 or sides[k] != sides[k - 1]:
            start = k
        if sides[k] and k - start > best[1] - best[0]:
            best = (start, k)
    return best
