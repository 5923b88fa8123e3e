import numpy as np
import pytest

from flatline.cause import Cause
from flatline.detectors.vanishing_gradient import vanishing_gradient
from flatline.finding import Severity
from flatline.fix import SetLayer
from flatline.testing import RuleTester, row
from tests.detectors import make

NAMES = tuple(f"dense_{i}" for i in range(6))


def _run(activation="relu", **given):
    hidden = [make.layer(name, activation=activation) for name in NAMES[:-1]]
    return make.run(*hidden, make.layer(NAMES[-1], activation="softmax", is_output=True), **given)


def _gradients(*relative, **given):
    return make.gradients(dict(zip(NAMES, relative, strict=True)), **given)


STRAIGHT = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
CLIFF = (1e-5, 1e-5, 1e-5, 1.0, 1.0, 1.0)  # nearly all of it is lost behind the third layer
EVEN = (0.5, 1.0, 0.8, 0.6, 1.2, 1.0)
ONE_PLACE = np.array([-5.5, -2.4, -1.8, -1.2, -0.6, 0.0])
NO_PLACE = np.array([-5.5, -2.9, -2.2, -1.5, -0.7, 0.0])
LATER = np.where(np.arange(20) < 5, 0.5, 1e-5)  # the gradient was well at first


def test_table():
    RuleTester(vanishing_gradient).run(
        fires=[
            row(
                _run("sigmoid"),
                make.FLAT,
                _gradients(*STRAIGHT),
                message="`dense_0` is 1.0e-05 of the largest (`dense_5`): 5 steps back, each of them leaves some 0.1",
                severity=Severity.WARNING,
                cause=Cause.ACTIVATION,
                where="dense_0",
                fix="use ReLU with He initialisation in `dense_0`",
            ),
            row(
                _run(),
                make.FLAT,
                _gradients(*STRAIGHT),
                message="5 steps back",
                cause=Cause.INITIALIZATION,
                fix="use He initialisation",
            ),
            row(
                _run(),
                make.FLAT,
                _gradients(*CLIFF),
                message="most of it is lost between `dense_3` and `dense_2`",
                cause=Cause.INITIALIZATION,
                where="dense_2",
            ),
            row(_run("tanh"), make.FLAT, _gradients(*CLIFF), message="most of it", cause=Cause.ACTIVATION),
            row(_run(), make.FLAT, _gradients(9e-4, 1e-3, 1e-2, 0.1, 1.0, 1.0), message="9.0e-04 of the largest"),
            # more than half of it at one place, and less
            row(_run(), make.FLAT, _gradients(*(10**ONE_PLACE)), message="between `dense_1` and `dense_0`"),
            row(_run(), make.FLAT, _gradients(*(10**NO_PLACE)), message="5 steps back"),
            # how it was at the start is not known
            row(_run(), make.FLAT, _gradients(*CLIFF, step=100 + np.arange(20)), message="most of it", cause=None),
            # not a trace of gradient comes through: dead units
            row(_run(), make.FLAT, _gradients(0, 0, 0, 1, 1, 1), message="0.0e+00 of the largest"),
            # lost later: not the start's fault, and dead units may explain it
            row(_run(), make.FLAT, _gradients(LATER, 1, 1, 1, 1, 1), message="1.0e-05", cause=None),
            # a zero-initialised kernel is left out, and the others tell
            row(
                _run("sigmoid"),
                make.FLAT,
                _gradients(*STRAIGHT, weight={"dense_4": [0.0] + [1e-4] * 19}),
                message="`dense_0`",
            ),
            # a loss scaled by a millionth scales all gradients alike
            row(_run("sigmoid"), make.FLAT, _gradients(*(1e-6 * s for s in STRAIGHT)), message="1.0e-05 of the"),
        ],
        silent=[
            (_run(), make.FLAT, _gradients(*EVEN)),
            (_run(), make.FLAT, _gradients(1e-3, 1.0, 1.0, 1.0, 1.0, 1.0)),  # at the bound
            (_run(), make.FLAT, _gradients(*(1e-9 * s for s in EVEN))),  # small, but everywhere
            (_run(), make.LEARNING, _gradients(*STRAIGHT)),  # Adam crosses such gaps
            (_run(), make.CONVERGED, _gradients(*STRAIGHT)),
            (_run(), make.PLATEAU, _gradients(*STRAIGHT)),
            # zero-initialised blocks, adapters: the first sample of the others is 0, and only that
            (_run(), make.FLAT, _gradients(np.where(np.arange(20) == 0, 0, 0.5), *EVEN[1:])),
            # a zero-initialised head has a huge relative gradient until it has grown
            (_run(), make.FLAT, _gradients(*EVEN[:-1], 1e5, weight={"dense_5": np.arange(20) * 1e-5})),
            (_run("sigmoid"), make.LEARNING, _gradients(*CLIFF)),
            (_run("tanh"), make.CONVERGED, _gradients(*CLIFF)),
            (_run(batch_size=1), make.losses(1.0, 0.5, noise=0.5), _gradients(*STRAIGHT)),
            (_run(), make.losses(0.3, 0.3, 0.3), _gradients(*STRAIGHT)),  # resumed
            # two kernels are no depth
            (make.run(), make.FLAT, make.gradients({"dense": 1e-6, "dense_1": 1.0})),
            # of an embedding a batch moves few rows: it is not compared
            (
                make.run(make.layer("embedding", kind="Embedding"), *(make.layer(name) for name in NAMES[:3])),
                make.FLAT,
                make.gradients({"embedding": 1e-6, "dense_0": 1.0, "dense_1": 1.0, "dense_2": 1.0}),
            ),
            (_run(scheduled=True), make.losses(1.0, 0.98, noise=0.001, n=220), _gradients(*STRAIGHT)),  # warm-up
        ],
        cannot_tell=[
            row(_run(), make.losses(1.0, 1.0, n=40), _gradients(*STRAIGHT), message="40 steps recorded"),
            # no gradient anywhere: not lost on its way
            row(_run(), make.FLAT, _gradients(0, 0, 0, 0, 0, 0), message="FL807 judges that"),
            row(_run(null=np.nan), make.FLAT, _gradients(*STRAIGHT), message="null model"),
            row(_run(), make.losses(1.0, np.nan), _gradients(*STRAIGHT), message="no number"),
            row(_run(), make.FLAT, _gradients(*STRAIGHT, n=2), message="2 samples of all gradients, 3 needed"),
            row(
                _run(),
                make.FLAT,
                _gradients(np.nan, np.nan, np.nan, np.nan, 1.0, 1.0),  # detached: another detector's affair
                message="the relative gradients of 2 kernels are known, 3 needed",
            ),
            row(
                _run(),
                make.FLAT,
                _gradients(*STRAIGHT, nonfinite_weights=np.ones((20, 6))),
                message="6 weights are no numbers",
            ),
        ],
    )


