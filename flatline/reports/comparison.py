"""The comparison of two runs as a text of a few lines, and as JSON.

The JSON has `format` "flatline-comparison" and `version` 1; a field may be added within a version, none is renamed or
removed: `flatline`, `names`, `same_run`, `setup` (each `what`, `a`, `b`), `losses` (fields of `LossParting`, and
`parted_at`), `layers` (fields of `LayerParting`, in order), `n_compared`, `endings` (of A and B: fields of `Ending`),
`only_a` and `only_b` (each `code`, `name`, `severity`, `message`). Numbers that are not finite are as in
`flatline.reports.json`.
"""

import dataclasses
import json
import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flatline.comparing.layers import LayerParting
from flatline.comparing.losses import LossParting
from flatline.comparing.setup import Difference, unnumbered
from flatline.diagnosis import severity_of
from flatline.finding import Finding
from flatline.progress import State
from flatline.reports import wording
from flatline.reports.json import plain as plain_value

if TYPE_CHECKING:
    from flatline.comparison import Comparison, Ending

FORMAT = "flatline-comparison"
VERSION = 1
WIDTH = 100  # columns, as of the report
INDENT = 10
MOST_LINES = 20  # half a screen, so that two comparisons can be looked at together
MOST_LAYERS = 3  # quantities
MOST_SETUP = 3  # lines
MOST_FINDINGS = 3
WORD = 28  # characters of a name or a value
ROUNDING = 1e-5  # 1; a mean over a hundred rows in 32 bits is off by less when it is summed in another order

_STATES = {
    State.LEARNING: "was still learning",
    State.FLAT: "never got better than guessing",
    State.PLATEAU: "learnt, then stood still",
    State.CONVERGED: "learnt",
    State.DIVERGED: "diverged",
}


def to_dict(found: "Comparison") -> dict[str, Any]:
    """Return the comparison as plain dictionaries, lists, strings and numbers."""
    from flatline import __version__

    fields = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
    for name in ("only_a", "only_b"):
        fields[name] = [
            {"code": each.code, "name": each.name, "severity": severity_of(each).name, "message": each.message}
            for each in fields[name]
        ]
    fields["setup"] = [dataclasses.asdict(each) for each in found.setup]
    fields["losses"] = {**dataclasses.asdict(found.losses), "parted_at": found.parted_at}
    fields["layers"] = [dataclasses.asdict(each) for each in found.layers]
    fields["endings"] = [dataclasses.asdict(each) for each in found.endings]
    told: dict[str, Any] = plain_value({"format": FORMAT, "version": VERSION, "flatline": __version__, **fields})
    return told


