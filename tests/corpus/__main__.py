"""Score `check_setup` on the corpus: `python -m tests.corpus [--kind KIND] [--only NAME …] [--quick] [--monitor]`."""

import argparse
import dataclasses
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras

import flatline
from flatline.finding import Severity
from tests.corpus.case import Setup, healthy_setups, programs
from tests.corpus.experiments import Cured, cure
from tests.corpus.experiments import summary as cured_summary
from tests.corpus.flight import Flown, fly, summary
from tests.corpus.score import Judged, healthy_table, program_table

QUICK = 6  # every sixth case: a smoke run for continuous integration


def judge(name: str, build: object, *, overfit: bool) -> Judged:
    """Build one case as its user would and check it."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    setup: Setup = build()  # type: ignore[operator]
    fit_args = {key: value for key, value in setup.fit_args.items() if key != "verbose"}
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            report = flatline.check_setup(setup.model, setup.X, setup.y, fit_args=fit_args, overfit=overfit, verbose=0)
        except flatline.FlatlineError as error:
            return Judged(name=name, causes=(), alarms=(), seconds=time.perf_counter() - start, error=str(error))
    alarms = tuple(f"{f.code} {f.name}" for f in report.findings if (f.severity or 0) >= Severity.WARNING)
    crashed = tuple(f"{n.code} {n.reason}" for n in report.not_evaluated if n.reason.startswith("crashed"))
    return Judged(
        name=name,
        causes=tuple(cause.value for cause in report.causes),
        alarms=alarms,
        seconds=time.perf_counter() - start,
        crashed=crashed,
    )


def _fly(kind: str, wanted: Callable[[tuple], tuple]) -> None:  # type: ignore[type-arg]
    def flown(case: object, build: object, *, healthy: bool) -> Flown:
        one = fly(case.name, build, healthy=healthy)  # type: ignore[attr-defined]
        print(one.line(), flush=True)
        return one

    if kind in ("programs", "all"):
        cases = wanted(programs())
        right = {case.name: case.causes | case.equivalent for case in cases}
        print(summary([flown(case, lambda c=case: c.build(False), healthy=False) for case in cases], right))
    if kind in ("healthy", "all"):
        print(summary([flown(case, case.build, healthy=True) for case in wanted(healthy_setups())], {}))


def _diagnose(chosen: argparse.Namespace, wanted: Callable[[tuple], tuple]) -> None:  # type: ignore[type-arg]
    def cured(case: object, build: object, accepted: object = None) -> Cured:
        one = cure(case.name, build, accepted, budget=chosen.budget, checks=not chosen.no_checks)  # type: ignore[attr-defined]
        print(one.line(), flush=True)
        if chosen.json:
            with Path(chosen.json).open("a", encoding="utf-8") as file:
                file.write(json.dumps(dataclasses.asdict(one)) + "\n")
        return one

    if chosen.kind in ("programs", "all"):
        cases = wanted(programs())
        done = [cured(case, lambda c=case: c.build(False), lambda c=case: c.build(True)) for case in cases]
        print(programs_cured(done, cases))
    if chosen.kind in ("healthy", "all"):
        done = [cured(case, case.build) for case in wanted(healthy_setups())]
        loud = [one.name for one in done if one.alarms]
        offered = sum(bool(one.confirmed) for one in done)
        print(f"\n{len(done)} healthy set-ups: {len(loud)} with a WARNING or ERROR {loud}; {offered} offered a gain")


def programs_cured(done: list[Cured], cases: tuple) -> str:  # type: ignore[type-arg]
    """Totals, with what is known of the programs."""
    right = {case.name: case.causes | case.equivalent for case in cases}
    return cured_summary(done, right, {case.name: case.causes for case in cases})


def main() -> None:
    """Run the chosen cases and print a line for each and the totals."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--kind", choices=("programs", "healthy", "fixed", "all"), default="all")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--quick", action="store_true", help="every sixth case")
    parser.add_argument("--static", action="store_true", help="without tiny-subset test and rehearsal")
    parser.add_argument("--monitor", action="store_true", help="train under FlatlineMonitor instead of check_setup")
    parser.add_argument("--diagnose", action="store_true", help="by experiment; cures are applied and trained")
    parser.add_argument("--no-checks", action="store_true", help="with --diagnose: the search alone")
    parser.add_argument("--budget", type=float, default=60.0, help="with --diagnose: seconds a case")
    parser.add_argument("--json", help="with --diagnose: append every outcome to this file, one object a line")
    parser.add_argument("--shard", default="0/1", help="K/N: every N-th case, from the K-th")
    chosen = parser.parse_args()
    shard, of = (int(part) for part in chosen.shard.split("/"))
    step = QUICK if chosen.quick else 1

    def wanted(cases: tuple) -> tuple:  # type: ignore[type-arg]
        picked = [case for case in cases if not chosen.only or case.name in chosen.only]
        return tuple(picked[::step][shard::of])

    def run(case: object, build: object) -> Judged:
        judged = judge(case.name, build, overfit=not chosen.static)  # type: ignore[attr-defined]
        print(judged.line(case), flush=True)
        return judged

    if chosen.diagnose:
        _diagnose(chosen, wanted)
        return
    if chosen.monitor:
        _fly(chosen.kind, wanted)
        return
    if chosen.kind in ("programs", "all"):
        cases = wanted(programs())
        print(program_table([(case, run(case, lambda c=case: c.build(False))) for case in cases]))
    if chosen.kind in ("healthy", "all"):
        cases = wanted(healthy_setups())
        print(healthy_table([run(case, case.build) for case in cases], "healthy set-ups"))
    if chosen.kind == "fixed":
        cases = wanted(programs())
        print(healthy_table([run(case, lambda c=case: c.build(True)) for case in cases], "fixed twins"))


if __name__ == "__main__":
    main()
