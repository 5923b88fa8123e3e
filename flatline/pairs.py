"""What paired runs showed, in figures: the words that the check and every report share."""

import math

from flatline.fix import Fix
from flatline.verdict import FLOOR, Verdict

DIGITS = range(2, 5)  # decimals of a score: two, or as many as tell the two apart


def from_to(before: float, after: float) -> tuple[str, str]:
    """Return two scores with as few decimals as tell them apart, and show only a perfect one as 1."""
    finite = [score for score in (before, after) if math.isfinite(score)]
    shown = [_score(before, DIGITS[0]), _score(after, DIGITS[0])]
    for digits in DIGITS:
        shown = [_score(before, digits), _score(after, digits)]
        perfect = any(score < 1 and round(score, digits) == 1 for score in finite)
        if not perfect and (shown[0] != shown[1] or before == after):
            break
    return shown[0], shown[1]


def score(value: float) -> str:
    """Return one score."""
    return from_to(value, value)[0]


def _score(value: float, digits: int) -> str:
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "diverged"
    if value == FLOOR:
        return "-1 or worse"
    return f"{value:.3g}" if abs(value) >= 100 else f"{value:.{digits}f}"


def went(name: str, before: float, after: float) -> str:
    """Say what the score of this name did: "accuracy goes from 0.31 to 0.97"."""
    first, last = from_to(before, after)
    if math.isinf(before):
        return f"training diverges as it is, and {name} gets to {last}"
    return f"{name} goes from {first} to {last}"


def in_pairs(verdict: Verdict) -> str:
    """Say in how many of the pairs the score was higher: "in 5 of 5 paired runs of 40 steps (p = 0.031)"."""
    higher = "in" if verdict.better == verdict.pairs else "on average, higher in"
    steps = f" of {verdict.n_steps:,} steps" if verdict.n_steps else ""
    parts = f" {higher} {verdict.better} of {verdict.pairs} paired runs{steps}" if verdict.pairs else ""
    return f"{parts}{chance(verdict)}".strip()


def chance(verdict: Verdict) -> str:
    """Return the p value in brackets, or nothing where there is none."""
    return "" if math.isnan(verdict.p_value) else f" (p = {verdict.p_value:.2g})"


def change(fix: Fix) -> str:
    """Return the imperative of a fix's title, without the "or" of an alternative."""
    return fix.title.removeprefix("or ")
