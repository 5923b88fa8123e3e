"""What the page of a rule promises: its sections, and both of its examples run."""

import re
import warnings
from collections.abc import Mapping
from typing import Any

from flatline.errors import FlatlineWarning
from flatline.facts import RehearsalFacts, TinySubsetFacts
from flatline.finding import Finding, NotEvaluated, Outcome, Severity
from flatline.fix import Fix, Safety
from flatline.judging import judge, reads_log
from flatline.registry import Check
from flatline.testing import expect, obey_laws

OVERHEAD = 0.5  # 1; of the time of a training: examples last a second, and enough of their steps must be sampled


def sections(page: str) -> dict[str, str]:
    """Split a rule's page at its `## ` headings: heading → text below it, in order."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def example(section: str) -> str:
    """Return the Python code of a section of a page: its fenced blocks, one after the other."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL))


def run_examples(check: Check) -> None:
    """Run both examples of a check's page: the bad one must give the finding, its repaired twin must not.

    The examples are complete programs that leave a compiled `model`, `X`, `y` and, if need be, `fit_args` and
    `validation_data`. A check of the set-up looks at these; for a check that reads the logs of a run the model is
    trained under `FlatlineMonitor`, and the repaired twin must be judged and give no alarm of any kind. Every fix that
    is not ADVICE must apply and change something; before training it must clear the finding as well.

    Raises
    ------
    AssertionError
        Where the page does not keep what it promises.
    """
    look = _train if reads_log(check) else _check_setup
    bad = _execute(check, "Example")
    findings, _ = _split(check, look(check, bad))
    expect(findings != (), f"{check.code}: the page's example gives no finding")
    for finding in findings:
        obey_laws(finding, f"{check.code}, example")
    loudest = max(_severity(finding) for finding in findings)
    good, others = _split(check, look(check, _execute(check, "Use instead")))
    left = [finding.message for finding in good if _severity(finding) >= min(loudest, Severity.WARNING)]
    alarms = [finding.message for finding in others if _severity(finding) >= Severity.WARNING]
    expect(not left + alarms, f"{check.code}: 'Use instead' still gives {left + alarms}")
    for finding, fix in [(one, fix) for one in findings for fix in one.fixes if fix.safety is not Safety.ADVICE]:
        mended = _apply(check, fix)
        if not reads_log(check):
            still = [o.message for o in _split(check, look(check, mended))[0] if _matches(o, finding)]
            expect(not still, f"{check.code}: {fix.title!r} does not clear the finding: {still}")


def _execute(check: Check, heading: str) -> dict[str, Any]:
    import keras

    title = f"{check.code} {heading}"
    code = example(sections(check.page)[heading])
    expect(code != "", f"{title}: no ```python block")
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    names: dict[str, Any] = {}
    exec(compile(code, f"<{title}>", "exec"), names)
    missing = {"model", "X", "y"} - names.keys()
    expect(not missing, f"{title}: does not define {', '.join(sorted(missing))}")
    return {"fit_args": {}, "validation_data": None} | names


def _apply(check: Check, fix: Fix) -> dict[str, Any]:
    from flatline.recipe import Recipe

    set_up = _execute(check, "Example")
    mended = vars(Recipe(**{name: set_up[name] for name in ("model", "X", "y", "fit_args")}).apply(fix))
    changed = any(mended[name] is not set_up[name] for name in ("model", "X", "y"))
    expect(changed or mended["fit_args"] != set_up["fit_args"], f"{check.code}: {fix.title!r} changes nothing")
    return set_up | mended


def _check_setup(check: Check, names: Mapping[str, Any]) -> tuple[Outcome, ...]:
    from flatline.api import check_setup

    trained = {kind for name, kind in check.needs.items() if name not in check.optional}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlatlineWarning)
        report = check_setup(
            names["model"],
            names["X"],
            names["y"],
            validation_data=names["validation_data"],
            fit_args=names["fit_args"],
            overfit=not trained.isdisjoint({RehearsalFacts, TinySubsetFacts}),
            select=(check.code,),
            verbose=0,
        )
    return tuple(report.findings)


def _train(check: Check, names: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Return what was found live, and what the record shows afterwards."""
    from flatline.monitor import FlatlineMonitor

    monitor = FlatlineMonitor(overhead=OVERHEAD, verbose=0)
    arguments = {"validation_data": names["validation_data"], **names["fit_args"], "verbose": 0}
    arguments["callbacks"] = [*arguments.get("callbacks", ()), monitor]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlatlineWarning)
        names["model"].fit(names["X"], names["y"], **arguments)
    outcomes = judge(monitor.record).outcomes
    unjudged = [o.reason for o in outcomes if isinstance(o, NotEvaluated) and o.code == check.code]
    expect(not unjudged, f"{check.code}: the run of an example cannot be judged: {unjudged}")
    return (*(finding for _, finding in monitor.record.live), *outcomes)


def _split(check: Check, outcomes: tuple[Outcome, ...]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Findings of this check, and of all others."""
    findings = [outcome for outcome in outcomes if isinstance(outcome, Finding)]
    mine = tuple(finding for finding in findings if finding.code == check.code)
    return mine, tuple(finding for finding in findings if finding.code != check.code)


def _severity(finding: Finding) -> Severity:
    return finding.severity or Severity.INFO


def _matches(after: Finding, before: Finding) -> bool:
    return after.where == before.where and (after.severity or 0) >= (before.severity or 0)
