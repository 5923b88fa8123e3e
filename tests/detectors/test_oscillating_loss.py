import numpy as np

from flatline.cause import Cause
from flatline.detectors.oscillating_loss import oscillating_loss
from flatline.finding import Severity
from flatline.logs import LossLog
from flatline.testing import RuleTester, row
from tests.detectors import make


def _swinging(by: float, *, level: float = 0.7, period: int = 200, n: int = 1200, noise: float = 0.02) -> LossLog:
    """A loss that takes two levels by turns, of half a period each."""
    step = np.arange(n)
    swing = np.where(step % period < period / 2, by / 2, -by / 2)
    return LossLog(step=step, loss=level + swing + noise * np.random.default_rng(0).normal(size=n))


def _by_epoch(*changes: int) -> LossLog:
    """A loss that rises and falls by 0.3 from one epoch of 100 steps to the next."""
    levels = 0.7 + 0.3 * np.cumsum([0, 0, *changes])
    loss = np.repeat(levels, 100)
    return LossLog(step=np.arange(len(loss)), loss=loss + 0.02 * np.random.default_rng(0).normal(size=len(loss)))


def _thinned(log: LossLog, every: int) -> LossLog:
    """Rows that stand for several steps, as with `steps_per_execution`."""
    return LossLog(step=log.step[every - 1 :: every], loss=log.loss.reshape(-1, every).mean(axis=1))


def _raised(by: float) -> LossLog:
    """A loss of swinging epochs below a constant penalty of 3."""
    return LossLog(step=EPOCHS.step, loss=EPOCHS.loss + by, penalty=np.full(len(EPOCHS), 3.0))


EPOCHS = _swinging(0.6)  # epochs of 100 steps: up in one, down in the next
RARE = np.where(np.random.default_rng(0).random(1200) < 0.01, 4.6, 0.01)
UP_AND_DOWN = np.tile([1e-3, 1e-1], 10)


def test_table():
    RuleTester(oscillating_loss).run(
        fires=[
            row(
                make.run(),
                EPOCHS,
                message="swings by 0.89 of the way",
                severity=Severity.WARNING,
                cause=Cause.LEARNING_RATE,
                fix="to 0.0001",
            ),
            row(make.run(), _swinging(1.0, level=1.8), message="between epochs", severity=Severity.WARNING),  # flat
            row(make.run(), _thinned(EPOCHS, 20), message="between epochs", severity=Severity.WARNING),
            row(make.run(null=-2.0, perfect=-6.0), _swinging(2.0, level=-3.0), message="swings by 0.74"),
            row(make.run(), _swinging(0.12), message="swings by 0.18"),
            row(make.run(), _swinging(0.6, level=0.5), message="swings by 0.89"),
            row(make.run(), _swinging(0.6, noise=1.7), message="batches explain 0.24"),
            row(make.run(), _by_epoch(1, -1, 1, -1, 1, 1, -1, -1, 1, -1), message="swings by 0.44"),  # 7 of 9 reversed
            # penalties are not part of it
            row(
                make.run(),
                _raised(3),
                message="swings by 0.89",
            ),
            # rows that stand for half an epoch each: windows are several epochs
            row(make.run(), _thinned(_swinging(0.6, period=400, n=4800), 50), message="between epochs"),
            # the rate is going to be lowered, and something has been learnt
            row(make.run(scheduled=True), EPOCHS, message="swings", severity=Severity.INFO),
            row(
                make.run(scheduled=True),
                _swinging(1.0, level=1.8),
                make.updates({"dense": 1e-3}, rate=1e-3),
                message="swings",
                severity=Severity.WARNING,
            ),
            # the rate goes up and down by itself
            row(
                make.run(scheduled=True),
                _swinging(1.0, level=1.7),
                make.updates({"dense": 1e-3}, rate=UP_AND_DOWN),
                message="swings",
                severity=Severity.INFO,
            ),
            # less than one epoch: it may be the order of the data
            row(
                make.run(steps_per_epoch=10_000, planned_steps=1200),
                _swinging(0.6, period=100),
                message="windows of some steps",
                severity=Severity.INFO,
            ),
            # it may follow the order of the data within an epoch
            row(make.run(), _swinging(0.6, period=100), message="windows of some steps", severity=Severity.INFO),
            # unless the steps are so long that it must be them; the bound is a tenth
            row(
                make.run(),
                _swinging(1.0, level=1.8, period=100),
                make.updates({"dense": 1e-3, "dense_1": 0.11}),
                message="windows of some steps",
                severity=Severity.WARNING,
            ),
            row(
                make.run(),
                _swinging(1.0, level=1.8, period=100),
                make.updates({"dense": 1e-3, "dense_1": 0.09}),
                message="windows of some steps",
                severity=Severity.INFO,
            ),
        ],
        silent=[
            (make.run(), make.losses(0.7, 0.7, n=1200, noise=0.7)),  # batch noise, as of single rows
            (make.run(null=0.056), LossLog(step=np.arange(1200), loss=RARE)),  # single rows of a rare class
            (make.run(), _swinging(0.09)),  # a little less than the bound
            (make.run(), _by_epoch(1, 1, -1, -1, 1, 1, -1, -1, 1, 1)),  # 4 of 9 reversed
            (make.run(), _swinging(0.6, noise=3.5)),  # batches explain more than 40 % of it
            (make.run(), make.losses(1.0, 0.7, n=1200, noise=0.3)),
            # penalties are not part of it: below 30 % of the null model's loss
            (make.run(), _raised(2.55)),
            (make.run(), _swinging(0.3, level=0.25)),  # below 30 % of the null model's loss
            (make.run(), _swinging(0.6, period=600)),  # three epochs up, three down: few reversals
            (make.run(), _swinging(0.6, period=2)),  # too short to be told from batch noise
            (make.run(), make.losses(0.7, 0.7, n=1200, noise=0.2)),
            (make.run(batch_size=1), make.losses(0.9, 0.9, n=4000, noise=1.5)),
            (make.run(), make.losses(0.05, 0.9, n=1200)),  # a rise is no swing
            (make.run(), make.losses(2.0, 0.7, n=1200)),  # a fall is no swing
            (make.run(), make.losses(1.0, 0.7, 0.7, 0.7, n=1200)),
            (make.run(), make.losses(0.05, 0.05, n=1200, noise=0.05)),  # resumed from converged weights
            (make.run(), make.FLAT),
        ],
        cannot_tell=[
            row(
                make.run(planned_steps=30),
                make.losses(0.7, 0.7, n=30, noise=0.3),
                message="12 windows of 4 rows needed",
            ),
            row(make.run(), _swinging(0.6, n=150), message="200 needed"),
            row(make.run(null=float("nan")), EPOCHS, message="null model"),
            row(make.run(), make.losses(0.5, np.inf), message="no number"),
        ],
    )
