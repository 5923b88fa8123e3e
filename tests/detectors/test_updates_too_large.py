import numpy as np
import pytest

from flatline.cause import Cause
from flatline.detectors.updates_too_large import updates_too_large
from flatline.finding import Severity
from flatline.logs import LossLog
from flatline.testing import RuleTester, row
from tests.detectors import make

ROW = np.arange(20)
ODD = np.where(ROW == 4, 3.0, 1e-3)
SMALLER, TINY = ({"dense": np.where(ROW < 10, 1.0, end)} for end in (0.011, 0.009))
THREE = make.run(*(make.layer(name) for name in ("dense", "dense_1", "dense_2")))
BEGUN = make.run(make.layer(weight_norm=1.0), make.layer("dense_1", is_output=True, weight_norm=1.0))
FELL_BACK = make.losses(1.0, 0.2, 0.1, 1.0, 1.0, 1.0, 1.0)


def _updates(first, second=1e-3, **given):
    return make.updates({"dense": first, "dense_1": second}, **given)


def _weights(first, second):
    return make.gradients({"dense": 0.0, "dense_1": 0.0}, weight={"dense": first, "dense_1": second}, step=1 + ROW)


def _until(step):
    return LossLog(step=np.arange(300), loss=np.where(np.arange(300) < step, 0.8, np.nan))