def to_json(found: "Comparison") -> str:
    """Return the comparison as JSON text."""
    return json.dumps(to_dict(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(found: "Comparison") -> str:
    """Return the terminal text without colour: what it comes to first, then where it shows."""
    lines: list[str] = []
    for most_layers in range(MOST_LAYERS, 0, -1):
        lines = _lines(found, most_layers)
        if len(lines) <= MOST_LINES:
            break
    return "\n".join(lines)


def _lines(found: "Comparison", most_layers: int) -> list[str]:
    lines = [_title(found.names), "", *textwrap.wrap(_headline(found), WIDTH), ""]
    lines += _row("losses", _losses(found.losses))
    lines += _layer_rows(found, most_layers)
    lines += _setup_row(found.setup)
    for label, ending in zip("AB", found.endings, strict=True):
        lines += _row(f"{label} ended", _ended(ending))
    unknown = {ending.reason: None for ending in found.endings if ending.state is State.UNKNOWN}
    if unknown:
        lines += _row("state", f"not told: {'; '.join(unknown)}")
    for label, only in (("A", found.only_a), ("B", found.only_b)):
        if only:
            lines += _row(f"only in {label}", _findings(only))
    if not found.only_a and not found.only_b:
        lines += _row("findings", "the same of both runs")
    return lines


def _title(names: tuple[str, str]) -> str:
    if names == ("A", "B"):
        return "flatline · run A against run B"
    room = (WIDTH - len("flatline · A: , B: ")) // 2
    a, b = (name if len(name) <= room else "…" + name[1 - room :] for name in map(wording.one_line, names))
    return f"flatline · A: {a}, B: {b}"


def _row(label: str, text: str) -> list[str]:
    """Lay out a text beside its label."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{label:<{INDENT}}",
        subsequent_indent=" " * INDENT,
        break_on_hyphens=False,
    )


# ── what it comes to ────────────────────────────────────────────────────────────────────────────────────────────────


def _headline(found: "Comparison") -> str:
    if found.same_run:
        return "A and B are records of the same run."
    losses, (a, b) = found.losses, found.endings
    if losses.n_common and losses.differs_at is None:
        longer = "" if a.n_steps == b.n_steps else f"; {'A' if a.n_steps > b.n_steps else 'B'} went on for longer"
        return f"The losses are equal to the bit in all {losses.n_common:,} common steps{longer}."
    text = "; ".join([*_states(a, b), _together(losses)])
    return f"{text[0].upper()}{text[1:]}."


def _states(a: "Ending", b: "Ending") -> list[str]:
    if a.state is b.state and a.state in _STATES:
        return [f"both runs {_STATES[a.state]}".replace("runs was", "runs were")]
    told = [f"{label} {_STATES[each.state]}" for label, each in (("A", a), ("B", b)) if each.state in _STATES]
    return [", ".join(told)] if told else []


def _together(losses: LossParting) -> str:
    apart = losses.apart
    if losses.reason:
        return f"it cannot be told whether their losses part: {losses.reason}"
    if apart is None:
        return "their losses stay within the noise of each other"
    lower = "A" if apart.b > apart.a else "B"
    if apart.until is not None:
        span = f"steps {apart.step:,}–{apart.until:,}"
        return f"their losses end within the noise of each other, after a while apart ({span}, {lower} lower)"
    since = "from the start" if apart.from_start else f"from step {apart.step:,} on"
    return f"their losses part for good {since}, {lower} lies lower"


# ── where it shows ──────────────────────────────────────────────────────────────────────────────────────────────────


def _losses(losses: LossParting) -> str:
    parts = [_equality(losses)]
    apart = losses.apart
    if apart is not None:
        where = "at their furthest" if apart.until is not None else f"at step {apart.step:,}"
        over = " (over the null model's)" if losses.relative else ""
        parts.append(f"{where} {_figure(apart.a)} in A, {_figure(apart.b)} in B{over}")
    return "; ".join(parts)


def _equality(losses: LossParting) -> str:
    if not losses.n_common:
        return "no step that both runs recorded"
    if losses.differs_at is None:
        return f"equal to the bit in all {losses.n_common:,} common steps"
    if losses.differs_by < ROUNDING:
        return f"no more than rounding apart at step {losses.differs_at:,}, the first that is not equal to the bit"
    if not losses.n_equal:
        return "not equal from the first step on: other weights, data or order of batches"
    if losses.differs_at == 1:
        return "equal to the bit at step 0, not after it: the same start, other updates"
    return f"equal to the bit before step {losses.differs_at:,}"


def _layer_rows(found: "Comparison", most: int) -> list[str]:
    """The parting that comes first, and the first of other quantities."""
    shown: dict[str, LayerParting] = {}
    for each in found.layers:
        shown.setdefault(each.quantity, each)
    if not shown:
        if not found.n_compared:
            return _row("layers", "nothing was sampled of the same layers in both runs")
        return _row("layers", f"none of the {found.n_compared} curves sampled in both runs parts for good beyond noise")
    rows: list[str] = []
    for number, each in enumerate(list(shown.values())[:most]):
        renamed = unnumbered(each.layer) != unnumbered(each.layer_b)
        place = _layer(each.layer) + (f" ({_layer(each.layer_b)} in B)" if renamed else "")
        since = f"the first sample (step {each.step:,})" if each.from_start else f"step {each.step:,}"
        values = f"{_figure(each.a)} in A, {_figure(each.b)} in B"
        head = ("layers", "first") if not number else ("", "then")
        rows += _row(head[0], f"{head[1]} {each.quantity} of {place} from {since} on: {values}")
    return rows


def _layer(name: str) -> str:
    return f"`{_short(name)}`"


def _setup_row(differences: Sequence[Difference]) -> list[str]:
    if not differences:
        return _row("set-up", "nothing that is recorded differs (data, seeds, initializers are not recorded)")
    told = [f"{_short(each.what, 2 * WORD)} {_value(each.a)} → {_value(each.b)}" for each in differences]
    rows = _row("set-up", "; ".join(told))
    for shown in range(len(told) - 1, 0, -1):
        if len(rows) <= MOST_SETUP:
            break
        rows = _row("set-up", "; ".join(told[:shown]) + f"; {len(told) - shown} more")
    return rows


def _ended(ending: "Ending") -> str:
    parts = [] if ending.state is State.UNKNOWN else [ending.state.value]
    if ending.reason and parts:
        parts = [f"{parts[0]} ({ending.reason})"]
    elif ending.n_steps:
        parts.append("loss is no number" if math.isnan(ending.loss) else f"loss {_figure(ending.loss)}")
    parts.append(f"{ending.n_steps:,} step{'' if ending.n_steps == 1 else 's'}")
    if ending.best_epoch is not None:
        parts.append(f"best validation loss {_figure(ending.best_validation_loss)} (epoch {ending.best_epoch:,})")
    if ending.ended != "finished":
        parts.append(_short(ending.ended or "killed, or still going on"))
    return ", ".join(parts)


def _findings(findings: Sequence[Finding]) -> str:
    told = [f"{severity_of(each).name} {wording.label(each)}" for each in findings[:MOST_FINDINGS]]
    more = len(findings) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _value(value: str | float | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return _short(value)
    return f"{value:,}" if isinstance(value, int) else _figure(value)


def _short(text: str, most: int = WORD) -> str:
    text = wording.one_line(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _figure(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "no number"
