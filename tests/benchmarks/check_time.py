"""How the time of `check_setup` grows with samples and weights: `python -m tests.benchmarks.check_time`."""

import os
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np

import flatline


def mlp(width: int, columns: int = 20) -> Any:
    """Two hidden layers of `width` units."""
    model = keras.Sequential([keras.Input((columns,))])
    for _ in range(2):
        model.add(keras.layers.Dense(width, activation="relu"))
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def timed(work: Callable[[], Any]) -> float:
    """Seconds of the fastest of three calls."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            work()
        best = min(best, time.perf_counter() - start)
    return best


def table(n: int, columns: int = 20) -> tuple[Any, Any]:
    """A separable table."""
    X = np.random.default_rng(0).normal(size=(n, columns)).astype("float32")
    return X, (X[:, 0] > 0).astype("int64")


def main() -> None:
    """Print both tables."""
    print("rows        without tests   with tests   (seconds, 2 × 64 units)")
    for n in (1_000, 10_000, 100_000, 1_000_000, 4_000_000):
        X, y = table(n)
        model = mlp(64)
        static = timed(lambda: flatline.check_setup(model, X, y, overfit=False, verbose=0))
        full = timed(lambda: flatline.check_setup(model, X, y, fit_args={"epochs": 3}, verbose=0))
        print(f"{n:<12,}{static:10.2f}{full:14.2f}")
    print("\nweights       without tests   per 10⁶ weights   (seconds, 1,000 rows)")
    X, y = table(1_000)
    for width in (90, 310, 1_000, 3_150, 10_000):
        model = mlp(width)
        static = timed(lambda: flatline.check_setup(model, X, y, overfit=False, verbose=0))
        print(f"{model.count_params():<14,}{static:10.2f}{static / model.count_params() * 1e6:16.3f}")


if __name__ == "__main__":
    main()
