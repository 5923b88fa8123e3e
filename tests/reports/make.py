"""Hand-made reports."""

import numpy as np

from flatline.cause import Cause
from flatline.facts import TinySubsetFacts
from flatline.finding import Evidence, Finding, NotEvaluated, Passed, Severity
from flatline.fix import Fix, MapInput, Safety, SetCompile, SetLayer
from flatline.reports.report import Report
from tests.checks import make as facts

SOFTMAX = Fix(
    title='use `activation="softmax"` in `dense`',
    edits=(SetLayer(layer="dense", argument="activation", value="softmax"),),
    snippet='keras.layers.Dense(2, activation="softmax", name="dense")',
)
LOGITS = Fix(
    title="or set `from_logits=True` in the loss",
    edits=(SetCompile(argument="loss", value={"kind": "CategoricalCrossentropy", "config": {"from_logits": True}}),),
    snippet="model.compile(\n    loss=keras.losses.CategoricalCrossentropy(from_logits=True),\n    optimizer=opt,\n)",
)
RESCALE = Fix(
    title="scale the pixels to [0, 1]", edits=(MapInput(how="rescale", factor=1 / 255),), snippet="X = X / 255"
)


def finding(code="FL999", **fields):
    fields = {"name": f"check-{code[2:]}", "severity": Severity.WARNING, "message": f"what {code} saw"} | fields
    return Finding(code=code, **fields)


RAW_SCORES = finding(
    "FL301",
    severity=Severity.ERROR,
    cause=Cause.OUTPUT_ACTIVATION,
    message="`dense` returns scores that are no probabilities (-212 … 187)",
    where="dense",
    explains=("FL001",),
    evidence=(Evidence(quantity="output_low", value=-212.0, bound=(">=", 0.0), where="dense"),),
    fixes=(SOFTMAX, LOGITS),
)
TINY_SUBSET = finding("FL001", severity=Severity.ERROR, message="8 examples were not fitted in 200 steps")
INPUT_SCALE = finding("FL102", cause=Cause.INPUT_SCALE, message="rms of the input is 131, above 10", fixes=(RESCALE,))
OFFSET = finding(
    "FL104",
    severity=Severity.INFO,
    cause=Cause.INPUT_SCALE,
    message="mean / spread of the input is 1.9",
    fixes=(Fix(title="subtract the mean", safety=Safety.ADVICE),),
)
REMARK = finding("FL803", severity=Severity.INFO, cause=Cause.INITIALIZATION, message="`conv2d` starts small")


def passed(count, first=400):
    return tuple(Passed(code=f"FL{first + number}", name=f"passed-{number}") for number in range(count))


def missing(*reasons):
    return tuple(
        NotEvaluated(code=f"FL{500 + number}", name=f"missing-{number}", reason=reason)
        for number, reason in enumerate(reasons)
    )


def report(*outcomes, **fields):
    scope = {"model": "Sequential, 3 layers, 5,130 weights", "task": "2-class classification"}
    scope |= {"rows read": "287 of 287", "seconds": 2.13}
    return Report(outcomes=outcomes, **({"scope": scope} | fields))


SEED = report(
    REMARK,
    TINY_SUBSET,
    OFFSET,
    RAW_SCORES,
    INPUT_SCALE,
    *passed(23),
    *missing(
        "needs fit_args", "needs fit_args", "needs fit_args", "needs PlanFacts, which was not measured", "crashed: E: x"
    ),
    curves={"tiny subset, as is": np.array([7.4, 7.4, 7.4]), "tiny subset, reference": np.array([1.0, 0.1, 0.001])},
    null=0.69,
    facts={TinySubsetFacts: facts.tiny()},
)
CLEAN = report(*passed(23))

HOSTILE = "</style><script>alert(1)</script>[bold red]x[/]\x1b[31m\n| **b** `\ud800 $a_b$ 漢字"
EVIL = report(
    finding(
        "FL301",
        message=f"layer `{HOSTILE}` is odd",
        where=HOSTILE,
        cause=Cause.LOSS,
        evidence=(Evidence(quantity="output_low", value=float("nan"), bound=(">=", float("-inf")), where=HOSTILE),),
        fixes=(Fix(title=HOSTILE, snippet=f"name = {HOSTILE!r}\n```\n{HOSTILE}"),),
    ),
    *missing(HOSTILE),
    scope={"model": HOSTILE, HOSTILE: HOSTILE},
    curves={HOSTILE: np.array([1.0, np.nan, np.inf]), "_hidden": np.array([2.0])},
    null=float("inf"),
)