def test_table():
    RuleTester(updates_too_large).run(
        fires=[
            row(
                make.run(),
                make.FLAT,
                _updates(0.8, rate=30.0),
                message="ratio of `dense` is 0.8 in the last 20 sampled steps at learning rate 30, above 0.1",
                severity=Severity.WARNING,
                cause=Cause.LEARNING_RATE,
                where="dense",
                fix="set the learning rate to 0.1",
            ),
            row(make.run(), make.FLAT, _updates(1e-3, 0.11), message="of `dense_1` is 0.11", where="dense_1"),
            row(make.run(), make.FLAT, _updates(0.3, 0.2), message="and that of 1 other kernel"),
            row(make.run(), FELL_BACK, _updates(0.3), message="0.3", severity=Severity.WARNING),
            row(make.run(), make.losses(1.0, 0.3, 0.3, 8.0, 8.0), _updates(0.3), message="0.3"),
            # three steps, and it is gone
            row(make.run(), _until(3), _updates([2.0, 50.0, 3e4], n=3, every=1), message="is 50 in the last 3"),
            # what came after the loss was no number does not count
            row(make.run(), _until(100), _updates(np.where(ROW < 7, 0.9, np.nan)), message="in the last 7"),
            row(make.run(), _until(100), _updates(np.where(ROW > 0, np.inf, 1.0)), message="is inf"),
            # the first step overflowed, as it does when the scale of the loss is looked for
            row(
                make.run(),
                make.FLAT,
                _updates(np.where(ROW == 0, np.nan, 0.8), np.where(ROW == 0, np.nan, 0.8), skipped=ROW == 0),
                message="in the last 19",
            ),
            # smaller than it was, but of a size
            row(make.run(), make.FLAT, _updates(0.9), make.gradients({"dense": 1.0}, weight=SMALLER), message="0.9"),
            # one step was enough: what follows looks small beside weights that have become large
            row(
                make.run(),
                make.FLAT,
                _updates(10 / (1 + ROW) ** 3, 5 / (1 + ROW) ** 3, rate=np.where(ROW == 0, 1.0, 0.01)),
                message="step 0 changed half of the 2 kernels by 7.5 of their size or more at learning rate 1",
                severity=Severity.WARNING,
                fix="set the learning rate to 0.0004",
            ),
            row(make.run(), make.PLATEAU, _updates(0.6, 0.6), message="above 0.5", severity=Severity.WARNING),
            row(
                make.run(), make.FLAT, _updates(*2 * [3e4 * (ROW == 0)]), message="3e+04 of their", fix="to unit scale"
            ),
            # nor was any step before the first sample small: all that follows is
            row(
                BEGUN,
                make.FLAT,
                _updates(0.0, 0.0),
                _weights(3e4, 1e4),
                message="before step 1, the first that was sampled, half of the kernels or more had become 2e+04 times",
                severity=Severity.WARNING,
                fix="lower the learning rate, and",
            ),
            row(make.run(), make.LEARNING, _updates(0.6, 0.6), message="above 0.5", severity=Severity.INFO),
            row(
                make.run(scheduled=True),
                make.FLAT,
                _updates(0.8, rate=30.0),
                message="0.8",
                fix="multiply the schedule of the learning rate by 0.003",
            ),
        ],
        silent=[
            (make.run(), make.FLAT, _updates(1e-3)),
            (make.run(), make.FLAT, _updates(0.1)),  # at the bound
            (make.run(), make.LEARNING, _updates(0.4, 0.4)),  # a tiny net that likes SGD 1.0
            (make.run(), make.PLATEAU, _updates(0.5, 0.5)),
            (make.run(), make.CONVERGED, _updates(0.3)),
            # one of three kernels has shrunk under a penalty, the others do well
            (THREE, make.PLATEAU, make.updates({"dense": 0.9, "dense_1": 1e-3, "dense_2": 1e-3})),
            # a kernel that started at zero: no ratio at first, and one over the steps since then
            (make.run(), make.FLAT, _updates([np.nan, *(1 / ROW[1:])])),
            (make.run(), make.FLAT, _updates(0.9), make.gradients({"dense": 1.0}, weight={"dense": 1e-3 * ROW})),
            # a penalty has driven it to zero: its ratio says nothing
            (make.run(), make.FLAT, _updates(0.9), make.gradients({"dense": 1.0}, weight={"dense": 0.5**ROW})),
            (make.run(), make.FLAT, _updates(0.9), make.gradients({"dense": 1.0}, weight=TINY)),
            # the steps before the first sample have made one kernel large, or both less than ten times as large
            (BEGUN, make.FLAT, _updates(1e-3), _weights(18.0, 1.0)),
            (BEGUN, make.LEARNING, _updates(1e-3), _weights(3e4, 1e4)),
            (make.run(), make.FLAT, _updates(1e-3), _weights(3e4, 1e4)),  # unknown beginning
            # large at first, as Adam's steps are, and small long since
            (make.run(), make.FLAT, _updates(np.where(ROW < 8, 0.5, 1e-3), np.where(ROW < 8, 0.5, 1e-3))),
            (THREE, make.FLAT, make.updates({"dense": ODD, "dense_1": 1e-3, "dense_2": 1e-3})),
            # one batch of one sample, in a run that stands well or that came to no number otherwise
            (make.run(batch_size=1), make.PLATEAU, _updates(ODD, ODD)),
            (make.run(), _until(290), _updates(ODD, ODD)),
            # weights of one axis and embeddings: scales that start small
            (
                make.run(
                    make.layer("scale", has_kernel=False), make.layer("embedding", kind="Embedding"), make.layer()
                ),
                make.FLAT,
                make.updates({"scale": 5.0, "embedding": 0.9, "dense": 1e-3}),
            ),
            # an overflow of the scaled loss: the optimizer left the weights alone
            (make.run(), make.FLAT, _updates(np.where(ROW < 6, 1e-3, 9.0), skipped=ROW >= 6)),
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), _updates(0.9), message="40 steps recorded"),
            row(make.run(null=np.nan), make.FLAT, _updates(0.9), message="null model"),
            row(make.run(), make.FLAT, _updates(0.9, n=2), message="2 updates sampled, 3 needed"),
            row(make.run(), _until(2), _updates(0.9), message="1 updates sampled"),
            row(make.run(), make.FLAT, _updates(np.nan, np.nan), message="0 updates sampled"),
        ],
    )


@pytest.mark.parametrize(("ratio", "rate"), [(0.3, 0.01), (30.0, 1e-4)])
def test_the_new_rate_would_change_three_thousandths(ratio, rate):
    (finding,) = updates_too_large.function(make.run(), make.FLAT, _updates(ratio, rate=1.0), None)
    assert finding.fixes[0].edits[0].value == pytest.approx(rate)
    assert finding.evidence[0].steps == (0, 285)
