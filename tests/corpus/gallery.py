"""Write the gallery of failures from real runs of the corpus: `python -m tests.corpus.gallery docs/failures`.

One page a cause: the curves of a program that does not learn beside those of its repaired twin, what flatline shows
and says of it, why it happens, and what to change.
"""

import argparse
import itertools
import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure

import flatline
from flatline.cause import Cause
from flatline.facts import Array
from flatline.finding import Finding, Severity
from flatline.logs import LossLog
from flatline.pages import example, sections
from flatline.plots.trainability import plot_training_curves
from flatline.registry import Check, find
from flatline.reports.report import Report
from tests.corpus.case import Program, Setup, programs
from tests.corpus.flight import Clock

SECONDS = 8.0  # of training, for each of the two
EPOCHS = 20  # of an example that does not say
SMOOTH = 40  # windows of a curve

SHOWN: dict[Cause, tuple[str, str]] = {
    Cause.OUTPUT_ACTIVATION: (
        "stackoverflow_48976413",
        "The loss lies flat, far above that of guessing: the output cannot reach the targets.",
    ),
    Cause.LOSS: ("gh_keras_14729", "The loss is zero, or nearly so, from the start, and the metric does not follow."),
    Cause.OUTPUT_UNITS: ("so_single_unit_sparse", "There is no curve: a class has no unit to be told by."),
    Cause.LABELS: ("stackoverflow_59325381", "The loss falls to nothing within a few steps: there is one class left."),
    Cause.INPUT_SCALE: (
        "so_threshold_50000",
        "The loss lies flat, far above that of guessing: the first step has killed the units.",
    ),
    Cause.DATA: (
        "so_nan_in_features",
        "The loss lies where guessing is, or is no number from the first batch that holds one.",
    ),
    Cause.ACTIVATION: (
        "stackoverflow_65777704",
        "The loss stays where guessing is for half of the training: next to nothing reaches the first layers.",
    ),
    Cause.INITIALIZATION: (
        "dc_weights_constant",
        "The loss falls a little and stops: all units of a layer are the same one, many times.",
    ),
    Cause.LEARNING_RATE: (
        "dc_learning_rate_high",
        "The loss leaps up at once, comes back to where guessing is, and stays there.",
    ),
    Cause.OPTIMIZER: ("so_adam_epsilon", "The loss does not move: the same picture as a rate that is far too small."),
    Cause.CAPACITY: ("so_bottleneck_one_unit", "The loss falls slowly, and stays far above its twin's."),
    Cause.EPOCHS: ("nl_so_42913869", "The loss is still falling when the training ends."),
    Cause.BATCH_SIZE: ("dc_disable_batching", "The loss falls smoothly, and far too slowly: one step an epoch."),
    Cause.NORMALIZATION_LAYER: (
        "so_bn_on_output",
        "The loss falls straight and slowly from far above guessing: outputs cannot leave unit scale.",
    ),
    Cause.DROPOUT: ("dc_change_dropout_rate", "The loss comes down to where guessing is, and stays there."),
    Cause.REGULARIZATION: (
        "FL316",
        "The loss is large and falls to where guessing is: what falls is the penalty, not the error.",
    ),
    Cause.TRAINABLE: ("FL201", "The loss repeats itself: the same batches have the same loss in every epoch."),
    Cause.METRIC: ("FL319", "The loss falls as it should, and the metric does not follow."),
    Cause.ARCHITECTURE: ("dc_remove_bias", "The loss stops at once, just below that of guessing."),
}
"""For each cause, the program of the corpus that shows it, or the check whose page has one, and how its loss looks."""


