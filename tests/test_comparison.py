"""Where two runs part: told to the step on made-up records, and never where there is only noise."""

import dataclasses
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings

from flatline.comparing.parting import spell
from flatline.comparison import compare
from flatline.errors import FlatlineError
from flatline.logs import ActivationLog, EpochLog, GradientLog, LossLog, ProbeLog, RunHead, UpdateLog
from flatline.progress import State
from flatline.records.record import RunRecord
from flatline.records.run_writer import RunWriter
from tests.records.samples import NASTY, facts, filled, finding, full

NAMES = ("dense", "dense_1", "out")
NULL = 1.0  # of the made-up losses, whose perfect value is 0


def described(names=NAMES, **changes):
    known = {"null": NULL, "perfect": 0.0, "n_null": 256, "steps_per_epoch": 100, "planned_steps": 1000, **changes}
    return dataclasses.replace(facts(names), **known)


def run(loss, *, step=None, header=None, **changes):
    """A run with this loss at these steps."""
    record = RunRecord(header)
    record.describe(described(**changes))
    step = np.arange(len(loss)) if step is None else step
    record.tables[LossLog].extend(step, {"loss": np.asarray(loss, float)})
    record.end("finished")
    return record


def falling(seed=0, n=1000, to=0.2, noise=0.1):
    rng = np.random.default_rng(seed)
    return to + (NULL - to) * np.exp(-np.arange(n) / 150) + noise * rng.normal(size=n)


def sample(record, step, *, names=NAMES, noise=0.1, seed=0, **changed):
    """Sample layers at these steps; `changed` gives other values to one quantity: layer → value by step."""
    rng = np.random.default_rng(seed)
    usual = {"gradient_norm": 0.1, "weight_norm": 5.0, "update_ratio": 1e-3, "mean": 0.2, "spread": 0.5}
    usual |= {"saturated_share": 0.1, "dead_share": 0.0}
    kinds = {GradientLog: ("gradient_norm", "weight_norm"), UpdateLog: ("update_ratio",)}
    kinds |= {ActivationLog: ("mean", "spread", "saturated_share"), ProbeLog: ("dead_share",)}
    for s in step:
        for kind, fields in kinds.items():
            row = {field: usual[field] * np.exp(noise * rng.normal(size=len(names))) for field in fields}
            for field in set(fields) & set(changed):
                for layer, value in changed[field].items():
                    row[field][names.index(layer)] = value(s)
            record.add(kind, step=int(s), layers=names, **row)
    return record


SAMPLES = [*range(1, 32, 2), *range(50, 1000, 50)]
OTHER_SAMPLES = [*range(1, 32, 2), *range(52, 1000, 30)]


# ── losses ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_runs_that_are_equal_to_the_bit_are_said_to_be():
    found = compare(run(falling()), run(falling()))
    assert (found.losses.n_common, found.losses.n_equal, found.losses.differs_at) == (1000, 1000, None)
    assert found.parted_at is None
    assert "equal to the bit in all 1,000 common steps." in str(found)


def test_a_loss_that_is_no_number_in_both_is_equal():
    loss = falling()
    loss[500:] = math.nan
    assert compare(run(loss), run(loss)).losses.differs_at is None


@pytest.mark.parametrize("seed", range(20))
def test_another_seed_does_not_part(seed):
    found = compare(run(falling(seed)), run(falling(seed + 100)))
    assert (found.losses.n_equal, found.losses.differs_at) == (0, 0)
    assert found.losses.apart is None
    assert "stay within the noise of each other" in str(found)


def test_full_batches_have_no_noise_but_a_small_distance_is_none_either():
    close, far = run(falling(noise=0, to=0.2)), run(falling(noise=0, to=0.3))
    assert compare(close, run(falling(noise=0, to=0.22))).losses.apart is None
    assert compare(close, far).parted_at is not None


@pytest.mark.parametrize("at", [4, 20, 100, 400, 900])
@pytest.mark.parametrize(("noise", "early"), [(0.02, 0), (0.1, 10)])  # early: the noise may lie on that side already
def test_the_step_is_told(at, noise, early):
    one, other = falling(0, noise=noise), falling(1, noise=noise)
    other[at:] = 1.5 + noise * np.random.default_rng(2).normal(size=1000 - at)
    found = compare(run(one), run(other))
    assert at - early <= found.parted_at <= at + 3
    assert compare(run(other), run(one)).parted_at == found.parted_at
    assert found.losses.apart.a < found.losses.apart.b
    if not early:
        assert found.losses.apart.b == pytest.approx(1.5, abs=0.05)  # nothing of the steps before
    assert "A lies lower" in " ".join(str(found).split())
    assert "B lies lower" in " ".join(str(compare(run(other), run(one))).split())


