"""keras.Model → ModelFacts, for any kind: what layers do to a probe batch, then what they say of themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import LayerFacts, ModelFacts
from flatline.measure.calls import Call, Note, is_keras, recorded

MAX_CELLS = 1_000_000  # cells of a tensor that statistics are taken over
RECTIFIERS = {"relu", "relu6"}
_NAMED = ("_regularizer", "_initializer")  # objects, of which checks want to know the class
_CERTAIN = 1e12  # a slope that is 1 inside and 0 at the ends: any a inside is far above 1 %
SLOPE_SHARE = {  # |f′| as a share of its maximum, from the output a = f(z): an array or a tensor
    "sigmoid": lambda a: 4 * a * (1 - a),
    "hard_sigmoid": lambda a: _CERTAIN * a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "hard_tanh": lambda a: _CERTAIN * (1 - a * a),
    "softsign": lambda a: (1 - abs(a)) ** 2,
}


def declared_activation(layer: Any) -> str | None:
    """Name of the activation that a layer declares: "relu" for `Dense(activation="relu")` and for `ReLU()` alike."""
    activation = getattr(layer, "activation", None)
    if callable(activation):
        name = getattr(activation, "__name__", type(activation).__name__)
        return str(name)
    kind = type(layer).__name__
    if is_keras(layer) and kind in ("ReLU", "Relu", "Softmax", "LeakyReLU", "ELU", "PReLU", "Sigmoid", "Tanh", "Relu6"):
        return kind.lower()
    return None


def _numbers(tensor: Any) -> np.ndarray[Any, Any] | None:
    """A tensor as float32 numbers (samples, …, features): about MAX_CELLS of them, at evenly spread positions."""
    if tensor.shape.rank == 0 or not (tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool):
        return None
    numbers: np.ndarray[Any, Any] = keras.ops.convert_to_numpy(tensor)
    if numbers.size > MAX_CELLS and numbers.ndim > 2:
        numbers = numbers.reshape(len(numbers), -1, numbers.shape[-1])
        step = min(-(-numbers.size // MAX_CELLS), numbers.shape[1])
        numbers = numbers[:, :: step | 1]  # odd, for the width of a picture is even
    rows = max(1, MAX_CELLS * len(numbers) // max(1, numbers.size))
    return numbers[:rows].astype("float32")


def _note(call: Call) -> None:
    """Take the statistics of one call while its tensors exist."""
    notes = call.notes
    received = _numbers(call.inputs[0]) if call.inputs else None
    if received is not None and received.size:
        flat = received.reshape(-1, received.shape[-1]) if received.ndim > 1 else received[:, None]
        notes["input_shape"] = tuple(call.inputs[0].shape[1:])
        notes["input_feature_rms"] = np.sqrt(np.mean(np.square(flat, dtype="float64"), axis=0))
        notes["input_feature_std"] = flat.std(axis=0, dtype="float64")
        notes["input_rms"] = float(np.sqrt(np.mean(np.square(notes["input_feature_rms"]))))
        notes["input_mean"] = float(flat.mean(dtype="float64"))
        notes["input_min"], notes["input_max"] = float(flat.min()), float(flat.max())
    made = _numbers(call.outputs[0]) if call.outputs else None
    if made is None or not made.size:
        return
    notes["output_shape"] = tuple(call.outputs[0].shape[1:])
    with np.errstate(all="ignore"):
        notes["output_rms"] = float(np.sqrt(np.mean(np.square(made, dtype="float64"))))
        if len(made) > 1:
            notes["output_spread"] = float(made.std(axis=0, dtype="float64").mean())
        activation = declared_activation(call.layer)
        if activation in RECTIFIERS and made.ndim > 1:
            notes["dead_share"] = float(np.mean(np.all(made.reshape(-1, made.shape[-1]) <= 0, axis=0)))
        if activation in SLOPE_SHARE:
            notes["saturated_share"] = float(np.mean(SLOPE_SHARE[activation](made) < 0.01))


def _nothing(call: Call) -> None:
    """Look at nothing more."""


def _noting(also: Note) -> Note:
    def note(call: Call) -> None:
        _note(call)
        also(call)

    return note


def observe(model: Any, x: Any, y: Any, weight: Any, *, also: Note = _nothing) -> tuple[list[Call], Any]:
    """Run one training-mode pass with gradients under observation; return the calls and what the pass returned.

    Other parts of the measurement are told of every call `also`.
    """
    with recorded(model, _noting(also)) as calls:
        result = backend.forward_backward(model, x, y, weight)
    return calls, result


def observe_forward(model: Any, x: Any, *, also: Note = _nothing) -> tuple[list[Call], Any]:
    """The same without loss and gradients, for a set-up whose loss raises."""
    with recorded(model, _noting(also)) as calls:
        outputs = backend.call(model, x, training=True)
    return calls, outputs


def _config(layer: Any) -> dict[str, Any]:
    """Arguments of a layer that are plain values, and classes of regularizers and initialisers; empty if unknown."""
    try:
        config = layer.get_config()
    except Exception:  # get_config is the user's code; a layer that cannot tell its arguments is normal
        return {}
    plain = (str, int, float, bool, type(None), tuple, list)
    told = {key: _class_name(value) if key.endswith(_NAMED) else value for key, value in config.items()}
    return {key: value for key, value in told.items() if isinstance(value, plain)}


def _class_name(value: Any) -> Any:
    """Class of an object that Keras has written down; other values as they are."""
    return value["class_name"] if isinstance(value, Mapping) and "class_name" in value else value


def own_weights(layer: Any, children: int) -> list[Any]:
    """Weights of a layer, less those of the layers it calls, which report their own."""
    if not isinstance(layer, keras.layers.Layer):
        return []
    if not children:
        return list(layer.weights)
    inner = {id(weight) for sub in layer._flatten_layers(include_self=False) for weight in sub.weights}
    return [weight for weight in layer.weights if id(weight) not in inner]


def _identical_units(kernel: np.ndarray[Any, Any]) -> float:
    """Share of output units (last axis) whose incoming weights equal another unit's."""
    columns = kernel.reshape(-1, kernel.shape[-1])
    if columns.shape[1] < 2:
        return 0.0
    direction = np.random.default_rng(0).normal(size=columns.shape[0]).astype("float32")
    marks = np.round(direction @ columns.astype("float32"), 5)
    _, counts = np.unique(marks, return_counts=True)
    if counts.max() == 1:
        return 0.0
    _, counts = np.unique(columns, axis=1, return_counts=True)
    return float(counts[counts > 1].sum() / columns.shape[1])


