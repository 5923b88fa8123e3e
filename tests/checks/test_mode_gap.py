from flatline.checks.mode_gap import mode_gap
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NORM = make.layer("norm", kind="BatchNormalization", kernel_shape=())
OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")


def test_mode_gap() -> None:
    RuleTester(mode_gap).run(
        fires=[
            row(
                make.model(make.layer("a"), NORM, OUT, mode_gap=7.5),
                message="differ by 7.5 times their size; `norm` does not know the data yet",
                severity=Severity.INFO,
                where="norm",
                fix="momentum",
            ),
            row(make.model(mode_gap=1.2), message="1.2 times", severity=Severity.INFO),
        ],
        silent=[
            make.model(),
            make.model(mode_gap=1.0),  # the bound
            make.model(mode_gap=0.6),  # dropout does as much
        ],
        cannot_tell=[row(make.model(mode_gap=float("nan")), message="not compared, or those of inference")],
    )
