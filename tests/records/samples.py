"""Run records for tests: one of everything, random ones, and what it means that two are the same."""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from hypothesis import strategies as st

from flatline.cause import Cause
from flatline.exhibits import (
    Confusion,
    FirstBatch,
    HeadLabels,
    HeadValues,
    LabelCounts,
    Predictions,
    ReceivedInputs,
    ShownRows,
    Spread,
    TargetValues,
)
from flatline.finding import Evidence, Finding, Severity
from flatline.fix import Fix, Safety, SetCompile
from flatline.logs import (
    ActivationLog,
    EpochLog,
    GradientLog,
    LossLog,
    ProbeLog,
    RunFacts,
    RunHead,
    RunLayer,
    SightLog,
    UpdateLog,
)
from flatline.records.record import RunRecord
from flatline.view import View, ViewedLayer

NASTY = (
    "<script>alert('x')</script>",
    'a\nb\r\n"quoted"\\ \u2028 \x00',
    "../../etc/passwd",
    "nan",
    "\ud800 lone",
    "ü漢字🙂" * 2_500,
)


def same(one, other):
    """Equal to the last digit, types of arrays, NaN and the sign of zero included."""
    if isinstance(one, np.ndarray):
        equal = one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
        return equal and bool((np.isnan(one) | (np.signbit(one) == np.signbit(other))).all())
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and same(vars(one), vars(other))
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return one == other and type(one) is type(other)


def assert_same(one, other):
    """Compare all that a record tells."""
    assert one.run_id == other.run_id
    assert same(dict(one.header), dict(other.header))
    assert same(one.facts, other.facts)
    for kind, log in one.logs().items():
        assert same(log, other.logs()[kind]), kind
    assert same(tuple((step, as_advice(finding)) for step, finding in one.live), other.live)
    assert same(dict(one.exhibits), dict(other.exhibits))
    without_writing = [{k: v for k, v in r.spent.items() if k != "writing"} for r in (one, other)]
    assert without_writing[0] == without_writing[1]
    assert (one.missing, one.ended) == (other.missing, other.ended)
    assert same((one.view, one.viewed_at), (other.view, other.viewed_at))


def as_advice(finding):
    fixes = tuple(dataclasses.replace(fix, safety=Safety.ADVICE, edits=()) for fix in finding.fixes)
    return dataclasses.replace(finding, fixes=fixes)


def facts(names=("dense", "out")):
    layers = tuple(
        RunLayer(name=name, kind="Dense", activation="relu", trainable=True, n_trainable=6, has_kernel=True)
        for name in names
    )
    heads = (RunHead(name=names[-1], task="regression", loss="mse", units=1, target_std=1.5),)
    return RunFacts(
        model="m", kind="Sequential", optimizer="Adam", layers=layers, heads=heads, learning_rate=1e-3, batch_size=32
    )


def finding(message="loss is flat"):
    evidence = (
        Evidence(quantity="input_rms", value=math.nan, bound=("<=", math.inf), where=NASTY[0], steps=(3, 7)),
        Evidence(quantity="input_rms", value=0.1 + 0.2, bound=(">=", 1), unit="steps"),
    )
    fix = Fix(title="set it", safety=Safety.UNSAFE, edits=(SetCompile(argument="loss", value="mse"),), snippet="x\ny")
    return Finding(
        message=message,
        evidence=evidence,
        where="dense",
        fixes=(fix,),
        severity=Severity.WARNING,
        cause=Cause.LOSS,
        code="FL501",
        name="flat-loss",
        explains=("FL502",),
    )


def exhibits(name="dense"):
    """One of every kind, with what is not finite, and one that there is a reason not to have."""
    odd = np.array([[math.nan, -math.inf, 0.0], [1e-40, 1 / 3, -0.0]], "float32")
    spread = Spread(
        name=name, shape=(3, None), n_rows=2, n_cells=6, n_nonfinite=2, n_features=3, n_constant=0, rms=math.inf,
        feature=np.arange(3, dtype="int32"), scale=odd[0], quantiles=odd, through=(name, "b"), lookup=7,
    )  # fmt: skip
    rows = ShownRows(
        name=name, form="image", shape=(2, 2), values=np.arange(8, dtype="uint8").reshape(2, 2, 2),
        low=np.array([0.0, math.nan]), high=np.ones(2), n_nonfinite=np.zeros(2, int), white=1.0,
    )  # fmt: skip
    values = HeadValues(
        spread=spread, mean=math.nan, std=0.1, edges=np.array([0.0, 1e300]), count=np.array([3], "int32"), high=1.0
    )
    return {
        ReceivedInputs: ReceivedInputs(before=(spread,), after=(), training=True),
        FirstBatch: FirstBatch(parts=(rows,), labels={name: ("1", name)}, in_order=True),
        LabelCounts: LabelCounts(
            heads=(HeadLabels(name=name, label=odd[1], count=np.arange(3), n=3, units=3, exclusive=False),)
        ),
        TargetValues: TargetValues(heads=(values,)),
        Confusion: "the model has its own train_step",
        Predictions: Predictions(name=name, true=odd[0], predicted=odd[1], mean=1.0, r2=-math.inf, n=3, column=None),
    }