def test_the_fix_changes_the_layers_that_saturate():
    (finding,) = vanishing_gradient.function(_run("sigmoid"), make.FLAT, _gradients(*STRAIGHT))
    edits = finding.fixes[0].edits
    assert SetLayer(layer="dense_0", argument="activation", value="relu") in edits
    assert SetLayer(layer="dense_0", argument="kernel_initializer", value="he_normal") in edits
    assert not any(edit.layer == "dense_5" for edit in edits)  # the output stays as it is


def test_an_activation_in_a_layer_of_its_own_is_named():
    bend = make.layer("sigmoid", kind="Activation", activation="sigmoid", has_kernel=False, n_trainable=0)
    rest = [make.layer(name) for name in NAMES[1:]]
    run = make.run(make.layer("dense_0", activation=None), bend, *rest)
    (finding,) = vanishing_gradient.function(run, make.FLAT, _gradients(1e-5, 1.0, 1.0, 1.0, 1.0, 1.0))
    assert finding.cause is Cause.ACTIVATION
    assert SetLayer(layer="sigmoid", argument="activation", value="relu") in finding.fixes[0].edits


@pytest.mark.parametrize(("n_sigmoid", "cause"), [(2, Cause.INITIALIZATION), (3, Cause.ACTIVATION)])
def test_so_many_slopes_of_a_quarter_are_the_reason(n_sigmoid, cause):
    layers = [make.layer(name, activation="sigmoid" if i < n_sigmoid else "relu") for i, name in enumerate(NAMES)]
    (finding,) = vanishing_gradient.function(make.run(*layers), make.FLAT, _gradients(*STRAIGHT))
    assert finding.cause is cause
    assert finding.evidence[0].where == "dense_0"
    assert finding.evidence[0].steps == (0, 285)


def test_the_gates_of_a_recurrent_layer_are_no_reason():
    layers = [make.layer(name, kind="LSTM", activation="tanh") for name in NAMES]
    (finding,) = vanishing_gradient.function(make.run(*layers), make.FLAT, _gradients(*STRAIGHT))
    assert finding.cause is Cause.INITIALIZATION
