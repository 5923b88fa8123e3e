import numpy as np

from flatline.detectors.loss_spikes import loss_spikes
from flatline.finding import Severity
from flatline.logs import GradientLog, LossLog
from flatline.testing import RuleTester, row
from tests.detectors import make

N = 300


def _losses(*jumps: tuple[int, float, int], level: float = 0.3, noise: float = 0.02, fall: float = 0.0) -> LossLog:
    """A loss of 1 that falls to a level; each jump is (step, height, steps until half of it is left)."""
    step = np.arange(N)
    loss = level + (1 - level) * np.exp(-step / 20) - fall * step / N
    for start, height, half in jumps:
        loss = loss + np.where(step >= start, height * 0.5 ** ((step - start) / half), 0)
    return LossLog(step=step, loss=loss + noise * np.random.default_rng(0).normal(size=N))


def _gradients(*spikes: int, norm: float = 50.0, every: int = 5) -> GradientLog:
    """Gradients of norm about 1 in every fifth step, and larger ones at these steps."""
    step = np.arange(0, N, every)
    norms = np.where(np.isin(step, spikes), norm, np.random.default_rng(0).uniform(0.8, 1.2, len(step)))
    return make.gradients({"dense": norms, "dense_1": 0.5 * norms}, len(step), every=every)


JUMP = (150, 2.0, 15)
FOR_GOOD = (100, 0.6, 10**6)


def test_table():
    RuleTester(loss_spikes).run(
        fires=[
            row(
                make.run(),
                _losses(JUMP),
                _gradients(150),
                message="jumped once, from 0.3",
                severity=Severity.INFO,
                fix="clip the gradient at a global norm of 6",
            ),
            row(make.run(), _losses(JUMP, (240, 1.0, 15)), _gradients(150, 240), message="jumped 2 times, first from"),
            row(
                make.run(),
                _losses(FOR_GOOD),
                _gradients(100),
                message="at step 100, where the gradient is 48.5 times its usual norm, and has not come back",
                severity=Severity.WARNING,
            ),
            row(make.run(), _losses(JUMP), _gradients(150, norm=24.0), message="times its usual norm"),
            # penalties are not part of it
            row(
                make.run(),
                LossLog(step=np.arange(N), loss=_losses((150, 0.3, 500)).loss + 3, penalty=np.full(N, 3.0)),
                _gradients(150),
                message="from 0.3",
            ),
            row(make.run(), _losses(JUMP), _gradients(150, 155), message="once"),  # two steps of the same jump
            row(make.run(), _losses((150, 0.40, 500), level=0.6, noise=0.001), _gradients(150), message="from 0.6"),
            row(make.run(), _losses((150, 0.18, 500), level=0.1, noise=0.001), _gradients(150), message="from 0.1"),
            row(make.run(), _losses((150, 0.42, 500), noise=0.1), _gradients(150), message="once"),
            # it has not come back, but still learns
            row(make.run(), _losses(FOR_GOOD, fall=0.2), _gradients(100), message="once", severity=Severity.INFO),
            # neither has it had time to
            row(make.run(), _losses((180, 0.6, 10**6)), _gradients(180), message="once", severity=Severity.INFO),
        ],
        silent=[
            (make.run(), _losses(), _gradients(150)),  # a batch of unusual rows: the loss of the others is as it was
            (make.run(), _losses((150, 2.0, 1)), _gradients(150)),  # over in a few steps
            (make.run(), _losses(JUMP), _gradients()),  # other data, say: the gradient is as it was
            (make.run(), _losses(JUMP), _gradients(150, norm=19.0)),  # a little less than the bound
            (make.run(), _losses((150, 0.27, 500), level=0.6, noise=0.001), _gradients(150)),  # less than half as much
            (make.run(), _losses((150, 0.12, 500), level=0.1, noise=0.001), _gradients(150)),  # less than 15 %
            (make.run(), _losses((150, 0.25, 500), noise=0.1), _gradients(150)),  # less than three spreads
            (make.run(), make.losses(0.05, 0.05, noise=0.002), _gradients(150)),  # resumed from converged weights
            (make.run(), make.LEARNING, _gradients()),
            (make.run(), _losses((150, 0.14, 50)), _gradients(150)),  # so is the loss
            (make.run(), _losses((150, 0.3, 50), noise=0.2), _gradients(150)),  # steps differ by as much
            (make.run(), _losses((150, 0.06, 50), level=0.02, noise=0.002), _gradients(150)),  # converged, and near
            (make.run(), _losses((295, 2.0, 50)), _gradients(295)),  # too soon to say
        ],
        cannot_tell=[
            row(make.run(), _losses(JUMP), _gradients(150).until(25), message="5 gradients sampled, 6 needed"),
            row(make.run(), _losses(JUMP).until(180), _gradients(150).until(180), message="200 needed"),
            row(make.run(null=float("nan")), _losses(JUMP), _gradients(150), message="null model"),  # as a GAN's
            row(make.run(), make.losses(0.5, np.inf), _gradients(150), message="no number"),
        ],
    )
