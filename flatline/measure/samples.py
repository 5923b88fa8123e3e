"""What one step has written, as rows of the logs."""

from typing import Any

import keras
import numpy as np

from flatline.backend.step import Sample, StepSampler
from flatline.facts import Array
from flatline.logs import ActivationLog, GradientLog, UpdateLog
from flatline.records.record import RunRecord


def add_sample(record: RunRecord, sampler: StepSampler, found: Sample, step: int, optimizer: Any) -> None:
    """Append the statistics of a step to the logs of gradients, updates and activations."""
    names = tuple(watched.layer.name for watched in sampler.watched)
    layers = found.layers
    record.add(
        GradientLog, step=step, layers=names, loss=found.loss,
        gradient_norm=layers["gradient_norm"], weight_norm=layers["weight_norm"],
        nonfinite_gradients=_not_finite(layers["gradient_norm"], sampler.has_gradient),
        nonfinite_weights=(~np.isfinite(layers["weight_norm"])).astype(float),
    )  # fmt: skip
    record.add(
        UpdateLog, step=step, layers=names, update_ratio=found.update_ratio,
        learning_rate=_rate(optimizer), skipped=float(found.skipped or _accumulates(record, step)),
    )  # fmt: skip
    record.add(
        ActivationLog, step=step, layers=names, mean=layers["mean"], spread=layers["spread"],
        saturated_share=layers["saturated_share"], nonfinite=_not_finite(layers["mean"], sampler.has_output),
    )  # fmt: skip


def _accumulates(record: RunRecord, step: int) -> bool:
    facts = record.facts
    return facts is not None and facts.accumulation > 1 and (step + 1) % facts.accumulation != 0


def _rate(optimizer: Any) -> float:
    try:
        return float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    except Exception:  # a schedule of the user's own
        return float("nan")


def _not_finite(values: Array, there: Array) -> Array:
    """1 where something is there and no finite number."""
    return (there & ~np.isfinite(values)).astype(float)
