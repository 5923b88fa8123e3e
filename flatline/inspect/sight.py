"""What a network looks at, in numbers to be judged: its filters, its inputs, and what tells its classes apart."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array
from flatline.inspect.filters import filters
from flatline.inspect.layer_outputs import layer_outputs
from flatline.inspect.names import channels_first, layer_names
from flatline.inspect.opened import n_rows, opened, prepared
from flatline.inspect.passes import NotReached
from flatline.inspect.saliency import saliency
from flatline.layers import CONVOLUTIONS
from flatline.measure.preserve import random_state_kept
from flatline.measure.probe import quiet
from flatline.measure.setup import rows_of

LEAST_ROWS = 8
MOST_ROWS = 32
PASSES = 10.0  # 1; seconds of all of it over those of one forward pass: two to four forwards, two passes back and forth
N_CLASSES = 4  # of which gradients are compared: they are told apart in up to three directions
MOST_HEADS = 4  # outputs, each of which costs two passes
MOST_INPUTS = 16
MOST_CHANNELS = 256  # of a layer; every pair of them is compared
MOST_CELLS = 1024  # samples × positions of a channel
LEAST_CHANNELS = 4  # that vary; of fewer, two alike are half
SAME = 0.99  # |correlation| of two channels; freshly drawn kernels: none (`python -m tests.benchmarks.seeing`)
FRAME = 16  # the frame is so many times narrower than the image; of 32 × 32 pixels it is 23 %
LEAST_SIZE = 8  # pixels
BLIND = 1e-6  # 1; relative change of the outputs: ten times the rounding of float32

_DEPTHWISE = frozenset({"DepthwiseConv1D", "DepthwiseConv2D"})


def sight(model: Any, x: Any, n_classes: Sequence[int | None]) -> dict[str, Any]:
    """Look at a few rows through a model that trains; return the columns of a row of `SightLog`.

    Parameters
    ----------
    model : keras.Model
        Left as it was, random states included.
    x : structure of ndarray
        `LEAST_ROWS` rows or more, `MOST_ROWS` at most.
    n_classes : sequence of int or None
        By output: how many classes it tells apart, None where it tells none.

    Notes
    -----
    Two forward passes, and two passes back and forth for each output; one more forward for an input that seems ignored.
    """
    with opened(model, kept=_as_it_trains):
        x = prepared(model, x)
        outputs = _outputs(model, x)
        gradients = [_gradients(model, x, output=i) for i in range(min(len(outputs), MOST_HEADS))]
        aligned, more = zip(*(
            _classes(model, x, i, n if out.ndim == 2 and n and n <= out.shape[-1] else 0)
            for i, (out, n) in enumerate(zip(outputs[:MOST_HEADS], [*n_classes, *[None] * len(outputs)], strict=False))
        ), strict=True)  # fmt: skip
        known = gradients + [each for each in more if each is not None]
        return {
            **_convolutions(model, x),
            **_inputs(model, x, outputs, known),
            "class_alignment": np.array([*aligned, *[np.nan] * (len(outputs) - len(aligned))]),
            "n_samples": n_rows(x),
        }


@contextmanager
def _as_it_trains(model: Any) -> Iterator[None]:
    """Put back what a call in inference mode may move; a copy of all weights would be too much beside a training."""
    with random_state_kept(), quiet(model):
        yield


def _outputs(model: Any, x: Any) -> list[Array]:
    made = backend.call(model, backend.to_tensors(x), training=False)
    return [np.asarray(keras.ops.convert_to_numpy(tensor), "float32") for tensor in keras.tree.flatten(made)]


def _gradients(model: Any, x: Any, **how: Any) -> list[Array]:
    """Gradient by input; zeros where nothing has one."""
    try:
        found: list[Array] = keras.tree.flatten(saliency(model, x, **how))
    except NotReached:
        found = [np.zeros(leaf.shape, "float32") for leaf in keras.tree.flatten(x)]
    return found


# ── filters and channels ────────────────────────────────────────────────────────────────────────────────────────────


def _convolutions(model: Any, x: Any) -> dict[str, Any]:
    layers = {name: layer for name, layer in layer_names(model).values() if _is_convolution(layer)}
    axis = 1 if channels_first(model) else -1

    def compared(made: Array) -> Array:
        return np.array(duplicate_share(np.moveaxis(made, axis, -1)))

    shares = layer_outputs(model, x, list(layers.values()), reduce=compared) if layers else {}
    names = [name for name in shares if name in layers]  # in the order of the calls; a second call is left out
    kernels = [kernel_correlation(filters(model, layers[name])) for name in names]
    return {
        "layers": tuple(names),
        "kernel_correlation": np.array([found for found, _ in kernels]),
        "kernel_chance": np.array([chance for _, chance in kernels]),
        "duplicate_share": np.array([float(shares[name]) for name in names]),
    }


def _is_convolution(layer: Any) -> bool:
    return any(kind.__name__ in CONVOLUTIONS - _DEPTHWISE for kind in type(layer).__mro__) and layer.built


def kernel_correlation(kernels: Array) -> tuple[float, float]:
    """Correlate neighbouring cells of filters; return that, and its standard deviation for independent cells.

    Parameters
    ----------
    kernels : ndarray of shape (n_filters, height, width, n_channels)
        NaN is returned for filters of fewer directions, or of fewer than three cells in one.

    Notes
    -----
    Not centred: drawn weights have mean 0, and a filter that only averages is smooth.
    """
    if kernels.ndim != 4 or min(kernels.shape[1:3]) < 3:
        return float("nan"), float("nan")
    w = kernels.astype("float64")
    pairs = ((w[:, 1:], w[:, :-1]), (w[:, :, 1:], w[:, :, :-1]))
    power = [float(np.sqrt((one**2).sum() * (other**2).sum())) for one, other in pairs]
    if not min(power) > 0:
        return float("nan"), float("nan")
    found = np.mean([(one * other).sum() / p for (one, other), p in zip(pairs, power, strict=True)])
    return float(found), float(1 / np.sqrt(sum(one.size for one, _ in pairs)))


def duplicate_share(made: Array) -> float:
    """Share of the channels that vary (n_rows, ..., n_channels) of which another is a copy but for scale and sign."""
    cells = made.reshape(-1, made.shape[-1])
    cells = cells[np.linspace(0, len(cells) - 1, min(len(cells), MOST_CELLS)).astype(int)].astype("float64")
    cells = cells[:, np.linspace(0, cells.shape[1] - 1, min(cells.shape[1], MOST_CHANNELS)).astype(int)]
    spread = cells.std(axis=0)
    vary = spread > BLIND * np.abs(cells).max(initial=0)
    if not np.isfinite(spread).all() or vary.sum() < LEAST_CHANNELS:
        return float("nan")
    standard = (cells[:, vary] - cells[:, vary].mean(axis=0)) / spread[vary]
    alike = np.abs(standard.T @ standard) / len(standard)
    np.fill_diagonal(alike, 0)
    return float(np.mean(alike.max(axis=1) > SAME))


# ── inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _inputs(model: Any, x: Any, outputs: list[Array], gradients: list[list[Array]]) -> dict[str, Any]:
    leaves = keras.tree.flatten(x)[:MOST_INPUTS]
    whole = len(outputs) <= MOST_HEADS and all(np.isfinite(out).all() for out in outputs)
    blind = [
        _blind_share(model, x, i, outputs, [g[i] for g in gradients]) if whole else np.nan for i in range(len(leaves))
    ]
    last = not channels_first(model)
    images = [
        (leaf, gradients[0][i]) if last else (np.moveaxis(leaf, 1, -1), np.moveaxis(gradients[0][i], 1, -1))
        for i, leaf in enumerate(leaves)
    ]
    border = [border_shares(*image) if outputs[0].ndim <= 2 else (np.nan, np.nan) for image in images]
    return {
        "inputs": tuple(_input_names(model, x)[: len(leaves)]),
        "blind_share": np.array(blind),
        "smoothness": np.array([smoothness(image) for image, _ in images]),
        "border_saliency": np.array([share for share, _ in border]),
        "border_variation": np.array([share for _, share in border]),
    }


def _input_names(model: Any, x: Any) -> list[str]:
    leaves = keras.tree.flatten(x)
    if isinstance(x, dict) and len(x) == len(leaves):
        return sorted(x)
    if len(leaves) == 1:
        return ["input"]  # where there is one, its name is as a rule Keras' own invention
    declared = [tensor.name for tensor in getattr(model, "inputs", None) or []]
    return declared if len(declared) == len(leaves) else [f"input {i}" for i in range(len(leaves))]


def _blind_share(model: Any, x: Any, number: int, outputs: list[Array], gradients: list[Array]) -> float:
    """Share of an input's varying cells that change no output: no gradient, and no effect when rows exchange them."""
    leaves = keras.tree.flatten(x)
    leaf = leaves[number]
    if leaf.dtype.kind != "f" or any(g.shape[1:] != leaf.shape[1:] for g in gradients):
        return float("nan")
    varies = np.ptp(leaf, axis=0) > 0
    blind = varies & ~np.any([g.any(axis=0) for g in gradients], axis=0)
    if not blind.any():
        return 0.0 if varies.any() else float("nan")
    leaves[number] = np.where(blind, np.roll(leaf, 1, axis=0), leaf)  # a lookup or a rounding has no gradient either
    changed = _outputs(model, keras.tree.pack_sequence_as(x, leaves))
    same = all(
        np.linalg.norm(new - old) <= BLIND * np.linalg.norm(old) for new, old in zip(changed, outputs, strict=True)
    )
    return float(blind.sum() / varies.sum()) if same else float("nan")


