"""Draw the overview of failures of different causes, to be looked at: `python -m tests.corpus.overviews DIR [NAME …]`.

Each program is trained for some seconds under `watch`, as its user would, and checked before training as well: two
figures a program, `NAME-run.png` and `NAME-setup.png`.
"""

import argparse
import os
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras

import flatline
from flatline.reports.report import Report
from tests.corpus.case import Program, Setup, programs
from tests.corpus.flight import Clock

TEN = (
    "dc_change_dropout_rate",  # dropout
    "dc_learning_rate_high",  # learning rate
    "dc_remove_bias",  # architecture
    "dc_weights_constant",  # initialisation
    "so_bn_batch_of_one",  # normalisation layer
    "so_labels_one_based",  # labels
    "so_nan_in_features",  # data
    "so_threshold_50000",  # input scale
    "stackoverflow_48976413",  # output activation
    "stackoverflow_65777704",  # activation
)
"""Programs of ten different causes."""


def built(program: Program) -> Setup:
    """Build a program as its user would."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    return program.build(False)


def flown(setup: Setup) -> Report | None:
    """Train a set-up under `watch`; None where not a single step was taken."""
    monitor = flatline.watch(setup.model, verbose=0)
    arguments: dict[str, Any] = {k: v for k, v in setup.fit_args.items() if k not in ("verbose", "callbacks")}
    if setup.y is not None:
        arguments["y"] = setup.y
    try:
        setup.model.fit(setup.X, callbacks=[*(setup.fit_args.get("callbacks") or []), Clock()], verbose=0, **arguments)
    except Exception as error:
        print(f"  fit raised {type(error).__name__}")
    return monitor.report


def checked(setup: Setup) -> Report:
    """Check a set-up before it is trained."""
    fit_args = {key: value for key, value in setup.fit_args.items() if key != "verbose"}
    return flatline.check_setup(setup.model, setup.X, setup.y, fit_args=fit_args, verbose=0)


def main() -> None:
    """Draw the programs that are named, or those of ten causes."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.overviews", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="*", default=TEN)
    chosen = parser.parse_args()
    chosen.directory.mkdir(parents=True, exist_ok=True)
    for program in programs():
        if program.name not in chosen.names:
            continue
        print(f"{program.name}: {', '.join(sorted(program.causes))}", flush=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for kind, report in (("setup", checked(built(program))), ("run", flown(built(program)))):
                if report is not None:
                    report.save(chosen.directory / f"{program.name}-{kind}.png")
                    print(f"  {kind}: {', '.join(cause.value for cause in report.causes)}", flush=True)


if __name__ == "__main__":
    main()
