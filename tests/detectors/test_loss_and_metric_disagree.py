from dataclasses import replace

import numpy as np

from flatline.cause import Cause
from flatline.detectors.loss_and_metric_disagree import loss_and_metric_disagree
from flatline.engine import judge
from flatline.finding import Finding, Severity
from flatline.logs import EpochLog, LossLog, RunFacts, RunHead
from flatline.testing import RuleTester, row
from tests.detectors import make

LN2 = 0.6931


def _run(units: int = 1, *, share: float = 0.5, activation: str = "sigmoid", **given: object) -> RunFacts:
    """A binary classification by default, its loss in nats."""
    classes = max(units, 2)
    head = RunHead(
        name="out",
        task="binary classification" if units == 1 else "multi-class classification",
        loss="binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy",
        units=units,
        n_classes=classes,
        majority_share=share,
    )
    null = LN2 if units == 1 else float(np.log(units))
    layers = (make.layer(), make.layer("out", activation=activation, is_output=True))
    return make.run(*layers, **({"heads": (head,), "null": null} | given))


def _epochs(first: float, last: float, n: int = 10, **metrics: float | np.ndarray) -> EpochLog:
    values = {"loss": np.linspace(first, last, n), "val_accuracy": np.full(n, 0.5)}
    values |= {name: np.broadcast_to(np.asarray(value, float), n).copy() for name, value in metrics.items()}
    return EpochLog(step=100 * np.arange(1, n + 1) - 1, values=values)


def _losses(first: float, last: float) -> LossLog:
    return make.losses(first, last, n=1000, noise=0.002)


FALLS = _losses(0.68, 0.22), _epochs(0.68, 0.22, accuracy=0.5)
REGRESSION = make.run(heads=(RunHead(name="out", task="regression", loss="mean_squared_error", units=1),))
RISING = np.linspace(0.5, 0.9, 10)


