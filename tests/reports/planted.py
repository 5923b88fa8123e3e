"""A report with everything in it, and the same with any text in every place that a text can get to."""

import dataclasses
import enum
from collections.abc import Mapping

import numpy as np

from flatline.experiment import Experiment
from flatline.facts import (
    DataFacts,
    ModelFacts,
    ObjectiveFacts,
    OptimizerFacts,
    PlanFacts,
    RehearsalFacts,
    TinySubsetFacts,
    ValidationFacts,
)
from flatline.logs import Marks
from flatline.reports.diagnosis import Diagnosis
from tests import experiments
from tests.checks import make as facts
from tests.records import samples
from tests.reports import make

LABEL = 31337.0  # of a class
CODE = '-keras.layers.Dense(2, name="out")'


def everything():
    """A diagnosis of a run, from every kind of fact, with labels of its own."""
    record = samples.full()
    targets = facts.array(np.repeat([0.0, LABEL], 50), name="y")
    head = facts.head(target=targets, class_counts=((0.0, 50), (LABEL, 50)))
    known = {
        ModelFacts: facts.model(facts.layer("dense"), facts.layer("out", is_output=True)),
        ObjectiveFacts: facts.objective(head),
        OptimizerFacts: facts.optimizer(),
        DataFacts: facts.data(y=targets),
        ValidationFacts: facts.validation(),
        PlanFacts: facts.plan(class_weight={LABEL: 2.0}),
        TinySubsetFacts: facts.tiny(),
        RehearsalFacts: facts.rehearsal(),
        Experiment: experiments.THREE,
        **record.logs(),
        Marks: Marks(found=((3, make.RAW_SCORES),)),
    }
    outcomes = (*make.SEED.outcomes, make.finding("FL004", fixes=(experiments.SOFTMAX,)))
    return Diagnosis(
        outcomes=outcomes, scope=make.SEED.scope, curves=make.SEED.curves, null=0.69, facts=known,
        experiment=experiments.THREE, rehearsal=known[RehearsalFacts], code=lambda: CODE,
    )  # fmt: skip


def planted(report, write):
    """The same report with `write(text)` in the place of every text."""

    def text_in(value):
        if isinstance(value, enum.Enum) or callable(value):
            return value
        if isinstance(value, str):
            return write(value)
        if isinstance(value, Mapping):
            return {key if isinstance(key, type) else text_in(key): text_in(each) for key, each in value.items()}
        if isinstance(value, tuple):
            return tuple(text_in(each) for each in value)
        if dataclasses.is_dataclass(value):
            fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
            # a bound is no text
            return type(value)(**{name: one if name == "bound" else text_in(one) for name, one in fields.items()})
        return value

    code = {"code": lambda: write(report.code())} if isinstance(report, Diagnosis) else {}
    return dataclasses.replace(text_in(report), **code)
