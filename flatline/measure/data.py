"""The training data as `fit` would get them: facts of a bounded scan, and a fair sample of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flatline.facts import Array, DataFacts, PlanFacts, ValidationFacts
from flatline.measure.plan import check_fit_args, plan_facts
from flatline.measure.reading import Bounds, read_data
from flatline.measure.sources import refusal

VALIDATION_SHARE = 0.25  # of the time, when there are validation data
VALIDATION_ROWS = 512  # in the sample of them


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What was read of the data: a sample in the user's structure, and the facts."""

    x: Any  # same structure as X; NumPy arrays of the sampled rows, read-only, of the type that Keras feeds
    y: Any  # likewise, or None
    sample_weight: Array | None  # of the sampled rows
    rows: Array | None  # indices of the sampled rows in the whole set; None for pipelines
    data: DataFacts
    plan: PlanFacts
    validation: ValidationFacts | None


def gather(
    X: Any,
    y: Any = None,
    *,
    fit_args: Mapping[str, Any],
    validation_data: Any = None,
    input_names: Sequence[str] = (),
    output_names: Sequence[str] = (),
    n_sample: int = 2048,
    seconds: float = 4.0,
    seed: int = 0,
) -> Gathered:
    """Scan training data and draw a fair sample of their rows, within bounds of time and memory.

    Parameters
    ----------
    X, y : array, tensor, frame, nested lists, tuples or dicts of these, or a pipeline
        What `keras.Model.fit` takes. A `tf.data.Dataset`, a `keras.utils.PyDataset` or another object that can be
        iterated again brings its targets along, and `y` is None.
    fit_args : mapping
        Keyword arguments of the coming `fit`; empty if not known.
    validation_data : object, optional
        As for `fit`; else that of `fit_args` is taken.
    input_names, output_names : sequence of str
        Names for arrays that come without, in the order of the model's inputs and outputs.
    n_sample : int
        Rows in the sample, at most; fewer where they would take more than 128 MB.
    seconds : float
        Time for reading. What was not read by then shows in `n_read` and `n_scanned`.
    seed : int
        Of the choice of rows.

    Returns
    -------
    Gathered
        Sample, facts of the data, plan of the coming `fit`, facts of the validation data.

    Raises
    ------
    FlatlineError
        If the data are not what `fit` takes, are empty or of unequal length, are not numeric, fail while they are
        read, or could not be read without using them up.

    Notes
    -----
    Nothing is written to the data. Arrays are read in place, block by block; of a memory map no more than some
    megabytes are resident at a time. Pipelines are read through an independent copy.
    """
    check_fit_args(fit_args)
    if validation_data is None:
        validation_data = fit_args.get("validation_data")
    held_out = validation_data is not None
    bounds = Bounds(
        n_sample=n_sample,
        seconds=seconds * (1 - VALIDATION_SHARE) if held_out else seconds,
        seed=seed,
        input_names=input_names,
        output_names=output_names,
    )
    # As in fit, validation_split does nothing beside validation data.
    split = 0.0 if held_out else float(fit_args.get("validation_split") or 0.0)
    read = read_data(X, y, fit_args.get("sample_weight"), split=split, bounds=bounds, what=("X", "y"))
    validation = None
    if held_out:
        few = replace(bounds, n_sample=min(n_sample, VALIDATION_ROWS), seconds=seconds * VALIDATION_SHARE)
        validation = _validation(validation_data, few)
    return Gathered(
        x=read.x,
        y=read.y,
        sample_weight=read.sample_weight,
        rows=read.rows,
        data=read.data,
        plan=plan_facts(fit_args, data=read.data, validation_split=split, pipeline_steps=read.steps),
        validation=validation,
    )


def _validation(data: Any, bounds: Bounds) -> ValidationFacts:
    x, y, weight = data, None, None
    if isinstance(data, (tuple, list)):
        if not 1 <= len(data) <= 3:
            raise refusal("validation_data", "(x, y), (x, y, sample_weight) or a data set", f"{len(data)} parts")
        x, y, weight = (*data, None, None)[:3]
    read = read_data(x, y, weight, split=0.0, bounds=bounds, what=("validation_data", "validation_data"))
    return ValidationFacts(inputs=read.data.inputs, targets=read.data.targets)
