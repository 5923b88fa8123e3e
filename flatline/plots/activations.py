"""Draw what comes out of each layer in a run: mean and spread over depth, at the beginning and now."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import SymmetricalLogLocator

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.logs import ActivationLog, Marks
from flatline.plots import frame
from flatline.plots.depth import FEW, STYLES
from flatline.plots.frame import DECADES
from flatline.plots.legend import legend_above
from flatline.plots.marks import named_layers
from flatline.plots.picture import picture


@picture(
    "outputs of each layer",
    look_for="Points are means, bars one standard deviation to both sides. Bars of about one length are healthy; bars "
    "that shrink to nothing or grow from layer to layer lose the signal, and so do means far from the bars.",
    group="activations",
    rank=10,
    about=("activation_mean", "activation_spread", "signal_ratio", "input_dependence"),
)
def plot_activations(
    activations: ActivationLog, marks: Marks | None = None, *, ax: Axes | None = None, **line_kw: Any
) -> Axes:
    """Draw mean ± standard deviation of the outputs over depth, of the first and the latest sample.

    Parameters
    ----------
    activations : ActivationLog
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Of bars and outlines.

    Raises
    ------
    CannotTell
        When no output was a finite number.
    """
    known = np.flatnonzero((np.isfinite(activations.mean) & np.isfinite(activations.spread)).any(axis=1))
    if not len(known):
        raise CannotTell("no output of a layer was a finite number")
    ax = frame.axes(ax)
    rows = list(dict.fromkeys((int(known[0]), int(known[-1]))))
    draw = _draw_bars if len(activations.layers) <= FEW else _draw_band
    for row, style in zip(rows, STYLES[-len(rows) :], strict=True):
        label = f"step {activations.step[row]:,}, {'the latest' if row == rows[-1] else 'the first'}"
        draw(ax, activations.mean[row], activations.spread[row], **{**style, "label": label, **line_kw})
    _fit_width(ax, activations.mean[rows], activations.spread[rows])
    ax.axvline(0.0, color=frame.GREY, linewidth=0.8)
    frame.name_rows(ax, activations.layers, always=named_layers(marks))
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel("output: mean ± standard deviation")
    legend_above(ax)
    return ax


def _draw_bars(ax: Axes, mean: Array, spread: Array, **style: Any) -> None:
    depth = np.arange(len(mean)) + (0.15 if style["linestyle"] == "-" else -0.15)  # beside each other
    style |= {"linestyle": "none", "elinewidth": style.pop("linewidth")}
    ax.errorbar(mean, depth, xerr=spread, markersize=4, **style)


def _draw_band(ax: Axes, mean: Array, spread: Array, **style: Any) -> None:
    """Bars of many layers cover each other: the latest is a band, the first its outlines."""
    depth, label = np.arange(len(mean)), style.pop("label")
    del style["marker"]
    if style["linestyle"] == "-":
        ax.fill_betweenx(depth, mean - spread, mean + spread, color=style["color"], alpha=0.3, linewidth=0, label=label)
        label = "_"
    ax.plot(mean - spread, depth, **style, label=label)
    ax.plot(mean + spread, depth, **style)


def _fit_width(ax: Axes, mean: Array, spread: Array) -> None:
    reached = np.maximum(np.abs(mean), spread)
    reached = reached[np.isfinite(reached) & (reached > 0)]
    if len(reached) and np.log10(reached.max() / np.median(reached)) > DECADES:
        usual = float(np.median(reached))
        ax.set_xscale("symlog", linthresh=usual)
        ticks = SymmetricalLogLocator(base=10.0, linthresh=10.0 * usual)  # those beside 0 collide with its own
        ticks.set_params(numticks=6)
        ax.xaxis.set_major_locator(ticks)
