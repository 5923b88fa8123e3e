"""Which maps change when the network forgets what it has learnt: `python -m tests.benchmarks.randomisation`.

The parameter-randomisation test (J. Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292, section 4): the
layers of a trained network get new random weights, one after the other from the output down, and each map is compared
with that of the trained network by the rank correlation of its magnitudes. A map that explains what was learnt has
little left in common with it after the first layers. A method fails here if more than `MOST` is left when all dense
layers are random, so that the answer has nothing to do with the picture any more; the share of a map's magnitude that
lies on the shape says that there is something to lose. Means over pictures and over several random networks.
"""

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
from scipy.stats import spearmanr

from flatline import inspect
from tests.inspect.shapes import network, pictures, trained

CASCADE = ("head", "dense", "conv3", "conv2", "conv1")
JUDGED_AT = "dense"
MOST = 0.5
N = 32
SEEDS = (1, 2, 3)


def methods(x: Any, y: Any) -> dict[str, Callable[[Any], Any]]:
    """Maps (n_rows, height, width) by method, of a model."""

    def of(method: Callable[..., Any], **given: Any) -> Callable[[Any], Any]:
        return lambda model: inspect.reduce_channels(method(model, x, target=y, **given))

    def cam(variant: Any) -> Callable[[Any], Any]:
        return lambda model: inspect.grad_cam(model, x, target=y, variant=variant)

    return {
        "saliency": of(inspect.saliency),
        "smoothgrad": of(inspect.smoothgrad, n_samples=20, batch_size=160),
        "integrated_gradients": of(inspect.integrated_gradients, batch_size=160),
        "guided_backprop": of(inspect.guided_backprop),
        "guided_backprop, rectified": of(inspect.guided_backprop, rule="rectified"),
        "visual_backprop": lambda model: inspect.visual_backprop(model, x),
        "grad_cam": cam("grad_cam"),
        "grad_cam++": cam("grad_cam++"),
        "layer_cam": cam("layer_cam"),
        "hires_cam": cam("hires_cam"),
        "score_cam": lambda model: inspect.score_cam(model, x, target=y),
        "occlusion": lambda model: inspect.occlusion(model, x, target=y, patch=4, stride=2, value=0.3, batch_size=128),
    }


def likeness(one: Any, other: Any) -> float:
    """Mean rank correlation of magnitudes; a map of zeros is like nothing."""
    found = [
        spearmanr(abs(a).ravel(), abs(b).ravel()).statistic if np.ptp(a) and np.ptp(b) else 0.0
        for a, b in zip(one, other, strict=True)
    ]
    return float(np.mean(found))


def cascade(model: Any, method: Callable[[Any], Any], before: Any) -> dict[str, float]:
    """Likeness to the map of the trained network, by the last layer that is random."""
    learnt = model.get_weights()
    found: dict[str, list[float]] = {name: [] for name in CASCADE}
    for seed in SEEDS:
        fresh = network(seed)
        for layer in CASCADE:
            model.get_layer(layer).set_weights(fresh.get_layer(layer).get_weights())
            found[layer].append(likeness(before, method(model)))
        model.set_weights(learnt)
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> None:
    """Print the table."""
    model = trained()
    x, y, where = pictures(N, seed=2)
    accuracy = float(np.mean(np.asarray(model(x)).argmax(-1) == y))
    print(f"{N} pictures, accuracy {accuracy:.2f}; the shape covers {where.mean():.2f} of a picture")
    print(f"{'method':28}{'on shape':>10}" + "".join(f"{'+ ' + name:>9}" for name in CASCADE))
    for name, method in methods(x, y).items():
        before = method(model)
        total = abs(before).sum((1, 2))
        on_shape = float(np.mean((abs(before) * where).sum((1, 2))[total > 0] / total[total > 0]))
        row = cascade(model, method, before)
        mark = "  fails" if row[JUDGED_AT] > MOST else ""
        print(f"{name:28}{on_shape:10.2f}" + "".join(f"{value:9.2f}" for value in row.values()) + mark, flush=True)


if __name__ == "__main__":
    main()