def smoothness(images: Array) -> float:
    """Correlation of neighbouring pixels of images (n_rows, height, width, n_channels), over both directions."""
    if images.ndim != 4 or min(images.shape[1:3]) < LEAST_SIZE:
        return float("nan")
    deviation = images - images.mean(axis=(0, 1, 2), dtype="float64")
    power = (deviation**2).mean()
    pairs = ((deviation[:, 1:] * deviation[:, :-1]).mean(), (deviation[:, :, 1:] * deviation[:, :, :-1]).mean())
    return float(np.mean(pairs) / power) if power > 0 else float("nan")


def border_shares(images: Array, gradient: Array) -> tuple[float, float]:
    """Share of a narrow frame in what the answers take from images, and in what differs between the images.

    Parameters
    ----------
    images, gradient : ndarray of shape (n_rows, height, width, n_channels)
        What an answer takes from a pixel is |gradient × deviation from the mean image|: a border that is the same in
        all images tells nothing, however steep the answer is there.
    """
    if images.ndim != 4 or min(images.shape[1:3]) < LEAST_SIZE or gradient.shape != images.shape:
        return float("nan"), float("nan")
    width = max(1, round(min(images.shape[1:3]) / FRAME))
    frame = np.ones(images.shape[1:3], bool)
    frame[width:-width, width:-width] = False
    deviation = images.astype("float64") - images.mean(axis=0, dtype="float64")
    return _share(np.abs(gradient * deviation).sum(axis=-1), frame), _share(np.abs(deviation).sum(axis=-1), frame)


