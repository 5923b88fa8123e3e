"""The browser of layers: what a network makes of a few inputs, as a part of a page or as a page of its own.

All that users wrote is text: in the markup it is escaped, to the script it is handed as data, and the script puts it
into the page as text. Without the script inputs, predictions and the graph can be seen, but not the channels.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flatline.records.events import plain
from flatline.records.packed_view import pack
from flatline.reports.html import prose, resource
from flatline.reports.inputs import inputs, text
from flatline.reports.lanes import margins
from flatline.reports.page import policy
from flatline.view import View, ViewedLayer
from flatline.whole_file import write

STYLE = f"{resource('look.css')}{resource('browser.css')}"
SCRIPT = resource("browser.js")

LOOK_FOR = (
    "Healthy channels differ from one another and from input to input. Look for channels that are zero or the same "
    "everywhere (marked), for layers whose channels all show the same, for a layer after which all inputs look alike, "
    "and, in a trained network, for maps that are nothing but noise."
)


def fragment(view: View, *, level: int = 3) -> str:
    """Return the view as HTML, to stand in a page with `STYLE` and `SCRIPT`; one to a page.

    Parameters
    ----------
    view : View
        From `flatline.inspect.view`, or from the record of a run.
    level : int
        Of its headings.
    """
    data = json.dumps(plain({"inputs": [pack(each) for each in view.inputs], "layers": _layers(view)}))
    data = data.replace("<", "\\u003c")  # so that no name ends the element
    return (
        f'<div class="look" data-level="{level}">{head(view)}{inputs(view, level)}'
        f"<h{level}>Layers, in the order in which they are called</h{level}>"
        f'<p class="look-for">{LOOK_FOR}</p>'
        f'<div class="look-grid">{_list(view)}'
        '<section class="look-panel" aria-label="The chosen layer" tabindex="-1"><noscript><p>The pictures of channels '
        "are drawn by the script of this page, which may not run here.</p></noscript></section></div>"
        f'<script type="application/json" class="look-data">{data}</script></div>'
    )


def document(view: View) -> str:
    """Return the view as a page of its own, which needs nothing else."""
    style = f"{resource('parts.css')}{resource('page.css')}{STYLE}"
    title = f"{view.model}: what its layers see"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, SCRIPT)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style></head>\n<body>\n"
        f'<main class="look-page flatline"><h1>{text(title)}</h1>{fragment(view, level=2)}</main>\n'
        f"<script>{SCRIPT}</script>\n</body></html>\n"
    )


def save(view: View, path: str | Path) -> None:
    """Write the view as a page of its own, whole or not at all.

    Raises
    ------
    FlatlineError
        When the file cannot be written.
    """
    write(Path(path), document(view).encode("utf-8"), what="the page")


def _layers(view: View) -> list[dict[str, Any]]:
    """What the script draws: the layers, and who reads each."""
    readers: dict[str, list[str]] = {layer.name: [] for layer in view.layers}
    for layer in view.layers:
        for name in layer.reads:
            readers.get(name, []).append(layer.name)
    return [{**pack(layer), "read_by": readers[layer.name]} for layer in view.layers]


def head(view: View) -> str:
    """Return what was looked at and when, and what was left out."""
    n_weights = sum(layer.n_weights for layer in view.layers)
    parts = [f"{view.kind} with {len(view.layers)} layers and {n_weights:,} weights", view.taken]
    parts += [f"statistics over {view.n_rows} inputs", f"taken in {view.seconds:.1f} s"]
    notes = "".join(f"<li>{prose(note)}</li>" for note in view.notes)
    told = " · ".join(part for part in parts if part)
    return f'<p class="quiet">{prose(told)}</p>' + (f'<ul class="quiet">{notes}</ul>' if notes else "")


def _list(view: View) -> str:
    rows = []
    around: Sequence[str] = ()
    for number, (layer, margin) in enumerate(zip(view.layers, margins(view.layers), strict=True)):
        if layer.nested_in != around:
            around = layer.nested_in
            if around:
                rows.append(f'<li class="look-group" role="presentation">in {text(" / ".join(around))}</li>')
        rows.append(_row(number, layer, margin))
    return (
        '<div class="look-side"><div class="look-search scripted" hidden><label>Search layers '
        '<input type="search" class="look-find" autocomplete="off"></label>'
        '<p class="look-found quiet" role="status"></p></div>'
        f'<ol class="look-list" role="listbox" tabindex="0" aria-label="Layers">{"".join(rows)}</ol></div>'
    )


def _row(number: int, layer: ViewedLayer, margin: str) -> str:
    return (
        f'<li class="look-row" role="option" aria-selected="false" id="look-{number}" data-number="{number}">{margin}'
        f'<span class="look-name"><span title="{text(layer.name)}">{text(layer.name)}</span>'
        f"<small>{described(layer)}</small></span>{mark(layer)}</li>"
    )


def described(layer: ViewedLayer) -> str:
    """Return kind, shape and activation of a layer."""
    shape = " × ".join("?" if side is None else str(side) for side in layer.output_shape)
    return text(" · ".join(part for part in (layer.kind, shape, layer.activation) if part and part != "linear"))


def mark(layer: ViewedLayer) -> str:
    """Return what is wrong with channels of a layer, in a word."""
    counts = ((layer.n_nonfinite, "not finite"), (layer.n_silent, "silent"), (layer.n_constant, "constant"))
    told = next((f"{n} of {layer.n_channels} {what}" for n, what in counts if n), "")
    return f'<span class="look-mark">{told}</span>' if told else ""
