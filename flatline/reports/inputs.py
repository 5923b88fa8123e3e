"""The inputs of a view: their pictures, what in them the answer depends on, and what the network says of them."""

import base64
import html
from collections.abc import Sequence

import numpy as np

from flatline import png
from flatline.facts import Array
from flatline.reports import wording
from flatline.reports.html import prose
from flatline.view import Prediction, Shades, View, ViewedInput, ViewedPart


def text(words: object) -> str:
    """Return what a user wrote as HTML in which nothing is markup."""
    return html.escape(wording.one_line(words))


def inputs(view: View, level: int, *, n: int | None = None, chosen: bool = True) -> str:
    """Return the inputs of a view as HTML, with what the network says of them.

    Parameters
    ----------
    view : View
    level : int
        Of the heading.
    n : int or None
        How many, from the first on; all if None.
    chosen : bool
        Whether the reader chooses, by a script, for which of them the channels are shown.
    """
    if not view.inputs[:n]:
        return ""
    cards = "".join(_card(view, each, row, level + 1, chosen=chosen) for row, each in enumerate(view.inputs[:n]))
    reasons = dict.fromkeys(
        f"{what}: {reason}"
        for part in view.parts
        for what, reason in (("saliency", part.no_saliency), ("class map", part.no_class_map))
        if reason
    )
    left_out = "".join(f"<li>{prose(reason)}</li>" for reason in reasons)
    return (
        f'<h{level}>Inputs</h{level}><p class="look-for">{_explained(view)}</p><div class="look-inputs">{cards}</div>'
        + (f'<ul class="quiet">{left_out}</ul>' if left_out else "")
    )


def _explained(view: View) -> str:
    told = []
    if any(part.saliency is not None for part in view.parts):
        told.append(
            "Saliency is bright where a small change of the input would change the answer most: that should be where "
            "the thing itself is, not the border, and not the same for every input."
        )
    if any(part.form == "words" and part.saliency is not None for part in view.parts):
        told.append("Of words: the thicker the line, the more it would change.")
    if any(part.form == "vector" and part.saliency is not None for part in view.parts):
        told.append("Of features: what a change by their usual spread would do.")
    if any(part.class_map is not None for part in view.parts):
        told.append("The class map is bright where the last maps speak for the class named below it.")
    return " ".join(told)


def _card(view: View, each: ViewedInput, row: int, level: int, *, chosen: bool) -> str:
    label = f' <span class="quiet">label: {text(each.label)}</span>' if each.label else ""
    pictures = "".join(_part(part, each, row, named=len(view.parts) > 1) for part in view.parts)
    named = len({prediction.output for prediction in each.predictions}) > 1
    predictions = "".join(_prediction(prediction, each.label, named=named) for prediction in each.predictions)
    choose = (
        f'<span class="scripted" hidden><input type="checkbox" class="look-choose" value="{row}" checked '
        f'aria-label="show the channels for {text(each.name)}"></span>'
    )
    return (
        f'<article class="look-input"><h{level} class="look-label">{choose if chosen else ""}'
        f"{text(each.name)}{label}</h{level}>"
        f"{pictures}{predictions}</article>"
    )


def _part(part: ViewedPart, each: ViewedInput, row: int, *, named: bool) -> str:
    name = f'<p class="quiet">{text(part.name)}</p>' if named else ""
    if part.form == "words" and row < len(part.words):
        return f"{name}{_words(part, row)}"
    if part.shades is None:
        return f'{name}<p class="quiet">{prose(part.missing)}</p>'
    if part.form == "vector":
        drawn = [_vector(part.shades, row, "features")]
        if part.saliency is not None:
            drawn.append(_vector(part.saliency, row, f"saliency for {each.explained.replace('`', '')}"))
        return f"{name}{''.join(drawn)}"
    figures = [_figure(part.shades, row, each.name, _range(part.shades, row))]
    if part.saliency is not None:
        empty = "" if part.saliency.high[row] > 0 else ": zero everywhere"
        figures.append(_figure(part.saliency, row, f"saliency of {each.name}", f"saliency{empty}"))
    if part.class_map is not None:
        empty = "" if part.class_map.high[row] > 0 else ": nothing speaks for it"
        told = f"class map for {each.explained}{empty}"
        figures.append(_figure(part.class_map, row, f"class map of {each.name}", told, kind="smooth"))
    return f'{name}<div class="look-pictures {part.form}">{"".join(figures)}</div>'


