"""Exhibits as JSON and back; what a later version adds is passed over, what is damaged is refused."""

import json

import numpy as np
import pytest

from flatline.exhibits import SHOWS_DATA, Confusion, FirstBatch, ReceivedInputs
from flatline.judging import report_of
from flatline.records.events import apply, exhibit_event, to_line
from flatline.records.packed_exhibits import packed, unpacked
from flatline.records.record import RunRecord
from tests.records import samples
from tests.records.samples import NASTY, same


@pytest.mark.parametrize("kind", SHOWS_DATA, ids=lambda kind: kind.__name__)
def test_every_exhibit_is_read_back_to_the_bit(kind):
    fact = samples.exhibits()[kind]
    event = json.loads(to_line(exhibit_event(kind, fact)))
    assert same(unpacked(event["exhibit"], event["is"]), (kind, fact))


@pytest.mark.parametrize("name", NASTY[:5])
def test_hostile_names_are_read_back(name):
    fact = samples.exhibits(name)[FirstBatch]
    assert same(unpacked("FirstBatch", json.loads(to_line({"is": packed(fact)}))["is"])[1], fact)


def test_what_a_later_version_adds_is_passed_over():
    told = packed(samples.exhibits()[FirstBatch])
    told["later"] = {"shape": [1]}
    told["parts"][0]["later"] = 3
    del told["in_order"]
    assert unpacked("FirstBatch", told)[1].in_order is False
    assert unpacked("LaterBatch", told) is None
    record = RunRecord()
    apply(to_line({"exhibit": "LaterBatch", "is": told}), record)
    assert not record.exhibits


@pytest.mark.parametrize(
    "damage", [{"type": "O"}, {"type": "f9"}, {"bytes": "§"}, {"shape": [5, 5]}, {"bytes": None}, {"shape": None}]
)
def test_a_damaged_array_is_refused(damage):
    told = packed(samples.exhibits()[FirstBatch])
    told["parts"][0]["values"] |= damage
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        unpacked("FirstBatch", told)


def test_what_was_read_cannot_be_written_to():
    values = unpacked("FirstBatch", packed(samples.exhibits()[FirstBatch]))[1].parts[0].values
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1
    assert values.dtype == np.uint8


def test_a_report_of_a_run_holds_them_or_says_why_not():
    report = report_of(samples.full(), ())
    assert isinstance(report.facts[FirstBatch], FirstBatch)
    assert report.facts[Confusion] == "the model has its own train_step"
    unfinished = report_of(RunRecord(), ()).facts
    assert "when training ends" in unfinished[ReceivedInputs] and Confusion not in unfinished
