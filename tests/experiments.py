"""Hand-made experiments: one change that cures, several that are needed together, nothing that helps."""

import dataclasses
from typing import Any

import numpy as np

from flatline.cause import Cause
from flatline.experiment import Experiment, Outcome, Paired, Tried
from flatline.fix import Fix, MapInput, ReplaceLayer, SetCompile, SetFit, SetLayer
from flatline.verdict import Ruling, Verdict

SOFTMAX = Fix(
    title='use `activation="softmax"` in `dense_2`',
    edits=(SetLayer(layer="dense_2", argument="activation", value="softmax"),),
    snippet='keras.layers.Dense(10, activation="softmax", name="dense_2")',
)
STANDARDISE = Fix(
    title="standardise the inputs",
    edits=(MapInput(how="standardize"),),
    snippet="X = (X - X.mean(axis=0)) / X.std(axis=0)",
)
ADAM = Fix(
    title="use `keras.optimizers.Adam(0.001)`",
    edits=(SetCompile(argument="optimizer", value={"kind": "Adam", "config": {"learning_rate": 0.001}}),),
    snippet="model.compile(optimizer=keras.optimizers.Adam(0.001), loss=model.loss)",
)
SMALLER = Fix(
    title="use `learning_rate=0.0001`",
    edits=(SetCompile(argument="optimizer.learning_rate", value=0.0001),),
    snippet="model.optimizer.learning_rate = 0.0001",
)
BATCHES = Fix(
    title="set `batch_size=32`",
    edits=(SetFit(argument="batch_size", value=32),),
    snippet="model.fit(X, y, batch_size=32)",
)
WIDER = Fix(
    title="use 64 units in `dense`",
    edits=(ReplaceLayer(layer="dense", kind="Dense", config={"units": 64}),),
    snippet='keras.layers.Dense(64, name="dense")',
)


def verdict(before: float, after: float, **given: Any) -> Verdict:
    """Five pairs of 40 steps, all of them better."""
    defaults: dict[str, Any] = {
        "ruling": Ruling.CONFIRMED,
        "gain": after - before,
        "p_value": 1 / 32,
        "seconds": 6.0,
        "better": 5,
        "pairs": 5,
        "n_steps": 40,
    }
    return Verdict(before=before, after=after, **(defaults | given))


def unsure(before: float, after: float) -> Verdict:
    """Three of five pairs, which may be luck."""
    return verdict(before, after, ruling=Ruling.INCONCLUSIVE, better=3, p_value=0.5)


def tried(fix: Fix, outcome: Outcome, cause: Cause | None = None, **given: Any) -> Tried:
    """A change, and what became of it; `verdict` is put into the fix."""
    fix = dataclasses.replace(fix, verdict=given.pop("verdict", None))
    return Tried(fix=fix, cause=cause, source=given.pop("source", "another-rate"), outcome=outcome, **given)


def paired(before: float, after: float, *, pairs: int = 5, points: int = 9) -> Paired:
    """Curves that rise from 0.1 to these scores, with noise of their own."""
    rng = np.random.default_rng(0)
    way = 1 - np.exp(-np.linspace(0, 4, points))

    def curves(end: float) -> Any:
        return 0.1 + (end - 0.1) * way * rng.normal(1, 0.08, (pairs, 1)) + rng.normal(0, 0.015, (pairs, points))

    return Paired(step=np.linspace(0, 40, points), before=curves(before), after=curves(after))


REST = (
    tried(BATCHES, Outcome.HELPS, Cause.BATCH_SIZE, score=0.55),
    tried(SMALLER, Outcome.NO_HELP, Cause.LEARNING_RATE, score=0.3),
    tried(ADAM, Outcome.NO_HELP, Cause.OPTIMIZER, score=0.31),
    tried(WIDER, Outcome.NOT_TRIED, Cause.CAPACITY, note="the budget"),
)


def experiment(*chosen: Tried, before: float = 0.31, after: float = 0.97, **given: Any) -> Experiment:
    """A search on 400 rows of ten classes that took 21 s; its verdict is confirmed where anything was chosen."""
    defaults: dict[str, Any] = {
        "score": "accuracy",
        "null_score": 0.1,
        "n_rows": 400,
        "n_held_out": 100,
        "n_steps": 40,
        "chosen": chosen,
        "verdict": verdict(before, after) if chosen else None,
        "tried": REST,
        "paired": paired(before, after) if chosen else Paired(),
        "seconds": 21.4,
        "ended": "nothing more helps",
    }
    return Experiment(before=before, after=after, **(defaults | given))


def needed(fix: Fix = SOFTMAX, cause: Cause | None = Cause.OUTPUT_ACTIVATION, **given: Any) -> Tried:
    """A change that is part of the best set-up, alone unless `verdict` says what is lost without it."""
    return tried(fix, Outcome.NEEDED, cause, **({"verdict": verdict(0.31, 0.97), "score": 0.96} | given))


ONE = experiment(needed(), before_held_out=0.3, after_held_out=0.94)
THREE = experiment(
    needed(verdict=verdict(0.12, 0.97)),
    needed(STANDARDISE, Cause.INPUT_SCALE, verdict=verdict(0.42, 0.97, better=4, p_value=0.0625)),
    needed(BATCHES, Cause.BATCH_SIZE, verdict=unsure(0.93, 0.97)),
    tried=REST[1:],
)
NOTHING = experiment(
    before=0.11,
    after=0.11,
    tried=(
        tried(SMALLER, Outcome.NO_HELP, Cause.LEARNING_RATE, score=0.1),
        tried(STANDARDISE, Outcome.NO_HELP, Cause.INPUT_SCALE, score=0.12),
        tried(WIDER, Outcome.MEMORISES, Cause.CAPACITY, score=0.8, held_out=0.1),
        tried(ADAM, Outcome.DIVERGED, Cause.OPTIMIZER),
    ),
)
