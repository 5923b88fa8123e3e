import numpy as np

from flatline.cause import Cause
from flatline.detectors.weights_never_change import weights_never_change
from flatline.finding import Severity
from flatline.fix import SetLayer
from flatline.testing import RuleTester, row
from tests.detectors import make

ROW = np.arange(20)
GAN = make.run(null=np.nan, custom_train_step=True)
FROZEN = make.run(make.layer(trainable=False, n_trainable=0, has_kernel=False))
BEGUN = make.run(make.layer(weight_norm=1.0), make.layer("dense_1", is_output=True, weight_norm=1.0))
THROWN = make.gradients({"dense": 0.0, "dense_1": 0.0}, weight={"dense": 3e4, "dense_1": 1e4}, step=1 + ROW)
HEAD_ONLY = make.run(make.layer(trainable=False, n_trainable=0), make.layer("dense_1", is_output=True))


def _updates(first, second=1e-3, **given):
    return make.updates({"dense": first, "dense_1": second}, **given)


def _gradients(first, second=1.0, **given):
    return make.gradients({"dense": first, "dense_1": second}, **given)


def test_table():
    RuleTester(weights_never_change).run(
        fires=[
            row(
                make.run(),
                make.FLAT,
                _updates(0.0, 0.0, rate=0.0),
                message="2 layers that were sampled did not change in any of 20 sampled steps: the learning rate is 0",
                severity=Severity.ERROR,
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.001",
            ),
            row(
                make.run(scheduled=True),  # it may yet rise
                make.FLAT,
                _updates(0.0, 0.0, rate=0.0),
                message="the learning rate is 0",
                severity=Severity.WARNING,
                fix="raise the schedule of the learning rate to some 0.001",
            ),
            row(
                make.run(),
                make.FLAT,
                _updates(0.0, 0.0),
                _gradients(np.nan, np.nan),
                message="all 2 layers that were sampled did not change in any of 20 sampled steps: no gradient reaches",
                severity=Severity.ERROR,
                cause=Cause.TRAINABLE,
                fix="let the gradient through",
            ),
            # a dead network: what is dead is said by others
            row(make.run(), make.FLAT, _updates(0.0, 0.0), _gradients(0.0, 0.0), message="their gradient is exactly 0"),
            row(
                make.run(),
                make.FLAT,
                _updates(0.0, 0.0, rate=1e-9),
                _gradients(1.0, 1.0),
                message="too small for their precision",
                severity=Severity.ERROR,
                cause=Cause.LEARNING_RATE,
            ),
            row(
                make.run(),
                make.FLAT,
                _updates(0.0, 0.0, rate=np.where(ROW == 0, 0.0, 1e-9)),
                _gradients(np.where(ROW == 0, 0.0, 1.0), 1.0),
                message="too small for their precision",
            ),
            # the steps that were not sampled have thrown the weights away
            row(
                BEGUN,
                make.FLAT,
                _updates(0.0, 0.0),
                THROWN,
                message="exactly 0, after the steps before step 1 have made the weights 2e+04 times as large",
                cause=Cause.LEARNING_RATE,
            ),
            row(BEGUN, make.FLAT, _updates(0.0, 0.0), _gradients(0.0, 0.0), message="exactly 0", cause=None),
            # in the first step there was none at all
            row(
                make.run(),
                make.FLAT,
                _updates(0.0, 0.0),
                _gradients(np.where(ROW == 0, np.nan, 0.0), 0.0),
                message="their gradient is exactly 0",
                severity=Severity.ERROR,
            ),
            row(make.run(), make.FLAT, _updates(0.0, 0.0, n=3), message="in any of 3 sampled steps"),
            # a single kernel behind sparse inputs: the entries that are read may not have occurred
            row(
                make.run(make.layer(is_output=True)),
                make.FLAT,
                make.updates({"dense": 0.0}),
                make.gradients({"dense": 1.0}),
                message="may be too small for their precision",
                severity=Severity.WARNING,
            ),
            row(make.run(), make.FLAT, _updates(0.0, 0.0), message="gradients were not sampled to tell why"),
            # nothing moves at all: that needs no null model
            row(
                GAN, make.FLAT, _updates(0.0, 0.0), _gradients(np.nan, np.nan), message="all 2", severity=Severity.ERROR
            ),
            row(
                make.run(),
                make.FLAT,
                _updates(0.0),
                _gradients(np.nan),
                message="the kernel of `dense` did not change in any of 20 sampled steps: no gradient reaches them",
                severity=Severity.WARNING,
                cause=Cause.TRAINABLE,
                where="dense",
            ),
            # the pooler that the loss does not need
            row(
                make.run(), make.LEARNING, _updates(0.0), _gradients(np.nan), message="`dense`", severity=Severity.INFO
            ),
            row(make.run(), make.PLATEAU, _updates(0.0), _gradients(0.0), message="`dense`", severity=Severity.INFO),
            # statistics of batches are sometimes gathered at a rate of 0
            row(make.run(), make.PLATEAU, _updates(0.0, 0.0, rate=0.0), message="all 2", severity=Severity.WARNING),
            row(
                make.run(),
                make.losses(0.02, 0.02, noise=0.002),
                _updates(0.0, 0.0),
                message="all 2",
                severity=Severity.INFO,
            ),
            row(
                FROZEN,
                make.FLAT,
                message="none of the 1 layers has a trainable weight",
                severity=Severity.ERROR,
                cause=Cause.TRAINABLE,
                fix="make the layers that should learn trainable",
            ),
            # every other step gathers gradients only, and the others move nothing
            row(
                make.run(accumulation=2),
                make.FLAT,
                _updates(0.0, 0.0, skipped=1 - ROW % 2),
                message="any of 10 sampled steps",
            ),
        ],
        silent=[
            (make.run(), make.FLAT, _updates(1e-3)),
            (make.run(), make.LEARNING, _updates(1e-9)),
            (BEGUN, make.FLAT, _updates(1e-9), THROWN),  # they move, however large they have become
            (BEGUN, make.FLAT, _updates(1e-3), _gradients(0.0)),
            (make.run(), make.FLAT, _updates(np.where(ROW == 9, 1e-12, 0.0)), _gradients(1.0)),  # it moved once
            # an adapter, a zero-initialised block: no gradient in the first step, and in the first only
            (make.run(), make.FLAT, _updates(np.where(ROW == 0, 0.0, 1e-3)), _gradients(np.where(ROW == 0, 0.0, 1.0))),
            # a rate that warms up from 0, or has decayed to it
            (make.run(scheduled=True), make.FLAT, _updates(1e-4 * ROW, 1e-4 * ROW, rate=1e-4 * ROW)),
            (make.run(scheduled=True), make.FLAT, _updates(*2 * [np.maximum(0, 1e-3 - 1e-4 * ROW)])),
            (make.run(), make.PLATEAU, _updates(1e-9, 1e-9)),  # little, but it moves
            (make.run(), make.FLAT, _updates(*2 * [np.where(ROW == 9, 1e-12, 0.0)])),
            # steps that only gather gradients, or whose scaled loss overflowed, move nothing
            (make.run(accumulation=2), make.FLAT, _updates(*2 * [1e-3 * (ROW % 2)], skipped=1 - ROW % 2)),
            (make.run(), make.FLAT, _updates(*2 * [np.where(ROW < 5, 0.0, 1e-3)], skipped=ROW < 5)),
            # not in question
            (HEAD_ONLY, make.FLAT, _updates(0.0)),
            (HEAD_ONLY, make.LEARNING, _updates(0.0)),
            (GAN, make.FLAT, _updates(1e-3)),
            (make.run(custom_train_step=True), make.FLAT, _updates(1e-9)),
            (make.run(), make.CONVERGED, _updates(1e-7)),
            (make.run(batch_size=1), make.losses(1.0, 0.5, noise=0.5), _updates(1e-3)),
            (make.run(), make.losses(0.3, 0.3, 0.3), _updates(1e-8, 1e-8)),  # resumed
            # a kernel that starts at zero has no ratio at first
            (make.run(), make.FLAT, _updates(np.where(ROW == 0, np.nan, 1e-3)), _gradients(1.0)),
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), _updates(0.0, 0.0), message="40 steps recorded"),
            # behind sparse inputs the entries that are read may belong to words that did not occur
            row(make.run(), make.FLAT, _updates(0.0), _gradients(1.0), message="`dense` stands still where it is read"),
            row(make.run(), make.FLAT, _updates(1e-3, 0.0), _gradients(1.0, 1.0), message="`dense_1` stands still"),
            row(
                make.run(make.layer("embedding", kind="Embedding"), make.layer()),
                make.FLAT,
                make.updates({"embedding": 0.0, "dense": 1e-3}),
                make.gradients({"embedding": 1.0, "dense": 1.0}),
                message="`embedding` stands still",
            ),
            row(FROZEN, make.LEARNING, message="0 of 1 layers have a trainable weight, which FL201 judges"),
            row(FROZEN, make.PLATEAU, message="0 of 1 layers"),
            # the other optimizer's layers
            row(GAN, make.FLAT, _updates(0.0), _gradients(np.nan), message="1 layers that stand still may be those"),
            row(
                make.run(custom_train_step=True),
                make.FLAT,
                _updates(0.0),
                _gradients(np.nan),
                message="of another optimizer",
            ),
            row(GAN, make.losses(1.0, 1.0, n=40), _updates(0.0, 0.0), message="null model"),
            row(make.run(), make.losses(1.0, np.nan), _updates(0.0, 0.0), message="no number"),
            row(make.run(), make.FLAT, message="the updates of 0 of 2 trainable layers were sampled"),
            row(make.run(), make.FLAT, _updates(0.0, 0.0, n=2), message="2 updates sampled in which"),
            # float16: every step overflowed, and the optimizer passed over them all
            row(make.run(), make.FLAT, _updates(0.0, 0.0, skipped=1), message="0 updates sampled in which the weights"),
            row(make.run(), make.FLAT, _updates(np.nan, np.nan), message="20 updates sampled in which"),
            row(
                make.run(accumulation=4),
                make.FLAT,
                _updates(0.0, 0.0, skipped=np.nan),
                message="in which of 4 steps the gathered gradients are applied",
            ),
            row(make.run(), make.FLAT, _updates(0.0), message="the gradients of 1 layers that stand still"),
            row(
                make.run(),
                make.FLAT,
                _updates(0.0),
                _gradients(np.nan, nonfinite_gradients=np.ones((20, 2))),
                message="were not sampled to tell why",
            ),
        ],
    )


def test_frozen_layers_are_set_free():
    (finding,) = weights_never_change.function(FROZEN, make.FLAT, None, None)
    assert finding.fixes[0].edits == (SetLayer(layer="dense", argument="trainable", value=True),)


def test_layers_without_and_with_a_gradient_of_zero_are_told_apart():
    run = make.run(*(make.layer(name) for name in ("a", "b", "c", "d")))
    still = make.updates({"a": 0.0, "b": 0.0, "c": 0.0, "d": 1e-3})
    gradients = make.gradients({"a": np.nan, "b": 0.0, "c": 0.0, "d": 1.0})
    found = list(weights_never_change.function(run, make.FLAT, still, gradients))
    assert [(one.cause, [each.where for each in one.evidence]) for one in found] == [
        (Cause.TRAINABLE, ["a"]),
        (None, ["b", "c"]),
    ]
    assert [one.where for one in found] == ["a", ""]
    assert "`b` and of 1 other layer did not" in found[1].message
    assert found[0].evidence[0].steps == (0, 285)
