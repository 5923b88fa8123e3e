import numpy as np

from flatline.checks.output_ignores_input import output_ignores_input
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

OUT = make.layer("dense_1", kernel_shape=(16, 3), activation="softmax")
ZERO = make.layer("dense_1", kernel_shape=(16, 3), activation="softmax", kernel_std=0.0, weight_norm=0.0)
DEAD = make.layer("dead", output_spread=0.0, output_rms=0.0)
SAME = make.layer("a", input_feature_std=np.zeros(5))


def test_output_ignores_input() -> None:
    RuleTester(output_ignores_input).run(
        fires=[
            row(make.model(input_dependence=0.0), message="does not depend on the input", severity=Severity.WARNING),
            row(
                make.model(DEAD, OUT, input_dependence=1e-8),
                make.objective(),
                message="`dead` is the first layer that gives the same for every sample",
                where="dead",
            ),
            row(make.model(input_dependence=5e-4, dtype_policy="mixed_float16"), message="0.0005"),
            row(make.model(input_dependence=0.0), make.rehearsal(), message="0 of its size", severity=Severity.INFO),
        ],
        silent=[
            make.model(),
            make.model(input_dependence=1e-6),  # the bound
            (
                make.model(make.layer("a"), ZERO, input_dependence=0.0),
                make.objective(),
            ),  # an output that starts at zero
            make.model(make.layer("a"), ZERO, input_dependence=0.0),
            make.model(input_dependence=2e-3, dtype_policy="mixed_bfloat16"),
        ],
        cannot_tell=[
            row(make.model(input_dependence=float("nan")), message="not measured"),
            row(make.model(input_dependence=0.0, n_probe=1), message="1 sample"),
            row(make.model(SAME, OUT, input_dependence=0.0), message="all 256 samples"),
        ],
    )
