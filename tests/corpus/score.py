"""How well the reported causes fit what is known: totals of the corpus run, beside the answer that needs no looking."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.corpus.case import Program

BLIND = "output_activation"  # the most frequent accepted cause: what always answering it would score


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one call of `check_setup` said."""

    name: str
    causes: tuple[str, ...]
    alarms: tuple[str, ...]
    seconds: float
    error: str = ""
    crashed: tuple[str, ...] = ()

    def line(self, case: Any) -> str:
        """One line of the printed table."""
        told = ", ".join(self.causes) or "nothing"
        if self.error:
            told = f"error: {self.error[:150]}"
        mark = ""
        if isinstance(case, Program):
            right = set(self.causes) & case.causes
            mark = "accepted " if right else "equivalent " if set(self.causes) & case.equivalent else "MISSED "
            told += f"   [{', '.join(sorted(case.causes))}; {', '.join(sorted(case.equivalent))}]"
        elif self.alarms:
            mark = "FALSE ALARM "
        crashed = f"   CRASHED {self.crashed}" if self.crashed else ""
        return f"{mark:12}{case.name:38}{self.seconds:5.1f} s  {told}  ({'; '.join(self.alarms)}){crashed}"


def program_table(judged: Sequence[tuple[Program, Judged]]) -> str:
    """Totals over the programs that did not learn."""
    if not judged:
        return ""

    def scores(answers: Sequence[tuple[str, ...]]) -> tuple[float, float, float, float, float]:
        n = len(judged)
        pairs = [(case, answer) for (case, _), answer in zip(judged, answers, strict=True)]
        either = sum(bool(set(a) & (c.causes | c.equivalent)) for c, a in pairs) / n
        accepted = sum(bool(set(a) & c.causes) for c, a in pairs) / n
        causes = sorted({cause for c, _ in pairs for cause in c.causes})
        recall = [
            sum(cause in a for c, a in pairs if cause in c.causes) / sum(cause in c.causes for c, _ in pairs)
            for cause in causes
        ]
        reported = sum(len(a) for _, a in pairs)
        right = sum(len(set(a) & (c.causes | c.equivalent)) for c, a in pairs) / max(reported, 1)
        spoken = [(c, a) for c, a in pairs if a]
        first = sum(a[0] in (c.causes | c.equivalent) for c, a in spoken) / max(len(spoken), 1)
        return either, accepted, sum(recall) / len(recall), right, first

    ours = scores([one.causes for _, one in judged])
    blind = scores([(BLIND,)] * len(judged))
    rows = (
        ("a right cause (accepted or equivalent) reported", 0),
        ("an accepted cause reported", 1),
        ("recall averaged over the causes", 2),
        ("reported causes that are right", 3),
        ("first-ranked cause right (of programs with one)", 4),
    )
    lines = [f"\n{len(judged)} programs that did not learn{'':26}flatline   always `{BLIND}`"]
    lines += [f"  {label:52}{ours[i]:8.1%}{blind[i]:12.1%}" for label, i in rows]
    return "\n".join([*lines, _times([one for _, one in judged])])


def healthy_table(judged: Sequence[Judged], what: str) -> str:
    """Totals over set-ups on which nothing may be reported."""
    if not judged:
        return ""
    alarmed = sum(bool(one.alarms) for one in judged)
    refused = sum(bool(one.error) for one in judged)
    return f"\n{len(judged)} {what}: {alarmed} with a WARNING or ERROR, {refused} refused\n{_times(judged)}"


def _times(judged: Sequence[Judged]) -> str:
    seconds = [one.seconds for one in judged]
    return f"  seconds a call: median {median(seconds):.1f}, largest {max(seconds):.1f}"
