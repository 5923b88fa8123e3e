"""Choose the pictures of an overview: what is wrong shows first, and every side of a training is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from flatline.diagnosis import severity_of
from flatline.finding import Finding, Severity
from flatline.plots.picture import GROUPS, Picture, pictures_of

SUBJECTS = {
    "0": "loss",
    "1": "data",
    "2": "activations",
    "3": "data",
    "4": "weights",
    "5": "loss",
    "6": "gradients",
    "7": "activations",
    "8": "weights",
    "9": "loss",
}
"""First digit of a code, and the group of pictures that shows most of it, where none is about its numbers."""


def in_order(facts: Mapping[type, Any], findings: Sequence[Finding]) -> tuple[Picture[Any], ...]:
    """Order the pictures that belong to these facts, the one to be shown first first.

    First comes what was tried, then the loss, against which all else is read; then what the findings stand on, in their
    order; then a picture of each group of which there is none, another of the loss, and what is left.

    Parameters
    ----------
    facts : mapping of type to object
    findings : sequence of Finding
        The most severe first.
    """
    turn = _in_turn(tuple(pictures_of(facts, findings)), findings)
    return tuple({picture.name: picture for picture in turn}.values())


def stands_on(picture: Picture[Any], findings: Sequence[Finding]) -> tuple[str, ...]:
    """Codes of the findings whose numbers a picture shows."""
    return tuple(dict.fromkeys(finding.code for finding in findings if picture.shows(finding)))


def _in_turn(known: Sequence[Picture[Any]], findings: Sequence[Finding]) -> list[Picture[Any]]:
    turn = [*_of("experiment", known)[:1], *_of("loss", known)[:1]]
    for finding in findings:
        if severity_of(finding) > Severity.INFO:
            about = [picture for picture in known if picture.shows(finding)]
            turn += (about or _of(SUBJECTS.get(finding.code[2:3], ""), known))[:1]
    shown = {picture.group for picture in turn}
    turn += [picture for group in GROUPS if group not in shown for picture in _of(group, known)[:1]]
    turn += _of("loss", known)[:2]
    return turn + [
        picture for place in range(len(known)) for group in GROUPS for picture in _of(group, known)[place : place + 1]
    ]


def _of(group: str, known: Sequence[Picture[Any]]) -> list[Picture[Any]]:
    return [picture for picture in known if picture.group == group]