def test_table():
    RuleTester(loss_and_metric_disagree).run(
        fires=[
            # one unit under softmax: 1 for every input, while the loss looks behind it
            row(
                _run(activation="softmax"),
                *FALLS,
                message="`accuracy` stands at 0.5 while the loss went 0.68 of the way",
                severity=Severity.WARNING,
                cause=Cause.OUTPUT_ACTIVATION,
            ),
            row(_run(), *FALLS, message="stands at 0.5", severity=Severity.WARNING),
            # scaled by `loss_weights`: the bound goes with the null model
            row(
                _run(null=1000 * LN2),
                _losses(680, 220),
                _epochs(680, 220, accuracy=0.5),
                message="takes 0.68",
                severity=Severity.WARNING,
            ),
            row(
                _run(10, share=0.1),
                _losses(2.3, 0.3),
                _epochs(2.3, 0.3, acc=0.1),
                message="`acc` stands at 0.1",
                severity=Severity.WARNING,
            ),
            row(
                _run(),
                _losses(0.68, 0.3),
                _epochs(0.68, 0.3, auc=0.5),
                message="`auc` stands at 0.5",
                severity=Severity.WARNING,
            ),
            # a little below what the loss takes
            row(_run(), FALLS[0], _epochs(0.68, 0.22, accuracy=0.62), message="0.62", severity=Severity.WARNING),
            row(
                _run(),
                FALLS[0],
                _epochs(0.68, 0.22, accuracy=np.linspace(0.5, 0.5008, 10)),
                message="stands at 0.5008",
                severity=Severity.WARNING,
            ),
            # three classes in four are the first: a loss of 0.11 takes more than always saying so
            row(
                _run(share=0.75, null=0.562),
                _losses(0.562, 0.112),
                _epochs(0.562, 0.112, accuracy=0.75),
                message="takes 0.84",
                severity=Severity.WARNING,
            ),
            # penalties are not part of it
            row(
                _run(),
                make.losses(1.68, 1.22, n=1000, noise=0.002, penalty=1.0),
                _epochs(1.68, 1.22, accuracy=0.5),
                message="went 0.68 of the way",
            ),
            row(_run(custom_train_step=True), *FALLS, message="stands at 0.5", severity=Severity.INFO),
            row(
                REGRESSION,
                _losses(1.0, 0.1),
                _epochs(1.0, 0.1, accuracy=0.0),
                message="counts exact hits",
                severity=Severity.INFO,
                cause=Cause.METRIC,
            ),
            # one class in a hundred: accuracy may stand there with the best of networks
            row(
                _run(share=0.99, null=0.056),
                _losses(0.056, 0.02),
                _epochs(0.056, 0.02, accuracy=0.99),
                message="the share of the largest class",
                severity=Severity.INFO,
                cause=Cause.METRIC,
            ),
            row(
                _run(),
                _losses(0.7, 0.69),
                _epochs(0.7, 0.69, accuracy=RISING),
                message="rose from 0.5 to 0.9 while the loss",
                severity=Severity.INFO,
            ),
        ],
        silent=[
            (_run(), _losses(0.68, 0.22), _epochs(0.68, 0.22, accuracy=RISING)),
            (_run(), _losses(0.7, 0.69), _epochs(0.7, 0.69, accuracy=0.5)),  # both stand: flat-loss
            (_run(), _losses(0.7, 0.69), _epochs(0.7, 0.69, accuracy=np.linspace(0.5, 0.65, 10))),  # little, and flat
            (_run(), _losses(0.7, 0.69), _epochs(0.7, 0.69, accuracy=np.linspace(0.3, 0.6, 10))),
            (_run(), FALLS[0], _epochs(0.68, 0.22, accuracy=0.64)),  # within the margin of what the loss takes
            (_run(), FALLS[0], _epochs(0.68, 0.22, accuracy=np.linspace(0.5, 0.5012, 10))),  # it moves
            # a tenth of right answers is not against a loss of 0.65 with ten classes
            (_run(10, share=0.1), _losses(2.3, 0.65), _epochs(2.3, 0.65, accuracy=0.1)),
            # a focal loss costs less than ln 2 for a wrong answer
            (make.run(heads=(replace(_run().heads[0], loss="binary_focal_crossentropy"),), null=LN2), *FALLS),
            (REGRESSION, _losses(1.0, 0.6), _epochs(1.0, 0.6, accuracy=0.0)),
            (_run(), _losses(0.68, 0.22), _epochs(0.68, 0.22, accuracy=1.0)),  # all right, and surer of it
            (_run(), _losses(0.68, 0.22), _epochs(0.68, 0.22, accuracy=0.9)),  # surer of what it knew: calibration
            (_run(), _losses(0.68, 0.36), _epochs(0.68, 0.36, accuracy=0.5)),  # a little less than half of the way
            # three classes in four are the first: a loss of 0.25 can still go with 70 %
            (_run(share=0.75, null=0.562), _losses(0.562, 0.21), _epochs(0.562, 0.21, accuracy=0.75)),
            (_run(), _losses(0.03, 0.03), _epochs(0.03, 0.03, accuracy=0.99)),  # resumed from converged weights
            # the best of five answers is right for all from the start
            (
                _run(10, share=0.1),
                _losses(2.3, 0.3),
                _epochs(2.3, 0.3, sparse_top_k_categorical_accuracy=0.1, accuracy=RISING),
            ),
            (REGRESSION, _losses(1.0, 0.1), _epochs(1.0, 0.1, accuracy=np.linspace(0, 0.01, 10))),
            # mixed labels: what is left is not known in nats
            (_run(perfect=0.3), _losses(0.68, 0.35), _epochs(0.68, 0.35, accuracy=0.5)),
        ],
        cannot_tell=[
            row(_run(), _losses(0.68, 0.22), _epochs(0.68, 0.22), message="0 accuracies over 10 epochs"),
            row(
                _run(), _losses(0.68, 0.22), _epochs(0.68, 0.22, 4, accuracy=0.5), message="1 accuracies over 4 epochs"
            ),
            row(make.run(heads=(*_run().heads, *_run().heads)), *FALLS, message="2 outputs"),
            row(_run(null=float("nan")), *FALLS, message="null model"),
            row(_run(), make.losses(0.69, 0.69, n=100), FALLS[1], message="200 needed"),
        ],
    )


def test_softmax_over_several_units_is_no_cause():
    facts = (_run(10, share=0.1, activation="softmax"), _losses(2.3, 0.3), _epochs(2.3, 0.3, acc=0.1))
    (found,) = judge((loss_and_metric_disagree,), {type(one): one for one in facts}, strict=True)
    assert isinstance(found, Finding)
    assert found.cause is None
