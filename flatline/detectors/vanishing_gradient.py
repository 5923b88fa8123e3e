"""Next to no gradient reaches the first layer, and the run has learnt nothing.

## What it looks for
In a run that has never been better than the best constant prediction: the relative gradient ‖g‖/‖W‖ of the first kernel
over the largest of all kernels, in networks with at least three, below 1e-3 in the median of the sampled steps. Named
is the layer where most of the loss of gradient happens, or that it is spread over the depth.

## Why it matters
Each layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's slope is at most 1/4:
after five of them less than a thousandth is left, so the first layers stay at their random start while the last ones
fit what they can from features that are as good as random. The ratio is free of the scale of loss and data.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(640, 4)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
small = keras.initializers.RandomNormal(stddev=0.05, seed=1)
layers = [keras.layers.Dense(32, activation="sigmoid", kernel_initializer=small) for _ in range(6)]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.SGD(0.01), "binary_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(640, 4)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(32, activation="relu", kernel_initializer="he_normal") for _ in range(3)]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
In a network with several inputs the first layer may stand on a side branch that is allowed to be quiet. A kernel that
was zero in any sample, as in zero-initialised branches and adapters, is left out, since its ratio means nothing until
it has grown. Adaptive optimizers cross such gaps, which is why nothing is said of a run that learns.

## How far to trust the fix
ReLU (or another activation that does not saturate) with He initialisation cures the common case, and normalisation
layers or shortcuts the deep one; each changes training. Where the gradient was well at first and was lost later, or
the loss of gradient has no reason of its own, no cause is named: dead or saturated units explain it.

## References
X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010. S.
Hochreiter, "The vanishing gradient problem during learning recurrent neural nets and problem solutions", 1998, doi
10.1142/S0218488598000094. Y. You, I. Gitman, B. Ginsburg, "Large batch training of convolutional networks", arXiv
1708.03888 (ratio of gradient and weight norm, layer by layer). The bound, asked of flat runs only, called none of 13
healthy runs on the digits data of scikit-learn.
"""

from collections.abc import Sequence

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.layers import CONVOLUTIONS, DENSE, RECURRENT, SIGMOIDS, TANHS, code
from flatline.logs import GradientLog, LossLog, RunFacts, RunLayer
from flatline.progress import State
from flatline.registry import check
from flatline.sampled import FIRST, kernels, require_finite_weights, settled

MIN_RATIO = 1e-3  # 1; first over largest relative gradient
LEAST_LAYERS = 3  # layers with kernels; a gradient vanishes over depth
LEAST_SAMPLES = 3  # sampled steps; their median bears with one that is odd, such as the first
MAIN_PART = 0.5  # 1; share of the whole loss of gradient, in decades, that makes one place the place
SATURATING_LAYERS = 3  # layers; so many slopes of 1/4 make a factor 1/64 that weights can hardly make good
FLOOR = 1e-12  # 1; of the largest relative gradient, what stands for an exact 0 on a scale of decades


