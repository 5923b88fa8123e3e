import numpy as np

from flatline import facts
from flatline.cause import Cause
from flatline.checks.sorted_labels import sorted_labels
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

ROWS = np.random.default_rng(0).normal(size=(300, 5))
LABELS = np.repeat(np.arange(5), 60)
ORDERED = 1 - 4 / 299 / 0.8  # four changes among 299 neighbours, of 0.8 that chance would give
COUNTS = tuple((float(label), 60) for label in range(5))
FIVE = make.objective(make.head(n_classes=5, class_counts=COUNTS, target=make.array(LABELS)))
UNSHUFFLED, SPLIT = make.plan(shuffle=False), make.plan(validation_split=0.2)
REGRESSION = make.objective(make.head(task=facts.Task.REGRESSION))
STATEFUL = make.model(make.layer("lstm", kind="LSTM", config={"stateful": True}))


def labelled(order=ORDERED, y=LABELS, **given):
    """Three hundred rows whose labels have this order."""
    return make.data(ROWS, y, label_order=order, **given)


def test_sorted_labels():
    RuleTester(sorted_labels).run(
        fires=[
            row(labelled(), UNSHUFFLED, message="`shuffle=False` keeps them so", severity=Severity.WARNING),
            row(labelled(), SPLIT, message="`validation_split=0.2` keeps", cause=Cause.DATA, fix="shuffle the rows"),
            row(labelled(y=np.eye(5)[LABELS]), UNSHUFFLED, message="about 5 runs"),
            row(labelled(source="tf.data"), make.plan(), message="order 0.98"),  # its own order is the training's
            row(
                labelled(tail_classes_unseen=(4.0,)),
                SPLIT,
                FIVE,
                message="1 class occurs only in the last rows",
                severity=Severity.ERROR,
            ),
            row(labelled(tail_classes_unseen=(3.0, 4.0)), SPLIT, message="3, 4", severity=Severity.ERROR),
            # a rare word that chance put into the last rows
            row(
                labelled(0.02, tail_classes_unseen=(4.0,)),
                SPLIT,
                make.objective(make.head(class_counts=((0.0, 299), (4.0, 1)))),
                message="1 class",
                severity=Severity.INFO,
            ),
            row(labelled(0.02, tail_classes_unseen=(4.0,)), SPLIT, message="4", severity=Severity.INFO),
        ],
        silent=[
            (labelled(), make.plan()),  # shuffled by fit, nothing held out
            (labelled(0.0), UNSHUFFLED),
            (labelled(0.0), SPLIT),
            (labelled(0.9), UNSHUFFLED),  # at the bound
            (labelled(0.91), UNSHUFFLED),  # runs of ten rows: a series, not a sorted set
            (labelled(), make.plan(shuffle=False, batch_size=300)),  # every batch is the whole set
            (labelled(), UNSHUFFLED, STATEFUL),  # order carries the state
            (labelled(y=ROWS[:, 0]), UNSHUFFLED, REGRESSION),
            (labelled(tail_classes_unseen=(4.0,)), make.plan()),  # nothing is held out
            (labelled(source="PyDataset"), make.plan()),
        ],
        cannot_tell=[
            row(labelled(), make.plan(given=False), message="0 arguments of fit known"),
            row(labelled(label_order_is_known=False), SPLIT, message="order of 0 rows"),
            row(labelled(float("nan")), UNSHUFFLED, message="order of 0 rows"),
            row(make.data(targets=()), UNSHUFFLED, message="0 targets"),
        ],
    )
