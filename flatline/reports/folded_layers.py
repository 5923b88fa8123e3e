"""The layers of a view without a script, for a notebook: inputs and answers, and a fold for each of some layers."""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from flatline.facts import Array
from flatline.finding import Finding
from flatline.png import STEP
from flatline.reports.browser import LOOK_FOR, described, head, mark
from flatline.reports.html import prose, resource
from flatline.reports.inputs import bars, inputs, source, text
from flatline.view import View, ViewedLayer

STYLE = resource("look.css")

LAYERS = 16  # folds, which are read from top to bottom
CHANNELS = 12  # of a layer, each with a map for every input
SIDE = 24  # pixels of a map
SHOWN = 56  # dots of the page that it is about as wide as
GIVEN = 0.5  # 1; share of the room that inputs may take
GAP = 3  # dots between the maps of two inputs
WHITE = 255
ALL = '`report.save("report.html")` has them all'


def fragment(view: View, findings: Sequence[Finding], most: int) -> str:
    """Return what fits of a view as HTML, folded by `details` alone.

    Parameters
    ----------
    view : View
    findings : sequence of Finding
        The layers that they name are shown first of all; others are chosen evenly over depth.
    most : int
        Bytes.
    """
    given, n = _inputs(view, GIVEN * most)
    top = f'{head(view)}{given}<p class="look-for">{LOOK_FOR}</p>'
    codes = _codes(findings)

    @cache
    def fold(at: int) -> str:
        layer = view.layers[at]
        return _fold(view, layer, range(max(n, 1)), codes.get(layer.name, ()))

    def size(layers: Sequence[int]) -> int:
        return len(top) + sum(len(fold(at)) for at in layers)

    places = {layer.name: at for at, layer in enumerate(view.layers)}
    named = [places[name] for name in codes if name in places][:LAYERS]
    while named and size(named) > most:
        named.pop()
    others = [at for at, layer in enumerate(view.layers) if layer.shades is not None and at not in named]
    more = min(len(others), LAYERS - len(named))
    chosen = [*named, *_spread(others, more)]
    while more and size(chosen) > most:
        more = min(more - 1, int(more * most / size(chosen)))
        chosen = [*named, *_spread(others, more)]
    folds = "".join(f"<details{' open' if at == chosen[0] else ''}>{fold(at)}</details>" for at in sorted(chosen))
    return f'<div class="look">{top}{folds}{_left_out(view, len(chosen), n)}</div>'


def _inputs(view: View, most: float) -> tuple[str, int]:
    """As many inputs as fit, the first ones."""
    for n in range(len(view.inputs), 0, -1):
        given = inputs(view, 3, n=n, chosen=False)
        if len(given) <= most:
            return given, n
    return "", 0


