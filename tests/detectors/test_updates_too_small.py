import numpy as np
import pytest

from flatline.cause import Cause
from flatline.detectors.updates_too_small import updates_too_small
from flatline.finding import Severity
from flatline.fix import SetCompile
from flatline.testing import RuleTester, row
from tests.detectors import make

ROW = np.arange(20)
GAN = make.run(null=np.nan, custom_train_step=True)


def _updates(first, second=None, **given):
    return make.updates({"dense": first, "dense_1": first if second is None else second}, **given)


def test_table():
    RuleTester(updates_too_small).run(
        fires=[
            row(
                make.run(),
                make.FLAT,
                _updates(1e-6, 2e-6, rate=1e-6),
                message="by more than 2.0e-06 of its size, median of 20 sampled steps, at learning rate 1e-06",
                severity=Severity.WARNING,
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.0005",
            ),
            row(make.run(), make.FLAT, _updates(9e-6, rate=np.nan), message="9.0e-06", fix="to 0.1"),
            row(make.run(), make.FLAT, _updates(np.where(ROW == 7, 9e-5, 1e-6)), message="1.0e-06"),  # one odd batch
            row(GAN, make.FLAT, _updates(9e-7), message="9.0e-07"),
            # where guessing has no known loss: only what is still to the bit, or all but
            row(GAN, make.FLAT, _updates(1e-9, rate=1e-8), message="1.0e-09", fix="of the optimizer that moves"),
            # the weights that start at zero have no ratio at first, the others tell
            row(make.run(), make.FLAT, _updates(1e-6, np.where(ROW == 0, np.nan, 1e-2)), message="1.0e-06"),
            # every other step gathers gradients only
            row(make.run(accumulation=2), make.FLAT, _updates(1e-6 * (ROW % 2), skipped=1 - ROW % 2), message="10 sam"),
            row(make.run(scheduled=True), make.FLAT, _updates(1e-6), message="1.0e-06", fix="multiply the schedule"),
        ],
        silent=[
            (make.run(), make.FLAT, _updates(1e-3)),
            (make.run(), make.FLAT, _updates(1e-5)),  # at the bound
            (make.run(), make.FLAT, _updates(1e-7, 1e-3)),  # a frozen-like body under a head that moves
            (make.run(), make.LEARNING, _updates(1e-7)),
            (make.run(), make.CONVERGED, _updates(1e-9)),
            (make.run(), make.PLATEAU, _updates(1e-9)),  # at the minimum of a convex loss
            (make.run(), make.losses(0.02, 0.02, noise=0.002), _updates(1e-9)),  # resumed from converged weights
            (make.run(), make.losses(0.4, 0.3, 0.2), _updates(1e-5, rate=2e-5)),  # fine-tuning
            # no signal in the data: it went to the null model's minimum at once and stays there
            (make.run(), make.FLAT, _updates(np.where(ROW < 3, 1e-2, 1e-8))),
            # the rate decayed to nothing
            (make.run(scheduled=True), make.FLAT, _updates(1e-2 * 0.1**ROW, rate=0.1**ROW)),
            (make.run(), make.FLAT, _updates(np.where(ROW == 7, 1.1e-4, 1e-6))),  # it does move, now and then
            (GAN, make.FLAT, _updates(1e-6)),  # at the bound
            (GAN, make.FLAT, _updates(np.where(ROW < 2, 1e-4, 0.0))),
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), _updates(1e-7), message="40 steps recorded"),
            # nothing moves at all, or only weight decay does: not the rate's doing
            row(make.run(), make.FLAT, _updates(0.0), message="no kernel moves at all, which FL807 judges"),
            row(
                make.run(),
                make.FLAT,
                _updates(4e-6),
                make.gradients({"dense": 0.0, "dense_1": np.nan}),
                message="no gradient reaches any kernel",
            ),
            row(GAN, make.losses(1.0, 1.0, n=40), _updates(1e-9), message="null model"),
            row(make.run(), make.losses(1.0, np.nan), _updates(1e-7), message="no number"),
            row(make.run(), make.FLAT, _updates(1e-7, n=2), message="of 2 kernels in 2 steps are known, 3 needed"),
            row(make.run(), make.FLAT, _updates(1e-7, skipped=1), message="in 0 steps"),
            row(make.run(), make.FLAT, _updates(np.where(ROW == 0, np.inf, 1.0)), message="of 0 kernels"),
            # a warm-up goes on
            row(
                make.run(scheduled=True),
                make.FLAT,
                _updates(1e-8 * ROW, rate=1e-8 * ROW),
                message="the learning rate is still rising, 1.9e-07 so far",
            ),
        ],
    )


@pytest.mark.parametrize("ratio", [1e-6, 1e-8])
def test_the_new_rate_would_move_a_thousandth(ratio):
    (finding,) = updates_too_small.function(make.run(), make.FLAT, _updates(ratio, rate=1e-7), None)
    (edit,) = finding.fixes[0].edits
    assert isinstance(edit, SetCompile)
    assert edit.value / 1e-7 * ratio == pytest.approx(1e-3)
    assert finding.evidence[0].steps == (0, 285)
