import numpy as np

from flatline.detectors.one_predicted_class import one_predicted_class
from flatline.finding import Severity
from flatline.logs import RunHead
from flatline.testing import RuleTester, row
from tests.detectors import make


def _run(n_classes=3, majority=0.4, **given):
    task = "multi-class classification" if n_classes else "regression"
    head = RunHead(name="dense_1", task=task, loss="x", units=3, n_classes=n_classes, majority_share=majority)
    return make.run(heads=(head,), **given)


def _probes(classes, **given):
    return make.probes(classes={"dense_1": classes}, **given)


FELL_BACK = make.losses(1.0, 0.2, 0.1, 1.0, 1.0, 1.0, 1.0)


def test_table():
    RuleTester(one_predicted_class).run(
        fires=[
            row(
                _run(),
                make.FLAT,
                _probes(1),
                message="output `dense_1` predicts one of 3 classes for all 256 samples of the probe, since step 0",
                severity=Severity.WARNING,
                where="dense_1",
            ),
            row(_run(), make.FLAT, _probes([3, 2, 1, 1]), message="since step 150"),
            row(_run(majority=0.89), make.FLAT, _probes(1), message="predicts one", severity=Severity.WARNING),
            row(_run(majority=np.nan), make.FLAT, _probes(1), message="predicts one", severity=Severity.WARNING),
            row(_run(), FELL_BACK, _probes(1), message="predicts one", severity=Severity.WARNING),
            row(_run(), make.losses(1.0, 0.3, 0.3, 8.0, 8.0), _probes(1), message="predicts one"),
            row(_run(2, majority=0.9), make.FLAT, _probes(1, n_samples=64), message="90%", severity=Severity.INFO),
            # nine tenths are of one class: imbalance, and no bug
            row(
                _run(2, majority=0.99),
                make.FLAT,
                _probes(1),
                message="99% of the targets are of one class",
                severity=Severity.INFO,
            ),
        ],
        silent=[
            (_run(), make.FLAT, _probes(3)),
            (_run(), make.FLAT, _probes(2)),  # at the bound
            (_run(), make.LEARNING, _probes([1, 1, 1, 1])),  # it has just begun
            (_run(), make.CONVERGED, _probes(1)),
            # classes overlap and one is larger: the loss is better than guessing although no sample looks otherwise
            (_run(2, majority=0.8), make.losses(1.0, 0.9, 0.9, 0.9), _probes(1)),
            (_run(), make.FLAT, _probes([3, 3, 3, 1])),  # one probe is noise
            (_run(), make.FLAT, _probes([1, 1, 1, 2])),
            (_run(None), make.FLAT, _probes(np.nan)),  # regression
            (_run(1), make.FLAT, _probes(1)),  # there is one class only
            # low signal at batch size 1: the last window may lie below the null model's
            (_run(batch_size=1), make.losses(1.0, 0.9, 0.9, 0.9, 0.98, noise=0.01), _probes(1)),
        ],
        cannot_tell=[
            row(_run(), make.losses(1.0, 1.0, n=40), _probes(1), message="40 steps recorded"),
            row(_run(null=np.nan), make.FLAT, _probes(1), message="null model"),
            row(_run(), make.losses(1.0, np.nan), _probes(1), message="no number"),
            row(_run(), make.FLAT, _probes(1, n=1), message="1 probe of the predicted classes, 2 needed"),
            row(_run(), make.FLAT, _probes(np.nan), message="0 probe of the predicted classes, 2 needed"),
            row(_run(), make.FLAT, _probes(1, n_samples=63), message="63 samples in the probe, 64 needed"),
            row(
                _run(),
                make.FLAT,
                _probes(1),
                make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1))),
                message="1 weights are no numbers",
            ),
        ],
    )
