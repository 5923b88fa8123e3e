"""The pictures of a report: how one is declared, found on disk, and drawn from what was measured."""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flatline.errors import CannotTell
from flatline.finding import Finding
from flatline.plots.frame import GREY, literal
from flatline.registry import declared, requirements

GROUPS = ("loss", "gradients", "activations", "weights", "data", "experiment")
"""Sections of a report, in the order in which they are shown."""

SIZE = (7.0, 3.5)  # inches; fits a page of text
WIDE = (10.0, 4.5)

TIMELESS: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""What keeps the time of day out of an image, by format: the same drawing is the same file."""

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)  # repeats a text that is drawn: XML forbids what a name may hold

P = ParamSpec("P")


@dataclass(frozen=True, kw_only=True)
class Picture(Generic[P]):
    """A declared picture: a function from numbers to `Axes`, what it is called, and what to look for in it.

    It is called like the function that it was made of. Which facts it draws is read from the annotations, as with
    checks: `Facts | None` is drawn where it is known.
    """

    name: str
    title: str
    look_for: str
    group: str
    rank: int
    size: tuple[float, float]
    about: tuple[str, ...]
    if_found: bool
    function: Callable[P, Axes]
    needs: dict[str, type]
    optional: frozenset[str]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Axes:
        """Draw."""
        return self.function(*args, **kwargs)

    def belongs(self, facts: Mapping[type, Any], findings: Sequence[Finding] = ()) -> bool:
        """Whether it is a picture of these facts: what it needs was meant to be measured, even where it failed.

        One that is drawn `if_found` is so only beside a finding that stands on what it is about.
        """
        wanted = not self.if_found or any(self.shows(finding) for finding in findings)
        return wanted and all(kind in facts for name, kind in self.needs.items() if name not in self.optional)

    def shows(self, finding: Finding) -> bool:
        """Whether a finding stands on numbers that it is about."""
        return any(evidence.quantity in self.about for evidence in finding.evidence)

    def draw(self, facts: Mapping[type, Any], ax: Axes) -> str | None:
        """Draw into axes, or say in their place why there is nothing to draw; return that reason, None when drawn."""
        reason = self._lacks(facts)
        if reason is None:
            known = {name: fact for name, kind in self.needs.items() if isinstance(fact := facts.get(kind), kind)}
            function: Callable[..., Axes] = self.function
            try:
                function(**{**dict.fromkeys(self.needs), **known}, ax=ax)
            except CannotTell as error:
                reason = str(error)
        if reason is not None:
            ax.clear()
            ax.set_axis_off()
            ax.text(0.5, 0.5, f"not drawn: {literal(reason)}", ha="center", va="center", wrap=True, color=GREY)
        return reason

    def _lacks(self, facts: Mapping[type, Any]) -> str | None:
        for name, kind in self.needs.items():
            fact = facts.get(kind)
            if name not in self.optional and not isinstance(fact, kind):
                return fact if isinstance(fact, str) else f"needs {kind.__name__}, which was not measured"
        return None

    def figure(self, facts: Mapping[type, Any]) -> tuple[Figure, str | None]:
        """Return the drawing as a figure that pyplot does not know, and why it is empty if it is."""
        figure = Figure(figsize=self.size, layout="constrained")
        return figure, self.draw(facts, figure.subplots())

    def svg(self, facts: Mapping[type, Any]) -> tuple[bytes, str | None]:
        """Return the drawing as an SVG image, and why it is empty if it is."""
        figure, reason = self.figure(facts)
        return svg(figure), reason


def picture(
    title: str,
    *,
    look_for: str,
    group: str,
    rank: int = 50,
    size: tuple[float, float] = SIZE,
    about: tuple[str, ...] = (),
    if_found: bool = False,
) -> Callable[[Callable[P, Axes]], Picture[P]]:
    """Declare a picture of a report.

    Parameters
    ----------
    title : str
        A few words, above the picture.
    look_for : str
        One or two sentences, below it: what is healthy, and what a fault looks like.
    group : str
        One of `GROUPS`.
    rank : int
        Its place in the group, the lowest first.
    size : tuple of float
        Width and height in inches.
    about : tuple of str
        Quantities of `flatline.glossary` that it shows: an overview draws it where findings stand on them.
    if_found : bool
        Whether it is of no interest elsewhere: drawn only where a finding stands on them.
    """

    def declare(function: Callable[P, Axes]) -> Picture[P]:
        needs, optional = requirements(function)
        return Picture(
            name=function.__name__.removeprefix("plot_").replace("_", "-"),
            title=title,
            look_for=look_for,
            group=group,
            rank=rank,
            size=size,
            about=about,
            if_found=if_found,
            function=function,
            needs=needs,
            optional=optional,
        )

    return declare


def all_pictures() -> tuple[Picture[Any], ...]:
    """Every picture in the folder of plots, in the order in which they are shown."""
    found = {each.name: each for each in declared("flatline.plots", Picture)}
    return tuple(sorted(found.values(), key=lambda each: (GROUPS.index(each.group), each.rank, each.name)))


def pictures_of(facts: Mapping[type, Any], findings: Sequence[Finding] = ()) -> Iterator[Picture[Any]]:
    """Pictures that belong to what was measured and found."""
    return (each for each in all_pictures() if each.belongs(facts, findings))


def svg(figure: Figure) -> bytes:
    """Return a figure as an SVG image."""
    return image(figure, "svg")


def image(figure: Figure, format: str, *, dpi: float = 120.0) -> bytes:
    """Return a figure as an image of a format that matplotlib knows: "png", "svg", "pdf"."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the page's text around it still says it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format=format, dpi=dpi, metadata=TIMELESS.get(format))
    return _COMMENT.sub(b"", buffer.getvalue()) if format == "svg" else buffer.getvalue()
