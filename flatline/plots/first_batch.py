"""Draw the first rows as the network receives them, with their labels and ranges."""

import math
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, SymLogNorm

from flatline.errors import CannotTell
from flatline.exhibits import FirstBatch, ShownRows
from flatline.facts import Array
from flatline.plots.frame import COLOURS, DASHES, GREY, axes, literal, short
from flatline.plots.picture import picture
from flatline.plots.sheet import inches

ACROSS = 8  # images in a row
FEW = 8  # rows that are drawn where images stand beside something else
WRITTEN = 10  # columns up to which every number is written
WIDTH = 10.0  # of all parts together, in data
GAP = 0.3  # between parts
TABLE = "PuOr_r"  # purple below zero, orange above: for any colour vision (C. Brewer, https://colorbrewer2.org)
TOKENS = "cividis"  # Nuñez et al. 2018, doi:10.1371/journal.pone.0199239
LABEL = 18  # characters
NAMED = 2  # layers
LINE = 0.13  # inches; a line of the smallest text
LINE_HEIGHT = 0.17  # inches; a row with its label
NUMBER = 0.45  # inches; a number of three digits


@picture(
    "the first rows as the network receives them",
    look_for="Rows should differ from each other as their labels do, and should look like what they are: not washed "
    "out, not all alike, not shifted against their labels. Below an image, or beside a row, stands its range.",
    group="data",
    rank=15,
    size=(9.0, 4.2),
    about=("nonfinite_cells", "input_spread", "conflict_share", "multi_label_share"),
)
def plot_first_batch(batch: FirstBatch, *, ax: Axes | None = None) -> Axes:
    """Draw up to 16 rows: images side by side, rows of a table or a text as strips of colour, sequences as curves.

    Parameters
    ----------
    batch : FirstBatch
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Returns
    -------
    Axes
        Without scales. Where several layers receive something, its parts stand side by side, a line for each row.

    Raises
    ------
    CannotTell
        When there is no row.
    """
    if not batch.parts or not len(batch.parts[0].values):
        raise CannotTell("there is no row to show")
    ax = axes(ax)
    ax.set_axis_off()
    if len(batch.parts) == 1 and batch.parts[0].form == "image":
        _images(ax, batch, batch.parts[0])
    else:
        _lines(ax, batch)
    return ax


