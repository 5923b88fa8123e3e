"""The case that started the project, on real photographs: a loss that never moves, the report, and the cure.

Two classes of pictures are cut from the two photographs that scikit-learn brings along. The network is the one that
its author described: two convolutions, raw scores at the end, `categorical_crossentropy`, pixels from 0 to 255.
"""

import itertools
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from flatline.errors import FlatlineError, FlatlineWarning
from flatline.facts import Array

if TYPE_CHECKING:
    from flatline.reports.report import Report

CHINA, FLOWER = 131, 156  # pictures of each class: 287 in all, as its author had
CUT = 128  # pixels; a crop of a photograph is CUT × CUT and is then halved, so that an epoch takes seconds
SEED = 3  # of the initial weights
BATCH = 32
STILL = 1e-3  # a loss that changes by less than this share of itself is said not to move
FROZEN_EPOCHS, CURED_EPOCHS = 3, 3
PAGE = "flatline-demo"
ADVICE = {"activation": "softmax", "initializer": "he_normal"}


def run(*, file: TextIO | None = None) -> "Report":
    """Show the frozen loss, the report on it, and the corrected network learning; the report is written as a page.

    Parameters
    ----------
    file : file object or None
        Where to; standard output when None.

    Returns
    -------
    Report
        What `check_setup` says of the network as its author wrote it.
    """
    from rich.console import Console

    from flatline.reports.progress import Progress

    stream = sys.stdout if file is None else file
    console = Console(file=stream, highlight=False, soft_wrap=True)
    say = console.print
    start = time.perf_counter()
    with Progress(int(console.is_terminal), file=stream) as progress:
        progress.update("loading Keras")
        X, y = photographs()
        say(f"[bold]1. The network does not learn.[/] {len(X)} crops of two photographs, {_size(X)}, pixels 0–255;")
        say("   two convolutions, Dense(2) without activation, categorical_crossentropy, SGD, batch size 32")
        model = network()
        before = _train(model, X, y, FROZEN_EPOCHS, say, progress.update)
        say(f"   {_told(before)} Its author tried other batch sizes, Adam, lower rates and grey pictures, in vain.\n")
        say("[bold]2. What flatline.check_setup(model, X, y) says of it.[/]\n")
        progress.update("measuring model and data, then the tiny-subset test")
        report = _check(network(), X, y)
    from flatline.reports import terminal

    terminal.show(report, file=stream)
    with Progress(int(console.is_terminal), file=stream) as progress:
        say("\n[bold]3. The same network with the advice taken:[/] softmax, pixels divided by 255, He initialisation")
        X = X / 255
        after = _train(network(**ADVICE), X, y, CURED_EPOCHS, say, progress.update)
        progress.update("checking the corrected network")
        again = _check(network(**ADVICE), X, y)
    say(f"   It learns: accuracy {before[-1][1]:.0%} before, {after[-1][1]:.0%} now. Checked again: {_alarms(again)}.")
    say(f"\n{time.perf_counter() - start:.0f} s in all. The same as a script to read: examples/two_photographs.py")
    say(f"The report as a page with pictures, to open in a browser: {saved(report, Path.cwd())}")
    return report


def saved(report: "Report", directory: Path) -> Path:
    """Write the page of a report under a name that is not taken; elsewhere where the directory does not allow it."""
    numbers = (f"{PAGE}.html" if number == 1 else f"{PAGE}-{number}.html" for number in itertools.count(1))
    path = next(directory / name for name in numbers if not (directory / name).exists())
    try:
        report.save(path)
    except FlatlineError:
        path = Path(tempfile.mkdtemp()) / path.name
        report.save(path)
    return path


def photographs(seed: int = 0) -> tuple[Array, Array]:
    """Cut the pictures from scikit-learn's two sample images.

    Parameters
    ----------
    seed : int
        Of the places where they are cut.

    Returns
    -------
    X : ndarray of shape (287, 64, 64, 3)
        Pixel values from 0 to 255, float32.
    y : ndarray of shape (287, 2)
        One-hot labels.
    """
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(seed)
    pictures: list[Array] = []
    for photograph, count in zip(load_sample_images().images, (CHINA, FLOWER), strict=True):
        height, width = photograph.shape[:2]
        for _ in range(count):
            top, left = rng.integers(height - CUT), rng.integers(width - CUT)
            pictures.append(photograph[top : top + CUT, left : left + CUT])
    X = np.stack(pictures).astype("float32")
    halved = X.reshape(len(X), CUT // 2, 2, CUT // 2, 2, 3).mean(axis=(2, 4))
    return halved, np.repeat(np.eye(2, dtype="float32"), (CHINA, FLOWER), axis=0)


def network(activation: str | None = None, initializer: str = "glorot_uniform") -> Any:
    """Build the network of the case, compiled as its author did; the defaults are what the author had."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(SEED)
    model = keras.Sequential(
        [
            keras.Input((CUT // 2, CUT // 2, 3)),
            layers.Conv2D(32, 5, padding="same", activation="relu", kernel_initializer=initializer, name="conv_1"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Conv2D(64, 5, padding="same", activation="relu", kernel_initializer=initializer, name="conv_2"),
            layers.MaxPooling2D(name="pool_2"),
            layers.Flatten(name="flatten"),
            layers.Dense(2, activation=activation, name="scores"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(), metrics=["accuracy"])
    return model


def _train(
    model: Any, X: Array, y: Array, epochs: int, say: Callable[[str], None], update: Callable[[str], None]
) -> list[tuple[float, float]]:
    """Train as the author did, one epoch at a time with a reshuffle in between; return losses and accuracies."""
    from sklearn.utils import shuffle

    told = []
    for epoch in range(epochs):
        update(f"training, epoch {epoch + 1} of {epochs}")
        X, y = shuffle(X, y, random_state=epoch)
        history = model.fit(X, y, epochs=1, batch_size=BATCH, verbose=0).history
        told.append((history["loss"][0], history["accuracy"][0]))
        say(f"   epoch {epoch + 1}   loss {told[-1][0]:.4f}   accuracy {told[-1][1]:.3f}")
    return told


def _told(epochs: list[tuple[float, float]]) -> str:
    (before, _), (last, _) = epochs[-2:]
    return "The loss does not move." if abs(before - last) < STILL * before else "The loss gets nowhere."


def _check(model: Any, X: Array, y: Array) -> "Report":
    from flatline.api import check_setup

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlatlineWarning)
        return check_setup(model, X, y, fit_args={"epochs": 10, "batch_size": BATCH}, verbose=0)


def _size(X: Array) -> str:
    return f"{X.shape[1]} × {X.shape[2]}"


def _alarms(report: "Report") -> str:
    return "nothing found" if report.ok else f"a warning: {report.findings[0].message}"
