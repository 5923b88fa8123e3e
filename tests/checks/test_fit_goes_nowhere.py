from flatline.cause import Cause
from flatline.checks.fit_goes_nowhere import fit_goes_nowhere
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make
from tests.checks.runs import diverged, ran, rehearsed


def test_table():
    RuleTester(fit_goes_nowhere).run(
        fires=[
            row(
                rehearsed(ran(0.0), ran(0.1, "Adam at 0.001"), ran(0.95, "standardised inputs")),
                message="140 steps as planned get 0 % of the way to a perfect fit, with standardised inputs they get",
                severity=Severity.WARNING,
                cause=Cause.INPUT_SCALE,
                fix="standardise the inputs",
            ),
            row(rehearsed(ran(0.1), ran(0.9, "fresh initial weights")), message="fresh", cause=Cause.INITIALIZATION),
            row(rehearsed(ran(0.0), ran(0.8, "no dropout")), message="no dropout", cause=Cause.DROPOUT),
            row(rehearsed(diverged(), ran(0.8, "no penalties")), message="diverged", cause=Cause.REGULARIZATION),
            row(rehearsed(ran(0.1), ran(0.9, "batches of 32")), message="batches of 32", cause=Cause.BATCH_SIZE),
            row(
                rehearsed(ran(0.1), make.arm("standardised targets", rescaled=True, score=0.9)),
                message="standardised targets",
                cause=Cause.LABELS,
            ),
        ],
        silent=[
            rehearsed(ran(0.9)),
            rehearsed(ran(0.5), ran(0.95, "standardised inputs")),  # at the bound
            rehearsed(ran(0.0), ran(0.9, "rate ×10"), ran(0.9, "batches of 32")),  # FL405 owns it
            rehearsed(ran(0.0), ran(0.9, "Adam at 0.01"), ran(0.9, "no dropout")),  # FL406 owns it
            rehearsed(ran(0.0), ran(0.2, "standardised inputs")),
            rehearsed(ran(0.0)),
        ],
        cannot_tell=[
            row(rehearsed(ran(0.1, steps=20), ran(0.9, "no dropout"), planned_steps=900), message="20 steps rehearsed")
        ],
    )
