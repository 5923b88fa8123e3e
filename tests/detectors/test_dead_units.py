import numpy as np

from flatline.cause import Cause
from flatline.detectors.dead_units import dead_units
from flatline.finding import Severity
from flatline.fix import Safety, SetCompile
from flatline.testing import RuleTester, row
from tests.detectors import make

HALF_WAY = make.losses(1.0, 0.7, 0.7, 0.7)  # stopped at 0.3 of the way
FELL_BACK = make.losses(1.0, 0.2, 0.1, 1.0, 1.0, 1.0, 1.0)
ALL, LATER = {"dense": 1.0}, {"dense": [0.1, 0.1, 0.8, 0.8]}  # dead share in four probes, every 75 steps


def _fast(ratio=0.8, **given):
    """A step that replaced most of the weights, between the last probe that was well and the first that was not."""
    return make.updates({"dense": np.where(np.arange(20) == 8, ratio, 1e-3)}, rate=0.1, **given)


def test_table():
    RuleTester(dead_units).run(
        fires=[
            row(
                make.run(),
                make.FLAT,
                make.probes(ALL, dependence=0.0),
                message="100% of the units of `dense` are zero for all 256 samples of the probe from the first step on",
                severity=Severity.ERROR,
                cause=Cause.INITIALIZATION,
                where="dense",
                fix="He initialisation",
            ),
            # all of it dead, and yet the output depends on the input: a branch
            row(make.run(), make.FLAT, make.probes(ALL), message="100%", severity=Severity.WARNING),
            row(
                make.run(),
                make.FLAT,
                make.probes({"dense": 0.51}),
                message="51%",
                severity=Severity.WARNING,
                cause=Cause.INITIALIZATION,
            ),
            row(
                make.run(),
                make.FLAT,
                make.probes(LATER),
                _fast(),
                message="since step 150: until then the largest sampled update was 0.8 of its weights, at learning "
                "rate 0.1",
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.001",
            ),
            row(
                make.run(),
                make.FLAT,
                make.probes(LATER, n_samples=300),
                message="since step 150",
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.0001",
            ),
            # small steps do not kill at one blow: a symptom
            row(make.run(), make.FLAT, make.probes(LATER), _fast(5e-3), message="was 0.005 of its weights"),
            # the recording began in the middle of a run
            row(
                make.run(),
                make.FLAT,
                make.probes({"dense": [np.nan, 0.8, 0.8, 0.8]}),
                message="were at the first probe, in step 75",
            ),
            # the deadest leads, whatever the order
            row(
                make.run(make.layer("dense"), make.layer("dense_1"), make.layer("dense_2", is_output=True)),
                make.FLAT,
                make.probes({"dense": 0.6, "dense_1": 0.9}),
                message="so are most of those of 1 other layer",
                where="dense_1",
            ),
            row(make.run(), make.FLAT, make.probes(ALL, dependence=9e-7), message="100%", severity=Severity.ERROR),
            row(make.run(), make.FLAT, make.probes(ALL, dependence=1.1e-6), message="100%", severity=Severity.WARNING),
            row(
                make.run(),
                make.FLAT,
                make.probes({"dense": [0.1, 1.0, 1.0, 1.0]}, dependence=[0.5, 0.0, 0.0, 0.0]),
                message="since step 75",
                severity=Severity.ERROR,
            ),
            row(make.run(), FELL_BACK, make.probes(LATER), message="80%", severity=Severity.WARNING),
            row(
                make.run(),
                make.losses(1.0, 0.3, 0.3, 8.0, 8.0),
                make.probes(LATER),
                message="80%",
                severity=Severity.WARNING,
            ),
            row(make.run(), HALF_WAY, make.probes({"dense": 0.9}), message="90%", severity=Severity.WARNING),
            # the whole data set in the probe, small as it is
            row(
                make.run(steps_per_epoch=2),
                make.FLAT,
                make.probes(ALL, dependence=0.0, n_samples=60),
                message="all 60 samples",
                severity=Severity.ERROR,
            ),
            # a schedule has more than one rate to set
            row(
                make.run(scheduled=True),
                make.FLAT,
                make.probes(LATER),
                message="80%",
                fix="multiply the schedule of the learning rate by 0.1",
            ),
            # worth knowing, no alarm: wide networks and residual ones do well with dead units
            row(make.run(), make.LEARNING, make.probes({"dense": 0.8}), message="80%", severity=Severity.INFO),
            row(make.run(), make.CONVERGED, make.probes(ALL), message="100%", severity=Severity.INFO),
            row(make.run(), make.PLATEAU, make.probes({"dense": 0.8}), message="80%", severity=Severity.INFO),
            row(make.run(), HALF_WAY, make.probes({"dense": 0.8}), message="80%", severity=Severity.INFO),
            row(make.run(), HALF_WAY, make.probes(ALL), message="100%", severity=Severity.INFO),
        ],
        silent=[
            (make.run(), make.LEARNING, make.probes()),
            (make.run(), make.FLAT, make.probes()),
            # one positive input: half of the first layer is dead by symmetry
            (make.run(), make.FLAT, make.probes({"dense": 0.5})),
            # max-pooled: 90 % of the outputs are zero, but every unit fires for some sample
            (make.run(), make.FLAT, make.probes({"conv2d": 0.0, "max_pooling2d": 0.0})),
            (make.run(), make.PLATEAU, make.probes({"dense": 0.4})),
            # one probe is noise
            (make.run(), make.FLAT, make.probes({"dense": [0.1, 0.1, 0.1, 0.9]})),
            # they came back
            (make.run(), make.FLAT, make.probes({"dense": [1.0, 1.0, 1.0, 0.1]})),
            (make.run(), make.FLAT, make.probes({"dense": [1.0, 1.0, 0.1, 1.0]})),
            # GELU, SiLU, leaky ReLU: no rectifier, nothing to count
            (make.run(make.layer(activation="gelu")), make.FLAT, make.probes({"dense": np.nan})),
            # a rectified output is another check's affair
            (make.run(make.layer("dense", is_output=True)), make.FLAT, make.probes(ALL)),
            (make.run(), make.losses(1.0, 0.9), make.probes({"dense": 0.2})),
            (make.run(), make.CONVERGED, make.probes()),
            # zero-initialised branch: its rectifier wakes up with the first steps
            (make.run(), make.LEARNING, make.probes({"dense": [1.0, 0.3, 0.2, 0.2]})),
            # a scaled loss overflowed, which says nothing of units
            (make.run(), make.LEARNING, make.probes({"dense": 0.3}), make.updates({"dense": 1e-3}, skipped=1)),
            (make.run(), make.LEARNING, make.probes({"dense": 0.3}), make.updates({"dense": 0.3}, rate=2e-5)),
            (make.run(batch_size=1), make.losses(1.0, 0.5, noise=0.5), make.probes({"dense": 0.45})),
            (make.run(), make.losses(0.3, 0.3, 0.3), make.probes({"dense": 0.5})),  # resumed
            (make.run(), HALF_WAY, make.probes({"dense": 0.3})),
            (make.run(), make.PLATEAU, make.probes({"dense": 0.49})),
            (make.run(), FELL_BACK, make.probes({"dense": 0.49})),
            (make.run(), make.FLAT, make.probes({"dense": [0.9, 0.9, 0.9, 0.5]})),
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), make.probes(ALL), message="40 steps recorded"),
            row(make.run(null=np.nan), make.FLAT, make.probes(ALL), message="null model"),
            row(make.run(), make.losses(1.0, np.nan), make.probes(ALL), message="no number"),
            row(make.run(), make.FLAT, make.probes(ALL, n=1), message="1 probe of the rectifiers, 2 needed"),
            row(make.run(), make.FLAT, make.probes({"dense": 0.6}, n_samples=200), message="200 samples in the probe"),
            row(make.run(), make.FLAT, make.probes(ALL, n_samples=32), message="32 samples in the probe, 64 needed"),
            # max(0, NaN) is 0 on some processors: the weights are broken, not the units
            row(
                make.run(),
                make.FLAT,
                make.probes(ALL, dependence=0.0),
                make.gradients({"dense": 1.0}, nonfinite_weights=np.full((20, 1), 7.0)),
                message="7 weights are no numbers, the most in `dense`",
            ),
        ],
    )


def test_the_rate_is_lowered_until_the_update_would_be_a_hundredth():
    (finding,) = dead_units.function(make.run(), make.FLAT, make.probes(LATER), _fast(), None)
    assert finding.fixes[0].edits == (SetCompile(argument="optimizer.learning_rate", value=0.001),)
    assert finding.fixes[0].safety is Safety.UNSAFE


def test_it_says_since_when():
    (finding,) = dead_units.function(make.run(), make.FLAT, make.probes(LATER), None, None)
    assert finding.evidence[0].steps == (150, 225)