def test_runs_of_one_start_are_equal_before_the_change():
    one = falling()
    other = one.copy()
    other[300:] += 1e-12
    other[400:] += 1.0
    found = compare(run(one), run(other))
    assert (found.losses.n_equal, found.losses.differs_at) == (300, 300)
    assert found.parted_at == 400
    assert "no more than rounding apart at step 300" in str(found)


@pytest.mark.parametrize(
    ("first", "said"),
    [(0, "other weights, data or order of batches"), (1, "the same start, other updates"), (7, "before step 7")],
)
def test_it_is_said_what_the_first_difference_speaks_for(first, said):
    other = falling()
    other[first:] += 0.01
    assert said in str(compare(run(falling()), run(other)))


def test_a_loss_that_is_no_number_lies_apart():
    other = falling(1)
    other[200:] = math.nan
    found = compare(run(falling()), run(other))
    assert found.parted_at == 200
    assert found.endings[1].state is State.DIVERGED
    assert "B diverged" in str(found) and "no number" in str(found)


def test_what_meets_again_is_apart_for_a_while():
    one, other = falling(0), falling(1)
    other[100:400] += 0.6
    found = compare(run(one), run(other))
    assert found.parted_at is None
    assert 98 <= found.losses.apart.step <= 102 and 370 < found.losses.apart.until <= 420
    assert "end within the noise of each other, after a while apart" in str(found)


def test_a_parting_counts_from_where_it_lasts():
    one, other = falling(0), falling(1)
    other[50:100] += 0.6
    other[700:] += 0.6
    assert 690 <= compare(run(one), run(other)).parted_at <= 703


def test_what_is_infinite_lies_above_all_numbers():
    step, low = np.arange(40), np.zeros(40)
    for infinite in (math.inf, -math.inf):
        assert spell(step, np.full(40, infinite), low, matters=1.0).a == math.inf
    assert spell(step, np.full(40, -math.inf), np.full(40, math.inf), matters=1.0) is None


def test_a_single_spike_is_nothing():
    other = falling(1)
    other[600:610] = 1e6
    assert compare(run(falling()), run(other)).losses.apart is None


def test_one_run_is_shorter():
    found = compare(run(falling()), run(falling()[:300]))
    assert (found.losses.n_common, found.losses.differs_at) == (300, None)
    assert "A went on for longer" in str(found)
    assert [ending.n_steps for ending in found.endings] == [1000, 300]


def test_thinned_records_are_compared_on_what_is_near():
    rng = np.random.default_rng(0)
    steps = [np.unique(np.r_[rng.choice(500, 100, replace=False), 500:1000]) for _ in range(2)]
    other = falling(1)
    other[300:] += 0.8
    found = compare(run(falling()[steps[0]], step=steps[0]), run(other[steps[1]], step=steps[1]))
    assert 296 <= found.parted_at < 320
    same = compare(run(falling()[steps[0]], step=steps[0]), run(falling(1)[steps[1]], step=steps[1]))
    assert same.losses.apart is None


def test_without_a_null_model_the_range_of_the_losses_is_the_scale():
    unknown = {"null": math.nan, "perfect": math.nan}
    worse = compare(run(1e6 * falling(0), **unknown), run(1e6 * falling(1, to=0.6), **unknown))
    assert 0 < worse.parted_at < 400
    alike = compare(run(1e6 * falling(0), **unknown), run(1e6 * falling(1), **unknown))
    assert alike.losses.apart is None
    smooth = [run(1e6 * falling(noise=0, to=to), **unknown) for to in (0.2, 0.22)]
    assert compare(*smooth).losses.apart is None
    assert "state     not told: the null model's loss is not known" in str(alike)


def test_other_losses_are_compared_over_their_null_models():
    mae = (RunHead(name="out", task="regression", loss="mae", units=1),)
    alike = compare(run(falling(0)), run(50 * falling(1), heads=mae, null=50.0))
    assert (alike.losses.relative, alike.losses.apart) == (True, None)
    worse = compare(run(falling(0)), run(50 * falling(1, to=0.6), heads=mae, null=50.0))
    assert worse.parted_at is not None
    assert "over the null model's" in str(worse)
    assert worse.losses.apart.b < 1.1
    rescaled = compare(run(falling(0)), run(50 * falling(1), null=50.0))
    assert (rescaled.losses.relative, rescaled.losses.apart) == (True, None)
    unknown = compare(run(falling(0)), run(50 * falling(1), heads=mae, null=math.nan))
    assert "not the same function" in unknown.losses.reason
    assert "cannot be told" in str(unknown)


