from flatline.cause import Cause
from flatline.checks.samples_interact import samples_interact
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

MINE = make.layer("mine", kind="Pairs", builtin=False, kernel_shape=())
STATEFUL = make.layer("memory", kind="LSTM", config={"stateful": True})


def test_samples_interact() -> None:
    RuleTester(samples_interact).run(
        fires=[
            row(
                make.model(cross_sample=0.2),
                make.objective(),
                message="changes by 20.0% when the other samples",
                severity=Severity.WARNING,
                cause=Cause.ARCHITECTURE,
                fix="axis 0",
            ),
            row(
                make.model(make.layer("a"), MINE, cross_sample=0.2),
                make.objective(),
                message="`mine` may mix them",
                severity=Severity.INFO,
            ),
            # Scores of all pairs of a batch: an unknown task.
            row(
                make.model(cross_sample=0.9),
                make.objective(make.head(task=Task.UNKNOWN)),
                message="90.0%",
                severity=Severity.INFO,
            ),
            row(make.model(cross_sample=0.3), make.objective(), make.rehearsal(), message="30", severity=Severity.INFO),
        ],
        silent=[
            (make.model(), make.objective()),
            (make.model(cross_sample=1e-3), make.objective()),  # the bound
            (make.model(cross_sample=1e-6), make.objective()),  # sums in another order
            (make.model(MINE, cross_sample=0.0), make.objective()),
        ],
        cannot_tell=[
            row(make.model(cross_sample=float("nan")), make.objective(), message="not measured"),
            row(
                make.model(cross_sample=float("nan"), inference_noise=0.3),
                make.objective(),
                message="2 predictions of the same samples differ by 0.3",
            ),
            row(make.model(cross_sample=0.2, n_probe=1), make.objective(), message="1 sample"),
            row(make.model(STATEFUL, cross_sample=0.2), make.objective(), message="stateful"),
        ],
    )
