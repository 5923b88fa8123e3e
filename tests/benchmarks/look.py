"""What a look inside a network takes, and the page of it: `python -m tests.benchmarks.look`."""

import time
from statistics import median

import keras
import numpy as np

from flatline.inspect import view
from flatline.reports.browser import document
from tests.inspect.test_view import encoded

RUNS = 3
MODELS = {
    "small convnet 28×28": lambda: keras.Sequential(
        [
            keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3, activation="relu"), keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(10, "softmax"),
        ]
    ),
    "MobileNetV2 224×224": lambda: keras.applications.MobileNetV2(weights=None, classes=10),
    "InceptionV3 96×96": lambda: keras.applications.InceptionV3(weights=None, input_shape=(96, 96, 3), classes=10),
    "DenseNet201 64×64": lambda: keras.applications.DenseNet201(weights=None, input_shape=(64, 64, 3), classes=10),
}  # fmt: skip


def main() -> None:
    """Print a table: layers, seconds of a look at four inputs and of the page, bytes of both."""
    print("| model | layers | forward pass of 4 | look | page | stored | page |\n|---|---|---|---|---|---|---|")
    for name, make in MODELS.items():
        model = make()
        x = np.random.default_rng(0).random((4, *model.input_shape[1:])).astype("float32")
        seconds: dict[str, list[float]] = {"pass": [], "look": [], "page": []}
        for _ in range(RUNS + 1):
            times = [time.perf_counter()]
            model(x, training=False)
            times.append(time.perf_counter())
            seen = view(model, x, seconds=600)
            times.append(time.perf_counter())
            text = document(seen)
            times.append(time.perf_counter())
            for kind, taken in zip(seconds, np.diff(times), strict=True):
                seconds[kind].append(float(taken))
        spans = " | ".join(f"{median(each[1:]):.2f} s" for each in seconds.values())
        stored, page = len(encoded(seen)) / 1e6, len(text.encode()) / 1e6
        print(f"| {name} | {len(seen.layers)} | {spans} | {stored:.2f} MB | {page:.2f} MB |")


if __name__ == "__main__":
    main()
