"""The case that started the project, diagnosed and repaired: `python -m tests.benchmarks.seed [--budget SECONDS]`."""

import argparse
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

import flatline
from flatline import demo

EPOCHS = 5


def main() -> None:
    """Train the seed program as its author had it, diagnose it, and train what `apply()` returns."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.seed", description=__doc__)
    parser.add_argument("--budget", type=float, default=60.0)
    budget = parser.parse_args().budget
    X, y = demo.photographs()

    def accuracy(model: object, X: object, y: object) -> float:
        model.fit(X, y, batch_size=demo.BATCH, epochs=EPOCHS, verbose=0)  # type: ignore[attr-defined]
        return float(np.mean(model.predict(X, verbose=0).argmax(-1) == np.asarray(y).argmax(-1)))  # type: ignore[attr-defined]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", flatline.FlatlineWarning)
        fit_args = {"epochs": 10, "batch_size": demo.BATCH}
        diagnosis = flatline.diagnose(demo.network(), X, y, fit_args=fit_args, budget=budget)
    print(f"\naccuracy after {EPOCHS} epochs as it is: {accuracy(demo.network(), X, y):.2f}")
    if diagnosis.experiment is not None and diagnosis.experiment.confirmed:
        setup = diagnosis.apply()
        print(f"repaired: {accuracy(setup.model, setup.X, setup.y):.2f}\n{diagnosis.diff()}")


if __name__ == "__main__":
    main()
