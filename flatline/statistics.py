"""Statistics of curves: trend, robust spread, window means; numpy only."""

import math

import numpy as np

from flatline.facts import Array

MAD_TO_STD = 1.4826  # of a normal distribution


def robust_spread(values: Array) -> float:
    """Standard deviation estimated from the median absolute deviation; NaN for fewer than two finite values."""
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return math.nan
    return float(MAD_TO_STD * np.median(np.abs(finite - np.median(finite))))


def running_median(values: Array, width: int) -> Array:
    """Median of each value and the `width − 1` before it; of what there is at the start.

    Parameters
    ----------
    values : ndarray of shape (n,)
    width : int
        At least 1.
    """
    width = min(width, len(values))
    if not width:
        return np.asarray(values, float)
    start = [np.median(values[: i + 1]) for i in range(width - 1)]
    return np.concatenate([start, np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)])


def window_means(step: Array, values: Array, n_windows: int) -> tuple[Array, Array]:
    """Mean over windows of equal length in steps, each row weighted by the steps that it stands for.

    Parameters
    ----------
    step : ndarray of shape (n,)
        Increasing; row i stands for the steps after `step[i − 1]` up to `step[i]`.
    values : ndarray of shape (n,)
    n_windows : int

    Returns
    -------
    tuple of ndarray
        Last step of each window that has rows, and its mean.
    """
    if not len(step):
        return step, values
    weight = np.diff(step, prepend=-1).astype(float)
    edges = np.linspace(-1, step[-1], n_windows + 1)
    window = np.clip(np.searchsorted(edges, step, side="left") - 1, 0, n_windows - 1)
    total = np.bincount(window, weight, n_windows)
    filled = total > 0
    means = np.bincount(window, weight * values, n_windows)[filled] / total[filled]
    last = np.array([step[window == k][-1] for k in np.flatnonzero(filled)])
    return last, means


def theil_sen(x: Array, y: Array) -> float:
    """Median of the slopes of all pairs of points; NaN for fewer than two.

    References
    ----------
    Sen 1968, J. American Statistical Association 63, doi:10.1080/01621459.1968.10480934.
    """
    if len(x) < 2:
        return math.nan
    i, j = np.triu_indices(len(x), 1)
    return float(np.median((y[j] - y[i]) / (x[j] - x[i])))


def mann_kendall(y: Array) -> float:
    """One-sided p value of a falling trend: small when later values lie below earlier ones more often than by chance.

    Parameters
    ----------
    y : ndarray of shape (n,)
        In order of time and about independent (means over windows, not single steps of a smooth curve).

    Returns
    -------
    float
        1 for fewer than four values: nothing can be said.

    References
    ----------
    Mann 1945, Econometrica 13, doi:10.2307/1907187; the variance with ties is Kendall's.
    """
    n = len(y)
    if n < 4:
        return 1.0
    i, j = np.triu_indices(n, 1)
    score = float(np.sign(y[j] - y[i]).sum())
    _, ties = np.unique(y, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if variance <= 0:
        return 1.0
    z = (score + 1) / math.sqrt(variance) if score < 0 else score / math.sqrt(variance)
    return 0.5 * math.erfc(-z / math.sqrt(2))


def sign_flip(differences: Array) -> float:
    """One-sided p value of paired differences: the share of all assignments of signs whose mean is as large or larger.

    Exact, without assumptions but that under the null hypothesis a difference might as well have the other sign.

    Parameters
    ----------
    differences : ndarray of shape (n_pairs,)
        With the change less without it; n_pairs ≤ 20. Infinite ones count as the largest finite one, NaN as none.

    Returns
    -------
    float
        At least 2^−n_pairs; 1 for no pairs.

    References
    ----------
    Fisher 1935, The Design of Experiments, section 21; Pitman 1937, doi:10.2307/2984124.
    """
    n = len(differences)
    if not n:
        return 1.0
    values = np.asarray(differences, float)
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0  # inf − inf has no sign
    values = np.nan_to_num(values, nan=0.0, posinf=largest, neginf=-largest)
    signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    return float(np.mean(signs @ values >= values.sum() - 1e-12 * max(1.0, float(np.abs(values).sum()))))
