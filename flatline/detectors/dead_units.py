"""Rectifier units are zero for every sample: they pass no gradient on and cannot come back.

## What it looks for
Layers with a rectifier of which more than half of the units (channels) are zero for all samples of the probe, at all
positions, in two probes in a row. How loud that is follows from how the run does: WARNING where it is no better than
guessing, or where nine tenths of a layer are dead and it stopped less than half of the way to a perfect fit; ERROR
where all of a layer is dead, the output no longer depends on the input and nothing was ever learnt; INFO in a run that
learns. Units that are zero for many samples but not for all are sparse, not dead, and are not counted.

## Why it matters
Where a rectifier is zero its slope is zero too. A unit that is zero for every sample gets no gradient and stays so
whatever comes; a layer of such units cuts off all layers below. One step that is too large is enough: it throws the
biases so far down that no sample reaches the units any more.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(640, 8)).astype("float32")
y = (X[:, 0] > X[:, 1]).astype("int64")
dead = keras.initializers.Constant(-20.0)
layers = [keras.layers.Dense(32, activation="relu", bias_initializer=dead), keras.layers.Dense(2, activation="softmax")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(640, 8)).astype("float32")
y = (X[:, 0] > X[:, 1]).astype("int64")
layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(2, activation="softmax")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
Half of a first layer is dead when there is one input and it is always positive: the bound is exclusive. A wide network
may do without most of its units and a residual network without a branch, so a run that does well gets INFO. A run may
be flat for another reason and have dead units besides. A probe of fewer than 256 samples that is not the whole data set
may miss the sample that wakes a unit: nothing is said then, unless the whole layer is silent.

## How far to trust the fix
Units that were dead at the first probe point at their initial weights and biases. Units that died later, with updates
above a hundredth of the weights in between, point at the learning rate; the smaller rate keeps them alive but does not
wake them, so start again with it. Where updates were small in between, no cause is named.

## References
L. Lu, Y. Shin, Y. Su, G. E. Karniadakis, "Dying ReLU and initialization", Communications in Computational Physics
28(5), 2020, arXiv 1903.06733 (a unit is dead if it is constant for every input). Stanford CS231n notes, "Neural
networks part 1" ("as much as 40 % of your network can be dead" after too high a rate). The test of each unit over
samples, then of the layer by half of its units, is that of the rule DeadRelu of SageMaker Debugger.
"""

import math

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.layers import WEIGHTED, code
from flatline.logs import GradientLog, LossLog, ProbeLog, RunFacts, UpdateLog
from flatline.progress import Progress, State
from flatline.rates import rate_at, set_rate
from flatline.registry import check
from flatline.sampled import (
    MOST,
    SUCCESSIVE,
    Spell,
    fruitless,
    largest,
    require_finite_weights,
    settled,
    severity_of_share,
    spell,
)

MAX_DEAD = 0.5  # 1; exclusive: on one-sided inputs symmetric weights leave half of a first layer dead
LEAST_PROBE = 256  # samples; a unit that is active for 1 % of all is missed with probability 0.99^256 = 8 %
LEAST_PROBE_ALL = 64  # samples; enough where the whole layer is silent
BLIND = 1e-6  # 1; ten times the rounding of float32: below it the inputs do not show in the output
FAST = 1e-2  # 1; ten times the update ratio of the rule of thumb, 1e-3: below it no single step kills a unit
SLOWER = 0.1  # 1; factor for a rate of which only the harm was seen, not the updates

_EXPLAINS = ("FL501", "FL602", "FL707", "FL708", "FL711", "FL712", "FL805", "FL807", "FL808")