@check("FL602", cause=None, severity=Severity.WARNING)
def vanishing_gradient(run: RunFacts, losses: LossLog, gradients: GradientLog) -> Findings:
    """Flag a first layer whose relative gradient is far below the largest."""
    if settled(run, losses).state is not State.FLAT:
        return
    require_finite_weights(gradients)
    deep = kernels(run, gradients.layers)
    graded = [i for i in deep if not (gradients.weight_norm[:, i] == 0).any()]
    graded = [i for i in graded if np.isfinite(gradients.gradient_norm[:, i]).any()]
    if len(graded) < LEAST_LAYERS:
        if len(deep) < LEAST_LAYERS:
            return
        raise CannotTell(f"the relative gradients of {len(graded)} kernels are known, {LEAST_LAYERS} needed")
    known = np.isfinite(gradients.relative[:, graded]).all(axis=1)
    signal = gradients.relative[known][:, graded]
    step, signal = gradients.step[known][signal.any(axis=1)], signal[signal.any(axis=1)]
    if known.sum() < LEAST_SAMPLES:
        raise CannotTell(f"{known.sum()} samples of all gradients, {LEAST_SAMPLES} needed")
    if len(signal) < LEAST_SAMPLES:
        raise CannotTell("no gradient in any kernel, so that none is lost on its way: FL807 judges that")
    each = signal[:, 0] / signal.max(axis=1)
    names = [gradients.layers[i] for i in graded]
    ratio = Evidence(
        quantity="relative_gradient_ratio",
        value=float(np.median(each)),
        bound=(">=", MIN_RATIO),
        where=names[0],
        steps=(int(step[0]), int(step[-1])),
    )
    if not ratio.broken:
        return
    profile = np.median(signal / signal.max(axis=1, keepdims=True), axis=0)
    last = int(profile.argmax())
    at = _place(profile[: last + 1])
    between = _between(run, names[0 if at is None else at], names[last if at is None else at + 1])
    saturating = [layer for layer in between if _saturates(layer)]
    at_once = step[0] <= FIRST and each[0] < MIN_RATIO
    cause = _cause(len(saturating), at is not None, at_once)
    yield Finding(
        message=(
            f"the relative gradient of `{names[0]}` is {ratio.value:.1e} of the largest (`{names[last]}`): "
            + (
                f"{last} steps back, each of them leaves some {profile[0] ** (1 / last):.1g} of it"
                if at is None and profile[0] > 0
                else f"most of it is lost between `{names[0 if at is None else at + 1]}` and `{names[at or 0]}`"
            )
        ),
        evidence=(ratio,),
        where=names[0 if at is None else at],
        fixes=_fixes(cause, saturating, [layer for layer in between if layer.kind in DENSE | CONVOLUTIONS]),
        cause=cause,
    )


def _place(profile: Array) -> int | None:
    """Index of the layer behind which most of the gradient is lost, in decades; None where the loss is spread."""
    decades = np.diff(np.log10(np.maximum(profile, FLOOR)))
    most = int(decades.argmax())
    return most if decades[most] >= MAIN_PART * decades.sum() else None


def _between(run: RunFacts, first: str, last: str) -> Sequence[RunLayer]:
    """Layers that the gradient crosses on its way back from the kernel of `last` to that of `first`."""
    names = [layer.name for layer in run.layers]
    return run.layers[names.index(first) : names.index(last)]


def _saturates(layer: RunLayer) -> bool:
    """Whether the activation has flat ends; a recurrent layer's gates are not meant."""
    name = (layer.activation or "").lower().replace("_", "")
    return name in SIGMOIDS | TANHS | {"softmax"} and layer.kind not in RECURRENT and not layer.is_output


def _cause(n_saturating: int, at_one_place: bool, at_once: bool) -> Cause | None:
    if n_saturating >= (1 if at_one_place else SATURATING_LAYERS):
        return Cause.ACTIVATION
    return Cause.INITIALIZATION if at_once else None


def _fixes(cause: Cause | None, saturating: Sequence[RunLayer], weighted: Sequence[RunLayer]) -> tuple[Fix, ...]:
    if cause is None:
        return ()
    relu = [(layer.name, "activation", "relu") for layer in (saturating if cause is Cause.ACTIVATION else ())]
    start = [(layer.name, "kernel_initializer", "he_normal") for layer in weighted]
    if not relu + start:
        return ()
    written: dict[str, list[str]] = {}
    for name, argument, value in relu + start:
        written.setdefault(name, []).append(f'{argument}="{value}"')
    kinds = {layer.name: layer.kind for layer in (*saturating, *weighted)}
    hand = "use ReLU with He initialisation" if relu else "use He initialisation"
    return (
        Fix(
            title=f"{hand} in {', '.join(f'`{name}`' for name in written)}",
            edits=tuple(SetLayer(layer=name, argument=argument, value=value) for name, argument, value in relu + start),
            snippet="\n".join(
                code(kinds[name], f"..., {', '.join(arguments)}", name) for name, arguments in written.items()
            ),
        ),
    )