def test_too_little_is_said():
    assert compare(run(falling()), RunRecord()).losses.reason == "B: no training loss was recorded"
    assert "no step that both runs recorded" in str(compare(RunRecord(), RunRecord()))
    few = compare(run(falling()), run(falling(1)[:5]))
    assert few.losses.reason == "5 steps in common, 8 needed"


# ── layers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_layers_of_another_seed_do_not_part():
    a, b = sample(run(falling()), SAMPLES), sample(run(falling(1)), OTHER_SAMPLES, seed=1)
    found = compare(a, b)
    assert (found.layers, found.first) == ((), None)
    assert found.n_compared == 7 * len(NAMES)
    assert "none of the 21 curves" in str(found)


def test_a_dead_layer_comes_first():
    zero = {"dense_1": lambda step: 0.0}
    dead = {"dead_share": {"dense_1": lambda step: 1.0}, "spread": zero, "mean": zero}
    b = sample(run(falling(1)), OTHER_SAMPLES, seed=1, gradient_norm=zero | {"dense": lambda step: 0.0}, **dead)
    found = compare(sample(run(falling()), SAMPLES), b)
    assert (found.first.quantity, found.first.layer) == ("dead share", "dense_1")
    assert (found.first.a, found.first.b, found.first.from_start) == (0.0, 1.0, True)
    gradients = [each.layer for each in found.layers if each.quantity == "gradient norm"]
    assert gradients == ["dense_1", "dense"]  # from the output backwards
    assert "first dead share of `dense_1` from the first sample (step 1) on: 0 in A, 1 in B" in str(found)


def test_the_layer_that_parts_first_comes_first():
    late = {"weight_norm": {"dense": lambda step: 50.0 if step >= 600 else 5.0}}
    early = {"gradient_norm": {"out": lambda step: 10.0 if step >= 300 else 0.1}}
    found = compare(sample(run(falling()), SAMPLES), sample(run(falling()), OTHER_SAMPLES, seed=1, **late, **early))
    assert [(each.layer, each.quantity) for each in found.layers] == [
        ("out", "gradient norm"),
        ("dense", "weight norm"),
    ]
    assert 300 <= found.first.step <= 352 and 600 <= found.layers[1].step <= 652
    assert found.first.b == pytest.approx(10.0) and found.first.a == pytest.approx(0.1, rel=0.5)


def test_a_layer_that_is_apart_for_a_while_does_not_part():
    b = sample(run(falling()), SAMPLES, weight_norm={"dense": lambda step: 50.0 if 5 < step < 700 else 5.0})
    assert compare(sample(run(falling()), SAMPLES), b).layers == ()


def test_what_is_sampled_late_may_have_been_so_from_the_start():
    a, b = run(falling()), run(falling(1))
    for record, share in ((a, 0.0), (b, 1.0)):
        for step in range(74, 1000, 74):
            record.add(ProbeLog, step=step, layers=("dense_1",), dead_share=[share])
    for record, spread in ((a, 0.5), (b, 0.001)):
        for step in SAMPLES:
            record.add(ActivationLog, step=step, layers=NAMES, spread=[0.5, spread, 0.5])
    assert [(each.quantity, each.step) for each in compare(a, b).layers] == [
        ("dead share", 74),
        ("activation spread", 1),
    ]


def test_updates_come_first_where_they_part_the_furthest():
    faster = {name: lambda step: 0.1 for name in NAMES}
    b = sample(run(falling(1)), SAMPLES, seed=1, update_ratio=faster, spread={"out": lambda step: 2.0})
    found = compare(sample(run(falling()), SAMPLES), b)
    assert [each.quantity for each in found.layers] == ["update ratio"] * 3 + ["activation spread"]


