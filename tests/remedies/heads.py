"""Outputs that are usual for their task, of which every field can be overridden."""

import numpy as np

from flatline.facts import HeadFacts, LayerFacts, Task
from tests.checks import make

RNG = np.random.default_rng(0)
YES_NO = RNG.integers(0, 2, 200)
ROWS = np.eye(3)[make.CLASSES]
QUANTITY = RNG.normal(size=200)
TAGS = RNG.integers(0, 2, (200, 4))


def _head(usual, **given) -> HeadFacts:
    y = given.pop("y", usual)
    return make.head(**({"target": make.array(y, name="y")} | given))


def sparse(**given) -> HeadFacts:
    """Three softmax units and class numbers."""
    return _head(make.CLASSES, **given)


def one_hot(**given) -> HeadFacts:
    """Three softmax units and one-hot rows."""
    usual = {"encoding": "one_hot", "loss": "categorical_crossentropy"}
    return _head(ROWS, **(usual | given))


def binary(**given) -> HeadFacts:
    """One sigmoid unit, yes or no."""
    usual = {"task": Task.BINARY, "output_shape": (1,), "units": 1, "squash": "sigmoid", "declared": "sigmoid"}
    return _head(YES_NO, **(usual | {"n_classes": 2, "loss": "binary_crossentropy"} | given))


def tags(**given) -> HeadFacts:
    """Four independent sigmoid units."""
    usual = {"task": Task.MULTILABEL, "output_shape": (4,), "units": 4, "squash": "sigmoid", "declared": "sigmoid"}
    return _head(TAGS, **(usual | {"n_classes": None, "encoding": "multi_hot", "loss": "binary_crossentropy"} | given))


def quantity(**given) -> HeadFacts:
    """One linear unit."""
    usual = {"task": Task.REGRESSION, "output_shape": (1,), "units": 1, "squash": "linear", "declared": "linear"}
    return _head(QUANTITY, **(usual | {"n_classes": None, "encoding": "values", "loss": "mean_squared_error"} | given))


def function(name: str) -> LayerFacts:
    """A built-in layer whose activation is no argument."""
    return make.layer(name, kind="Lambda", kernel_shape=())


def behaves(squash: str) -> dict[str, str]:
    """An output that declares this activation and behaves so."""
    return {"squash": squash, "declared": squash}


USUAL = (sparse(), one_hot(), binary(), tags(), quantity())
