"""What `SightLog` holds for networks that learn and that do not: `python -m tests.benchmarks.seeing [NAME …]`.

The bounds of FL709, FL710, FL711, FL712 and FL808 were set by these numbers. Every network is looked at as it was drawn
(lines that begin with "drawn") and after its training. For each: how far it got from the null model to a perfect fit;
the first convolution's correlation of neighbouring cells in units of what chance gives, and how far it moved from its
start; the largest share of duplicate channels of any hidden convolution; smoothness of the images; blind share; the
frame's share of the saliency and of the variation; alignment of the classes; seconds of the look over those of a
forward pass of the same rows.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np

from flatline import backend
from flatline.inspect.sight import MOST_ROWS, sight
from tests.corpus import data
from tests.corpus.case import healthy_setups

L = keras.layers
KINDS = ("images", "convolutional", "transfer")
SECONDS = 15.0  # of training a case of the corpus, as in `tests.corpus.flight`
RNG = np.random.default_rng(0)
Arrays = tuple[Any, Any]


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a training that takes too long."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.model.stop_training = time.perf_counter() - self.start > SECONDS


def shapes(n: int = 800, size: int = 32) -> Arrays:
    """Discs, squares and triangles of any colour, somewhere on grey noise."""
    rng = np.random.default_rng(0)
    images, y = rng.normal(0.3, 0.1, (n, size, size, 3)), rng.integers(0, 3, n)
    down, across = np.mgrid[:size, :size]
    for image, kind in zip(images, y, strict=True):
        r = rng.uniform(4, 8)
        a, b = down - rng.uniform(r, size - r), across - rng.uniform(r, size - r)
        inside = (a**2 + b**2 < r**2, np.maximum(abs(a), abs(b)) < 0.85 * r, (abs(a) < r) & (abs(b) < (a + r) / 2))
        mask = inside[kind]
        image[mask] = rng.uniform(0.5, 1, 3) + rng.normal(0, 0.05, (int(mask.sum()), 3))
    return images.astype("float32"), y


def tagged(*, true: bool) -> Arrays:
    """Shapes whose class also stands in the first row of pixels; without `true` it stands there alone."""
    images, y = shapes()
    y = y if true else np.random.default_rng(3).permutation(y)
    images[:, 0, : 4 if true else None] = (y / 2)[:, None, None]
    return images, y


def net(
    data: Arrays, k: int = 3, channels: tuple[int, ...] = (16, 32), *, norm: bool = False, head: str = "dense",
    pad: str = "same", act: str = "relu", pool: bool = True, **conv: Any,
) -> keras.Model:  # fmt: skip
    """A convnet for these images and classes."""
    made: list[Any] = [keras.Input(data[0].shape[1:])]
    for n in channels:
        made += [L.Conv2D(n, k, padding=pad, use_bias=not norm, **conv)]
        made += [L.BatchNormalization()] if norm else []
        made += [L.Activation(act), *([L.MaxPooling2D()] if pool else [])]
    made += [L.GlobalAveragePooling2D()] if head == "mean" else [L.Flatten()]
    made += [L.Dense(64, act)] if head == "dense" else [L.Dense(1, "tanh")] if head == "one" else []
    return keras.Sequential([*made, L.Dense(int(data[1].max()) + 1, "softmax")])


def of_layers(data: Arrays, *layers: Any) -> keras.Model:
    return keras.Sequential([keras.Input(data[0].shape[1:]), *layers])


def healthy() -> Iterator[tuple[str, Arrays, Callable[[Arrays], Any], Any, int]]:
    """Set-ups that learn: name, data, network, optimizer, epochs."""
    digits, small, textures = data.digit_images(28), data.digit_images(8), data.textures()
    yield "digits 3×3", digits, lambda d: net(d, head="flat", pad="valid"), "adam", 12
    yield "digits 5×5, SGD", digits, lambda d: net(d, 5), keras.optimizers.SGD(0.05, 0.9), 12
    yield "digits 7×7, wide", digits, lambda d: net(d, 7, (128,), head="flat"), "adam", 5
    yield "digits, raw pixels", (digits[0] * 255, digits[1]), lambda d: net(d), "adam", 10
    yield "digits 8×8", small, lambda d: net(d, pool=False, head="flat"), "adam", 12
    yield "digits 8×8, norm, mean", small, lambda d: net(d, norm=True, pool=False, head="mean"), "adam", 25
    yield "shapes 3×3", shapes(), lambda d: net(d, 3, (16, 32, 32), pad="valid"), "adam", 30
    yield "shapes 5×5, norm, mean", shapes(), lambda d: net(d, 5, (16, 32, 32), norm=True, head="mean"), "adam", 25
    yield "textures 5×5", textures, lambda d: net(d, 5, (8, 16), head="mean"), "adam", 20


def broken() -> Iterator[tuple[str, Arrays, Callable[[Arrays], Any], Any, int]]:
    """Set-ups that do not learn, learn the wrong thing, or learn with a part of the network only."""
    digits, small = data.digit_images(28), data.digit_images(8)
    shuffled = RNG.permutation(digits[1])
    noise = RNG.normal(size=(400, 16, 16, 1)).astype("float32"), RNG.integers(0, 3, 400)
    alike, dead = keras.initializers.Constant(0.05), keras.initializers.Constant(-20.0)
    yield "rate 0", digits, lambda d: net(d), keras.optimizers.SGD(0.0), 1
    yield "Adam at 1", digits, lambda d: net(d), keras.optimizers.Adam(1.0), 8
    yield "Adam at 0.05", digits, lambda d: net(d), keras.optimizers.Adam(0.05), 12
    yield "SGD at 0.5", digits, lambda d: net(d), keras.optimizers.SGD(0.5, 0.9), 12
    yield "SGD at 3", digits, lambda d: net(d), keras.optimizers.SGD(3.0), 8
    yield "constant kernels", digits, lambda d: net(d, kernel_initializer=alike), "adam", 8
    yield "zero kernels", digits, lambda d: net(d, kernel_initializer="zeros"), "adam", 8
    yield "dead biases", digits, lambda d: net(d, bias_initializer=dead), "adam", 8
    yield "offset 1000", (digits[0] + 1000, digits[1]), lambda d: net(d), "adam", 8
    yield "deep sigmoids", small, lambda d: net(d, channels=(16,) * 5, pool=False, act="sigmoid"), "sgd", 10
    yield "strong penalty", digits, lambda d: net(d, kernel_regularizer=keras.regularizers.L2(1.0)), "adam", 10
    yield "shuffled labels", (digits[0], shuffled), lambda d: net(d), "adam", 25
    yield "noise by heart", noise, lambda d: net(d, 5, (32,)), "adam", 60
    yield "class in the border", tagged(true=False), lambda d: net(d, 3, (16, 32, 32)), "adam", 20
    yield "class in the corner too", tagged(true=True), lambda d: net(d, 3, (16, 32, 32)), "adam", 20
    yield "one unit", digits, lambda d: net(d, head="one"), "adam", 15
    yield "one unit alive", digits, _one_alive, "adam", 15
    yield "strides past pixels", shapes(), _strided, "adam", 20
    yield "cropped away", shapes(), lambda d: of_layers(d, L.Cropping2D(12), *_end(d)), "adam", 20


def _one_alive(d: Arrays) -> keras.Model:
    model = net(d, 3, (16,))
    model.layers[-2].bias.assign(np.where(np.arange(64) < 1, 0.0, -30.0))
    return model


def _end(d: Arrays) -> list[Any]:
    return [L.Conv2D(16, 3, activation="relu"), L.Flatten(), L.Dense(int(d[1].max()) + 1, "softmax")]


def _strided(d: Arrays) -> keras.Model:
    return of_layers(d, L.Conv2D(16, 1, strides=4, activation="relu"), *_end(d))


HEADER = f"{'':36}{'got':>5} │ {'r/chance':>8} {'moved':>6} {'twins':>6} │ {'smooth':>6} {'blind':>6} │ "
HEADER += f"{'border':>6} {'varies':>6} │ {'align':>5} │ {'cost':>5}"


def line(name: str, got: float, model: Any, x: Any, start: dict[str, Any]) -> str:
    """One line of the table."""
    rows = x[np.linspace(0, len(x) - 1, MOST_ROWS).astype(int)]
    outputs = keras.tree.flatten(backend.call(model, backend.to_tensors(rows), training=False))
    began = time.perf_counter()
    backend.call(model, backend.to_tensors(rows), training=False)
    one = time.perf_counter() - began
    began = time.perf_counter()
    found = sight(model, rows, [int(out.shape[-1]) if len(out.shape) == 2 else None for out in outputs])
    cost = (time.perf_counter() - began) / one
    r = found["kernel_correlation"] / found["kernel_chance"]
    judged = np.flatnonzero(np.isfinite(r))[:1]
    first = found["layers"][judged[0]] if len(judged) else ""
    now = kernels(model).get(first, 0)
    moved = np.linalg.norm(now - start[first]) / np.linalg.norm(start[first]) if first in start else np.nan
    made_by = {id(getattr(t, "_keras_history", (None,))[0]) for t in getattr(model, "outputs", None) or []}
    last = {layer.name for layer in model._flatten_layers() if id(layer) in made_by}
    twins = [v for n, v in zip(found["layers"], found["duplicate_share"], strict=True) if n not in last and v == v]
    return (
        f"{name:36}{got:5.2f} │ {r[judged[0]] if len(judged) else np.nan:8.1f} {moved:6.2f} "
        f"{max(twins, default=np.nan):6.2f} │ {found['smoothness'][0]:6.2f} {found['blind_share'][0]:6.2f} │ "
        f"{found['border_saliency'][0]:6.2f} {found['border_variation'][0]:6.2f} │ "
        f"{found['class_alignment'][0]:5.2f} │ {cost:5.1f}"
    )


def kernels(model: Any) -> dict[str, Any]:
    return {layer.name: np.asarray(layer.kernel) for layer in model._flatten_layers() if hasattr(layer, "kernel")}


def trained(name: str, d: Arrays, make: Callable[[Arrays], Any], optimizer: Any, epochs: int) -> None:
    keras.utils.set_random_seed(0)
    model = make(d)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    start = kernels(model)
    print(line(f"drawn: {name}", np.nan, model, d[0], start), flush=True)
    loss = model.fit(*d, epochs=epochs, verbose=0).history["loss"][-1]
    share = np.bincount(d[1]) / len(d[1])
    null = -float((share * np.log(share)).sum())
    print(line(name, (null - loss) / null, model, d[0], start), flush=True)


def corpus(wanted: Callable[[str], bool]) -> None:
    """Healthy set-ups of the corpus whose input is an array of images; how far they got is not known."""
    for case in healthy_setups():
        if case.kind not in KINDS or not wanted(case.name):
            continue
        keras.utils.clear_session()
        keras.utils.set_random_seed(1)
        setup = case.build()
        if np.ndim(setup.X) != 4:
            continue
        given = {key: value for key, value in setup.fit_args.items() if key not in ("verbose", "callbacks")}
        given["epochs"] = max(20, given.get("epochs", 1))
        setup.model(setup.X[:2])
        start = kernels(setup.model)
        print(line(f"drawn: {case.name}"[:36], np.nan, setup.model, np.asarray(setup.X), start), flush=True)
        setup.model.fit(setup.X, setup.y, verbose=0, callbacks=[Stop()], **given)
        print(line(case.name[:36], np.nan, setup.model, np.asarray(setup.X), start), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("names", nargs="*", help="parts of names; all without")
    names = parser.parse_args().names
    warnings.simplefilter("ignore")

    def wanted(name: str) -> bool:
        return not names or any(part in name for part in names)

    print(HEADER)
    for title, cases in (("healthy", healthy), ("broken", broken)):
        print(f"── {title}")
        for case in cases():
            if wanted(case[0]):
                trained(*case)
    print("── healthy, from the corpus")
    corpus(wanted)


if __name__ == "__main__":
    main()
