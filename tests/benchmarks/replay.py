"""What a short run of the search costs over its bare steps: `python -m tests.benchmarks.replay`.

For a dense network, a small convolutional one and an LSTM, candidates are run through `Replay.run` as `diagnose` does,
and the same number of steps on batches of the same size through a compiled step of another copy of the model, data on
the device and graph traced; the two in turns, and which is first changes from candidate to candidate. A run draws
weights, resets the optimizer, deals the rows, trains, and scores twice.

- shared: rates, seeds, initialisers and maps of the inputs, which are data to one graph. Asked for are at most 25 %
  over bare steps, over 20 candidates or more.
- own graph each: activations and penalties, which have to be traced. Each is run twice: what the first run
  takes beyond the second is the trace, and the second is held against bare steps.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np

from flatline import backend
from flatline.facts import Task
from flatline.fix import Fix, MapInput, SetCompile, SetLayer
from flatline.measure.preserve import preserved
from flatline.measure.trial import orders
from flatline.rebuild import rebuilt
from flatline.recipe import Recipe
from flatline.score import Score
from flatline.search.replay import AS_IS, Replay
from tests.benchmarks.overhead import CASES, Case, model_of

MODELS = ("mlp", "convnet", "lstm")
ROWS = 2_048  # the most that a search samples
SECONDS = 60.0  # the default budget of diagnose; a run may take a 40th of it
RUN_SECONDS = SECONDS / 40
MAX_STEPS = 1_000  # of a run, whatever the budget
MOST = 1.25  # runs over bare steps
INITIALISERS = ("he_normal", "he_uniform", "glorot_normal", "lecun_normal", "lecun_uniform", "orthogonal")
ACTIVATIONS = ("tanh", "elu", "selu", "gelu", "silu", "softplus", "softsign", "leaky_relu", "mish", "relu6")
PENALTIES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """Seconds of one candidate's run and of bare steps beside it."""

    run: float
    bare: float
    steps: float  # of the run, without what comes before and after them


def sharing(model: Any) -> list[tuple[Fix, int]]:
    """Return at least 20 candidates, with a seed each, that are data to one graph."""
    hidden = model.layers[0].name
    edits: list[Any] = [
        *(SetCompile(argument="optimizer.learning_rate", value=10.0**power) for power in range(-6, 0)),
        *(SetLayer(layer=hidden, argument="kernel_initializer", value=name) for name in INITIALISERS),
        MapInput(how="standardize"),
        *(MapInput(how="rescale", factor=factor) for factor in (0.1, 0.5, 2.0)),
    ]
    return [(Fix(title="", edits=(edit,)), 0) for edit in edits] + [(AS_IS, seed) for seed in range(1, 7)]


def parting(model: Any) -> list[tuple[Fix, int]]:
    """Return 20 candidates with a graph of their own each."""
    hidden = model.layers[0].name
    penalties = [{"class_name": "L2", "config": {"l2": strength}} for strength in PENALTIES]
    edits = [
        *(SetLayer(layer=hidden, argument="activation", value=name) for name in ACTIVATIONS),
        *(SetLayer(layer=hidden, argument="kernel_regularizer", value=penalty) for penalty in penalties),
    ]
    return [(Fix(title="", edits=(edit,)), 0) for edit in edits]


class Bench:
    """A set-up in the hands of `Replay`, and a copy of its model for bare steps."""

    def __init__(self, case: Case) -> None:
        self.model = model_of(case)
        x, y = case.rows(ROWS)
        self.replay = Replay(
            Recipe(model=self.model, X=x, y=y), [Score.of_targets(Task.MULTICLASS, y)], weight=None, shuffle=True,
            batch_size=case.batch, planned_epochs=None, compiled=False, seed=0,
        )  # fmt: skip
        copy = rebuilt(self.model, AS_IS)
        copy.optimizer.build(copy.trainable_variables)
        self._training, self._data = backend.CompiledTraining(copy, copy.optimizer), backend.to_tensors((x, y))
        self._batch = case.batch
        first = self.replay.run(AS_IS, seed=0, n_steps=MAX_STEPS, seconds=RUN_SECONDS)
        self.n_steps = first.n_steps
        self.trace = first.whole - first.seconds
        self.bare(2)  # traced, and pages are touched

    def bare(self, n_steps: int) -> float:
        """Seconds of bare steps; the order of the rows is ready, too."""
        order = self.replay.rows[orders(len(self.replay.rows), self._batch, n_steps, shuffle=True, seed=0)]
        start = time.perf_counter()
        self._training.run(*self._data, None, order)
        return time.perf_counter() - start

    def pair(self, fix: Fix, seed: int, *, run_first: bool) -> Timed:
        """Time a run and the same number of bare steps, one after the other."""
        bare = 0.0 if run_first else self.bare(self.n_steps)
        start = time.perf_counter()
        run = self.replay.run(fix, seed=seed, n_steps=self.n_steps)
        seconds = time.perf_counter() - start
        assert run.n_steps == self.n_steps, "a run that diverges is stopped, and would be compared with more steps"
        return Timed(run=seconds, bare=bare or self.bare(self.n_steps), steps=run.seconds)


def over(timed: Sequence[Timed]) -> float:
    """Whole seconds of the runs over the seconds of their bare steps."""
    return sum(each.run for each in timed) / sum(each.bare for each in timed)


def measure(name: str) -> Iterator[str]:
    """Two lines of the table."""
    keras.utils.clear_session()
    bench = Bench(CASES[name])
    with preserved(bench.model):
        shared = _pairs(bench, sharing(bench.model))
        yield _line(name, "shared", bench, shared, n_graphs=bench.replay.n_traces)
        before = bench.replay.n_traces
        candidates = parting(bench.model)
        first = _pairs(bench, candidates)
        again = _pairs(bench, candidates)
        traces = [one.run - other.run for one, other in zip(first, again, strict=True)]
        line = _line(name, "own graph each", bench, again, n_graphs=bench.replay.n_traces - before)
    yield f"{line}   with the trace {over(first):.2f} (median {np.median(traces):.2f} s a trace)"


def _pairs(bench: Bench, candidates: Sequence[tuple[Fix, int]]) -> list[Timed]:
    return [bench.pair(fix, seed, run_first=bool(i % 2)) for i, (fix, seed) in enumerate(candidates)]


def _line(name: str, kind: str, bench: Bench, timed: Sequence[Timed], *, n_graphs: int) -> str:
    ratio = over(timed)
    each = np.median([one.run / one.bare for one in timed])
    beside = np.median([one.run - one.steps for one in timed])
    judged = "" if ratio <= MOST else f"  above {MOST:g}"
    return (
        f"{name:10}{kind:16}{len(timed):4} candidates{n_graphs:4} graphs{bench.n_steps:6} steps"
        f"{sum(one.run for one in timed):8.2f} s{sum(one.bare for one in timed):8.2f} s bare"
        f"{ratio:7.3f} (median {each:.3f}; {1000 * beside:.0f} ms beside steps){judged}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", nargs="+", choices=MODELS, default=MODELS)
    for name in parser.parse_args().model:
        for line in measure(name):
            print(line, flush=True)


if __name__ == "__main__":
    main()
