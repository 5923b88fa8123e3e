"""Draw the loss of a range test against the learning rate."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.facts import Array
from flatline.plots.frame import COLOURS, DECADES, GREY, axes

HEADROOM = 1.5  # × the distance from the lowest to the first loss is shown above the first: a loss that runs away
# would else press everything that matters into one line


def plot_learning_rate_curve(
    rate: Array,
    loss: Array,
    *,
    smoothed: Array | None = None,
    suggested: float | None = None,
    current: float | None = None,
    null: float = float("nan"),
    ax: Axes | None = None,
    **line_kw: Any,
) -> Axes:
    """Draw loss against learning rate, on a logarithmic axis, with the suggested and the present rate.

    Parameters
    ----------
    rate, loss : ndarray of shape (n_steps,)
        Rate of each step and loss of its batch; losses that are no number are left out.
    smoothed : ndarray of shape (n_steps,) or None
        Drawn over the losses.
    suggested, current : float or None
        Drawn as upright lines; a rate that is not positive is not drawn.
    null : float
        Loss of the best constant prediction; not drawn when it is NaN.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot` of the main curve: the smoothed one, or the losses where there is none.

    Returns
    -------
    Axes
        With the losses, the smoothed curve, the null line, the present rate and the suggested one, in this order.
    """
    ax = axes(ax)
    rate, loss = np.asarray(rate, dtype=float), np.asarray(loss, dtype=float)
    finite = np.isfinite(loss)
    main = {"color": COLOURS[0], "linewidth": 2.0, **line_kw}
    if smoothed is not None:  # points: a line between losses that differ by batch would hide the curve
        style: dict[str, Any] = {"color": GREY, "marker": ".", "markersize": 3, "linestyle": "none", "alpha": 0.7}
    else:
        style = main
    ax.plot(rate[finite], loss[finite], **{"label": "loss of each step", **style})
    shown = loss[finite]
    if smoothed is not None:
        shown = np.asarray(smoothed, dtype=float)
        ax.plot(rate, shown, **{"label": "smoothed", **main})
    if math.isfinite(null):
        ax.axhline(null, color=GREY, linewidth=1.0, label="best constant prediction")
    if current is not None and current > 0:
        ax.axvline(current, color=COLOURS[1], linestyle=":", linewidth=1.5, label=f"present rate, {current:.2g}")
    if suggested is not None and suggested > 0:
        ax.axvline(suggested, color=COLOURS[2], linestyle="--", linewidth=1.5, label=f"suggested rate, {suggested:.2g}")
    ax.set_xscale("log")
    _fit_height(ax, shown, null)
    ax.set_xlabel("learning rate")
    ax.set_ylabel("loss")
    ax.legend(frameon=False)
    return ax


def _fit_height(ax: Axes, shown: Array, null: float) -> None:
    """Show what falls; what runs away leaves at the top."""
    shown = shown[np.isfinite(shown)]
    if not len(shown):
        return
    low, begin = float(shown.min()), float(shown[0])
    begin = max(begin, null) if math.isfinite(null) else begin
    if low > 0 and math.log10(begin / low) > DECADES:
        ax.set_yscale("log")
        ax.set_ylim(low / 2, begin * (begin / low) ** 0.25)
    elif begin > low:
        ax.set_ylim(low - 0.1 * (begin - low), begin + (HEADROOM - 1) * (begin - low))
