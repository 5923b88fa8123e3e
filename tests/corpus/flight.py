"""Train corpus cases while they are watched: which are called, when, and with which cause."""

import time
import warnings
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

import flatline
from flatline.finding import Severity
from flatline.logs import LossLog
from tests.corpus.case import Setup

SECONDS = 15.0  # of training a case; what was not reached by then is not judged
HEALTHY_EPOCHS = 20


class Clock(keras.callbacks.Callback):
    """Ends a training that takes too long."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self.seconds = seconds

    def on_train_begin(self, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if time.perf_counter() - self.start > self.seconds:
            self.model.stop_training = True


@dataclass(frozen=True, kw_only=True)
class Flown:
    """What the monitor said of one training."""

    name: str
    n_steps: int
    called_at: int | None  # step of the first WARNING or ERROR; 0 is before the first step
    called_live: int | None  # of the first that the run itself has shown
    alarms: tuple[str, ...]  # live and at the end
    causes: tuple[str, ...]
    broken: bool  # ends no better than 1.1 × the null model's loss, or no number
    missing: tuple[str, ...]

    def line(self) -> str:
        """Describe it on one line."""
        state = "broken" if self.broken else "learns"
        called = "-" if self.called_at is None else f"{self.called_at / max(self.n_steps, 1):.0%}"
        words = f"{', '.join(self.alarms)}  {'; '.join(self.missing)[:90]}"
        return f"{self.name:<36}{self.n_steps:>6} steps  {state}  called {called:>5}  {words}"


def fly(name: str, build: Any, *, healthy: bool) -> Flown:
    """Build one case as its user would and train it with the monitor."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    setup: Setup = build()
    arguments = {key: value for key, value in setup.fit_args.items() if key not in ("verbose", "callbacks")}
    if healthy:
        arguments["epochs"] = max(HEALTHY_EPOCHS, arguments.get("epochs", 1))
    monitor = flatline.watch(setup.model, verbose=0)
    callbacks = [*(setup.fit_args.get("callbacks") or []), Clock()]
    if setup.y is not None:
        arguments["y"] = setup.y
    failed = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            setup.model.fit(setup.X, callbacks=callbacks, verbose=0, **arguments)
        except Exception as error:
            failed = f"fit raised {type(error).__name__}"
    report = flatline.judge(monitor.record)
    alarms = [f for f in report.findings if (f.severity or 0) >= Severity.WARNING]
    live = [(step, f) for step, f in monitor.record.live]
    losses, facts = monitor.record.logs()[LossLog], monitor.record.facts
    last = float("nan") if isinstance(losses, str) else float(np.mean(losses.loss[-5:]))
    null = float("nan") if facts is None else facts.null
    limit = null + 0.1 * abs(null)
    return Flown(
        name=name,
        n_steps=0 if isinstance(losses, str) else int(losses.step[-1]) + 1,
        called_at=min((step for step, _ in live), default=None),
        called_live=min((step for step, _ in live if step), default=None),
        alarms=tuple(dict.fromkeys(f"{f.code} {f.name}" for f in [*(f for _, f in live), *alarms])),
        causes=tuple(dict.fromkeys(f.cause.value for f in [*(f for _, f in live), *alarms] if f.cause)),
        broken=not np.isfinite(last) or last >= limit,
        missing=(*((failed,) if failed else ()), *monitor.record.missing),
    )


def summary(flown: list[Flown], right: dict[str, frozenset[str]]) -> str:
    """Totals; `right` holds the causes that are right for each program."""
    if not right:
        loud = [one.name for one in flown if one.alarms]
        return f"\n{len(flown)} healthy trainings: {len(loud)} with a WARNING or ERROR {loud}"
    broken = [one for one in flown if one.broken and one.n_steps >= 40]
    called = [one for one in broken if one.called_at is not None]
    early = [one for one in called if one.called_at is not None and one.called_at <= 0.25 * one.n_steps]
    shown = [one for one in broken if one.called_live is not None and one.called_live <= 0.25 * one.n_steps]
    named = [one for one in flown if right[one.name] & set(one.causes)]
    return (
        f"\n{len(flown)} programs, {len(broken)} of ≥ 40 steps end no better than 1.1 × the null model's loss: "
        f"{len(called)} called, {len(early)} before a quarter of their steps, {len(shown)} of them by what the "
        f"run shows; a right cause named for {len(named)}"
    )
