"""Builders of facts: a small healthy classifier on a z-scored table, of which every keyword can be overridden."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from flatline import facts

N_ROWS = 200
ROWS = np.random.default_rng(0).normal(size=(N_ROWS, 5))
CLASSES = np.random.default_rng(1).integers(0, 3, N_ROWS)


def array(values: Any = None, **given: Any) -> facts.ArrayFacts:
    """Facts of an array, as a full scan of `values` (default: 200 z-scored rows of 5 columns) would measure them.

    Pass `n_rows` or `n_scanned` to say that less than everything was read.
    """
    values = np.asarray(ROWS if values is None else values)
    finite = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
    columns = values.reshape(-1, 1) if values.ndim == 1 else values.reshape(-1, values.shape[-1])
    clean = np.where(finite, values, np.nan).reshape(columns.shape).astype("float64")
    empty = not np.isfinite(clean).any(0).all() if clean.size else True
    bad = np.argwhere(~finite.reshape(len(values), -1)) if len(values) else np.empty((0, 2), int)
    cells = clean[np.isfinite(clean)]
    distinct = np.unique(cells)
    nothing = np.full(columns.shape[-1], np.nan)
    defaults: dict[str, Any] = {
        "name": "X",
        "shape": values.shape[1:],
        "dtype": str(values.dtype),
        "n_rows": len(values),
        "n_read": len(values),
        "n_scanned": len(values),
        "n_nonfinite": int((~finite).sum()),
        "nonfinite_rows": tuple(dict.fromkeys(int(row) for row in bad[:, 0]))[:5],
        "nonfinite_features": tuple(dict.fromkeys(int(cell) % columns.shape[-1] for cell in bad[:, 1]))[:5],
        "minimum": float(cells.min()) if cells.size else np.nan,
        "maximum": float(cells.max()) if cells.size else np.nan,
        "mean": float(cells.mean()) if cells.size else np.nan,
        "std": float(cells.std()) if cells.size else np.nan,
        "feature_mean": nothing if empty else np.nanmean(clean, 0),
        "feature_std": nothing if empty else np.nanstd(clean, 0),
        "feature_min": nothing if empty else np.nanmin(clean, 0),
        "feature_max": nothing if empty else np.nanmax(clean, 0),
        "integral": bool(cells.size) and bool(np.all(cells == np.floor(cells))),
        "values": tuple(distinct.tolist()) if len(distinct) <= 64 else (),
        "zero_share": float(np.mean(cells == 0)) if cells.size else np.nan,
        "sample": values[:256],
    }
    return facts.ArrayFacts(**(defaults | given))


def data(X: Any = None, y: Any = None, **given: Any) -> facts.DataFacts:
    """Facts of arrays X and y (default: a table with three classes); both may also be facts, or several in a list."""
    inputs = _arrays(X, "X")
    targets = _arrays(CLASSES if y is None else y, "y")
    n_rows = inputs[0].n_rows
    defaults: dict[str, Any] = {
        "source": "arrays",
        "inputs": inputs,
        "targets": targets,
        "n_rows": n_rows,
        "batch_size": None,
        "n_compared": min(n_rows or 256, 2000),
        "label_order": 0.0,
        "label_order_is_known": True,
    }
    return facts.DataFacts(**(defaults | given))


def validation(X: Any = None, y: Any = None) -> facts.ValidationFacts:
    """Facts of validation data, scanned as the training data are."""
    return facts.ValidationFacts(inputs=_arrays(X, "X"), targets=_arrays(CLASSES if y is None else y, "y"))


def plan(**given: Any) -> facts.PlanFacts:
    """A plan of 20 shuffled epochs in batches of 32; `given=False` alone: no fit_args were passed."""
    if given == {"given": False}:
        given |= {"epochs": None, "batch_size": None, "steps_per_epoch": None, "shuffle": None}
    defaults: dict[str, Any] = {
        "given": True,
        "epochs": 20,
        "batch_size": 32,
        "steps_per_epoch": 7,
        "shuffle": True,
        "validation_split": 0.0,
        "class_weight": None,
    }
    return facts.PlanFacts(**(defaults | given))


def layer(name: str = "dense", **given: Any) -> facts.LayerFacts:
    """A healthy Dense(16, relu) that reads five z-scored columns; `kind` without weights when `kernel_shape=()`."""
    shape = given.get("kernel_shape", (5, 16))
    n_weights = int(np.prod(shape)) + shape[-1] if shape else 0
    weighted = {
        "initializer": "GlorotUniform",
        "identical_units": 0.0,
        "kernel_std": 0.3,
        "gradient_norm": 0.1,
        "weight_norm": 2.0,
    }
    defaults: dict[str, Any] = {
        "name": name,
        "kind": "Dense",
        "builtin": True,
        "config": {"units": shape[-1], "activation": "relu"} if shape else {},
        "activation": "relu" if shape else None,
        "trainable": True,
        "n_weights": n_weights,
        "n_trainable": n_weights if given.get("trainable", True) else 0,
        "kernel_shape": shape,
        "input_shape": (5,),
        "output_shape": (shape[-1],) if shape else (5,),
        "input_rms": 1.0,
        "input_mean": 0.0,
        "input_feature_rms": np.ones(5),
        "input_feature_std": np.ones(5),
        "input_max": 3.0,
        "input_min": -3.0,
        "output_rms": 0.7,
        "output_spread": 0.6,
        "dead_share": 0.0,
        "saturated_share": 0.0,
    }
    return facts.LayerFacts(**(defaults | (weighted if shape else {}) | given))


def model(*layers: facts.LayerFacts, **given: Any) -> facts.ModelFacts:
    """A Sequential of `layers` (default: Dense(16, relu) → Dense(3, softmax)), chained where they do not say otherwise.

    A layer whose `inputs` are empty reads the one before it; the first reads the model's input, the last is the output.
    """
    chain = list(layers) or [
        layer("dense"),
        layer("dense_1", kernel_shape=(16, 3), activation="softmax", config={"units": 3, "activation": "softmax"}),
    ]
    for index, one in enumerate(chain):
        links: dict[str, Any] = {"is_output": one.is_output or index == len(chain) - 1}
        if not one.inputs and not one.reads_model_input:
            links |= {"inputs": (chain[index - 1].name,)} if index else {"reads_model_input": True}
        chain[index] = dataclasses.replace(one, **links)
    defaults: dict[str, Any] = {
        "kind": "Sequential",
        "layers": tuple(chain),
        "n_weights": sum(one.n_weights for one in chain),
        "n_trainable": sum(one.n_trainable for one in chain),
        "custom_train_step": False,
        "n_probe": 256,
        "input_dependence": 0.8,
        "mode_gap": 0.0,
        "inference_noise": 0.0,
        "cross_sample": 0.0,
    }
    return facts.ModelFacts(**(defaults | given))


def head(**given: Any) -> facts.HeadFacts:
    """Three softmax units with integer labels and the sparse cross-entropy."""
    defaults: dict[str, Any] = {
        "name": "dense_1",
        "layer": "dense_1",
        "weighted_layer": "dense_1",
        "task": facts.Task.MULTICLASS,
        "output_shape": (3,),
        "units": 3,
        "low": 0.0,
        "high": 1.0,
        "sums_to_one": True,
        "squash": "softmax",
        "declared": "softmax",
        "target": array(CLASSES, name="y"),
        "encoding": "integers",
        "n_classes": 3,
        "class_counts": tuple((float(label), int(n)) for label, n in zip(*np.unique(CLASSES, return_counts=True))),
        "loss": "sparse_categorical_crossentropy",
        "from_logits": False,
        "reduction": "sum_over_batch_size",
        "initial": 1.2,
        "null": 1.09,
        "perfect": 0.0,
        "loss_gradient": 0.1,
        "prefers_wrong": False,
        "batch_growth": 1.0,
        "metrics": ("accuracy",),
    }
    return facts.HeadFacts(**(defaults | given))


def objective(*heads: facts.HeadFacts, **given: Any) -> facts.ObjectiveFacts:
    """The objective of `heads` (default: one), without penalties; the totals are the weighted sums over heads."""
    heads = heads or (head(),)
    defaults: dict[str, Any] = {
        "heads": heads,
        "initial": sum(one.weight * one.initial for one in heads),
        "null": sum(one.weight * one.null for one in heads),
        "perfect": sum(one.weight * one.perfect for one in heads),
        "penalty": 0.0,
        "penalty_is_regularisation": False,
    }
    return facts.ObjectiveFacts(**(defaults | given))


def optimizer(**given: Any) -> facts.OptimizerFacts:
    """Adam at its default rate, which moves the kernels by about 1 % in the first step."""
    rate = given.get("learning_rate", 1e-3)
    defaults: dict[str, Any] = {
        "kind": "Adam",
        "learning_rate": rate,
        "scheduled": False,
        "peak_rate": rate,
        "config": {"name": "adam", "learning_rate": rate},
        "update_ratio": 1e-2,
        "update_ratios": {"dense": 1e-2, "dense_1": 1e-2},
    }
    return facts.OptimizerFacts(**(defaults | given))


def fit_error(**given: Any) -> facts.FitError:
    """What Keras raises when the first training step is tried."""
    return facts.FitError(**({"stage": "loss", "kind": "ValueError", "message": "shapes do not match"} | given))


def arm(name: str = "as is", **given: Any) -> facts.Arm:
    """A training of 100 steps that learns: the loss falls from 1.2 to 0.02, all rows are right."""
    losses = np.asarray(given.pop("losses", np.geomspace(1.2, 0.02, 100)), dtype="float64")
    defaults: dict[str, Any] = {
        "name": name,
        "losses": losses,
        "planned": len(losses),
        "score": 1.0,
        "held_out": 0.95,
        "held_out_loss": 0.1,
        "final": float(losses[-1]) if len(losses) else float("nan"),
        "distinct": 3,
        "seconds": 0.5,
    }
    return facts.Arm(**(defaults | given))


def tiny(*arms: facts.Arm, **given: Any) -> facts.TinySubsetFacts:
    """A tiny-subset test of nine examples that `arms` (default: one that succeeds, "as is") were tried on."""
    defaults: dict[str, Any] = {"n_examples": 9, "null": 1.09, "perfect": 0.0, "null_score": 0.34}
    return facts.TinySubsetFacts(**(defaults | {"arms": _arms(arms)} | given))


def rehearsal(*arms: facts.Arm, **given: Any) -> facts.RehearsalFacts:
    """A rehearsal on 200 rows of `arms` (default: one that learns, "as is")."""
    defaults: dict[str, Any] = {
        "n_rows": N_ROWS,
        "batch_size": 32,
        "planned_steps": 140,
        "null": 1.09,
        "perfect": 0.0,
        "null_score": 0.34,
        "initial": 1.2,
    }
    return facts.RehearsalFacts(**(defaults | {"arms": _arms(arms)} | given))


def _arrays(given: Any, name: str) -> tuple[facts.ArrayFacts, ...]:
    several = given if isinstance(given, list | tuple) else [given]
    return tuple(one if isinstance(one, facts.ArrayFacts) else array(one, name=name) for one in several)


def _arms(arms: Iterable[facts.Arm]) -> Mapping[str, facts.Arm]:
    return {one.name: one for one in arms} or {"as is": arm()}
