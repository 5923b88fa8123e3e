"""The three pictures of the first page, from a real run: `python docs/pictures.py` (a quarter of a minute).

The case is that of `flatline demo`: 287 crops of two photographs, two convolutions, `Dense(2)` without activation,
`categorical_crossentropy`. It is trained as its author had it, then with what `flatline.check_setup` advises.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.utils import shuffle

from flatline import demo
from flatline.plots.frame import COLOURS, GREY

FOLDER = Path(__file__).parent / "pictures"
EPOCHS = 8
SMALLEST = keras.backend.epsilon()  # what Keras' loss takes for a probability below it; 1 − it for one above
SIZE = (4.5, 2.9)  # inches: as wide as a telephone shows without making the letters small
PAPER = {
    "light": {"ink": "#1f2328", "pale": GREY, "wrong": COLOURS[1], "right": COLOURS[0]},
    "dark": {"ink": "#e4e6ea", "pale": "#a0a4ab", "wrong": COLOURS[4], "right": COLOURS[5]},
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What was seen of the two trainings; losses and accuracies are Keras' own, of each epoch."""

    loss: list[float]  # as its author had it
    accuracy: list[float]
    cured_loss: list[float]  # with the advice taken
    cured_accuracy: list[float]
    guessing: float  # loss of the best constant answer
    share: np.ndarray  # (n_pictures,) after the first epoch: score of the true class over the sum of both
    picture_loss: np.ndarray  # (n_pictures,)
    gradient: np.ndarray  # (n_pictures,) norm of ∂loss/∂scores


def measure(epochs: int = EPOCHS) -> Run:
    """Train the network of the case, as it is and with the advice taken."""
    X, y = demo.photographs()
    model = demo.network()
    first = _train(model, X, y, range(1))
    share, picture_loss, gradient = _what_the_loss_is_handed(model, X, y)
    rest = _train(model, X, y, range(1, epochs))
    cured = _train(demo.network(**demo.ADVICE), X / 255, y, range(epochs))
    frequency = y.mean(axis=0)
    return Run(
        loss=first["loss"] + rest["loss"],
        accuracy=first["accuracy"] + rest["accuracy"],
        cured_loss=cured["loss"],
        cured_accuracy=cured["accuracy"],
        guessing=float(-(frequency * np.log(frequency)).sum()),
        share=share,
        picture_loss=picture_loss,
        gradient=gradient,
    )


def _train(model: keras.Model, X: np.ndarray, y: np.ndarray, epochs: range) -> dict[str, list[float]]:
    told: dict[str, list[float]] = {"loss": [], "accuracy": []}
    for epoch in epochs:
        X_now, y_now = shuffle(X, y, random_state=epoch)
        history = model.fit(X_now, y_now, epochs=1, batch_size=demo.BATCH, verbose=0).history
        for name, values in told.items():
            values.append(history[name][0])
    return told