def _initializer(layer: Any) -> str | None:
    for name in ("kernel_initializer", "embeddings_initializer", "depthwise_initializer"):
        initializer = getattr(layer, name, None)
        if initializer is not None:
            return type(initializer).__name__
    return None


def layer_facts(calls: Sequence[Call], gradients: Mapping[int, Any], output_ids: set[int]) -> tuple[LayerFacts, ...]:
    """Turn recorded calls into LayerFacts.

    Parameters
    ----------
    calls : sequence of Call
        From `observe`; a layer called several times is reported once, as first called.
    gradients : mapping of int to ndarray or None
        Gradient by `id` of the weight.
    output_ids : set of int
        Ids of the model's output tensors.
    """
    facts: dict[int, LayerFacts] = {}
    reported = [is_reported(call) for call in calls]
    for call, wanted in zip(calls, reported, strict=True):
        if wanted and id(call.layer) not in facts:
            sources = dict.fromkeys(calls[i].layer.name for i in call.sources if calls[i].layer is not call.layer)
            facts[id(call.layer)] = _one(call, tuple(sources), gradients, output_ids)
    return tuple(facts.values())


def is_reported(call: Call) -> bool:
    """Leaves, and composite layers with weights of their own; a model is its layers."""
    if isinstance(call.layer, keras.Model) and call.children:
        return bool(own_weights(call.layer, call.children)) and bool(call.nested_in)
    return not call.children or bool(own_weights(call.layer, call.children))


def _one(call: Call, sources: tuple[str, ...], gradients: Mapping[int, Any], output_ids: set[int]) -> LayerFacts:
    layer = call.layer
    weights = own_weights(layer, call.children)
    trainable = [weight for weight in weights if weight.trainable]
    kernels = [weight for weight in weights if len(weight.shape) >= 2]
    kernel = max(kernels, key=lambda weight: int(np.prod(weight.shape))) if kernels else None
    measured: dict[str, Any] = dict(call.notes)
    if kernel is not None:
        values = np.asarray(keras.ops.convert_to_numpy(kernel), dtype="float32")
        measured |= {
            "kernel_shape": tuple(kernel.shape),
            "kernel_std": float(values.std()),
            "identical_units": _identical_units(values),
            "weight_norm": float(np.linalg.norm(values)),
        }
    graded = [kernel] if kernel is not None and kernel.trainable else trainable
    norms = [float(np.linalg.norm(gradients[id(w)])) for w in graded if gradients.get(id(w)) is not None]
    return LayerFacts(
        name=layer.name,
        kind=type(layer).__name__,
        builtin=is_keras(layer),
        config=_config(layer),
        activation=declared_activation(layer),
        trainable=bool(getattr(layer, "trainable", False)),
        n_weights=sum(int(np.prod(w.shape)) for w in weights),
        n_trainable=sum(int(np.prod(w.shape)) for w in trainable),
        initializer=_initializer(layer),
        inputs=sources,
        reads_model_input=call.reads_model_input,
        gradient_norm=float(np.hypot.reduce(norms)) if norms else None,
        is_output=any(i in output_ids for i in call.outputs),
        nested_in=tuple(outer.name for outer in call.nested_in),
        **measured,
    )


def unbuilt_facts(model: Any) -> ModelFacts:
    """What the layers say of themselves, for a model that the data make raise before anything can be measured."""
    layers = tuple(
        LayerFacts(
            name=layer.name,
            kind=type(layer).__name__,
            builtin=is_keras(layer),
            config=_config(layer),
            activation=declared_activation(layer),
            trainable=layer.trainable,
            n_weights=0,
            n_trainable=0,
            reads_model_input=index == 0,
        )
        for index, layer in enumerate(getattr(model, "layers", ()))
    )
    return model_facts(model, layers, n_probe=0)


def model_kind(model: Any) -> str:
    """Return "Sequential", "Functional" or "subclassed"."""
    if isinstance(model, keras.Sequential):
        return "Sequential"
    return "Functional" if type(model).__name__ == "Functional" or type(model) is keras.Model else "subclassed"


def has_custom_train_step(model: Any) -> bool:
    """Whether the user wrote the training step."""
    return not type(model).train_step.__module__.startswith("keras.")


def model_facts(model: Any, layers: tuple[LayerFacts, ...], *, n_probe: int, **behaviour: Any) -> ModelFacts:
    """Put the facts of layers and behaviour together."""
    return ModelFacts(
        kind=model_kind(model),
        layers=layers,
        n_weights=sum(int(np.prod(w.shape)) for w in model.weights),
        n_trainable=sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        custom_train_step=has_custom_train_step(model),
        n_probe=n_probe,
        dtype_policy=str(getattr(model, "dtype_policy", None) and model.dtype_policy.name),
        **behaviour,
    )
