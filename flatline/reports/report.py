"""Report: the outcomes of a diagnosis, and the ways to read them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flatline import diagnosis, whole_file
from flatline.cause import Cause
from flatline.errors import CannotTell, FlatlineError
from flatline.experiment import Experiment
from flatline.facts import Array, RehearsalFacts
from flatline.finding import Finding, NotEvaluated, Outcome, Passed, Severity
from flatline.fix import Fix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES = ("png", "svg", "pdf")  # formats of the overview

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What was found, what passed, and what could not be told.

    Parameters
    ----------
    outcomes : tuple of Outcome
        One or more for every check that was selected.
    scope : mapping of str to object
        What was measured. "model", "task", "rows read" and "seconds" make up the report's first line; further keys
        follow as they are.
    curves : mapping of str to ndarray of shape (n_steps,)
        Loss per step of the short trainings, by name.
    null : float
        Loss of the best constant prediction, the line that the curves are read against; NaN when unknown.
    facts : mapping of type to object
        What was judged, which the pictures are drawn from: facts and logs by type, a string in the place of what could
        not be measured.
    view : View, str, callable or None
        What the network makes of a few inputs, layer by layer; the page has a browser of it. A string says why there is
        none; a callable is called when the report is saved, and in a notebook with the seconds that there are for it,
        and returns either.

    Examples
    --------
    >>> report = Report(outcomes=(Passed(code="FL101", name="non-finite-data"),), scope={"model": "Sequential"})
    >>> report.ok, report.causes
    (True, ())
    """

    outcomes: tuple[Outcome, ...]
    scope: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Array] = field(default_factory=dict)
    null: float = float("nan")
    facts: Mapping[type, Any] = field(default_factory=dict, repr=False)
    view: Any = field(default=None, repr=False)

    @property
    def experiment(self) -> Experiment | None:
        """What was tried on the user's data; None where nothing was (see `flatline.reports.diagnosis`)."""
        return None

    @property
    def goes_nowhere(self) -> bool:
        """Whether an experiment saw that the set-up as it is does not learn; then no word of calm is due."""
        return False

    @property
    def rehearsal(self) -> RehearsalFacts | None:
        """What an experiment is read against; None where there was none."""
        return None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong or worth knowing, the most severe and most certain first."""
        return diagnosis.rank(self.outcomes)

    @property
    def passed(self) -> tuple[Passed, ...]:
        """Checks that were evaluated and found nothing."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Passed))

    @property
    def not_evaluated(self) -> tuple[NotEvaluated, ...]:
        """Checks that could not judge, each with its reason."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, NotEvaluated))

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Causes backed by a finding at WARNING or above or by a confirmed fix, in the order of the page."""
        return diagnosis.causes(self.findings)

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """The fixes of all findings, in the order of the findings, each once."""
        fixes: list[Fix] = []
        for finding in self.findings:
            fixes.extend(fix for fix in finding.fixes if fix not in fixes)
        return tuple(fixes)

    @property
    def ok(self) -> bool:
        """Whether there is no finding at WARNING or ERROR."""
        return not self._at_least(Severity.WARNING)

    def _at_least(self, severity: Severity) -> bool:
        return any(diagnosis.severity_of(finding) >= severity for finding in self.findings)

    def plot(self) -> "Figure":
        """Draw what is wrong, and the pictures in which it shows, on one figure that fits a slide.

        Returns
        -------
        Figure
            Of pyplot, so that a notebook or `matplotlib.pyplot.show()` shows it: words on top, up to six panels below.
            End the last line of a notebook's cell with a semicolon, or the notebook shows the line's value as well.

        Raises
        ------
        FlatlineError
            When nothing was measured that could be drawn.
        """
        from flatline.plots.overview import overview

        return self._drawn(overview)

    def image(self, format: str = "png") -> bytes:
        """Return the figure of `plot` as an image; neither a display nor pyplot is needed.

        Parameters
        ----------
        format : {"png", "svg", "pdf"}

        Raises
        ------
        FlatlineError
            When nothing was measured that could be drawn, or the format is another one.
        """
        if format not in IMAGES:
            raise FlatlineError(
                f"The `format` parameter of {type(self).__name__}.image must be one of {', '.join(map(repr, IMAGES))}. "
                f"Got {format!r}."
            )
        from flatline.plots.overview import overview_image

        return self._drawn(overview_image, format=format)

    def _drawn(self, draw: Callable[..., T], **how: Any) -> T:
        from flatline.reports import wording

        tried = {} if self.experiment is None else {Experiment: self.experiment}
        passed = ", ".join(filter(None, (wording.passed_line(self), wording.not_evaluated_line(self))))
        try:
            return draw(
                {**self.facts, **tried}, findings=self.findings, causes=self.causes, passed=passed,
                scope=wording.scope_line(self.scope), verdict=wording.verdict_line(self), curves=self.curves,
                null=self.null, **how,
            )  # fmt: skip
        except CannotTell as reason:
            raise FlatlineError(f"the report cannot be plotted: {reason}") from None

    def save(self, path: str | Path, *, private: bool = False) -> None:
        """Write the report to a file, whole or not at all; its suffix chooses the format.

        Parameters
        ----------
        path : str or Path
            Ends in ".html" (one page that needs nothing else), ".json", or ".png", ".svg" or ".pdf" (the overview). A
            file that is there is replaced.
        private : bool, default=False
            Leave out all that shows data, paths or names, to pass the file on: layers are called by kind and place
            (`dense-3`), other names by number, texts of yours are left out. Numbers stay, those of the labels in a
            finding's sentence among them.

        Raises
        ------
        FlatlineError
            When the suffix is another one, or the file cannot be written.

        See Also
        --------
        flatline.reports.private : what may stay in a private report.
        """
        path = Path(path)
        kind = path.suffix[1:]
        if kind not in ("html", "json", *IMAGES):
            raise FlatlineError(
                f"The `path` parameter of Report.save must end in .html, .json, .png, .svg or .pdf. Got {str(path)!r}."
            )
        report = self
        if private:
            from flatline.reports.private import private as without_names

            report = without_names(self)
        if kind in IMAGES:
            content = report.image(kind)
        elif kind == "json":
            content = report.to_json().encode("utf-8")
        else:
            from flatline.reports.page import document

            content = document(report).encode("utf-8")
        whole_file.write(path, content, what="the overview" if kind in IMAGES else "the report")

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain dictionaries, lists, strings and numbers (schema: `flatline.reports.json`)."""
        from flatline.reports.json import to_dict

        return to_dict(self)

    def to_json(self) -> str:
        """Return the report as JSON text with a version field (schema: `flatline.reports.json`)."""
        from flatline.reports.json import to_json

        return to_json(self)

    def to_markdown(self) -> str:
        """Return the report as Markdown to paste into an issue or a chat: the facts, not only the verdict."""
        from flatline.reports.markdown import to_markdown

        return to_markdown(self)

    def _repr_html_(self) -> str:
        from flatline.reports.notebook import fragment

        return fragment(self)

    def __str__(self) -> str:
        """Return the terminal text without colour."""
        from flatline.reports.terminal import plain

        return plain(self)

    def raise_for_findings(self, severity: str | Severity = "WARNING") -> None:
        """Raise when there are findings at or above a severity; for tests.

        Parameters
        ----------
        severity : str or Severity
            "INFO", "WARNING" or "ERROR".

        Raises
        ------
        AssertionError
            With the report's text.
        FlatlineError
            When the severity is unknown.
        """
        __tracebackhide__ = True  # a test that fails shows the text, not this frame with the object's whole repr
        if self._at_least(severity_named(severity, "severity", "Report.raise_for_findings")):
            raise AssertionError(str(self))


def severity_named(severity: str | Severity, parameter: str, caller: str) -> Severity:
    """Return the severity of this name, or raise a FlatlineError that lists the known ones."""
    if isinstance(severity, Severity):
        return severity
    if str(severity).upper() in Severity.__members__:
        return Severity[str(severity).upper()]
    known = ", ".join(f'"{name}"' for name in Severity.__members__)
    raise FlatlineError(f"The `{parameter}` parameter of {caller} must be one of {known}. Got {severity!r}.")
