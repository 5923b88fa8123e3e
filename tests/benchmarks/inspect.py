"""What looking into a network costs beside one forward and backward pass: `python -m tests.benchmarks.inspect`.

The pass it is measured against is the fastest that one would write: a compiled `tf.function` with the gradient of the
loss with respect to all weights, in training mode, its first call not counted. The first call of `flatline.inspect` is
not counted either. Both sides take turns, and the median of the ratios of the pairs is printed.
"""

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from flatline import inspect

BATCH = 16
PAIRS = 9
MOST = 1.5  # × one forward and backward pass


def forward_backward(model: Any, x: Any, y: Any) -> Callable[[], Any]:
    """One compiled pass with the gradients of all weights."""
    loss = keras.losses.SparseCategoricalCrossentropy()

    @tf.function
    def run(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            total = loss(y, model(x, training=True))
        return tape.gradient(total, model.trainable_weights)

    x, y = tf.constant(x), tf.constant(y)
    return lambda: [g.numpy() for g in run(x, y)[-1:]]  # waits for the device


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Print seconds and ratios."""
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(weights=None)
    x = np.random.default_rng(0).uniform(-1, 1, (BATCH, 224, 224, 3)).astype("float32")
    beside = forward_backward(model, x, np.arange(BATCH))
    methods: dict[str, Callable[[], Any]] = {
        "saliency": lambda: inspect.saliency(model, x),
        "grad_cam": lambda: inspect.grad_cam(model, x),
    }
    devices = ", ".join(device.name for device in tf.config.list_logical_devices())
    print(f"MobileNetV2, 224 × 224, batch of {BATCH}, {devices}; median of {PAIRS} pairs")
    print(f"{'method':24}{'seconds':>10}{'forward + backward':>20}{'ratio':>8}")
    for name, method in methods.items():
        method(), beside()
        pairs = np.array([(seconds(method), seconds(beside)) for _ in range(PAIRS)])
        ratio = float(np.median(pairs[:, 0] / pairs[:, 1]))
        mark = "" if ratio <= MOST else f"  above {MOST}"
        print(f"{name:24}{np.median(pairs[:, 0]):10.3f}{np.median(pairs[:, 1]):20.3f}{ratio:8.2f}{mark}", flush=True)


if __name__ == "__main__":
    main()
