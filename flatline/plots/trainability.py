"""Draw the losses of the short trainings: tiny-subset test and rehearsal."""

import io
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from flatline.facts import Array

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart with any colour vision: M. Okabe and K. Ito, Color Universal Design, 2008,
https://jfly.uni-koeln.de/color/."""

DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))  # colour never tells alone

DECADES = 1.5  # log scale when the largest loss is more than 10**1.5 times the smallest


def plot_training_curves(
    curves: Mapping[str, Array], *, null: float = float("nan"), ax: Axes | None = None, **line_kw: Any
) -> Axes:
    """Draw loss against step, one line a training, and the loss of the best constant prediction.

    Parameters
    ----------
    curves : mapping of str to ndarray of shape (n_steps,)
        Loss per step, by name; steps whose loss is not finite are left out and said to have diverged.
    null : float
        Loss of the best constant prediction; not drawn when it is NaN.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Returns
    -------
    Axes
        With one line a curve, in the order given, then the null line.
    """
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.subplots(layout="constrained")[1]
    drawn = []
    for number, (name, losses) in enumerate(curves.items()):
        losses = np.asarray(losses, dtype=float)
        finite = np.isfinite(losses)
        drawn.append(losses[finite])
        style = {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number % len(DASHES)]}
        # A single step is a point: a line of one point is invisible.
        marker = {"marker": "o"} if finite.sum() == 1 else {}
        label = _literal(name) if finite.all() else f"{_literal(name)} (diverged)"
        ax.plot(np.arange(len(losses))[finite], losses[finite], **{"label": label, **style, **marker, **line_kw})
    if math.isfinite(null):
        ax.axhline(null, color="#767676", linewidth=1.0, label="best constant prediction")
    values = np.concatenate([*drawn, [null] if math.isfinite(null) else []])
    if len(values) and values.min() > 0 and math.log10(values.max() / values.min()) > DECADES:
        ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False)
    return ax


def training_curves_svg(curves: Mapping[str, Array], *, null: float = float("nan")) -> bytes:
    """Return the same drawing as an SVG image, without touching pyplot's figures."""
    figure = Figure(figsize=(7.0, 3.5), layout="constrained")
    plot_training_curves(curves, null=null, ax=figure.subplots())
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the page's text around it still says it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _literal(name: str) -> str:
    """Keep a name from being read as mathematics, or (leading underscore) left out of the legend."""
    text = name.encode("utf-8", "replace").decode().replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text
