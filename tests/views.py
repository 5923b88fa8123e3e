"""Hand-made views: one of everything, one of hostile names, one of many layers."""

from dataclasses import replace

import numpy as np

from flatline.view import Prediction, Shades, View, ViewedInput, ViewedLayer, ViewedPart
from tests.records.samples import NASTY

RNG = np.random.default_rng(0)


def shades(n_rows, n_columns, height, width, *colours, step=17):
    pictures = (RNG.integers(0, 256, (n_rows, n_columns, height, width, *colours)) // step * step).astype("uint8")
    return Shades(pictures=pictures, low=np.linspace(-1, 0, n_columns), high=np.linspace(0.5, 2, n_columns))


def layer(name, *reads, n=4, side=6, n_rows=2, **given):
    told = {
        "kind": "Conv2D", "output_shape": (side, side, n), "n_weights": 10, "form": "maps", "n_channels": n,
        "channels": tuple(range(n)), "mean": np.linspace(0.1, 0.4, n), "std": np.linspace(0.2, 0.3, n),
        "zero_share": np.linspace(0, 0.5, n), "shades": shades(n_rows, n, side, side), "reads": reads,
    }  # fmt: skip
    return ViewedLayer(name=name, **(told | given))


def dead(one, *channels):
    """The layer with channels that are zero everywhere."""
    pictures, mean, std, zero = one.shades.pictures.copy(), one.mean.copy(), one.std.copy(), one.zero_share.copy()
    pictures[:, channels], mean[list(channels)], std[list(channels)], zero[list(channels)] = 0, 0, 0, 1
    return replace(
        one, shades=replace(one.shades, pictures=pictures), mean=mean, std=std, zero_share=zero, n_silent=len(channels)
    )


FIRST = layer("conv", reads_input=True)
SECOND = dead(layer("conv_2", "conv", activation="relu", nested_in=("backbone",)), 1)
SKIPPED = ViewedLayer(name="dropout", kind="Dropout", reads=("conv_2",), missing="it hands on what it reads, unchanged")
ADDED = layer("add", "conv", "dropout", n_weights=0, kind="Add")
VECTOR = layer("dense", "add", form="vector", shades=shades(2, 1, 1, 5, step=1), n=5, kind="Dense", output_shape=(5,))
SERIES = layer("lstm", "dense", form="series", shades=shades(2, 1, 3, 7), n=3, kind="LSTM", output_shape=(7, 3))
HEAD = replace(VECTOR, name="head", reads=("lstm",), is_output=True, activation="softmax")


def prediction(*names):
    values = tuple(float(v) for v in np.linspace(0.6, 0.1, len(names)))
    return Prediction(output="head", names=names, values=values, probabilities=True)


PHOTO = ViewedPart(
    name="photo",
    form="image",
    shades=shades(1, 2, 8, 8, 3, step=1),
    saliency=shades(1, 2, 8, 8),
    class_map=shades(1, 2, 3, 3),
)
TABLE = ViewedPart(
    name="table", form="vector", shades=shades(1, 2, 1, 4, step=1), saliency=shades(1, 2, 1, 4, step=1),
    no_class_map="no maps at all",
)  # fmt: skip
TEXT = ViewedPart(
    name="text", form="words", words=(("good", "day"), ("bad", "night")), saliency=shades(1, 2, 1, 2, step=1)
)
INPUTS = (
    ViewedInput(name="cat.png", label="cat", predictions=(prediction("cat", "dog"),), explained="cat"),
    ViewedInput(name="dog.png", label="dog", predictions=(prediction("cat", "dog"),), explained="cat"),
)
LAYERS = (FIRST, SECOND, SKIPPED, ADDED, VECTOR, SERIES, HEAD)
VIEW = View(
    model="pets", kind="Functional", taken="after 1,200 steps", n_rows=64, seconds=1.5, inputs=INPUTS, layers=LAYERS,
    parts=(PHOTO, TABLE, TEXT), notes=("something was left out",),
)  # fmt: skip

SCRIPT, QUOTED, *_ = NASTY
EVIL_NAMES = (
    *NASTY[:5],
    "</script><img src=x onerror=alert(1)>",
    "<!--",
    '"><svg onload=alert(2)>',
    "' autofocus onfocus=alert(3) x='",
)
CLOSING, QUOTING = EVIL_NAMES[5], EVIL_NAMES[7]
EVIL = View(
    model=SCRIPT,
    kind=QUOTED,
    taken=CLOSING,
    n_rows=2,
    seconds=1.0,
    notes=EVIL_NAMES,
    layers=(
        *(
            layer(name, *EVIL_NAMES[:i], kind=name, activation=name, nested_in=(name,))
            for i, name in enumerate(EVIL_NAMES)
        ),
        ViewedLayer(name="x", kind="y", missing=CLOSING),
    ),
    inputs=tuple(
        ViewedInput(name=name, label=name, explained=name, predictions=(prediction(*EVIL_NAMES),))
        for name in (CLOSING, EVIL_NAMES[6])
    ),
    parts=(
        replace(PHOTO, name=CLOSING),
        replace(TABLE, no_class_map=CLOSING),
        replace(TEXT, words=((SCRIPT,), (CLOSING,))),
        ViewedPart(name="y", missing=QUOTING),
    ),
)
