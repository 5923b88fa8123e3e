import math

import pytest

from flatline.finding import Severity
from flatline.gates import learned, learns, severity_unless_learning
from tests.checks import make


@pytest.mark.parametrize(
    ("arm", "share"),
    [
        (make.arm(final=0.0, score=0.34), 1.0),
        (make.arm(final=1.09, score=1.0), 1.0),  # the better of loss and score
        (make.arm(final=0.545, score=0.34), 0.5),
        (make.arm(final=math.nan, score=0.67), 0.5),
        (make.arm(final=0.0, score=1.0, diverged=True), -math.inf),
    ],
)
def test_learned_is_the_better_of_loss_and_score(arm, share):
    assert learned(make.rehearsal(arm)) == pytest.approx(share)


def test_what_is_not_known_is_not_learnt():
    nothing = make.rehearsal(make.arm(final=math.nan, score=math.nan))
    assert math.isnan(learned(None)) and math.isnan(learned(nothing))
    assert not learns(None) and not learns(nothing)
    assert severity_unless_learning(Severity.ERROR, nothing) is Severity.ERROR


def test_severity_falls_to_info_from_the_bound_on():
    half = make.rehearsal(make.arm(final=0.545, score=0.34))
    assert severity_unless_learning(Severity.WARNING, half) is Severity.INFO
    assert severity_unless_learning(Severity.WARNING, half, enough=0.6) is Severity.WARNING