def _images(ax: Axes, batch: FirstBatch, part: ShownRows) -> None:
    n = len(part.values)
    across = min(ACROSS, n) if n <= ACROSS else math.ceil(n / math.ceil(n / ACROSS))
    height, width = part.values.shape[1:3]
    tall, wide = height / max(height, width), width / max(height, width)
    side = inches(ax)[0] / (across * (wide + 0.1))  # of a tile, in inches
    below = 0.1 + LINE * (len(batch.labels) + 1 + bool(part.n_nonfinite.any())) / side
    for i in range(n):
        left, top = (i % across) * (wide + 0.1), -(i // across) * (tall + below)
        _image(ax, part.values[i], (left, left + wide, top - tall, top))
        told = [*_labels(batch, i), _range(part, i).replace(" (", "\n(")]
        ax.text(left, top - tall - 0.03, "\n".join(told), ha="left", va="top", fontsize="x-small")
    down = math.ceil(n / across)
    ax.set_xlim(-0.02, across * (wide + 0.1))
    ax.set_ylim(-down * (tall + below), 0.02)
    ax.set_aspect("equal", anchor="W")
    ax.set_title(f"{_heading(part)}{_how(batch)}", fontsize="small", loc="left")


def _lines(ax: Axes, batch: FirstBatch) -> None:
    n = max(len(part.values) for part in batch.parts)
    if any(part.form == "image" for part in batch.parts):
        n = min(n, FEW)
    n = max(1, min(n, int(inches(ax)[1] / LINE_HEIGHT)))
    each = (WIDTH - GAP * (len(batch.parts) - 1)) / len(batch.parts)
    for place, part in enumerate(batch.parts):
        left = place * (each + GAP)
        DRAWERS[part.form](ax, part, n, left, each)
        heading = _heading(part).replace("; ", "\n") + (_how(batch) if place == 0 else "")
        ax.text(left, 0.15, heading, ha="left", va="bottom", fontsize="small")
        if len(batch.parts) == 1:
            for i in range(n):
                ax.text(left + each + 0.1, -i - 0.5, _range(part, i), va="center", fontsize="small", color=GREY)
    for i in range(n):
        ax.text(-0.1, -i - 0.5, " · ".join(_labels(batch, i)), ha="right", va="center", fontsize="small")
    ax.text(-0.1, 0.15, "\n".join(short(name) for name in batch.labels), ha="right", va="bottom", fontsize="small")
    ax.set_xlim(0, WIDTH)
    ax.set_ylim(-n, 0)


def _draw_images(ax: Axes, part: ShownRows, n: int, left: float, width: float) -> None:
    height, across = part.values.shape[1:3]
    wide, tall = inches(ax)
    line = tall / n / (wide / WIDTH)  # width of a square as high as a line
    for i in range(min(n, len(part.values))):
        _image(ax, part.values[i], (left, left + min(width, line * across / height), -i - 0.95, -i - 0.05))
        ax.text(
            left + min(width, line * across / height) + 0.1, -i - 0.5, _range(part, i), va="center", fontsize="x-small"
        )


def _image(ax: Axes, pixels: Array, extent: tuple[float, float, float, float]) -> None:
    ax.imshow(pixels, cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto", interpolation="nearest")


def _draw_table(ax: Axes, part: ShownRows, n: int, left: float, width: float) -> None:
    values = part.values[:n].reshape(min(n, len(part.values)), -1).astype("float64")
    most = float(np.nanmax(np.abs(np.where(np.isfinite(values), values, np.nan)), initial=1e-30))
    norm = SymLogNorm(linthresh=min(1.0, most), vmin=-most, vmax=most)
    _strip(ax, part, values, norm, TABLE, left, width)


def _draw_tokens(ax: Axes, part: ShownRows, n: int, left: float, width: float) -> None:
    values = part.values[:n].astype("float64")
    norm = Normalize(0, max(1.0, float(np.nanmax(values, initial=1.0))))
    _strip(ax, part, np.where(values == 0, np.nan, values), norm, TOKENS, left, width)


def _strip(ax: Axes, part: ShownRows, values: Array, norm: Any, colours: str, left: float, width: float) -> None:
    n, across = values.shape
    shown = np.ma.masked_invalid(values)
    palette = colormaps[colours].with_extremes(bad="white")
    ax.imshow(
        shown, cmap=palette, norm=norm, extent=(left, left + width, -n, 0), aspect="auto", interpolation="nearest"
    )
    for line in range(1, n):
        ax.plot([left, left + width], [-line, -line], color="white", linewidth=1.0)
    if across <= WRITTEN and inches(ax)[0] * width / WIDTH / across > NUMBER:
        for row, column in np.ndindex(n, across):
            value = part.values[row].ravel()[column]
            dark = np.mean(palette(norm(value))[:3]) < 0.45 if np.isfinite(value) else False
            ax.text(
                left + (column + 0.5) * width / across, -row - 0.5, f"{value:.3g}", ha="center", va="center",
                fontsize="small", color="white" if dark else "black",
            )  # fmt: skip


def _draw_sequences(ax: Axes, part: ShownRows, n: int, left: float, width: float) -> None:
    values = part.values[:n].astype("float64")
    low, high = _ends(part)
    across = left + width * np.arange(values.shape[1]) / max(1, values.shape[1] - 1)
    for i, row in enumerate(values):
        for feature, curve in enumerate(row.T):
            height = -i - 0.95 + 0.9 * (np.where(np.isfinite(curve), curve, np.nan) - low) / max(high - low, 1e-30)
            ax.plot(across, height, color=COLOURS[feature], linestyle=DASHES[feature], linewidth=1.0)
        ax.plot([left, left + width], [-i - 1, -i - 1], color="#cccccc", linewidth=0.5)


DRAWERS = {"image": _draw_images, "table": _draw_table, "tokens": _draw_tokens, "sequence": _draw_sequences}


def _ends(part: ShownRows) -> tuple[float, float]:
    finite = np.isfinite(part.low)
    return (float(part.low[finite].min()), float(part.high[finite].max())) if finite.any() else (0.0, 0.0)


def _heading(part: ShownRows) -> str:
    low, high = _ends(part)
    shape = " × ".join(map(str, part.shape)) or "1"
    few = f" ({len(part.kept)} drawn)" if len(part.kept) else ""
    dark, bright = ("black", "white") if part.values.ndim == 3 else ("dark", "bright")
    scale = {
        "image": f"{dark} {part.black:.3g} … {bright} {part.white:.3g}",
        "table": f"from {low:.3g}, purple, to {high:.3g}, orange",
        "tokens": f"0 is white, up to {high:.3g}, bright",
        "sequence": f"each line from {low:.3g} to {high:.3g}",
    }[part.form]
    return f"received by {short(part.name)}: {shape}{few}; {scale if high > low else f'all {low:.3g}'}"


def _how(batch: FirstBatch) -> str:
    """In which mode, and what that means for augmentation: it acts in training alone."""
    names = ", ".join(map(short, batch.random[:NAMED]))
    names += f" and {len(batch.random) - NAMED} more" if len(batch.random) > NAMED else ""
    if batch.training:
        return f"\nwith {names}, as in training" if names else "; as in training"
    return f"\nwithout {names}, as in prediction" if names else "; as in prediction"


def _range(part: ShownRows, i: int) -> str:
    if i >= len(part.low):
        return ""
    spoilt = f" ({int(part.n_nonfinite[i]):,} NaN or ∞)" if part.n_nonfinite[i] else ""
    if not np.isfinite(part.low[i]):
        return "all NaN or ∞"
    if part.low[i] == part.high[i]:
        return f"all {part.low[i]:.3g}{spoilt}"
    return f"{part.low[i]:.3g} … {part.high[i]:.3g}{spoilt}"


def _labels(batch: FirstBatch, i: int) -> list[str]:
    return [literal(_cut(texts[i])) for texts in batch.labels.values() if i < len(texts)]


def _cut(text: str) -> str:
    return text if len(text) <= LABEL else f"{text[: LABEL - 1]}…"
