"""Sentences and code without the extremes of the data: the largest target tells which row it is to who knows the rows.

Of the data one digit stays. What runs are made of stays whole: steps, rates, shares, losses.
"""

import re

_ABOUT_RUNS = frozenset("045689")  # first digit of the codes whose sentences tell of training, not of cells of X and y
_NUMBER = re.compile(r"(?<![\w.\-,])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?!\w|\.\d)")
_COUNTED = re.compile(
    r" ?%| (?:of|more|other|times|samples?|rows?|steps?|layers?|units?|class(?:es)?|columns?|cells?|outputs?|labels?|"
    r"channels?|inputs?|checks?|epochs?|weights|predictions|convolutions|bits)\b"
)
_PLACED = re.compile(r"(?:\b(?:steps?|columns?|units?|epochs?|rows?|axis|axes) |= ?|[√×⁄/^])$")
_SPAN = re.compile(r"(`[^`]*`)")
_WIDTHS = frozenset({255.0, 127.5})  # of a byte: an image's, whatever is on it

_BY = r"(?:\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?)"
_SAID = (
    (re.compile(rf"\b(divide the targets by) ({_BY})(?![\w%])"), r"\1 their largest value"),
    (re.compile(rf"\b(number the classes from 0: subtract) (-?{_BY})(?![\w%])"), r"\1 the smallest"),
)
_WRITTEN = (
    (re.compile(rf"^([-+ ]?)(X|y) = \2 / ({_BY})$", re.MULTILINE), r"\1\2 = \2 / \2.max()"),
    (re.compile(rf"^([-+ ]?)(X|y) = \2 \* ({_BY}e-\d+|0?\.\d+)$", re.MULTILINE), r"\1\2 = \2 / \2.max()"),
    (re.compile(rf"^([-+ ]?)(y) = \2 [-+] ({_BY})$", re.MULTILINE), r"\1\2 = \2 - \2.min()"),
    (re.compile(rf"\b()(y) == (-?{_BY})(?=\))"), r"\2 == \2.max()"),
)


def unscaled(text: str) -> str:
    """Return a sentence or code with the way to an extreme of the data in its place.

    Examples
    --------
    >>> unscaled("or divide the targets by 596527, into the range of `dense`")
    'or divide the targets by their largest value, into the range of `dense`'
    >>> unscaled("y = y / 596527")
    'y = y / y.max()'
    """
    for pattern, instead in (*_SAID, *_WRITTEN):
        text = pattern.sub(lambda found, instead=instead: _instead(found, instead), text)  # type: ignore[misc]
    return text


def tells_of_data(code: str) -> bool:
    """Whether sentences of a check may quote cells of X and y: those that are known not to may keep their numbers."""
    return re.fullmatch(r"FL\d{3}", code) is None or code[2] not in _ABOUT_RUNS


def rounded(sentence: str) -> str:
    """Return a sentence with "~" and one digit for what was measured; counts, shares and places stay.

    Examples
    --------
    >>> rounded("100 % of the target cells (1.665e+04 … 5.965e+05) lie outside")
    '100 % of the target cells (~20000 … ~600000) lie outside'
    """
    parts = _SPAN.split(sentence)
    parts[::2] = [_NUMBER.sub(_about, part) for part in parts[::2]]
    return "".join(parts)


def one_digit(value: float) -> float:
    """Return the number with one significant digit; that of a byte whole."""
    return value if _is_width(value) else float(f"{value:.0e}")


def _about(found: "re.Match[str]") -> str:
    before, after = found.string[: found.start()], found.string[found.end() :]
    value = float(found[0].replace(",", ""))
    if _COUNTED.match(after) or _PLACED.search(before) or one_digit(value) == value:
        return found[0]
    return f"~{one_digit(value):g}"


def _instead(found: "re.Match[str]", instead: str) -> str:
    value = float(found.groups()[-1].replace(",", ""))
    return found[0] if _is_width(value) else found.expand(instead)


def _is_width(value: float) -> bool:
    """Whether it is the width of a byte, or one over it."""
    width = value if value >= 1 else 1 / value if value > 0 else 0.0
    return any(abs(width / known - 1) < 1e-4 for known in _WIDTHS)
