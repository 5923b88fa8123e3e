"""Take a look inside a network: pictures of all layers, of the inputs, and of what the answers depend on."""

import time
import warnings
from collections.abc import Collection, Sequence
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.input_views import InputViews, input_bytes
from flatline.inspect.layer_views import LayerViews
from flatline.inspect.names import find_layer
from flatline.inspect.opened import n_rows, opened, prepared
from flatline.inspect.predictions import Answers, are_values, label_texts
from flatline.inspect.shades import evenly
from flatline.measure.model import model_kind
from flatline.measure.setup import first_line, fixed_batch, rows_of
from flatline.view import View, ViewedInput

CHUNK = 4  # rows in a pass: all outputs of all layers are in memory at a time
COUNTED = 64  # rows that statistics are over: a unit that is on for one in ten is silent on all with 0.9^64 = 0.1 %
SHARE = 0.5  # 1; of the time, for the passes over rows: the rest is for gradients
BACKWARD = 4.0  # passes that a gradient takes, which is taken twice: 3 is usual


def view(
    model: Any,
    x: Any,
    *,
    names: Sequence[str] | None = None,
    labels: Any = None,
    classes: Sequence[str] | None = None,
    layers: Collection[str] | None = None,
    top: int = 5,
    n_drawn: int = 4,
    seconds: float = 20.0,
    max_bytes: int = 1_000_000,
    taken: str = "",
) -> View:
    """Take pictures of what each layer of a network makes of a few inputs, to look at in a browser.

    Parameters
    ----------
    model : keras.Model
        Of any kind, compiled or not; it is called in inference mode and left as it was.
    x : ndarray of shape (n_rows, ...) or structure of ndarray
        A batch, in the structure that the model takes. A few rows of it, evenly over all, are drawn; the statistics of
        channels are over as many as there is time for, at most 64.
    names : sequence of str, optional
        What the rows are called, such as file names.
    labels : array-like of shape (n_rows,) or (n_rows, n_classes), optional
        What they are: class numbers, one-hot rows, words or values.
    classes : sequence of str, optional
        Names of the classes, in the order of the units.
    layers : collection of str, optional
        Names or paths of the layers that are drawn; all by default. The graph shows the others too.
    top : int
        How many classes of each prediction are told.
    n_drawn : int
        How many inputs are drawn.
    seconds : float
        Time for all of it. Three passes of a few rows are made in any case; gradients, and further rows for the
        statistics, are left out where there is no time for them, and the view says so.
    max_bytes : int
        Of the view when it is stored. Maps are drawn smaller, and fewer of each layer, until they fit.
    taken : str
        When: "before training", "after 1,200 steps".

    Returns
    -------
    View
        For `flatline.reports.browser`, which draws it.

    Raises
    ------
    FlatlineError
        If the model cannot be called on `x`, a layer does not exist (the message lists those that do), or `names` or
        `labels` are of another number than the rows.

    See Also
    --------
    flatline.inspect.layer_outputs : the numbers themselves.

    Examples
    --------
    >>> seen = flatline.inspect.view(model, images[:64], labels=labels[:64])  # doctest: +SKIP
    >>> flatline.reports.browser.save(seen, "layers.html")  # doctest: +SKIP
    """
    start = time.perf_counter()
    _check(top=top, n_drawn=n_drawn, seconds=seconds, max_bytes=max_bytes)
    with opened(model), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras warns of is not about this look
        fixed = fixed_batch(model)
        x = prepared(model, x)
        n = n_rows(x)
        _check_rows(n, fixed, names=names, labels=labels)
        wanted = None if layers is None else {find_layer(model, layer)[0] for layer in layers}
        seen, each = _first_look(model, rows_of(x, slice(0, fixed or 1)), wanted, n_drawn / (SHARE * seconds))
        affordable = max(1, int(SHARE * seconds / max(each, 1e-9)))
        rows = np.arange(fixed) if fixed is not None else evenly(n, min(n_drawn, affordable))
        n_left_out = seen.plan(len(rows), max_bytes - len(rows) * input_bytes(x))
        outputs, each = _draw(seen, x, rows, fixed)
        n_counted = len(rows) + _count(seen, x, np.setdiff1d(np.arange(n), rows), fixed, start + SHARE * seconds)
        told = seen.views()
        inputs = InputViews(model, rows_of(x, rows), _input_names(model, x), told)
        for look, field in ((inputs.add_saliency, "no_saliency"), (inputs.add_class_map, "no_class_map")):
            needed = BACKWARD * each * len(rows)
            if time.perf_counter() - start + needed > seconds:
                inputs.leave_out(field, f"it would take about {needed:.2g} s more, beyond the {seconds:g} s given")
            else:
                look()
        squashed = any(layer.is_output and layer.activation == "sigmoid" for layer in told)
        answers = Answers(model, outputs, classes, squashed=squashed, values=are_values(labels, outputs))
    notes = []
    if n_left_out:
        notes.append(f"{n_left_out} of {len(told)} layers have no pictures: there is no room for so many")
    if len(rows) < min(n, n_drawn):
        reason = f"one takes {each:.2g} s" if fixed is None else "the model takes no more at a time"
        notes.append(f"{len(rows)} of {min(n, n_drawn)} inputs are drawn: {reason}")
    return View(
        model=model.name,
        kind=model_kind(model),
        taken=taken,
        layers=told,
        inputs=_inputs(answers, rows, names, labels, classes, top),
        parts=tuple(inputs.parts),
        n_rows=n_counted,
        seconds=round(time.perf_counter() - start, 2),
        notes=tuple(notes),
    )


