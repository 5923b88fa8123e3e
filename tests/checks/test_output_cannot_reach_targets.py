import numpy as np

from flatline.cause import Cause
from flatline.checks.output_cannot_reach_targets import output_cannot_reach_targets
from flatline.facts import Task
from flatline.finding import Severity
from flatline.fix import MapLabels, SetLayer
from flatline.testing import RuleTester, row
from tests.checks import make

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=200).astype("float32")
UNIFORM = RNG.random(200).astype("float32")
SIGMOID = {"squash": "sigmoid", "declared": "sigmoid", "low": 0.0, "high": 1.0, "sums_to_one": False}
TANH = {"squash": "tanh", "declared": "tanh", "low": -1.0, "high": 1.0, "sums_to_one": False}
RELU = {"squash": "relu", "declared": "relu", "low": 0.0, "high": 40.0, "sums_to_one": False}
WITH_OUTLIERS = np.concatenate([UNIFORM[:-2], [1.5, 1.5]])
MODEL = make.model(
    make.layer("dense"),
    make.layer("dense_1", kernel_shape=(16, 1), activation="sigmoid", config={"units": 1, "activation": "sigmoid"}),
)


def values(y, **given):
    defaults = {"task": Task.REGRESSION, "target": make.array(y), "encoding": "values", "n_classes": None}
    defaults |= {"units": 1, "output_shape": (1,), "class_counts": (), "loss": "mean_squared_error", "null": 1.0}
    return make.objective(make.head(**{**defaults, **SIGMOID, **given}))


def weighted():
    return make.data(y=NORMAL, has_sample_weight=True)


STUCK = make.rehearsal(make.arm(losses=np.full(50, 1.09), score=0.0), null_score=0.0)


def test_table():
    RuleTester(output_cannot_reach_targets).run(
        fires=[
            row(
                values(NORMAL),
                MODEL,
                message="`dense_1` returns 0 … 1",
                severity=Severity.ERROR,
                cause=Cause.OUTPUT_ACTIVATION,
                where="dense_1",
                fix='`activation="linear"`',
            ),
            row(values(40_000 * UNIFORM), MODEL, message="% of the target cells", fix="or divide the targets by"),
            row(values(100 + 50 * NORMAL), MODEL, message="lie outside", fix="standardise the targets: they"),
            row(values(10 * NORMAL, **TANH), MODEL, message="-1 … 1"),
            row(values(NORMAL, **RELU), message="at least 0", fix='`activation="linear"`'),
            row(
                values(make.ROWS[:, :3], squash="softmax", units=3, output_shape=(3,), loss="poisson"),
                message="rows that sum to 1; 100 %",
                fix="softplus",
            ),
            row(
                values(255 * np.tile(UNIFORM[:, None], 4), task=Task.RECONSTRUCTION, units=4, output_shape=(4,)),
                MODEL,
                message="lie outside",
                fix="or divide",
            ),
            row(
                values(np.sign(NORMAL), task=Task.BINARY, encoding="integers", **RELU),
                message="numbers of at least 0",
            ),
            row(values(np.append(UNIFORM, [1.5] * 5)), message="2.44 %", severity=Severity.WARNING),
            row(values(np.append(UNIFORM, [1.5] * 6)), make.rehearsal(), message="2.91 %", severity=Severity.INFO),
            # What sample weights or the user's own loss leave out is not known.
            row(values(NORMAL), weighted(), message="lie outside", severity=Severity.INFO),
            row(values(NORMAL), weighted(), STUCK, message="lie outside", severity=Severity.WARNING),
            row(values(NORMAL, loss="custom"), STUCK, message="lie outside", severity=Severity.WARNING),
        ],
        silent=[
            make.objective(),
            values(UNIFORM),
            values(np.round(UNIFORM)),  # exactly at the ends
            values(WITH_OUTLIERS),  # one cell in a hundred: at the bound
            values(UNIFORM + 0.002),  # out of reach by less than 1 % of the deviation
            values(np.tanh(NORMAL), **TANH),
            values(np.abs(NORMAL), **RELU),
            values(np.abs(NORMAL), **RELU | {"squash": "positive"}),
            values(NORMAL, squash="linear", low=-30.0, high=30.0),
            values(NORMAL, loss="cosine_similarity"),  # only the direction counts
            values(NORMAL, loss="custom", perfect=2.0),  # y is no target of this output
            values(NORMAL, loss="custom", perfect=float("nan")),
            values(NORMAL, units=2, output_shape=(2,), loss="custom"),  # mean and deviation of a Gaussian
            values(np.abs(NORMAL), loss="poisson", **RELU),
        ],
        cannot_tell=[row(values(NORMAL, squash="unknown"), message="outputs of known range")],
    )


def test_a_linear_output_comes_with_standardised_targets_where_they_are_large():
    """Alone it sends the loss to infinity: squared errors of house prices have gradients of their size."""
    (finding,) = output_cannot_reach_targets.function(values(40_000 * UNIFORM), MODEL, None, None)
    linear = SetLayer(layer="dense_1", argument="activation", value="linear")
    assert finding.fixes[0].edits == (linear, MapLabels(how="standardize"))
    assert "they are of the size 2." in finding.fixes[0].title
    (finding,) = output_cannot_reach_targets.function(values(NORMAL), MODEL, None, None)
    assert finding.fixes[0].edits == (linear,)