def test_values_that_are_no_numbers_part():
    a, b = sample(run(falling()), SAMPLES), sample(run(falling(1)), SAMPLES)
    for record, flag in ((a, 0.0), (b, 1.0)):
        for step in range(1000, 1100, 10):
            row = {"gradient_norm": [math.nan if flag else 0.1] * 3, "nonfinite_gradients": [flag] * 3}
            record.add(GradientLog, step=step, layers=NAMES, weight_norm=[5.0] * 3, **row)
    found = compare(a, b)
    assert {each.quantity for each in found.layers} == {"gradient norm"}
    assert (found.first.layer, found.first.b) == ("out", math.inf)
    assert 950 < found.first.step <= 1010


def test_layers_that_keras_numbered_anew_are_the_same():
    renamed = ("dense_7", "dense_8", "out")
    b = sample(
        run(falling(1), names=renamed, model="m_1"), SAMPLES, names=renamed, spread={"dense_8": lambda step: 9.0}
    )
    found = compare(sample(run(falling()), SAMPLES), b)
    assert (found.first.layer, found.first.layer_b) == ("dense_1", "dense_8")
    assert found.setup == ()
    assert "activation spread of `dense_1` from" in str(found)


def test_without_samples_nothing_is_said_of_layers():
    found = compare(run(falling()), sample(run(falling(1)), SAMPLES))
    assert (found.layers, found.n_compared) == ((), 0)
    assert "nothing was sampled of the same layers in both runs" in str(found)


# ── set-up, endings, findings ───────────────────────────────────────────────────────────────────────────────────────


def differences(found):
    return {each.what: (each.a, each.b) for each in found.setup}


def test_differences_of_the_set_up_are_listed():
    header = {"started": "today", "keras": "3.1"}
    a = run(falling(), header=header)
    changes = {"learning_rate": 0.1, "batch_size": 64, "optimizer": "SGD", "null": 1.05, "planned_steps": 2000}
    b = run(falling(1), header={"started": "tomorrow", "keras": "3.2"}, **changes)
    assert differences(compare(a, b)) == {
        "optimizer": ("Adam", "SGD"),
        "learning rate": (1e-3, 0.1),
        "batch size": (32, 64),
        "planned steps": (1000, 2000),
        "keras": ("3.1", "3.2"),
    }
    assert "learning rate 0.001 → 0.1" in str(compare(a, b))


def test_what_is_not_known_or_went_through_32_bits_is_no_difference():
    a, b = run(falling()), run(falling(1), learning_rate=float(np.float32(1e-3)), null=math.nan)
    assert compare(a, b).setup == ()
    assert "nothing that is recorded differs" in str(compare(a, b))


def test_a_run_that_was_not_described_is_said():
    assert differences(compare(run(falling()), RunRecord())) == {"description of the run": ("recorded", None)}


def test_layers_are_told_once_for_all_that_changed_alike():
    changed = [dataclasses.replace(layer, activation="tanh") for layer in described().layers]
    assert differences(compare(run(falling()), run(falling(1), layers=tuple(changed)))) == {
        "activation of `dense`, `dense_1` and 1 more": ("relu", "tanh")
    }
    extra = dataclasses.replace(changed[0], name="more", n_trainable=99)
    layers = (*described().layers[:2], extra, described().layers[2])
    assert differences(compare(run(falling()), run(falling(1), layers=layers))) == {
        "layer `more`": (None, "Dense, 99 weights")
    }


def test_endings_tell_state_loss_and_validation():
    a, b = run(falling()), run(np.full(1000, NULL) + 0.01 * np.random.default_rng(0).normal(size=1000))
    for epoch, loss in enumerate([0.9, math.nan, 0.4, 0.6]):
        a.add(EpochLog, step=100 * epoch + 99, values={"val_loss": loss})
    b.add(EpochLog, step=99, values={"val_loss": math.nan})
    b.end(None)
    one, other = compare(a, b).endings
    assert (one.state, other.state) == (State.LEARNING, State.FLAT)
    assert one.loss == pytest.approx(0.2, abs=0.03)
    assert (one.best_validation_loss, one.best_epoch) == (0.4, 3)
    assert (math.isnan(other.best_validation_loss), other.best_epoch) == (True, None)
    text = str(compare(a, b))
    assert "B never got better than guessing" in text
    assert "best validation loss 0.4 (epoch 3)" in text and "killed, or still going on" in text


def test_findings_that_one_run_has_alone():
    flat = np.full(1000, NULL) + 0.01 * np.random.default_rng(0).normal(size=1000)
    found = compare(run(falling()), run(flat))
    assert "FL501" in [each.code for each in found.only_b]
    assert found.only_a == ()
    assert "only in B" in str(found) and "FL501 flat-loss" in str(found)
    again = compare(run(flat), run(flat[::-1]))
    assert (again.only_a, again.only_b) == ((), ())
    mirrored = compare(run(flat), run(falling()))
    assert (mirrored.only_a, mirrored.only_b) == (found.only_b, found.only_a)


