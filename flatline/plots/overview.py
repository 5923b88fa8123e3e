"""One figure that fits a slide: what is wrong in words, and below it the pictures that show it."""

import dataclasses
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure, SubFigure

from flatline import pairs
from flatline.cause import Cause
from flatline.diagnosis import group, severity_of, spoken
from flatline.errors import CannotTell
from flatline.experiment import Experiment
from flatline.facts import Array
from flatline.finding import Finding, Severity
from flatline.fix import Fix
from flatline.plots import panels
from flatline.plots.frame import COLOURS, GREY
from flatline.plots.picture import Picture, image
from flatline.plots.trainability import plot_training_curves

SLIDE = (13.33, 7.5)  # inches: 16:9
ROWS, COLUMNS = 2, 3
LEADING = 1.36  # 1; from one line to the next, over the size of its letters
SHRINK = {1: 1.0, 2: 0.85, 3: 0.72}  # 1; of the text in a panel, by how many stand side by side
TITLE = 54  # characters above a panel
CAPTION = 230  # characters of a line below a panel as wide as the figure
FIXES = 3  # that are told, one line each
ALSO = 3  # further findings that are told

_SIGNS = {Severity.ERROR: "✗", Severity.WARNING: "!"}


class _Line(NamedTuple):
    text: str
    size: float = 9.0
    weight: str = "normal"
    colour: str = "#333333"


def overview(
    facts: Mapping[type, Any],
    *,
    findings: Sequence[Finding] = (),
    causes: Sequence[Cause] = (),
    scope: str = "",
    verdict: str = "",
    passed: str = "",
    curves: Mapping[str, Array] | None = None,
    null: float = float("nan"),
    figure: Figure | None = None,
) -> Figure:
    """Draw what is wrong in words, and the pictures in which it shows, on a figure that fits a slide.

    Parameters
    ----------
    facts : mapping of type to object
        What was measured: facts and logs by type, or a string in the place of what could not be.
    findings : sequence of Finding
        The most severe first.
    causes : sequence of Cause
        The most likely first.
    scope : str
        What was measured, on one line.
    verdict : str
        How it stands when nothing alarming was found.
    passed : str
        What else was looked at then.
    curves : mapping of str to ndarray of shape (n_steps,), or None
        Loss per step by name, drawn where the facts hold no loss.
    null : float
        Loss of the best constant prediction, for these curves.
    figure : Figure or None
        Where to draw: an empty one, of the size `SLIDE`; a new one of pyplot's when None.

    Returns
    -------
    Figure
        With words on top and up to six panels below, each of which says so where it could not be drawn.

    Raises
    ------
    CannotTell
        When there is nothing to draw; the figure is left empty.
    """
    pictures = panels.in_order(facts, findings)
    spare = bool(curves) and all(picture.group != "loss" for picture in pictures)
    if not pictures and not spare:
        raise CannotTell("it holds neither facts nor curves; have one made by check_setup, diagnose or judge")
    new = figure is None
    if figure is None:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=SLIDE)
    figure.set_layout_engine("constrained", w_pad=0.09, h_pad=0.05)
    lines = list(_words(findings, causes, scope, verdict, passed, facts.get(Experiment)))
    height = _height(lines) / (72 * SLIDE[1])
    words, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[height, 1 - height]).ravel()
    _write(words, lines)
    try:
        _draw(below, facts, pictures, findings, (curves or {}, null) if spare else None)
    except CannotTell:
        figure.clear()
        if new:
            pyplot.close(figure)
        raise
    return figure


def overview_image(facts: Mapping[type, Any], *, format: str = "png", **told: Any) -> bytes:
    """Return the overview as an image of this format; neither a display nor pyplot is needed.

    Parameters
    ----------
    facts : mapping of type to object
    format : {"png", "svg", "pdf"}
    **told
        Other arguments of `overview`.
    """
    return image(overview(facts, figure=Figure(figsize=SLIDE), **told), format)


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _words(
    findings: Sequence[Finding], causes: Sequence[Cause], scope: str, verdict: str, passed: str, experiment: Any
) -> Iterator[_Line]:
    alarms = _alarms(findings)
    yield from _lines(f"flatline · {scope}" if scope else "flatline", _Line("", 8.0, colour=GREY), 1)
    if not alarms:
        yield from _lines(verdict or "Nothing alarming was found.", _Line("", 17.0, "bold", COLOURS[2]), 2)
        yield from _lines(passed, _Line(""), 1)
        for finding in findings[:ALSO]:
            yield from _lines(f"worth knowing: {_label(finding)}: {finding.message}", _Line(""), 1)
        return
    lead = next((each for each in alarms if causes and each.cause is causes[0]), alarms[0])
    headline = f"{_SIGNS[severity_of(lead)]}  {_headline(lead, causes, findings)}"
    yield from _lines(headline, _Line("", 17.0, "bold", COLOURS[1]), 1)
    yield from _lines(f"{_label(lead)}: {lead.message}", _Line("", 11.5, colour="#000000"), 2)
    fixes = _fixes(findings, lead, experiment)
    for fix in fixes[:FIXES]:
        yield from _lines(f"→ {pairs.change(fix)}{_tested(fix)}", _Line("", 11.5, "bold", COLOURS[0]), 1)
    others = [finding for finding in findings if finding is not lead]
    for finding in others[: max(1, 1 + ALSO - len(fixes))]:
        yield from _lines(f"also {_label(finding)}: {finding.message}", _Line(""), 1)