@check("FL705", cause=None, severity=Severity.WARNING, explains=_EXPLAINS)
def dead_units(
    run: RunFacts, losses: LossLog, probes: ProbeLog, updates: UpdateLog | None, gradients: GradientLog | None
) -> Findings:
    """Flag layers of which most rectifier units are zero for every sample."""
    now = settled(run, losses)
    require_finite_weights(gradients)
    output = {layer.name for layer in run.layers if layer.is_output}
    hidden = [i for i, name in enumerate(probes.layers) if name not in output]
    known = np.isfinite(probes.dead_share[:, hidden]).sum(axis=0)
    if known.any() and known.max() < SUCCESSIVE:
        raise CannotTell(f"{known.max()} probe of the rectifiers, {SUCCESSIVE} needed")
    spells = {probes.layers[i]: spell(probes.step, probes.dead_share[:, i], ("<=", MAX_DEAD)) for i in hidden}
    dead = {name: one for name, one in spells.items() if one is not None}
    if not dead:
        return
    name = min(dead, key=lambda one: (-dead[one].value, dead[one].since))  # the deadest, then the first that died
    _require_samples(run, probes, dead[name].value)
    others = len(dead) - 1
    cause, how, fixes = _cause(run, name, dead[name], updates)
    yield Finding(
        message=(
            f"{dead[name].value:.0%} of the units of `{name}` are zero for all {probes.n_samples} samples of the probe "
            f"{how}" + (f"; so are most of those of {others} other layer{'s' * (others > 1)}" if others else "")
        ),
        evidence=tuple(
            Evidence(
                quantity="dead_share",
                value=one.value,
                bound=("<=", MAX_DEAD),
                where=layer,
                steps=(one.since, one.until),
            )
            for layer, one in sorted(dead.items(), key=lambda item: item[0] != name)
        ),
        where=name,
        fixes=fixes,
        severity=_severity(now, dead[name].value, float(probes.input_dependence[-1])),
        cause=cause,
    )


def _require_samples(run: RunFacts, probes: ProbeLog, share: float) -> None:
    n_rows = (run.steps_per_epoch or math.inf) * (run.batch_size or math.inf)  # and less in the last batch
    needed = LEAST_PROBE_ALL if share >= 1 else LEAST_PROBE
    if probes.n_samples < min(needed, MOST * n_rows):
        raise CannotTell(f"{probes.n_samples} samples in the probe, {needed} needed to call a unit dead")


def _severity(now: Progress, share: float, dependence: float) -> Severity:
    if share < 1:
        return severity_of_share(now, share)
    if now.state is State.FLAT and dependence <= BLIND:
        return Severity.ERROR
    way_around = not fruitless(now) and dependence > BLIND
    return Severity.INFO if way_around else severity_of_share(now, share)


def _cause(
    run: RunFacts, name: str, dead: Spell, updates: UpdateLog | None
) -> tuple[Cause | None, str, tuple[Fix, ...]]:
    """Cause, the words that say since when, and the fixes."""
    if dead.from_the_start:
        return Cause.INITIALIZATION, "from the first step on", _other_start(run, name)
    if dead.before is None:
        return None, f"and were at the first probe, in step {dead.since}", ()
    since = f"since step {dead.since}"
    rate = rate_at(run, updates, dead.since)
    ratio = _update_before(name, dead, updates)
    if math.isnan(ratio):
        return Cause.LEARNING_RATE, since, set_rate(run, SLOWER * rate, than=rate)
    changed = f"{since}: until then the largest sampled update was {ratio:.2g} of its weights"
    if ratio < FAST:
        return None, changed, ()
    changed += f", at learning rate {rate:.3g}" if rate > 0 else ""
    return Cause.LEARNING_RATE, changed, set_rate(run, rate * min(SLOWER, FAST / ratio), than=rate)


def _update_before(name: str, dead: Spell, updates: UpdateLog | None) -> float:
    """Largest update ratio of the layer between its last healthy probe and the first that found it dead."""
    if updates is None or name not in updates.layers or dead.before is None:
        return math.nan
    during = (updates.step >= dead.before) & (updates.step <= dead.since)
    return largest(updates.update_ratio[during, updates.layers.index(name)])


def _other_start(run: RunFacts, name: str) -> tuple[Fix, ...]:
    layer = run.layer(name)
    if layer is None or layer.kind not in WEIGHTED:
        return ()
    settings = {"kernel_initializer": "he_normal", "bias_initializer": "zeros"}
    written = ", ".join(f'{argument}="{value}"' for argument, value in settings.items())
    return (
        Fix(
            title=f"start `{name}` from symmetric weights and zero biases (He initialisation)",
            edits=tuple(SetLayer(layer=name, argument=argument, value=value) for argument, value in settings.items()),
            snippet=code(layer.kind, f"..., {written}", name),
        ),
    )