def _inputs(answers: Answers, rows: Array, names: Any, labels: Any, classes: Any, top: int) -> tuple[ViewedInput, ...]:
    classified = any(prediction.probabilities for prediction in answers.of(0, 1))
    words = label_texts(labels, rows, classes, classified=classified)
    return tuple(
        ViewedInput(
            name=f"input {row}" if names is None else str(names[row]),
            label=words[i],
            predictions=answers.of(i, top),
            explained=answers.explained(i),
        )
        for i, row in enumerate(rows.tolist())
    )


def _first_look(model: Any, row: Any, wanted: Any, per_second: float) -> tuple[LayerViews, float]:
    """See what there is, and what a row takes: looked at again where that is too much, for a first pass builds."""
    start = time.perf_counter()
    try:
        seen = LayerViews(model, row, wanted)
    except FlatlineError:
        raise
    except Exception as error:
        shapes = ", ".join(str(tuple(array.shape[1:])) for array in keras.tree.flatten(row))
        raise FlatlineError(
            f"The `x` parameter must be data that `model` can be called on. Got rows of shape {shapes}, and the model "
            f"raised {type(error).__name__}: {first_line(error)}"
        ) from error
    if (time.perf_counter() - start) * per_second > n_rows(row):
        start = time.perf_counter()
        backend.call(model, backend.to_tensors(row), training=False)
    return seen, (time.perf_counter() - start) / n_rows(row)


def _draw(seen: LayerViews, x: Any, rows: Array, fixed: int | None) -> tuple[Any, float]:
    """Draw some rows; return what the model makes of them, and the seconds that each took."""
    start, step = time.perf_counter(), fixed or CHUNK
    parts = [seen.add(rows_of(x, rows[at : at + step]), draw=True) for at in range(0, len(rows), step)]
    each = (time.perf_counter() - start) / len(rows)
    return keras.tree.map_structure(lambda *found: np.concatenate(list(map(_array, found))), *parts), each


def _count(seen: LayerViews, x: Any, others: Array, fixed: int | None, deadline: float) -> int:
    """Add rows that are not drawn to the statistics while there is time."""
    step, n = fixed or CHUNK, 0
    others = others[evenly(len(others), COUNTED)]
    for at in range(0, len(others), step):
        rows = others[at : at + step]
        if time.perf_counter() > deadline or (fixed is not None and len(rows) < fixed):
            break
        seen.add(rows_of(x, rows), draw=False)
        n += len(rows)
    return n


def _array(tensor: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _input_names(model: Any, x: Any) -> list[str]:
    leaves = keras.tree.flatten(x)
    names = sorted(x) if isinstance(x, dict) else list(getattr(model, "input_names", None) or [])
    return list(map(str, names)) if len(names) == len(leaves) else [f"input {i}" for i in range(len(leaves))]


def _check(**counts: Any) -> None:
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int | float) or not count > 0:
            raise FlatlineError(f"The `{name}` parameter of view must be a positive number. Got {count!r}.")


def _check_rows(n: int, fixed: int | None, *, names: Any, labels: Any) -> None:
    if fixed is not None and n < fixed:
        raise FlatlineError(
            f"The `x` parameter must hold at least {fixed} rows, which the model takes at a time. Got {n}."
        )
    if names is not None and len(names) != n:
        raise FlatlineError(f"The `names` parameter must hold a name for each of {n} rows. Got {len(names)}.")
    for leaf in [] if labels is None else keras.tree.flatten(labels) if isinstance(labels, dict) else [labels]:
        if len(leaf) != n:
            raise FlatlineError(f"The `labels` parameter must hold a label for each of {n} rows. Got {len(leaf)}.")