def full(names=("dense", "out")):
    """One of everything, with what is not finite in every log."""
    record, n = RunRecord({"python": "3.11", "started": 1.5}), len(names)
    record.describe(facts(names))
    odd = np.resize([math.nan, math.inf, -math.inf, -0.0, 5e-324, 1 / 3], n)
    small = np.float32(0.1) * np.arange(n)
    for step in range(5):
        record.add(LossLog, step=step, loss=(0.1, math.nan, math.inf, -math.inf, 1e308)[step], penalty=0.1 * step)
        record.add(
            GradientLog,
            step=step,
            layers=names,
            loss=0.5,
            gradient_norm=odd,
            weight_norm=small,
            nonfinite_gradients=small,
        )
        record.add(UpdateLog, step=step, layers=names, update_ratio=odd + 1, learning_rate=1e-3, skipped=0.0)
        record.add(ActivationLog, step=step, layers=names, mean=odd, spread=odd, saturated_share=small, nonfinite=small)
        record.add(
            ProbeLog,
            step=step,
            layers=names,
            heads=("out",),
            dead_share=small,
            distinct_classes=[math.nan],
            output_spread=[0.1],
            input_dependence=0.3,
            n_samples=256,
        )
    record.add(
        SightLog,
        step=4,
        layers=names,
        kernel_correlation=odd,
        kernel_chance=small,
        duplicate_share=odd,
        inputs=("images", NASTY[0]),
        blind_share=[math.nan, 1 / 3],
        smoothness=[0.8, math.nan],
        border_saliency=[0.1, math.nan],
        border_variation=[0.2, math.nan],
        heads=("out",),
        class_alignment=[1.0],
        n_samples=32,
    )
    record.add(EpochLog, step=2, values={"loss": 0.5, names[0]: math.nan})
    record.add(EpochLog, step=4, values={"loss": 0.4, "val_loss": math.inf}, validation_noise=0.01)
    record.found(finding(), 3)
    for kind, fact in exhibits(names[0]).items():
        record.exhibit(kind, fact)
    seen = ViewedLayer(name=names[-1], kind="Dense", channels=tuple(range(n)), mean=odd)
    record.look(View(model=names[0], layers=(seen,), n_rows=3), 5)
    record.spend("sampling", 0.25)
    record.miss("activations of `x`: it has two outputs")
    record.end("exception: ValueError")
    return record


numbers = st.floats() | st.floats(width=32)


@st.composite
def filled(draw):
    """Any record, row by row: `(record, rows)`, where a row is what `add` takes."""
    n_layers = draw(st.integers(0, 3))
    names = tuple(draw(st.lists(st.text() | st.sampled_from(NASTY[:5]), min_size=n_layers, max_size=n_layers)))
    wide = st.lists(numbers, min_size=n_layers, max_size=n_layers)
    kinds = {
        LossLog: {"loss": numbers, "penalty": numbers},
        EpochLog: {"values": st.dictionaries(st.text(max_size=3), numbers), "validation_noise": numbers},
        GradientLog: {"loss": numbers, "gradient_norm": wide, "weight_norm": wide},
        UpdateLog: {"update_ratio": wide, "skipped": numbers},
        ActivationLog: {"mean": wide, "saturated_share": wide},
        ProbeLog: {"dead_share": wide, "input_dependence": numbers, "n_samples": st.integers(0, 1000)},
        SightLog: {"kernel_correlation": wide, "duplicate_share": wide, "n_samples": st.integers(0, 32)},
    }
    rows, last = [], dict.fromkeys(kinds, -1)
    for _ in range(draw(st.integers(0, 15))):
        kind = draw(st.sampled_from(list(kinds)))
        last[kind] += draw(st.integers(1, 1000))
        chosen = draw(st.sets(st.sampled_from(sorted(kinds[kind]))))
        row = {field: draw(kinds[kind][field]) for field in sorted(chosen)}
        if "layers" in vars(kind()):
            row["layers"] = names
        rows.append((kind, last[kind], row))
    return rows