def _codes(findings: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """Names that findings name, the most severe first, and the codes of those that do."""
    codes: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        evidence = (each.where for each in finding.evidence)
        for name in dict.fromkeys((finding.where, *evidence, *re.findall("`([^`]+)`", finding.message))):
            codes[name] = (*codes.get(name, ()), finding.code)
    return codes


def _spread(places: Sequence[int], n: int) -> list[int]:
    """So many of them evenly, the first and the last among them."""
    return [places[at] for at in np.linspace(0, len(places) - 1, n).round().astype(int)]


def _left_out(view: View, n_shown: int, n_inputs: int) -> str:
    told = []
    if n_inputs < len(view.inputs):
        told.append(f"{n_inputs} of {len(view.inputs)} inputs")
    if n_shown < len(view.layers):
        told.append(f"{n_shown} of {len(view.layers)} layers")
    if not told:
        return ""
    return f'<p class="quiet">{" and ".join(told)} are shown; {prose(ALL)}.</p>'


# ── a layer ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _fold(view: View, layer: ViewedLayer, rows: Sequence[int], codes: Sequence[str]) -> str:
    around = f" · in {text(' / '.join(layer.nested_in))}" if layer.nested_in else ""
    named = f" · named in {text(', '.join(codes))}" if codes else ""
    line = f'<code>{text(layer.name)}</code> <span class="quiet">{described(layer)}{around}{named}</span> {mark(layer)}'
    return f"<summary>{line}</summary>{_pictures(view, layer, rows)}"


def _pictures(view: View, layer: ViewedLayer, rows: Sequence[int]) -> str:
    if layer.shades is None:
        return f'<p class="quiet">No picture: {prose(layer.missing or "none was taken")}.</p>'
    rows = [row for row in rows if row < len(layer.shades.pictures)]
    names = [view.inputs[row].name if row < len(view.inputs) else f"input {row}" for row in rows]
    if layer.form == "maps":
        drawn = _spread(range(len(layer.channels)), min(CHANNELS, len(layer.channels)))
        tiles = "".join(_channel(layer, at, rows, names) for at in drawn)
        return f'{_told(layer, len(drawn))}<div class="look-channels">{tiles}</div>'
    draw = _bars if layer.form == "vector" else _series
    return _told(layer, len(layer.channels)) + "".join(
        draw(layer, row, name) for row, name in zip(rows, names, strict=True)
    )


def _told(layer: ViewedLayer, n: int) -> str:
    what = "channels" if layer.form == "maps" else "units"
    told = [f"{n} of {layer.n_channels} {what}, chosen evenly" if n < layer.n_channels else f"All {n} {what}"]
    for count, fault in (
        (layer.n_silent, "silent: zero everywhere, for every input"),
        (layer.n_constant, "constant: the same everywhere, for every input"),
        (layer.n_nonfinite, "not finite somewhere"),
    ):
        told += [f"{count} of all {layer.n_channels} are {fault}"] if count else []
    return f'<p class="quiet">{"; ".join(told)}.</p>'


def _fault(layer: ViewedLayer, at: int) -> str:
    """What is wrong with a channel, in a word."""
    if not np.isfinite(layer.mean[at]):
        return "not finite"
    if layer.std[at] > 0:
        return ""
    return "constant" if layer.mean[at] else "silent"


def _channel(layer: ViewedLayer, at: int, rows: Sequence[int], names: Sequence[str]) -> str:
    """One image for a channel, in which the maps of the inputs stand side by side."""
    assert layer.shades is not None
    maps = _smaller(_smaller(layer.shades.pictures[list(rows), at], 1), 2)
    maps = _larger(maps, max(1, round(SHOWN / max(maps.shape[1:]))))
    picture = np.pad(maps, ((0, 0), (0, 0), (0, GAP)), constant_values=WHITE)
    picture = np.moveaxis(picture, 0, 1).reshape(maps.shape[1], -1)[:, :-GAP]
    fault = _fault(layer, at)
    low, high = layer.shades.low[at], layer.shades.high[at]
    told = (
        f"mean {layer.mean[at]:.3g}, deviation {layer.std[at]:.3g}, zero in {100 * layer.zero_share[at]:.0f} %; "
        f"black {low:.3g}, white {high:.3g}"
    )
    caption = f"channel {layer.channels[at]}: {fault or f'{low:.3g} … {high:.3g}'}"
    return (
        f'<figure class="look-channel{" fault" if fault else ""}" title="{told}">'
        f'<img alt="channel {layer.channels[at]} for {text(", ".join(names))}" src="{source(picture)}" '
        f'width="{picture.shape[1]}" height="{picture.shape[0]}"><figcaption>{caption}</figcaption></figure>'
    )


def _smaller(pictures: Array, axis: int) -> Array:
    """Means of neighbours along an axis until it is short enough, in the shades that take least room."""
    pictures = np.moveaxis(pictures, axis, 0)
    step = -(-len(pictures) // SIDE)
    n = len(pictures) // step
    means = pictures[: n * step].reshape(n, step, *pictures.shape[1:]).mean(axis=1)
    return np.moveaxis((STEP * np.rint(means / STEP)).astype("uint8"), 0, axis)


def _larger(pictures: Array, times: int) -> Array:
    """Each pixel as a square of so many: not every notebook keeps the style that would draw it so."""
    return pictures.repeat(times, axis=1).repeat(times, axis=2)


def _bars(layer: ViewedLayer, row: int, name: str) -> str:
    assert layer.shades is not None
    low, high = layer.shades.low[0], layer.shades.high[0]
    values = low + layer.shades.pictures[row, 0, 0].astype(float) / 255 * (high - low)
    faulty = [at for at in range(len(values)) if _fault(layer, at)]
    told = f"{name}: {low:.3g} everywhere"
    if high > low:
        largest = layer.channels[values.argmax()]
        told = f"{name}: from {values.min():.3g} to {values.max():.3g}, the largest is unit {largest}"
    told += "; marked below: silent or constant for every input" if faulty else ""
    return bars(values, told, faulty)


def _series(layer: ViewedLayer, row: int, name: str) -> str:
    assert layer.shades is not None
    picture = layer.shades.pictures[row, 0]
    height, width = picture.shape
    low, high = layer.shades.low[0], layer.shades.high[0]
    told = text(f"{name}: a line for each unit, from left to right the steps; black {low:.3g}, white {high:.3g}")
    return (
        f'<figure class="look-row-picture"><img alt="{text(f"{layer.name} for {name}")}" src="{source(picture)}" '
        f'width="{min(max(10 * width, 240), 720)}" height="{min(max(8 * height, 40), 400)}">'
        f"<figcaption>{told}</figcaption></figure>"
    )