def _figure(shades: Shades, row: int, what: str, caption: str, kind: str = "sharp") -> str:
    return (
        f'<figure><img class="{kind}" alt="{text(what)}" src="{source(shades.pictures[0, row])}">'
        f"<figcaption>{prose(caption)}</figcaption></figure>"
    )


def source(picture: Array) -> str:
    """Return the address of an image that is in the page."""
    return f"data:image/png;base64,{base64.b64encode(png.encode(picture)).decode('ascii')}"


def _range(shades: Shades, row: int) -> str:
    return f"black {shades.low[row]:.3g}, white {shades.high[row]:.3g}"


def _vector(shades: Shades, row: int, what: str) -> str:
    """A vector as bars, of which the lowest and the highest are told."""
    low, high = float(shades.low[row]), float(shades.high[row])
    return bars(low + shades.pictures[0, row, 0].astype(float) / 255 * (high - low), f"{what}: {low:.3g} to {high:.3g}")


def bars(values: Array, what: str, marked: Sequence[int] = ()) -> str:
    """Return a bar for each value, from zero up or down, with a mark below those that are named."""
    top, bottom = max(values.max(), 0.0), min(values.min(), 0.0)
    span = (top - bottom) or 1.0
    drawn = "".join(
        f"M{i}.1 {100 * (top - max(value, 0)) / span:.0f}h.8V{100 * (top - min(value, 0)) / span:.0f}h-.8z"
        for i, value in enumerate(values)
    )
    below = "".join(f"M{i}.1 94h.8V100h-.8z" for i in marked)
    faults = f'<path class="faults" d="{below}"/>' if below else ""
    told = text(what)
    return (
        f'<figure class="look-bars"><svg role="img" aria-label="{told}" viewBox="0 0 {len(values)} 100" '
        f'preserveAspectRatio="none"><path d="{drawn}"/>{faults}</svg><figcaption>{told}</figcaption></figure>'
    )


def _words(part: ViewedPart, row: int) -> str:
    """Words, those that the answer depends on most set off by how strong they are and how they are underlined."""
    strength = np.zeros(len(part.words[row]))
    if part.saliency is not None:
        found = part.saliency.pictures[0, row, 0]
        strength[: len(found)] = found[: len(strength)] / 255
    words = " ".join(
        f'<span class="s{int(np.ceil(4 * share))}">{text(word)}</span>'
        for word, share in zip(part.words[row], strength, strict=True)
    )
    return f'<p class="look-words">{words}</p>'


def _prediction(prediction: Prediction, label: str, *, named: bool) -> str:
    of = f"<p>{text(prediction.output)}</p>" if named else ""
    rows = "".join(
        f'<tr class="{"true" if name == label else "other"}"><th scope="row">{text(name)}</th>'
        f"<td>{_value(value, prediction)}</td><td>{_meter(value, prediction)}</td></tr>"
        for name, value in zip(prediction.names, prediction.values, strict=True)
    )
    return f'{of}<table class="look-answer">{rows}</table>'


def _value(value: float, prediction: Prediction) -> str:
    return f"{100 * value:.1f} %" if prediction.probabilities else f"{value:.4g}"


def _meter(value: float, prediction: Prediction) -> str:
    if not prediction.probabilities or not 0 <= value <= 1:
        return ""
    bar = f'<rect width="{100 * value:.1f}" height="8"/>'
    return f'<svg aria-hidden="true" viewBox="0 0 100 8" preserveAspectRatio="none">{bar}</svg>'
