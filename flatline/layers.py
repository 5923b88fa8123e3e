"""What built-in layers are, as far as checks need to know: which have a kernel, bend, merge or normalise."""

import math
import re

from flatline.facts import LayerFacts

CONVOLUTIONS = frozenset(
    f"{kind}{n}D{suffix}"
    for kind, suffix in (("Conv", ""), ("Conv", "Transpose"), ("DepthwiseConv", ""), ("SeparableConv", ""))
    for n in (1, 2, 3)
)
DENSE = frozenset({"Dense", "EinsumDense"})
WEIGHTED = CONVOLUTIONS | DENSE  # layers that apply a kernel and then, at will, an activation
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
DROPOUT = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"})
DROPOUT |= {"GaussianDropout"}
NORMALISING = frozenset(
    {"BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization"}
)
MAX_POOLING = frozenset(f"{scope}MaxPooling{n}D" for scope in ("", "Global", "Adaptive") for n in (1, 2, 3))
MEAN_POOLING = frozenset(f"{scope}AveragePooling{n}D" for scope in ("", "Global", "Adaptive") for n in (1, 2, 3))
MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Stack"})
MERGING |= {"Matmul", "Einsum", "Where", "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"}
SHAPING = frozenset(
    {"InputLayer", "Identity", "Flatten", "Reshape", "Permute", "RepeatVector", "ActivityRegularization"}
)
SHAPING |= {"Cast", "Transpose", "ExpandDims", "Squeeze", "GetItem"}
SHAPING |= {f"{kind}{n}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for n in (1, 2, 3)}
STRAIGHT = SHAPING | DROPOUT | MEAN_POOLING | {"BatchNormalization", "Normalization", "Rescaling", "GaussianNoise"}
STRAIGHT |= {f"Random{how}" for how in ("Flip", "Rotation", "Zoom", "Translation", "Crop", "Contrast", "Brightness")}
STRAIGHT |= {"CenterCrop", "Resizing"}
STRAIGHT |= {"Add", "Subtract", "Average", "Concatenate", "Stack", "Mean", "Sum"}  # linear, or all but

RECTIFIERS = frozenset({"relu", "relu6"})
HOMOGENEOUS = frozenset({"relu", "leakyrelu", "prelu", "linear", ""})  # f(c·x) = c·f(x) for c > 0
SIGMOIDS = frozenset({"sigmoid", "hardsigmoid"})
TANHS = frozenset({"tanh", "hardtanh", "softsign"})
_BY_KIND = {kind: kind.lower() for kind in ("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Relu", "Relu6", "Sigmoid")}


def activation(layer: LayerFacts) -> str:
    """Name a layer's activation in lower case without underscores; "" where it has none."""
    return (layer.activation or _BY_KIND.get(layer.kind, "")).lower().replace("_", "")


def bends(layer: LayerFacts) -> bool:
    """Whether a layer may be non-linear in its input; a layer that is not known may be."""
    if not layer.builtin:
        return True
    if layer.kind in WEIGHTED or layer.kind == "Activation":
        return activation(layer) not in ("", "linear")
    return layer.kind not in STRAIGHT


def units(layer: LayerFacts) -> int:
    """Count the units or channels of a layer with a kernel."""
    return int(layer.kernel_shape[-1]) if layer.kernel_shape else 0


def size(shape: tuple[int | None, ...]) -> int | None:
    """Count the cells of a shape without its sample axis; None where an axis is open."""
    return None if any(length is None for length in shape) else math.prod(length or 0 for length in shape)


def he_scale(layer: LayerFacts) -> float:
    """Divide a kernel's root mean square by He's √(2 / fan-in); NaN where the fan-in is not the kernel's first axes."""
    if layer.kind not in ("Dense", "Conv1D", "Conv2D", "Conv3D") or len(layer.kernel_shape) < 2:
        return math.nan
    return kernel_rms(layer) / math.sqrt(2.0 / math.prod(layer.kernel_shape[:-1]))


def kernel_rms(layer: LayerFacts) -> float:
    """Take the root mean square of the kernel's cells (a single weight has no deviation)."""
    return layer.weight_norm / math.sqrt(math.prod(layer.kernel_shape))


def written(layer: LayerFacts, **changes: object) -> str:
    """Write the layer as code, with `changes` to its arguments."""
    arguments: dict[str, object] = {}
    for name in ("units", "filters", "kernel_size", "strides", "padding", "rate", "axis", "return_sequences"):
        if name in layer.config and layer.config[name] not in ((1, 1), (1,), (1, 1, 1), "valid", False):
            arguments[name] = layer.config[name]
    if layer.activation is not None and layer.kind in WEIGHTED | RECURRENT | {"Activation"}:
        arguments["activation"] = layer.activation
    arguments |= changes
    told = ", ".join(f"{name}={value!r}".replace("'", '"') for name, value in arguments.items())
    return code(layer.kind, told, layer.name)


def code(kind: str, arguments: str, name: str) -> str:
    """Write a layer as code; a name that Keras has given is a comment, because it may give it to another layer then."""
    automatic = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", kind).lower()  # as Keras makes it
    if re.fullmatch(rf"{automatic}(_\d+)?", name):
        return f"keras.layers.{kind}({arguments})  # {name}"
    return f"keras.layers.{kind}({', '.join(filter(None, (arguments, f'name={chr(34)}{name}{chr(34)}')))})"
