"""What the monitor costs: CPU time of the same steps with and without it, in pairs within one run.

    python -m tests.benchmarks.overhead [--model NAME ...] [--overhead 0.01 ...] [--pairs 15]

Two copies of a model with the same weights are trained in turns, one of them under the monitor; the order changes from
pair to pair. Compilation and the first look at the data are over by then and are printed apart. Printed are the median
of the ratios of CPU time with its 95 % interval (order statistics), and the share of the time that the record says was
spent, which must lie within [0, 1.5] of what was allowed.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

import keras
import numpy as np

import flatline
from flatline.judging import WATCHING
from flatline.logs import GradientLog

SECONDS = 1.5  # of training in an arm of a pair
RNG = np.random.default_rng(0)
layers = keras.layers


@dataclass(frozen=True)
class Case:
    """A model with data for one epoch of `n_steps` batches."""

    build: Callable[[], Any]
    rows: Callable[[int], tuple[Any, Any]]
    batch: int


def mlp() -> Any:
    return [keras.Input((64,)), layers.Dense(128, "relu"), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]


def convnet() -> Any:
    return [
        keras.Input((32, 32, 3)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(64, "relu"),
        layers.Dense(10, "softmax"),
    ]


def lstm() -> Any:
    return [keras.Input((40, 16)), layers.LSTM(64), layers.Dense(10, "softmax")]


def mobilenet() -> Any:
    return keras.applications.MobileNetV2((64, 64, 3), weights=None, classes=10)


def transformer() -> Any:
    inputs = keras.Input((64,), dtype="int32")
    x = layers.Embedding(1000, 64)(inputs) + layers.Embedding(64, 64)(keras.ops.arange(64))
    for _ in range(2):
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 16)(x, x))
        x = layers.LayerNormalization()(x + layers.Dense(64)(layers.Dense(128, "relu")(x)))
    return keras.Model(inputs, layers.Dense(10, "softmax")(layers.GlobalAveragePooling1D()(x)))


def numbers(*shape: int) -> Callable[[int], tuple[Any, Any]]:
    """Classes with a mean of their own each, which a network can learn."""
    means = RNG.normal(size=(10, *shape))

    def rows(n: int) -> tuple[Any, Any]:
        labels = RNG.integers(0, 10, n)
        return (means[labels] + RNG.normal(size=(n, *shape))).astype("float32"), labels

    return rows


def tokens(n: int) -> tuple[Any, Any]:
    labels = RNG.integers(0, 10, n)
    return np.where(RNG.random((n, 64)) < 0.5, RNG.integers(0, 1000, (n, 64)), 7 * labels[:, None]), labels


CASES = {
    "mlp": Case(mlp, numbers(64), 64),
    "convnet": Case(convnet, numbers(32, 32, 3), 32),
    "mobilenet": Case(mobilenet, numbers(64, 64, 3), 32),
    "transformer": Case(transformer, tokens, 32),
    "lstm": Case(lstm, numbers(40, 16), 32),
}


def model_of(case: Case) -> Any:
    keras.utils.set_random_seed(0)
    built = case.build()
    model = keras.Sequential(built) if isinstance(built, list) else built
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def interval(values: list[float]) -> tuple[float, float]:
    """95 % interval of the median: the order statistics that binomial(n, ½) leaves 2.5 % on either side of."""
    n, below, k = len(values), 0.0, 0
    while below + comb(n, k) / 2**n <= 0.025:
        below += comb(n, k) / 2**n
        k += 1
    ordered = sorted(values)
    return ordered[max(0, k - 1)], ordered[n - max(1, k)]


def measure(name: str, overhead: float, n_pairs: int) -> str:
    case = CASES[name]
    probe = model_of(case)
    x, y = case.rows(case.batch * 20)
    start = time.perf_counter()
    probe.fit(x, y, batch_size=case.batch, verbose=0)
    plain_compile = time.perf_counter() - start
    start = time.perf_counter()
    probe.fit(x, y, batch_size=case.batch, verbose=0)
    step = (time.perf_counter() - start) / 20
    plain_compile -= 20 * step
    n_steps = max(20, int(SECONDS / step))
    x, y = case.rows(case.batch * n_steps)

    models = {"without": model_of(case), "with": model_of(case)}
    monitor = flatline.FlatlineMonitor(overhead=overhead, verbose=0)

    def train(arm: str, epochs: int = 1) -> float:
        given = {"callbacks": [monitor]} if arm == "with" else {}
        start = time.process_time()
        models[arm].fit(x, y, batch_size=case.batch, epochs=epochs, verbose=0, shuffle=False, **given)
        return time.process_time() - start

    compiled = {}
    for arm in models:
        small = {"callbacks": [monitor]} if arm == "with" else {}
        start = time.perf_counter()
        models[arm].fit(x[: 20 * case.batch], y[: 20 * case.batch], batch_size=case.batch, verbose=0, **small)
        compiled[arm] = time.perf_counter() - start - 20 * step
        train(arm)
    before, first = dict(monitor.record.spent), monitor.record.spent.get("first look", 0.0)
    ratios = []
    for pair in range(n_pairs):
        seconds = {arm: train(arm) for arm in (("without", "with") if pair % 2 else ("with", "without"))}
        ratios.append(seconds["with"] / seconds["without"])
    spent = {kind: value - before.get(kind, 0.0) for kind, value in monitor.record.spent.items()}
    share = sum(spent.get(kind, 0.0) for kind in WATCHING) / spent["training"]
    samples = len(monitor.record.tables[GradientLog].log())
    low, high = interval(ratios)
    parts = " ".join(f"{kind} {spent.get(kind, 0.0) / spent['training'] / overhead:.2f}" for kind in WATCHING)
    return (
        f"{name:<12}{1e3 * step:>7.1f} ms  b={overhead:<6g} CPU {np.median(ratios):.3f} [{low:.3f}, {high:.3f}]  "
        f"spent {share / overhead:5.2f} b  compile {compiled['without']:.1f} → {compiled['with']:.1f} s  "
        f"first look {first:.2f} s  samples {samples}  {parts}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--overhead", nargs="+", type=float, default=[0.01])
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in arguments.model:
        for overhead in arguments.overhead:
            print(measure(name, overhead, arguments.pairs), flush=True)
            keras.utils.clear_session()


if __name__ == "__main__":
    sys.exit(main())
