import numpy as np

from flatline.cause import Cause
from flatline.detectors.exploding_gradient import exploding_gradient
from flatline.finding import Severity
from flatline.logs import LossLog
from flatline.testing import RuleTester, row
from tests.detectors import make

NAMES = tuple(f"dense_{i}" for i in range(5))
DEEP = make.run(*(make.layer(name) for name in NAMES))
ROW = np.arange(20)  # sampled at steps 0, 15, …, 285
SPIKE = np.where(ROW == 10, 30.0, 1.0)  # at step 150
LOST = np.where(ROW >= 10, 1.0, 0.2)  # loss of the very batches
AT_BOUND = np.where(ROW == 10, 20.0, 1.0)
BACKWARD = (1e4, 1e3, 1e2, 1e1, 1.0)


def _until(step):
    """Loss that is no number from this step on."""
    loss = np.where(np.arange(300) < step, 0.8, np.nan)
    return LossLog(step=np.arange(300), loss=loss)


def _gradients(first, second=1.0, **given):
    return make.gradients({"dense": first, "dense_1": second}, **given)


def _deep(relative, **given):
    return make.gradients(dict(zip(NAMES, relative, strict=True)), **given)


FELL_BACK = make.losses(1.0, 0.2, 0.2, 1.0, 1.0, 1.0)  # lost after step 120
HALF_LOST = make.losses(1.0, 0.2, 0.2, 0.8, 0.8, 0.8, noise=0.001)
TWO_FIFTHS_LOST = make.losses(1.0, 0.2, 0.2, 0.6, 0.6, 0.6, noise=0.001)
RIGHT_AFTER = np.where(np.arange(7) == 5, 30.0, 1.0)
THREE = make.run(*(make.layer(name) for name in "abc"))
RECOVERED = make.losses(1.0, 0.2, 0.2, 1.0, 0.2, 0.2, 0.2)
DIVERGED = make.losses(1.0, 0.3, 0.3, 8.0, 8.0)


