"""Diagnosis: a report with what was tried on the user's own data, and the way to take the cure."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flatline import diagnosis
from flatline.errors import FlatlineError
from flatline.experiment import Candidate, Experiment
from flatline.facts import RehearsalFacts
from flatline.finding import Finding
from flatline.fix import Fix
from flatline.reports import tried
from flatline.reports.report import Report
from flatline.search.combining import combined, disjoint


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagnosis(Report):
    """Why a network does not learn, and which changes make it learn: by experiment.

    Parameters
    ----------
    outcomes, scope, curves, null
        As of `Report`.
    experiment : Experiment or None
        What was tried; None where nothing could be.
    rehearsal : RehearsalFacts or None
        Says what learners that are no networks make of the data, where nothing that was tried helps.
    setup : callable or None
        Makes the set-up anew with a fix, or with the whole best set-up for None; None where the diagnosis was read from
        a file, which holds neither model nor data.
    code : callable or None
        Returns the best set-up as a difference of code.
    """

    experiment: Experiment | None = None
    rehearsal: RehearsalFacts | None = None
    setup: Callable[[Fix | None], Any] | None = None
    code: Callable[[], str] | None = None

    @property
    def goes_nowhere(self) -> bool:
        """Whether the experiment saw that the set-up as it is does not learn, and no rehearsal did."""
        return tried.goes_nowhere(self.experiment, self.rehearsal)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong or worth knowing; fixes that were put to the test carry their verdicts."""
        return diagnosis.rank(
            dataclasses.replace(outcome, fixes=tuple(self._tested(fix) for fix in outcome.fixes))
            for outcome in self.outcomes
            if isinstance(outcome, Finding)
        )

    def _tested(self, fix: Fix) -> Fix:
        if fix.verdict is not None or self.experiment is None:
            return fix
        for each in (*self.experiment.asked, *self.experiment.chosen, *self.experiment.tried):
            if each.fix.verdict is not None and dataclasses.replace(each.fix, verdict=None) == fix:
                return each.fix
        return fix

    def apply(self, fix: Fix | Iterable[Fix] | None = None) -> Any:
        """Return the set-up with a fix, as new objects; model and data that were diagnosed stay as they are.

        Parameters
        ----------
        fix : Fix, iterable of Fix, or None
            One of `fixes`; the best set-up that was confirmed when None. Of several, one that is an alternative to an
            earlier one, or changes the same, is left out: `apply(diagnosis.fixes)` does all that can be done at once.

        Raises
        ------
        FlatlineError
            When nothing was confirmed and no fix is given, or the diagnosis holds no model and data.
        """
        if fix is None:
            self._require_confirmed("apply", "give one or all of its `fixes` to try them all the same")
        elif not isinstance(fix, Fix):
            fix = self._together(fix)
        if self.setup is None:
            raise FlatlineError(
                "a fix cannot be applied: this diagnosis holds no model and data, as one that was read from a file; "
                "call flatline.diagnose again"
            )
        return self.setup(fix)

    def _together(self, fixes: Iterable[Fix]) -> Fix:
        """Make one fix of several; advice, which changes nothing, is left out."""
        several = tuple(fixes) if isinstance(fixes, Iterable) and not isinstance(fixes, str) else ()
        if not several or not all(isinstance(each, Fix) for each in several):
            raise FlatlineError(
                "The `fix` parameter of Diagnosis.apply must be one or several of the diagnosis' `fixes`, or None for "
                f"the best set-up. Got {fixes!r}."
            )
        findings = self.findings

        def candidate(fix: Fix) -> Candidate:
            group = next((str(number) for number, each in enumerate(findings) if fix in each.fixes), "")
            return Candidate(fix=fix, cause=None, source="asked", group=group)

        changes = [candidate(fix) for fix in reversed(several) if fix.edits]  # where two conflict, the later one holds
        return combined(disjoint(changes)[::-1]) if changes else several[0]

    def diff(self) -> str:
        """Return the changes of the best set-up as a difference of code.

        Raises
        ------
        FlatlineError
            When nothing was confirmed, or the diagnosis was read from a file.
        """
        self._require_confirmed("show", "the snippets of its `fixes` show what each would change")
        if self.code is None:
            raise FlatlineError(
                "the code cannot be shown: this diagnosis holds no model, as one that was read from a file; "
                "call flatline.diagnose again"
            )
        return self.code()

    def _require_confirmed(self, what: str, instead: str) -> None:
        if self.experiment is None or not self.experiment.confirmed:
            raise FlatlineError(f"there is no confirmed fix to {what}: no experiment found one; {instead}")
