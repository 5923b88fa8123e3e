"""What a network makes of a few inputs, as pictures of its layers: taken once, stored, drawn later without Keras."""

from dataclasses import dataclass, field

import numpy as np

from flatline.facts import Array, Shape


def _none() -> Array:
    return np.empty(0)


@dataclass(frozen=True, kw_only=True)
class Shades:
    """Numbers as shades of grey: in every column of pictures, 0 stands for its `low` and 255 for its `high`."""

    pictures: Array  # uint8 (n_rows, n_columns, height, width), or (…, 3) in colour
    low: Array  # (n_columns,)
    high: Array  # (n_columns,)


@dataclass(frozen=True, kw_only=True)
class ViewedLayer:
    """One layer in the order of the calls, and what it makes of the inputs in inference mode.

    Its shades have a row for every input that is drawn, and `form` says what stands in it. "maps": a picture for each
    channel drawn; "vector": one picture of height 1, as wide as there are channels drawn; "series": one picture, a line
    for each channel drawn, from left to right the steps. Without shades `form` is empty, and `missing` says why.
    """

    name: str
    kind: str
    output_shape: Shape = ()  # without the axis of samples
    n_weights: int = 0
    activation: str | None = None
    reads: tuple[str, ...] = ()  # names of the layers whose outputs it reads
    reads_input: bool = False
    is_output: bool = False
    nested_in: tuple[str, ...] = ()  # names of the models around it, outermost first
    form: str = ""
    shades: Shades | None = None
    missing: str = ""
    channels: tuple[int, ...] = ()  # those that are drawn
    mean: Array = field(default_factory=_none)  # (n_drawn,), over all inputs and places, as the two that follow
    std: Array = field(default_factory=_none)
    zero_share: Array = field(default_factory=_none)
    n_channels: int = 0
    n_silent: int = 0  # of all channels: zero everywhere, for every input
    n_constant: int = 0  # of all channels: one value other than zero everywhere, for every input
    n_nonfinite: int = 0  # of all channels: with a NaN or an infinity


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What one output says of one input: the classes it gives most to, or its values."""

    output: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    probabilities: bool  # the values are shares of one, or each a probability


@dataclass(frozen=True, kw_only=True)
class ViewedInput:
    """One input that was chosen, and what the network says of it; `parts` of the view hold its pictures."""

    name: str
    label: str = ""
    predictions: tuple[Prediction, ...] = ()
    explained: str = ""  # what `saliency` and `class_map` of the parts look for the reasons of: the class predicted, …


@dataclass(frozen=True, kw_only=True)
class ViewedPart:
    """What one input of the model was given. Shades have one row here, with a column for every input that was chosen.

    `form` is "image", "vector" (height 1), "series" (a line for each feature, from left to right the steps), or "words"
    for texts and for whole numbers that are looked up; without a picture it is empty, and `missing` says why.
    """

    name: str
    form: str = ""
    shades: Shades | None = None
    words: tuple[tuple[str, ...], ...] = ()  # by input
    missing: str = ""
    saliency: Shades | None = None  # 0 = the output does not depend on it
    no_saliency: str = ""
    class_map: Shades | None = None  # likewise, by Grad-CAM
    no_class_map: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """What a network makes of a few inputs.

    Parameters
    ----------
    model : str
        Its name.
    kind : str
        "Sequential", "Functional" or "subclassed".
    taken : str
        When: "before training", "after 1,200 steps", ….
    layers : tuple of ViewedLayer
        In the order in which they were called.
    inputs : tuple of ViewedInput
        Those that are drawn.
    parts : tuple of ViewedPart
        One for each input of the model.
    n_rows : int
        Inputs that the statistics of channels are over; those drawn are among them.
    seconds : float
        That it took.
    notes : tuple of str
        What was left out, and why.

    See Also
    --------
    flatline.inspect.view : takes it.
    flatline.reports.browser : draws it.
    """

    model: str
    kind: str = ""
    taken: str = ""
    layers: tuple[ViewedLayer, ...] = ()
    inputs: tuple[ViewedInput, ...] = ()
    parts: tuple[ViewedPart, ...] = ()
    n_rows: int = 0
    seconds: float = float("nan")
    notes: tuple[str, ...] = ()

    def layer(self, name: str) -> ViewedLayer | None:
        """The layer of this name."""
        return next((layer for layer in self.layers if layer.name == name), None)