def test_table():
    RuleTester(exploding_gradient).run(
        fires=[
            row(
                make.run(),
                FELL_BACK,
                _gradients(SPIKE, loss=LOST),
                message="is 21.2 times its median at step 150, that of `dense` grew the most",
                severity=Severity.WARNING,
                cause=Cause.LEARNING_RATE,
                where="dense",
                fix="clip the gradient at a global norm of 7",
            ),
            row(
                make.run(),
                FELL_BACK,
                _gradients(1.0, 2 * SPIKE),
                make.updates({"dense": 0.1}, rate=0.5),
                message="that of `dense_1` grew the most",
                where="dense_1",
                fix="set the learning rate to 0.05",
            ),
            row(
                make.run(),
                _until(290),
                _gradients(np.where(ROW >= 17, 1e3 ** (ROW - 16.0), 1.0)),
                message="the loss is no number from step 290 on",
                severity=Severity.WARNING,
                where="dense",
            ),
            # three steps, and it is gone
            row(make.run(), _until(3), _gradients([1.0, 1e4, 1e8], n=3, every=1), message="at step 2"),
            # slowly, but over orders of magnitude
            row(make.run(), _until(290), _gradients(2.0**ROW, 2.0**ROW), message="no number from step 290"),
            row(
                make.run(null=np.nan),  # as of a GAN: that the loss is no number needs no null model
                _until(290),
                _gradients(np.where(ROW == 19, 1e3, 1.0)),
                message="at step 285",
            ),
            row(
                make.run(),
                DIVERGED,
                _gradients(np.where(ROW >= 10, 1e3, 1.0)),
                message="the loss is 7.99, its best was 0.3",
            ),
            row(
                DEEP,
                make.losses(50.0, 50.0),
                _deep(BACKWARD),
                message="of `dense_0` is 1e+04 times that of `dense_4`: it grows some 10 times from layer to layer",
                cause=Cause.INITIALIZATION,
                where="dense_0",
                fix="use He initialisation in 5 layers",
            ),
            # penalties are not part of what is lost
            row(
                make.run(),
                make.losses(5.0, 4.2, 4.2, 5.0, 5.0, 5.0, penalty=4.0),
                _gradients(SPIKE, loss=4.0 + LOST),
                message="the loss is 0.994, its best was 0.2",
            ),
            # at the bounds, on the other side
            row(make.run(), HALF_LOST, _gradients(SPIKE), message="21.2 times its median"),
            row(make.run(), FELL_BACK, _gradients(RIGHT_AFTER, n=7, every=45), message="at step 225"),
            row(
                make.run(),
                FELL_BACK,
                _gradients(np.where(np.arange(21) == 20, 30.0, 1.0), n=21, every=14),
                message="280",
            ),
            row(make.run(), _until(290), _gradients(np.where(ROW == 19, 150.0, 1.0), 0.0), message="is 150 times"),
            row(make.run(), _until(290), _gradients(np.where(ROW == 15, 1e3, 1.0)), message="at step 225"),
            row(DEEP, make.FLAT, _deep((1100.0, 100.0, 30.0, 10.0, 1.0)), message="is 1.1e+03 times that of `dense_4`"),
            row(DEEP, make.FLAT, _deep(10 ** np.array([4.0, 1.4, 0.9, 0.4, 0.0])), message="is 1e+04 times"),
            row(THREE, make.FLAT, make.gradients({"a": 1e4, "b": 1e2, "c": 1.0}), message="grows some 1e+02 times"),
            row(DEEP, _until(20), _deep(BACKWARD), message="from the first step on", cause=Cause.INITIALIZATION),
        ],
        silent=[
            (make.run(), make.LEARNING, _gradients(SPIKE)),
            (make.run(), make.CONVERGED, _gradients(SPIKE)),  # a single hard sample, when all others are known
            (make.run(), RECOVERED, _gradients(SPIKE)),
            (make.run(), make.PLATEAU, _gradients(100 * SPIKE)),  # label noise at batch size 1
            (make.run(), FELL_BACK, _gradients(1.0)),  # the loss is lost, but not by this
            (make.run(), FELL_BACK, _gradients(AT_BOUND, 0.0, loss=LOST)),
            # it came before the best of the run
            (make.run(), FELL_BACK, _gradients(np.where(ROW == 3, 30.0, 1.0), loss=LOST)),
            (make.run(), FELL_BACK, _gradients(np.where(ROW == 6, 30.0, 1.0), loss=LOST)),
            # a moment ago: a few batches of one sample say nothing
            (make.run(batch_size=1), FELL_BACK, _gradients(np.where(ROW == 19, 30.0, 1.0), loss=LOST)),
            (make.run(), FELL_BACK, _gradients(np.where(np.arange(7) == 4, 30.0, 1.0), n=7, every=45)),
            (make.run(), TWO_FIFTHS_LOST, _gradients(SPIKE)),
            (
                make.run(),
                make.losses(5.0, 4.2, 4.2, 5.0, 5.0, 5.0, penalty=4.0),
                _gradients(SPIKE, loss=np.full(20, 4.4)),
            ),
            # the batch of the large gradient is none of those with a large loss
            (make.run(), FELL_BACK, _gradients(SPIKE, loss=np.full(20, 0.4))),
            (make.run(), _until(290), _gradients(np.where(ROW == 19, 100.0, 1.0), 0.0)),
            (make.run(), _until(290), _gradients(np.where(ROW == 14, 1e3, 1.0))),
            (make.run(), _until(100), _gradients(np.where(ROW > 7, 1e3, 1.0))),  # afterwards
            # zero-initialised: the first gradient is small, and the loss became no number long after
            (make.run(), _until(290), _gradients(np.where(ROW == 0, 1e-6, 1.0), np.where(ROW == 0, 1e-6, 1.0))),
            (make.run(), _until(290), _gradients(1.0)),  # log(0), a NaN in the data
            # under a scaled loss the optimizer overlooks what overflows
            (
                make.run(),
                _until(290),
                _gradients(np.where(ROW == 18, 1e6, 1.0)),
                make.updates({"dense": 1e-3}, skipped=(ROW == 18) * 1.0),
            ),
            (
                make.run(),
                _until(290),
                _gradients(np.where(ROW == 19, 1e6, 1.0), nonfinite_gradients=np.outer(ROW == 19, [5.0, 5.0])),
            ),
            (DEEP, make.LEARNING, _deep(BACKWARD)),  # large, and learning all the same
            (DEEP, make.FLAT, _deep((900.0, 200.0, 50.0, 10.0, 1.0))),  # below the bound
            (DEEP, make.FLAT, _deep((1e4, 1.0, 1.0, 1.0, 1.0))),  # one layer's affair
            (DEEP, make.FLAT, _deep(10 ** np.array([4.0, 0.9, 0.6, 0.3, 0.0]))),
            (make.run(), make.FLAT, _gradients(1e4, 1.0)),  # two layers are no depth
            (DEEP, make.FLAT, _deep([np.where(ROW == 0, one, 1.0) for one in BACKWARD])),  # in one sample only
            (DEEP, make.FLAT, _deep(BACKWARD, step=100 + ROW)),  # how it was at the start is not known
            (DEEP, make.FLAT, _deep(BACKWARD, weight={"dense_4": 1e-6 * ROW, "dense_3": 1e-6 * ROW})),
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), _gradients(SPIKE), message="40 steps recorded"),
            row(make.run(null=np.nan), make.FLAT, _gradients(SPIKE), message="null model"),
            row(make.run(), _until(3), _gradients(SPIKE), message="1 gradients sampled before the loss was lost"),
        ],
    )