def _alarms(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if severity_of(finding) > Severity.INFO]


def _fixes(findings: Sequence[Finding], lead: Finding, experiment: Any) -> list[Fix]:
    """What to do: all changes that were confirmed together, or else the first fix of every cause, the lead's first."""
    if isinstance(experiment, Experiment) and experiment.confirmed:
        return [each.fix for each in experiment.chosen]
    leads = [each.lead for each in group(findings) if severity_of(each.lead) > Severity.INFO]
    firsts = [finding.fixes[0] for finding in (lead, *leads) if finding.fixes]
    return list({pairs.change(fix): fix for fix in firsts}.values())


def _headline(lead: Finding, causes: Sequence[Cause], findings: Sequence[Finding]) -> str:
    if lead.cause is None:
        return f"Not learning as it should: {lead.name.replace('-', ' ')}"
    named = list(dict.fromkeys((lead.cause, *causes)))
    then = f" (then: {', '.join(spoken(cause, findings) for cause in named[1:4])})" if named[1:] else ""
    sure = severity_of(lead) is Severity.ERROR
    return f"{'Cause' if sure else 'Likely cause'}: {spoken(lead.cause, findings)}{then}"


def _label(finding: Finding) -> str:
    return f"{finding.code} {finding.name}".strip()


def _tested(fix: Fix) -> str:
    """What became of a fix; the p value of the whole set alone stands in the sentence and the panel about it."""
    if fix.verdict is None:
        return ""
    before, after = pairs.from_to(fix.verdict.before, fix.verdict.after)
    runs = pairs.in_pairs(dataclasses.replace(fix.verdict, p_value=float("nan")))
    return f" ({fix.verdict.ruling.value}: {before} → {after} {runs})"


def _lines(text: str, like: _Line, most: int) -> Iterator[_Line]:
    """Break a text into so many lines at most that fit the width of the figure."""
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    columns = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
    em = 0.62 if like.weight == "bold" else 0.53  # of DejaVu Sans, a word of prose on average
    fits = int(0.96 * SLIDE[0] * 72 / (em * like.size) * len(text) / max(columns, 1))
    for line in textwrap.wrap(text, max(fits, 10), max_lines=most, placeholder=" …"):
        yield like._replace(text=line)


def _height(lines: Sequence[_Line]) -> float:
    """Height of the words in points."""
    return 14 + sum(LEADING * line.size for line in lines)


def _write(area: SubFigure, lines: Sequence[_Line]) -> None:
    height = _height(lines)
    at = height - 7
    for line in lines:
        area.text(
            0.015, at / height, line.text, size=line.size, weight=line.weight, color=line.colour, va="top",
            parse_math=False,
        )  # fmt: skip
        at -= LEADING * line.size


# ── panels ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _draw(
    area: SubFigure,
    facts: Mapping[type, Any],
    pictures: Sequence[Picture[Any]],
    findings: Sequence[Finding],
    spare: tuple[Mapping[str, Array], float] | None,
) -> None:
    n = len(pictures) + (spare is not None)
    rows, columns = (1, n) if n <= COLUMNS else (ROWS, COLUMNS if n > 2 * ROWS else ROWS)
    free = list(area.subfigures(rows, columns, squeeze=False).ravel())
    empty: dict[str, Picture[Any]] = {}  # by the reason
    for picture in pictures:
        if not free:
            break
        reason = picture.draw(facts, free[0].subplots())
        if reason is None:
            look_for = picture.look_for if panels.stands_on(picture, _alarms(findings)) else ""
            _finish(free.pop(0), picture.title, columns, panels.stands_on(picture, findings), look_for)
        else:
            free[0].clear()
            empty.setdefault(reason, picture)
    if spare is not None and free:
        plot_training_curves(spare[0], null=spare[1], ax=free[0].subplots())
        _finish(free.pop(0), "losses of the short trainings", columns)
    if len(free) == rows * columns:
        raise CannotTell("; ".join(empty))
    for panel, picture in zip(free, empty.values(), strict=False):
        picture.draw(facts, panel.subplots())
        _finish(panel, picture.title, columns)


def _finish(panel: SubFigure, title: str, columns: int, codes: Sequence[str] = (), look_for: str = "") -> None:
    """Write above a panel what it shows, below it what to look for, and make its text as small as the panel."""
    shrink = SHRINK[columns]
    for ax in panel.axes:
        ax.minorticks_off()  # no more than a smear at this size
        ax.tick_params(labelsize=shrink * 9)
        legend = ax.get_legend()
        for text in (ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts, *(legend.get_texts() if legend else ())):
            text.set_fontsize(shrink * float(text.get_fontsize()))
    told = f"{title[0].upper()}{title[1:]}"
    room = (TITLE - len(told)) // len("FL501, ")
    told += f" ({', '.join(codes[:room])}{', …' if codes[room:] else ''})" if codes and room > 0 else ""
    panel.suptitle(told, x=0.03, ha="left", size=9.5, weight="bold")
    if look_for:
        panel.supxlabel(textwrap.fill(look_for, CAPTION // columns), x=0.03, ha="left", size=7, color=GREY)
