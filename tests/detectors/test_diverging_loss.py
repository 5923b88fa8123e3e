import numpy as np

from flatline.cause import Cause
from flatline.detectors.diverging_loss import diverging_loss
from flatline.finding import Severity
from flatline.fix import Safety, SetCompile
from flatline.logs import LossLog
from flatline.testing import RuleTester, row
from tests.detectors import make

RISING = make.losses(1.0, 0.6, 0.8, 2.0, 4.0)
EXPLODING = LossLog(step=np.arange(300), loss=np.exp(np.linspace(0, 100, 300)))  # its mean is its last row
GROWING = LossLog(step=np.arange(300), loss=np.exp(np.linspace(0, 12, 300)))
AT_ONCE = LossLog(step=np.arange(300), loss=np.r_[1.1, 60 + np.random.default_rng(0).normal(size=299)])
RARE = np.where(np.random.default_rng(6).random(300) < 0.01, 4.6, 0.01)


def _raised(before: float, after: float, **given: float) -> LossLog:
    """A loss that stands at one level for three eighths of the run, and at another for the last half."""
    return make.losses(*[before] * 4, *[after] * 5, **({"noise": 0.001} | given))


def _at_once(level: float) -> LossLog:
    return LossLog(step=np.arange(300), loss=np.r_[1.1, level + 0.001 * np.random.default_rng(0).normal(size=299)])


IN_THOUSANDS = make.losses(9e4, 9e4, noise=2e4)


def test_table():
    RuleTester(diverging_loss).run(
        fires=[
            row(make.run(), RISING, message="was 0.6992", severity=Severity.WARNING, cause=Cause.LEARNING_RATE),
            row(make.run(), GROWING, message="is 1 for the best constant prediction", fix="from 0.001 to 0.0001"),
            row(make.run(), EXPLODING, message="is 1 for the best constant prediction"),
            # it never learnt: the first step took it away
            row(make.run(), AT_ONCE, message="about 59.63 over the last quarter of 300 steps, was 1.1"),
            row(make.run(), _at_once(11.1), message="about 11.1"),
            row(make.run(batch_size=1), make.losses(*[1.1] * 40, *[90.0] * 200), message="was 1.097"),
            row(make.run(), _raised(0.5, 2.05), message="about 2.05"),
            row(make.run(), _raised(1.5, 2.55), message="was 1.5"),  # it never learnt
            row(make.run(), _raised(0.5, 6.0, noise=2.0), message="about"),
            row(make.run(), _raised(3.5, 5.05, penalty=3.0), message="was 0.5"),  # penalties are not part of it
            row(make.run(learning_rate=float("nan")), RISING, message="was 0.6992", fix="ten-fold"),
            row(make.run(scheduled=True), make.losses(0.5, 30.0), message="30", fix="fresh weights"),
            # a likelihood
            row(make.run(null=-2.0, perfect=-6.0), make.losses(-4.0, 20.0), message="-2 for the best"),
            # rows that stand for 30 steps each
            row(make.run(), LossLog(step=30 * np.arange(40) + 29, loss=np.linspace(0.5, 30, 40)), message="1200 steps"),
        ],
        silent=[
            (make.run(), make.LEARNING),
            (make.run(), make.CONVERGED),
            (make.run(), make.PLATEAU),
            (make.run(), make.FLAT),
            (make.run(), make.losses(0.05, 0.05, noise=0.002)),  # resumed from converged weights
            (make.run(), make.losses(1.0, 8.0, 5.0, 3.0)),  # thrown up at the start, and coming down
            (make.run(), IN_THOUSANDS),  # targets that are not scaled: it began up there
            (make.run(), make.losses(3.0, 3.0)),  # stands above the null model, and did not rise
            (make.run(), make.losses(0.5, 1.3, 1.3, 1.3, 1.3)),  # worse-than-null
            (make.run(), _raised(0.5, 1.95)),  # a little below the bound
            (make.run(), _raised(1.5, 2.45)),  # so is this: less than one way above the best quarter
            (make.run(), _at_once(10.9)),  # and this: less than ten times the first batch
            (make.run(), _raised(0.5, 3.0, noise=2.0)),  # not in three of four rows
            (make.run(batch_size=8), AT_ONCE),  # a batch of 8 is too few to tell where the loss began
            (make.run(), _raised(3.5, 4.95, penalty=3.0)),  # penalties are not part of it
            (
                make.run(null=0.056),
                LossLog(step=np.arange(300), loss=RARE),
            ),  # two of the rare class among the last 25 rows
            # half of the samples of single rows cost next to nothing: the first may be one of them
            (
                make.run(batch_size=1),
                LossLog(step=np.arange(300), loss=50 * np.random.default_rng(6).chisquare(1, size=300)),
            ),
        ],
        cannot_tell=[
            row(make.run(planned_steps=16), make.losses(0.5, 30.0, n=16), message="16 rows recorded"),
            row(make.run(), make.losses(0.5, 30.0, n=150), message="150 steps recorded"),
            row(make.run(null=float("nan")), GROWING, message="null model"),  # as a GAN's
            row(make.run(), make.losses(0.5, np.inf), message="no number"),  # non-finite-values
        ],
    )


def test_the_lower_rate_can_be_tried_where_there_is_one_number_to_set():
    (finding,) = diverging_loss.function(make.run(), RISING)
    assert finding.fixes[0].edits == (SetCompile(argument="optimizer.learning_rate", value=0.0001),)
    for given in ({"scheduled": True}, {"custom_train_step": True}):
        (finding,) = diverging_loss.function(make.run(**given), RISING)
        assert finding.fixes[0].safety is Safety.ADVICE and not finding.fixes[0].edits
