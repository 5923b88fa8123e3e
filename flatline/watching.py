"""Watch a model without callbacks: every later `fit` and `train_on_batch` is checked and recorded."""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from flatline.callbacks import FlightRecorder
from flatline.errors import FlatlineError
from flatline.monitor import FlatlineMonitor


def watch(model: Any, *, run_dir: str | Path | None = None, **arguments: Any) -> FlatlineMonitor:
    """Check and record every later training of a model; nothing else in the script changes.

    Before the first step the set-up is checked as by `check_setup(overfit=False)`, with the arguments that `fit` was
    given. While it trains, the run is judged as by `FlatlineMonitor`.

    Parameters
    ----------
    model : keras.Model
        Compiled now or later.
    run_dir : str or Path, default=None
        Where the record is kept as well; nothing is written without it.
    **arguments
        Other arguments of `FlatlineMonitor`.

    Returns
    -------
    FlatlineMonitor
        Its `report` says what has been found so far. Calling `watch` again returns the same one.

    Raises
    ------
    FlatlineError
        When this is no Keras model, its `fit` takes no callbacks, or an argument is wrong.

    Examples
    --------
    >>> monitor = flatline.watch(model)  # doctest: +SKIP
    >>> model.fit(X, y, epochs=20)  # doctest: +SKIP
    """
    if not isinstance(model, keras.Model):
        kind = type(model)
        raise FlatlineError(
            "The `model` parameter of watch must be a keras.Model of Keras 3. "
            f"Got {kind.__module__}.{kind.__qualname__}."
        )
    known = watched_by(model)
    if known is not None:
        return known
    if not _takes_callbacks(model.fit):
        raise FlatlineError(
            f"The `fit` method of {type(model).__name__} must take `callbacks`. Got {inspect.signature(model.fit)}; "
            "give FlatlineMonitor() to the `fit` that it calls."
        )
    monitor = FlatlineMonitor(run_dir=run_dir, **arguments)
    attach(model, monitor)
    return monitor


def watched_by(model: Any) -> FlatlineMonitor | None:
    """Return the monitor that watches this model."""
    return getattr(vars(model).get("fit"), "flatline_monitor", None)


def attach(model: Any, monitor: FlatlineMonitor) -> None:
    """Put wrappers of the methods that train into the model; saving and copying leave them behind."""
    for name, train in TRAIN.items():
        watched = functools.wraps(getattr(model, name))(functools.partial(train, monitor, model, getattr(model, name)))
        watched.flatline_monitor = monitor  # type: ignore[attr-defined]
        setattr(model, name, watched)


def fit(monitor: FlatlineMonitor, model: Any, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call `fit` with a monitor among its callbacks, after the set-up was checked."""
    try:
        bound = inspect.signature(method).bind(*args, **kwargs)
    except TypeError:
        return method(*args, **kwargs)  # Python says best what is wrong with a call
    given = _given(bound)
    callbacks: Any = given.get("callbacks")
    if isinstance(callbacks, keras.callbacks.CallbackList):
        monitor.record.miss("a call of `fit` whose callbacks are a CallbackList, which takes no more of them")
        return method(*args, **kwargs)
    listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    if any(isinstance(callback, FlightRecorder) for callback in listed) or not _takes_callbacks(method):
        return method(*args, **kwargs)
    monitor.set_model(model)
    monitor.check(given.get("x"), given.get("y"), {k: v for k, v in given.items() if k not in ("x", "y")})
    if "callbacks" in bound.signature.parameters:
        bound.arguments["callbacks"] = [*listed, monitor]
    else:
        rest = next(p.name for p in bound.signature.parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD)
        bound.arguments[rest] = {**bound.arguments.get(rest, {}), "callbacks": [*listed, monitor]}
    try:
        return method(*bound.args, **bound.kwargs)
    except BaseException as error:
        monitor.fail(error)
        raise


def train_on_batch(
    monitor: FlatlineMonitor, model: Any, method: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    """Call `train_on_batch` as one step of a loop."""
    try:
        given = _given(inspect.signature(method).bind(*args, **kwargs))
    except TypeError:
        return method(*args, **kwargs)
    with monitor.step(model, given.get("x"), given.get("y"), given.get("sample_weight")):
        return method(*args, **kwargs)


TRAIN: Mapping[str, Callable[..., Any]] = {"fit": fit, "train_on_batch": train_on_batch}


def _given(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Arguments by name, those that a method takes as **kwargs among them."""
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif kind is not inspect.Parameter.VAR_POSITIONAL:
            found[name] = value
    return found


def _takes_callbacks(method: Callable[..., Any]) -> bool:
    parameters = inspect.signature(method).parameters
    return "callbacks" in parameters or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