def test_a_run_against_itself():
    record = run(falling())
    assert compare(record, record).same_run
    assert "records of the same run" in str(compare(record, record))


# ── input and output ────────────────────────────────────────────────────────────────────────────────────────────────


def test_directories_are_read(tmp_path):
    for name, record in (("a", run(falling())), ("b", run(falling(1)))):
        RunWriter(tmp_path / name, record).close()
    found = compare(tmp_path / "a", str(tmp_path / "b"))
    assert found.names == (str(tmp_path / "a"), str(tmp_path / "b"))
    assert found.losses.n_common == 1000
    assert len(str(found).splitlines()[0]) <= 100


def test_wrong_input_is_said_in_one_line(tmp_path):
    with pytest.raises(FlatlineError, match=r"The `run_b` parameter of compare must be a RunRecord or .*\. Got int\."):
        compare(RunRecord(), 3)
    with pytest.raises(FlatlineError, match=r"No run in .*gone"):
        compare(tmp_path / "gone", RunRecord())


def test_json_says_the_same():
    b = sample(run(falling(1), learning_rate=0.1), SAMPLES, spread={"dense_1": lambda step: math.inf})
    found = compare(sample(run(falling()), SAMPLES), b)
    told = json.loads(found.to_json())
    assert told == found.to_dict()
    assert (told["format"], told["version"]) == ("flatline-comparison", 1)
    assert told["setup"] == [{"what": "learning rate", "a": 1e-3, "b": 0.1}]
    assert told["layers"][0]["b"] == "Infinity"
    assert told["endings"][0]["state"] == found.endings[0].state.value
    assert told["losses"]["parted_at"] is None


def fits(found):
    lines = str(found).splitlines()
    return len(lines) <= 20 and max(map(len, lines)) <= 100


def test_the_text_fits_whatever_differs(monkeypatch):
    names = tuple(f"a_layer_of_a_long_and_descriptive_name_{i}x" for i in range(3))
    a = sample(run(falling(), names=names, header={"platform": "x" * 300, "keras": "1"}), SAMPLES, names=names)
    changes = {"learning_rate": 0.1, "batch_size": 64, "optimizer": "S" * 99, "null": 9.0, "scheduled": True}
    layers = tuple(dataclasses.replace(layer, kind="C" * 99, trainable=False) for layer in described(names).layers)
    b = run(1e30 * falling(1), header={"platform": "y" * 300}, kind="Functional", layers=layers, **changes)
    wild = {name: lambda step: 1e30 for name in names}
    sample(b, SAMPLES, names=names, weight_norm=wild, spread=wild, mean=wild, update_ratio=wild, gradient_norm=wild)
    b.end("exception: " + "E" * 200)
    for pair in ((a, b), (b, a)):
        found = compare(*pair)
        assert len(found.layers) >= 12
        assert fits(found)
        assert re.search(r"; \d+ more\n", str(found))
        assert str(found).count(" then ") == 2
    monkeypatch.setattr("flatline.reports.comparison.MOST_LINES", 16)
    assert " then " not in str(found)
    monkeypatch.undo()
    long = dataclasses.replace(found, names=("/very/long" * 40, "b\nc" * 90))
    assert fits(long)


def test_hostile_names_do_no_harm():
    a, b = full(NASTY), full(NASTY[::-1])
    b.found(finding(NASTY[1]), 4)
    b.end(NASTY[0])
    found = compare(a, b)
    assert fits(found)
    found.to_json().encode("utf-8")


@settings(deadline=None, max_examples=40)
@given(filled(), filled())
def test_any_two_records_are_compared(rows_a, rows_b):
    records = [RunRecord(), RunRecord()]
    for record, rows in zip(records, (rows_a, rows_b), strict=True):
        for kind, step, row in rows:
            record.add(kind, step=step, **row)
    found = compare(*records)
    assert fits(found)
    found.to_json()


def test_keras_is_not_needed():
    code = (
        "import sys, flatline\n"
        "str(flatline.compare(flatline.RunRecord(), flatline.RunRecord()))\n"
        "print([name for name in ('keras', 'tensorflow', 'matplotlib', 'sklearn') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert shown.stdout.strip() == "[]"
