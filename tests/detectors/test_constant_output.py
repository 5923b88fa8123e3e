import dataclasses

import numpy as np

from flatline.detectors.constant_output import constant_output
from flatline.finding import Severity
from flatline.logs import RunHead
from flatline.testing import RuleTester, row
from tests.detectors import make

CLASSES = RunHead(name="dense_1", task="multi-class classification", loss="crossentropy", units=3, n_classes=3)
NUMBERS = RunHead(name="dense_1", task="regression", loss="mse", units=1, target_std=1e-4)
VOCABULARY = dataclasses.replace(CLASSES, units=10_000, n_classes=10_000)
UNKNOWN = RunHead(name="dense_1", task="unknown", loss="custom", units=1)


def _run(head=CLASSES, **given):
    return make.run(heads=(head,), **given)


def _probes(spread, **given):
    return make.probes(spread={"dense_1": spread}, **given)


def test_table():
    RuleTester(constant_output).run(
        fires=[
            row(
                _run(),
                make.FLAT,
                _probes(2e-4),
                message="output `dense_1` varies by 0.0002 between the 256 samples of the probe, since step 0",
                severity=Severity.WARNING,
                where="dense_1",
            ),
            row(_run(), make.FLAT, _probes([0.1, 0.1, 0.0, 0.0]), message="since step 150"),
            row(_run(NUMBERS), make.FLAT, _probes(5e-8), message="0.0005 of the deviation of its targets"),
            row(_run(VOCABULARY), make.FLAT, _probes(1e-6), message="varies by 1e-06"),
            row(_run(), make.FLAT, _probes(9e-4), message="varies by 0.0009"),
            row(_run(VOCABULARY), make.FLAT, _probes(9e-6), message="varies by 9e-06"),
            row(_run(UNKNOWN), make.FLAT, _probes(7.0, dependence=9e-7), message="change by 9e-07"),
            # no scale is known for this output, but it does not change with the input
            row(_run(UNKNOWN), make.FLAT, _probes(7.0, dependence=1e-8), message="change by 1e-08 of their size"),
            row(_run(), make.FLAT, _probes(np.nan, dependence=0.0), message="do not depend on the input"),
        ],
        silent=[
            (_run(), make.FLAT, _probes(0.1)),
            (_run(), make.FLAT, _probes(1e-3)),  # at the bound
            (_run(NUMBERS), make.FLAT, _probes(5e-5)),  # small targets, small outputs
            (_run(UNKNOWN), make.FLAT, _probes(7.0, dependence=1e-6)),
            (_run(dataclasses.replace(CLASSES, name="another")), make.FLAT, _probes(0.0)),  # another output was probed
            (_run(dataclasses.replace(NUMBERS, target_std=0.0)), make.FLAT, _probes(0.0)),  # nothing to vary with
            (_run(VOCABULARY), make.FLAT, _probes(1.1e-5)),  # small, and as large as an even share
            (_run(UNKNOWN), make.FLAT, _probes(1e-9, dependence=0.1)),
            (_run(), make.FLAT, _probes([0.1, 0.1, 0.1, 0.0])),  # one probe is noise
            (_run(), make.FLAT, _probes([0.0, 0.0, 0.0, 0.1])),  # an output that started at zero
            (_run(), make.LEARNING, _probes([0.0, 0.0, 0.0, 0.0])),  # on its way, whatever the probe says
            (_run(), make.CONVERGED, _probes(0.0)),
            (_run(NUMBERS), make.PLATEAU, _probes(0.0)),
            (_run(scheduled=True), make.losses(1.0, 0.98, noise=0.001, n=220), _probes(0.0)),  # slow warm-up
        ],
        cannot_tell=[
            row(_run(), make.losses(1.0, 1.0, n=40), _probes(0.0), message="40 steps recorded"),
            row(_run(null=np.nan), make.FLAT, _probes(0.0), message="null model"),
            row(_run(), make.losses(1.0, np.nan), _probes(0.0), message="no number"),
            row(_run(), make.FLAT, _probes(0.0, n=1), message="1 probe of the outputs, 2 needed"),
            row(_run(), make.FLAT, _probes(np.nan, dependence=np.nan), message="0 probe of the outputs, 2 needed"),
            row(
                _run(),
                make.FLAT,
                _probes(0.0),
                make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1))),
                message="1 weights are no numbers",
            ),
        ],
    )


def test_every_output_is_judged_by_itself():
    heads = (dataclasses.replace(CLASSES, name="a"), dataclasses.replace(NUMBERS, name="b"))
    found = list(
        constant_output.function(
            make.run(heads=heads), make.FLAT, make.probes(spread={"a": 0.1, "b": 1e-9}, dependence=0.0), None
        )
    )
    assert [finding.where for finding in found] == ["b"]
