import numpy as np

from flatline.cause import Cause
from flatline.detectors.saturated_units import saturated_units
from flatline.finding import Severity
from flatline.fix import MapInput, SetLayer
from flatline.testing import RuleTester, row
from tests.detectors import make

STACK = tuple(make.layer(name, activation="tanh") for name in ("dense", "dense_1"))
RUN = make.run(*STACK, make.layer("dense_2", activation="sigmoid", is_output=True))
HALF_WAY = make.losses(1.0, 0.7, 0.7, 0.7)  # stopped at 0.3 of the way
LATER = np.where(np.arange(20) < 8, 0.1, 0.8)  # saturated since step 120


def _at(share, **given):
    return make.activations({"dense": share, "dense_1": 0.1, "dense_2": 0.1}, **given)


def _behind(share):
    return make.activations({"dense": 0.1, "dense_1": share, "dense_2": 0.1})


def test_table():
    RuleTester(saturated_units).run(
        fires=[
            row(
                RUN,
                make.FLAT,
                _at(0.8),
                message="80% of the values of hidden layer `dense` are saturated from the first step on, and no layer",
                severity=Severity.WARNING,
                cause=Cause.INPUT_SCALE,
                where="dense",
                fix="standardise the inputs",
            ),
            row(RUN, make.FLAT, _behind(0.8), message="80%", cause=Cause.INITIALIZATION, fix="start `dense_1` from"),
            row(
                RUN,
                make.FLAT,
                _at(LATER),
                make.updates({"dense": 0.3}, rate=0.5),
                message="since step 120, at learning rate 0.5",
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.05",
            ),
            row(RUN, make.FLAT, _at(LATER), message="since step 120, at learning rate 0.001"),
            # sampling began in the middle of a run: no cause is known
            row(RUN, make.FLAT, _at(np.where(np.arange(20) < 5, np.nan, 0.8)), message="in the first sample, step 75"),
            row(RUN, HALF_WAY, _at(0.95), message="95%", severity=Severity.WARNING),
            # an activation in a layer of its own, behind the first kernel
            row(
                make.run(make.layer("dense", activation=None), make.layer("tanh", kind="Activation", has_kernel=False)),
                make.FLAT,
                make.activations({"dense": np.nan, "tanh": 0.6}),
                message="60% of the values of hidden layer `tanh`",
                cause=Cause.INPUT_SCALE,
            ),
            # an embedding is a kernel: what comes behind it does not read the input
            row(
                make.run(make.layer("embedding", kind="Embedding", activation=None), STACK[0]),
                make.FLAT,
                make.activations({"dense": 0.6}),
                message="60%",
                cause=Cause.INITIALIZATION,
            ),
            # frozen, it is one all the same
            row(
                make.run(make.layer("embedding", kind="Embedding", has_kernel=False, trainable=False), STACK[0]),
                make.FLAT,
                make.activations({"dense": 0.6}),
                message="60%",
                cause=Cause.INITIALIZATION,
            ),
            # what comes out of a normalisation layer is of a good size
            row(
                make.run(make.layer("batch_normalization", kind="BatchNormalization", has_kernel=False), STACK[0]),
                make.FLAT,
                make.activations({"dense": 0.6}),
                message="60%",
                cause=Cause.INITIALIZATION,
            ),
            row(RUN, make.LEARNING, _at(0.8), message="80%", severity=Severity.INFO),
            row(RUN, make.PLATEAU, _at(0.95), message="95%", severity=Severity.INFO),
            row(RUN, HALF_WAY, _at(0.8), message="80%", severity=Severity.INFO),
            row(RUN, make.losses(1.0, 0.3, 0.3, 8.0, 8.0), _at(LATER), message="80%", severity=Severity.INFO),
        ],
        silent=[
            (RUN, make.FLAT, _at(0.1)),
            (RUN, make.FLAT, _at(0.5)),  # at the bound
            (RUN, make.LEARNING, _at(0.3)),
            (RUN, make.FLAT, _at(np.where(np.arange(20) == 19, 0.9, 0.1))),  # one sample is noise
            (RUN, make.FLAT, _at(np.where(np.arange(20) == 18, 0.1, 0.9))),  # it came back a moment ago
            # a confident output saturates, and should
            (RUN, make.CONVERGED, make.activations({"dense": 0.1, "dense_1": 0.1, "dense_2": 0.97})),
            (RUN, make.FLAT, make.activations({"dense": 0.1, "dense_1": 0.1, "dense_2": 0.97})),
            # rectifiers have no such slope
            (make.run(), make.FLAT, make.activations({"dense": np.nan, "dense_1": np.nan})),
            # the output of an LSTM is not its tanh
            (make.run(make.layer("lstm", kind="LSTM", activation="tanh")), make.FLAT, make.activations({"lstm": 0.9})),
            (make.run(*STACK, scheduled=True), make.losses(1.0, 0.8), _at(np.linspace(0, 0.5, 20))),  # warm-up
            (make.run(*STACK, batch_size=1), make.losses(1.0, 0.5, noise=0.5), _at(0.45)),
            (RUN, make.losses(0.3, 0.3, 0.3), _at(0.4)),  # resumed
            (RUN, make.losses(1.0, 0.97, noise=0.001), _at(0.4)),  # slow
            (make.run(), make.CONVERGED, make.activations({"dense": 0.2})),
        ],
        cannot_tell=[
            row(RUN, make.losses(1.0, 1.0, n=40), _at(0.8), message="40 steps recorded, 200 needed"),
            row(make.run(*STACK, null=np.nan), make.FLAT, _at(0.8), message="null model"),
            row(RUN, make.losses(1.0, np.nan), _at(0.8), message="no number"),
            row(RUN, make.FLAT, _at(0.8, n=1), message="1 sample of the activations, 2 needed"),
            row(
                RUN,
                make.FLAT,
                _at(0.8),
                make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1))),
                message="1 weights are no numbers",
            ),
        ],
    )


def test_the_input_is_not_blamed_where_the_order_of_layers_is_not_known():
    subclassed = make.run(*STACK, kind="subclassed")
    (finding,) = saturated_units.function(subclassed, make.FLAT, _at(0.8), None, None)
    assert finding.cause is Cause.INITIALIZATION


def test_fixes_name_the_input_or_the_layer():
    (first,) = saturated_units.function(RUN, make.FLAT, _at(0.8), None, None)
    (behind,) = saturated_units.function(RUN, make.FLAT, _behind(0.8), None, None)
    assert first.fixes[0].edits == (MapInput(how="standardize"),)
    assert behind.fixes[0].edits == (SetLayer(layer="dense_1", argument="kernel_initializer", value="glorot_uniform"),)