def programs_by_name() -> dict[str, Program]:
    """The corpus, and the examples of the pages of checks."""
    found = {case.name: case for case in programs()}
    for code in (name for name, _ in SHOWN.values() if name not in found):
        check = find(code)

        def build(fixed: bool, check: Check = check) -> Setup:
            heading = "Use instead" if fixed else "Example"
            names: dict[str, Any] = {}
            exec(example(sections(check.page)[heading]), names)
            given = {"epochs": EPOCHS, **names.get("fit_args", {})}
            return Setup(model=names["model"], X=names["X"], y=names["y"], fit_args=given)

        summary = f"The example of {check.code}: {check.title[0].lower()}{check.title[1:]}"
        causes = frozenset({check.cause.value}) if check.cause else frozenset()
        found[code] = Program(name=code, summary=summary, causes=causes, equivalent=frozenset(), build=build)
    return found


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a training showed."""

    report: Report
    loss: Array
    null: float
    raised: str


def train(build: Any) -> Ran:
    """Train a case as its user would, watched."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    setup: Setup = build()
    arguments = {key: value for key, value in setup.fit_args.items() if key not in ("verbose", "callbacks")}
    arguments |= {} if setup.y is None else {"y": setup.y}
    monitor = flatline.watch(setup.model, verbose=0)
    callbacks = [*(setup.fit_args.get("callbacks") or []), Clock(SECONDS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            setup.model.fit(setup.X, callbacks=callbacks, verbose=0, **arguments)
            raised = ""
        except Exception as error:
            raised = f"`fit` raises {type(error).__name__}"
    log, facts = monitor.record.logs()[LossLog], monitor.record.facts
    # A program that dies in its first step has no curve; what the checks said before it is told all the same.
    report = monitor.report or flatline.judge(monitor.record)
    loss = np.empty(0) if isinstance(log, str) else log.loss
    return Ran(report=report, loss=loss, null=math.nan if facts is None else facts.null, raised=raised)


def curves(broken: Ran, repaired: Ran) -> Figure:
    """Draw both losses in units of guessing's where both are known, over the share of the training."""
    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    ax = figure.subplots()
    known = all(np.isfinite(ran.null) and ran.null > 0 for ran in (broken, repaired))
    unit = (broken.null, repaired.null) if known else (1.0, 1.0)
    drawn = {"as it is": _smooth(broken.loss / unit[0]), "repaired": _smooth(repaired.loss / unit[1])}
    plot_training_curves(drawn, null=1.0 if known else broken.null, ax=ax)
    ax.set_xlabel(f"part of the training (of {len(broken.loss):,} and {len(repaired.loss):,} steps), in {SMOOTH}ths")
    ax.set_ylabel("loss / loss of guessing" if known else "loss")
    return figure


def _smooth(loss: Array) -> Array:
    """Mean in windows, so that trainings of any length lie side by side."""
    if len(loss) <= SMOOTH:
        return loss
    edges = np.linspace(0, len(loss), SMOOTH + 1).round().astype(int)
    return np.array([loss[a:b].mean() for a, b in itertools.pairwise(edges)])


def page(cause: Cause, name: str, summary: str, looks: str, ran: Ran) -> str:
    """Write the page of a cause."""
    alarms = [each for each in ran.report.findings if (each.severity or 0) >= Severity.WARNING]
    told = [each for each in ran.report.findings if each.cause is cause] or alarms
    slug = cause.value
    parts = [
        f"# {_title(cause)}",
        summary if name.startswith("FL") else f"{summary} (`{name}` of the corpus.)",
        "## What the curves look like",
        f"![Loss of the program as it is and repaired]({slug}-curves.svg)",
        f"{looks} {ran.raised}.".strip() if ran.raised else looks,
        "## What flatline shows",
        f"![Overview of the run]({slug}-overview.png)",
        "## What it says",
        f"```text\n{str(ran.report).strip()}\n```",
        *_why(told),
        *_what_to_do(told),
        "[All failures](index.md)",
    ]
    return "\n\n".join(parts) + "\n"


def _why(told: list[Finding]) -> list[str]:
    """Take the reason from the page of the check that names the cause."""
    if not told:
        return ["## Why", "No check names the cause for sure here: `flatline.diagnose` finds it by experiment."]
    check = find(told[0].code)
    return [
        "## Why",
        sections(check.page)["Why it matters"],
        f"More: [{check.code} {check.name}](../rules/{check.code}.md)",
    ]


def _what_to_do(told: list[Finding]) -> list[str]:
    fixes = [fix for finding in told[:1] for fix in finding.fixes]
    if not fixes:
        return []
    lines = ["## What to do"]
    for fix in fixes:
        lines.append(
            f"{fix.title[0].upper()}{fix.title[1:]}:" if fix.snippet else f"{fix.title[0].upper()}{fix.title[1:]}."
        )
        if fix.snippet:
            lines.append(f"```python\n{fix.snippet.strip()}\n```")
    return lines


def _title(cause: Cause) -> str:
    return cause.value.replace("_", " ").capitalize()


def write(folder: Path, wanted: list[str]) -> None:
    """Run the programs and write pages, pictures and index."""
    known = programs_by_name()
    folder.mkdir(parents=True, exist_ok=True)
    for cause, (name, looks) in SHOWN.items():
        if wanted and cause.value not in wanted:
            continue
        case = known[name]
        broken, repaired = train(lambda case=case: case.build(False)), train(lambda case=case: case.build(True))
        curves(broken, repaired).savefig(folder / f"{cause.value}-curves.svg", metadata={"Date": None})
        overview = broken.report.plot()
        overview.savefig(folder / f"{cause.value}-overview.png", dpi=75)
        pyplot.close(overview)
        text = page(cause, name, case.summary, looks, broken)
        (folder / f"{cause.value}.md").write_text(text, encoding="utf-8")
        print(f"{cause.value:<22}{name:<28}{len(broken.loss):>6} steps  {[c.value for c in broken.report.causes]}")
    (folder / "index.md").write_text(index(known), encoding="utf-8")


def index(known: dict[str, Program]) -> str:
    """Write the page that lists all others."""
    rows = "\n".join(
        f"| [{_title(cause)}]({cause.value}.md) | {looks} | {known[name].summary} |"
        for cause, (name, looks) in SHOWN.items()
    )
    return (
        "# Failures\n\nReal programs that did not learn, one a cause: what their curves look like, why, what to do. "
        "Written from real runs by `python -m tests.corpus.gallery docs/failures`.\n\n"
        f"| cause | what the loss does | the program |\n|---|---|---|\n{rows}\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="causes")
    given = parser.parse_args()
    write(given.folder, given.only)
