"""A set-up written as code, and what a fix changes in it as a difference to paste."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from flatline.entry import STANDARDISE, STANDARDISE_TARGETS
from flatline.fix import (
    Fix,
    InsertLayer,
    MapInput,
    MapLabels,
    Reinitialize,
    RemoveLayer,
    ReplaceLayer,
    SetCompile,
    SetFit,
    SetLayer,
    Shuffle,
)  # fmt: skip

_TOLD = ("units", "filters", "kernel_size", "strides", "padding", "rate", "axis", "return_sequences", "activation")
_PLAIN = ((1, 1), (1,), (1, 1, 1), "valid", False, "linear", None, -1)


def difference(model: Any, fit_args: Mapping[str, Any], fix: Fix | None) -> str:
    """Return what a fix changes, as a unified difference of the code of the set-up; empty for none.

    Parameters
    ----------
    model : keras.Model
        As it is.
    fit_args : mapping
        Arguments of `fit`.
    fix : Fix or None
        Its edits.

    Notes
    -----
    The code is written from the model, not read from the user's file: layers by their names and telling arguments.
    """
    if fix is None:
        return ""
    before = [*_layers(model, ()), *_compile(model, ()), *_fit(fit_args, ())]
    after = [*_data(fix), *_layers(model, fix.edits), *_compile(model, fix.edits), *_fit(fit_args, fix.edits)]
    lines = difflib.unified_diff(before, after, "as it is", "repaired", lineterm="", n=1)
    return "\n".join(lines)


def _data(fix: Fix) -> Iterator[str]:
    for edit in fix.edits:
        match edit:
            case MapInput(how="standardize"):
                yield from STANDARDISE.splitlines()
            case MapInput():
                yield f"X = X * {edit.factor:g}" + (f" + {edit.offset:g}" if edit.offset else "")
            case MapLabels(how="standardize"):
                yield from STANDARDISE_TARGETS.splitlines()
            case MapLabels(how="rescale"):
                yield f"y = y * {edit.factor:g}"
            case MapLabels(how="integers"):
                yield "y = y.argmax(axis=-1)"
            case MapLabels(how="one_hot"):
                yield f"y = keras.utils.to_categorical(y{f', {edit.classes}' if edit.classes else ''})"
            case MapLabels(how="zero_one"):
                yield 'y = (y > y.min()).astype("float32")'
            case MapLabels(how="from_zero"):
                yield "y = y - y.min()"
            case Shuffle():
                yield "order = np.random.permutation(len(X))"
                yield "X, y = X[order], y[order]"


def _layers(model: Any, edits: tuple[Any, ...]) -> Iterator[str]:
    for layer in model.layers:
        yield from (
            f"    {_new(e.kind, e.config)}," for e in edits if isinstance(e, InsertLayer) and e.before == layer.name
        )
        if any(isinstance(e, RemoveLayer) and e.layer == layer.name for e in edits):
            continue
        anew = next((e for e in edits if isinstance(e, ReplaceLayer) and e.layer == layer.name), None)
        if anew is not None:
            yield f"    {_new(anew.kind, anew.config, layer.name)},"
            continue
        changes = {e.argument: e.value for e in edits if isinstance(e, SetLayer) and e.layer == layer.name}
        fresh = any(isinstance(e, Reinitialize) and layer.name in e.layers for e in edits)
        comment = "  # with fresh weights" if fresh else ""
        yield f"    {_code(type(layer).__name__, {**_config(layer), **changes}, layer.name, told=changes)},{comment}"


def _config(layer: Any) -> Mapping[str, Any]:
    try:
        config: Mapping[str, Any] = layer.get_config()
    except Exception:  # a user's class without a configuration
        return {}
    return config


def _new(kind: str, config: Mapping[str, Any], name: str = "") -> str:
    """A layer that is put in, with every argument that it is given."""
    given = {key: value for key, value in config.items() if key != "name"}
    return _code(kind, given, name or config.get("name", ""), told=given)


def _code(kind: str, config: Mapping[str, Any], name: str = "", told: Mapping[str, Any] = {}) -> str:
    shown = {
        key: config[key]
        for key in dict.fromkeys((*_TOLD, *told))
        if key in config and (key in told or config[key] not in _PLAIN)
    }
    for key, value in config.items():  # what is drowned by penalties or frozen is worth seeing
        if key.endswith("_regularizer") and value is not None:
            shown.setdefault(key, value)
    arguments = [f"{key}={_value(value)}" for key, value in shown.items()]
    if name:
        arguments.append(f'name="{name}"')
    return f"keras.layers.{kind}({', '.join(arguments)})"


def _value(value: Any) -> str:
    if isinstance(value, Mapping) and ("kind" in value or "class_name" in value):
        kind = value.get("kind") or value["class_name"]
        config = ", ".join(f"{key}={_value(inner)}" for key, inner in value.get("config", {}).items())
        return f"{kind}({config})"
    return repr(value).replace("'", '"')


def _compile(model: Any, edits: tuple[Any, ...]) -> Iterator[str]:
    config = dict(model._compile_config.config)
    optimizer = model.optimizer
    kind, arguments = type(optimizer).__name__, optimizer.get_config()
    rate = arguments.get("learning_rate")
    shown = {"learning_rate": rate} if isinstance(rate, float) else {}
    loss, metrics = config.get("loss"), config.get("metrics")
    for edit in edits:
        if isinstance(edit, SetCompile) and edit.argument == "optimizer" and isinstance(edit.value, Mapping):
            kind, shown = edit.value["kind"], dict(edit.value.get("config", {}))
        elif isinstance(edit, SetCompile) and edit.argument.startswith("optimizer."):
            shown[edit.argument.removeprefix("optimizer.")] = edit.value
        elif isinstance(edit, SetCompile) and edit.argument == "loss":
            loss = edit.value
        elif isinstance(edit, SetCompile) and edit.argument == "metrics":
            metrics = edit.value
    told = ", ".join(
        f"{key}={value:.6g}" if isinstance(value, float) else f"{key}={value!r}" for key, value in shown.items()
    )
    counted = f", metrics={_metrics(metrics)}" if metrics else ""
    yield f"model.compile(optimizer=keras.optimizers.{kind}({told}), loss={_loss(loss)}{counted})"


def _metrics(metrics: Any) -> str:
    """Names as they are, objects by their class, so that the line can be taken whole."""
    if isinstance(metrics, Mapping):
        return "{" + ", ".join(f'"{name}": {_metrics(each)}' for name, each in metrics.items()) + "}"
    if isinstance(metrics, list | tuple):
        return f"[{', '.join(_metrics(each) for each in metrics)}]"
    if metrics is None or isinstance(metrics, str):
        return _value(metrics)
    return str(getattr(metrics, "__name__", None) or f"keras.metrics.{type(metrics).__name__}(...)")


def _loss(loss: Any) -> str:
    if isinstance(loss, Mapping) and "kind" in loss:
        return f"keras.losses.{_value(loss)}"
    if isinstance(loss, str):
        return f'"{loss}"'
    return str(getattr(loss, "__name__", type(loss).__name__))


def _fit(fit_args: Mapping[str, Any], edits: tuple[Any, ...]) -> Iterator[str]:
    arguments = {**fit_args, **{e.argument: e.value for e in edits if isinstance(e, SetFit)}}
    told = ", ".join(
        f"{key}={_value(value)}" for key, value in arguments.items() if isinstance(value, int | float | str | dict)
    )
    yield f"model.fit(X, y{', ' if told else ''}{told})"