def _share(maps: Array, where: Array) -> float:
    """Mean share of the maps (n_rows, height, width) that lies there; rows of zeros do not count."""
    total = maps.sum(axis=(1, 2))
    rows = total > 0
    return float((maps[rows][:, where].sum(axis=1) / total[rows]).mean()) if rows.any() else float("nan")


# ── classes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _classes(model: Any, x: Any, output: int, n_classes: int) -> tuple[float, list[Array] | None]:
    """How much of what tells classes apart lies in one direction, and the gradients it was read from."""
    if n_classes < N_CLASSES:
        return float("nan"), None
    few = n_rows(x) // N_CLASSES
    classes = np.linspace(0, n_classes - 1, N_CLASSES).astype(int)
    rows = np.repeat(np.arange(few), N_CLASSES)
    gradients = _gradients(model, rows_of(x, rows), output=output, target=np.tile(classes, few))
    flat = np.concatenate([g.reshape(few, N_CLASSES, -1) for g in gradients], axis=-1)
    return class_alignment(flat), gradients


def class_alignment(gradients: Array) -> float:
    """Share of the first direction in the differences between the gradients of classes (n_rows, n_classes, n_cells).

    1 where the classes of every sample differ along one direction only; 1/3 where four differ in all they can.
    """
    apart = gradients.astype("float64") - gradients.mean(axis=1, dtype="float64", keepdims=True)
    largest = np.abs(apart).max(axis=(1, 2), initial=0)
    apart = apart[largest > 0] / largest[largest > 0, None, None]
    if not len(apart) or not np.isfinite(apart).all():
        return float("nan")
    powers = np.linalg.eigvalsh(apart @ apart.swapaxes(1, 2))
    return float((powers[:, -1] / powers.sum(axis=1)).mean())
