from flatline.cause import Cause
from flatline.checks.loss_not_differentiable import loss_not_differentiable
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NAN = float("nan")


def told(**given):
    return make.objective(make.head(**{"loss": "custom", **given}))


def test_table():
    RuleTester(loss_not_differentiable).run(
        fires=[
            row(
                told(loss_gradient=None),
                message="the loss of `dense_1` is 1.2, and its gradient by the output is missing",
                severity=Severity.ERROR,
                cause=Cause.LOSS,
                where="dense_1",
                fix="without `argmax`",
            ),
            row(told(loss_gradient=0.0), message="exactly 0 everywhere"),
            row(told(loss_gradient=0.0, perfect=NAN), message="1.2"),
        ],
        silent=[
            make.objective(),
            told(),
            told(loss_gradient=1e-30),  # small, not absent
            told(loss_gradient=0.0, initial=0.0),  # every margin is kept, or the loss is a dummy beside `add_loss`
            told(loss_gradient=0.0, initial=0.3, perfect=0.3),
            told(loss_gradient=0.0, squash="constant", low=1.0),  # FL302
            told(loss_gradient=0.0, loss="binary_crossentropy"),  # the output is the fault
            told(loss_gradient=None, logits_recovered=True),
        ],
        cannot_tell=[row(told(initial=NAN), message="a finite loss at initialisation")],
    )