def _what_the_loss_is_handed(model: keras.Model, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    import tensorflow as tf

    scores = tf.constant(model.predict(X, verbose=0))
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = keras.losses.categorical_crossentropy(y, scores)
    gradient = np.linalg.norm(tape.gradient(loss, scores), axis=1)
    share = (scores.numpy() * y).sum(axis=1) / scores.numpy().sum(axis=1)
    return share, loss.numpy(), gradient


# ── drawing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def flat(ax: Axes, run: Run, ink: dict[str, str]) -> None:
    """1: the loss does not move."""
    _guessing(ax, run, ink)
    _losses(ax, run.loss, run.accuracy, ink["wrong"], "s--", "as it is")
    _epochs(ax, run)


def why(ax: Axes, run: Run, ink: dict[str, str]) -> None:
    """2: what the network hands to the loss is no probability, and there the loss has no slope."""
    p = np.linspace(-0.3, 1.3, 1601)
    height = -np.log(SMALLEST)
    for left, right in ((-0.3, 0), (1, 1.3)):
        ax.axvspan(left, right, color=ink["pale"], alpha=0.18, linewidth=0)
    ax.plot(p, -np.log(np.clip(p, SMALLEST, 1 - SMALLEST)), color=ink["ink"], linewidth=1.4)
    style = {"color": ink["wrong"], "marker": "s", "linestyle": "none", "markersize": 7}
    ax.plot(*np.unique([run.share, run.picture_loss], axis=1), **style)
    still = int((run.gradient == 0).sum())
    n_high = int((run.share > 1).sum())
    notes = (
        (f"{len(run.share) - n_high} pictures", (run.share.min(), height), (0.12, height - 0.6), "left"),
        (f"{n_high} pictures", (run.share.max(), 0.0), (0.84, 3.4), "right"),
    )
    for text, at, place, side in notes:
        arrow = {"arrowstyle": "-", "color": ink["pale"], "linewidth": 0.8}
        ax.annotate(text, at, place, ha=side, va="center", color=ink["wrong"], arrowprops=arrow)
    ax.text(0.5, 9.5, f"{still} of {len(run.share)} pictures\nare where the loss is level:\ngradient 0", ha="center")
    for x in (-0.15, 1.15):
        ax.text(x, 8, "level", rotation=90, ha="center", va="center", color=ink["pale"])
    ax.set(xlim=(-0.3, 1.3), ylim=(-1, 18), xticks=(0, 0.5, 1), yticks=(0, 5, 10, 15), ylabel="loss of a picture")
    ax.set_xlabel("score of the true class, as a share of both")


def learning(ax: Axes, run: Run, ink: dict[str, str]) -> None:
    """3: the same network with the advice taken."""
    _guessing(ax, run, ink)
    _losses(ax, run.loss, run.accuracy, ink["wrong"], "s--", "as it is")
    _losses(ax, run.cured_loss, run.cured_accuracy, ink["right"], "o-", "advice taken", above=9)
    _epochs(ax, run)


def _guessing(ax: Axes, run: Run, ink: dict[str, str]) -> None:
    ax.axhline(run.guessing, color=ink["pale"], linestyle=":", linewidth=1.2)
    ax.text(len(run.loss), run.guessing * 1.12, f"guessing: loss {run.guessing:.2f}", color=ink["pale"], ha="right")


def _losses(
    ax: Axes, loss: list[float], accuracy: list[float], colour: str, style: str, name: str, above: float = 1.18
) -> None:
    """Draw a curve, and say at its end, that many times as high, where it got to."""
    epoch = np.arange(1, len(loss) + 1)
    ax.plot(epoch, loss, style, color=colour, markersize=4.5, linewidth=1.8)
    text = f"{name}: loss {loss[-1]:.2f}, {accuracy[-1]:.0%} right"
    ax.text(len(loss), loss[-1] * above, text, color=colour, ha="right", va="bottom")


def _epochs(ax: Axes, run: Run) -> None:
    ax.set_yscale("log")
    ax.set(xlim=(0.5, len(run.loss) + 0.5), ylim=(0.015, 20), xlabel="epoch", ylabel="training loss")
    ax.set_yticks((0.1, 1, 10), labels=("0.1", "1", "10"))
    ax.set_yticks((), minor=True)
    ax.set_xticks(range(1, len(run.loss) + 1))


PICTURES: dict[str, Callable[[Axes, Run, dict[str, str]], None]] = {
    "seed-1-flat": flat,
    "seed-2-why": why,
    "seed-3-learning": learning,
}


def draw(run: Run, folder: Path) -> None:
    """Write each picture twice, for light and for dark pages."""
    folder.mkdir(exist_ok=True)
    for paper, ink in PAPER.items():
        colours = {f"{part}color": ink["ink"] for part in ("axes.edge", "axes.label", "xtick.", "ytick.", "text.")}
        plain = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 10.5, "svg.hashsalt": "flatline"}
        with rc_context({**colours, **plain}):
            for name, drawing in PICTURES.items():
                figure = Figure(figsize=SIZE, layout="constrained")
                drawing(figure.subplots(), run, ink)
                path = folder / f"{name}-{paper}.svg"
                figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    draw(measure(), FOLDER)
