"""Rank findings, and hang under each cause what it explains.

The order is a judgement about certainty, written down once:

1. Severity: what cannot train as written comes before what is probably harmful.
2. A fix that an experiment has confirmed comes before one that nobody has tried.
3. Subject, in the order of `SUBJECTS`: what can be proved from labels, loss and outputs alone comes before what
   depends on magnitudes, and the tiny-subset test comes last, because it says that something is wrong more surely
   than what.
4. A finding with a change that a program can make comes before one with advice only: it names its place exactly.
5. Code, so that equal findings keep a fixed order.

Causes are named in one order wherever they stand, in a sentence as on the page: that of their groups. A cause with a
fix that an experiment has confirmed comes first, the largest gain before all; one that only an experiment points to
steps back behind the cause that explains the experiment's outcome; then the more severe comes first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flatline.cause import Cause
from flatline.finding import Finding, Outcome, Severity
from flatline.fix import MapLabels, Safety
from flatline.verdict import Ruling

SUBJECTS = {
    # A cell that is not a number spoils every other figure that was measured: broken data lead.
    Severity.ERROR: "1324867590",
    # Elsewhere a contradiction between labels, loss and output is certain; scale and speed are matters of degree.
    Severity.WARNING: "3124867590",
    Severity.INFO: "3124867590",
}
"""First digits of codes, the most certain subject first."""


_SCALES = frozenset({"standardize", "rescale"})  # maps of targets that keep what they say

RUN_SHOWS = frozenset({"FL501", "FL502", "FL507", "FL602", "FL705", "FL707", "FL708", "FL709", "FL807", "FL808"})
"""What a run looks like in which nothing is learnt: whatever explains FL001, which says so before, explains these."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A finding and what hangs under it: other findings of its cause, and the symptoms that it explains."""

    lead: Finding
    others: tuple[Finding, ...] = ()


def severity_of(finding: Finding) -> Severity:
    """Return the severity, INFO where a hand-made finding left it open."""
    return Severity.INFO if finding.severity is None else finding.severity


def rank(outcomes: Iterable[Outcome]) -> tuple[Finding, ...]:
    """Return the findings among the outcomes, the most severe and most certain first.

    Parameters
    ----------
    outcomes : iterable of Outcome
        What the engine returned, in any order; equal findings appear once.

    See Also
    --------
    group : the same findings, each cause once.
    """
    findings: list[Finding] = []
    for outcome in outcomes:
        if isinstance(outcome, Finding) and outcome not in findings:
            findings.append(outcome)
    return tuple(sorted(findings, key=_uncertainty))


def group(findings: Sequence[Finding]) -> tuple[Group, ...]:
    """Gather ranked findings so that every cause appears once.

    Parameters
    ----------
    findings : sequence of Finding
        In the order of `rank`.

    Notes
    -----
    The first finding of a cause leads. Later ones of the same cause hang under it, and so does a symptom (a finding
    without a cause) whose code one of them explains. A symptom that nothing explains stands alone. Remarks come last.
    """
    leads: list[Finding] = []
    under: list[list[Finding]] = []
    by_cause: dict[Cause, int] = {}
    symptoms: list[Finding] = []
    for finding in findings:
        if finding.cause is None and _explained(finding, findings):
            symptoms.append(finding)
        elif finding.cause is not None and finding.cause in by_cause:
            under[by_cause[finding.cause]].append(finding)
        else:
            if finding.cause is not None:
                by_cause[finding.cause] = len(leads)
            leads.append(finding)
            under.append([])
    for symptom in symptoms:
        place = next(
            index
            for index, lead in enumerate(leads)
            if any(_explains(finding, symptom) for finding in (lead, *under[index]))
        )
        under[place].append(symptom)
    groups = [Group(lead=lead, others=tuple(others)) for lead, others in zip(leads, under, strict=True)]

    def urgency(each: Group) -> tuple[bool, float, bool, int]:
        severity = max(severity_of(finding) for finding in (each.lead, *each.others))
        return (severity < Severity.WARNING, -_confirmed_gain(each), _explained(each.lead, findings), -severity)

    return tuple(sorted(groups, key=urgency))


def causes(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """Return the causes that a finding at WARNING or above or a confirmed fix backs, in the order of their groups."""
    return tuple(
        each.lead.cause
        for each in group(rank(findings))
        if each.lead.cause is not None and (severity_of(each.lead) >= Severity.WARNING or _confirmed_gain(each) > 0)
    )


def spoken(cause: Cause, findings: Iterable[Finding]) -> str:
    """Return a cause in plain words: labels that are right as they are, and only lie on another scale, say so."""
    told = cause.value.replace("_", " ")
    fixes = [fix for each in findings if each.cause is cause for fix in each.fixes[:1]]
    scaled = [any(isinstance(edit, MapLabels) and edit.how in _SCALES for edit in fix.edits) for fix in fixes]
    return f"{told} (scale of the targets)" if cause is Cause.LABELS and scaled and all(scaled) else told


def _confirmed_gain(group: Group) -> float:
    """Return the largest gain of a confirmed fix of the cause; 0 where none was confirmed."""
    of_cause = [each for each in (group.lead, *group.others) if each.cause is group.lead.cause]
    return max((gain for each in of_cause for gain in _confirmed_gains(each)), default=0.0)


def _confirmed_gains(finding: Finding) -> list[float]:
    verdicts = [fix.verdict for fix in finding.fixes if fix.verdict is not None]
    return [verdict.gain for verdict in verdicts if verdict.ruling is Ruling.CONFIRMED]


def _explained(finding: Finding, findings: Iterable[Finding]) -> bool:
    return any(_explains(other, finding) for other in findings)


def _explains(cause: Finding, effect: Finding) -> bool:
    """Whether one finding explains another; a remark worth knowing does not hide an alarm."""
    return (
        cause.cause is not None
        and cause.cause is not effect.cause
        and (effect.code in cause.explains or (effect.code in RUN_SHOWS and "FL001" in cause.explains))
        and severity_of(cause) >= min(severity_of(effect), Severity.WARNING)
    )


def _uncertainty(finding: Finding) -> tuple[int, bool, int, bool, str, str]:
    severity = severity_of(finding)
    order = SUBJECTS[severity]
    subject = order.find(finding.code[2:3]) if len(finding.code) > 2 else -1
    mechanical = any(fix.safety is not Safety.ADVICE for fix in finding.fixes)
    return (
        -severity,
        not _confirmed_gains(finding),
        subject if subject >= 0 else len(order),
        not mechanical,
        finding.code,
        finding.where,
    )
