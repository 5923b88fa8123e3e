"""What pictures of the data and of the answers are drawn from: bounded pieces of both, which no check reads.

All of it together is kept in the record of a run, so every piece has room for a few kilobytes and no more: the room is
for all inputs, or all outputs, together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from flatline.facts import Array, Shape

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def _none() -> Array:
    return np.empty(0)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Quantiles of the features of one array over a bounded sample of its finite cells.

    Of more features than there is room for, the largest and the smallest are kept, and others evenly between them.
    """

    name: str  # of the input, of the layer that receives it, or of the output
    shape: Shape  # of one sample
    n_rows: int
    n_cells: int  # of all rows
    n_nonfinite: int  # of these
    n_features: int  # along the last axis, or along that of the channels
    n_constant: int  # of these: one value only in the sample
    rms: float  # over all cells of the sample
    feature: Array = field(default_factory=_none)  # (n_kept,) index of each feature kept, increasing
    rank: Array = field(default_factory=_none)  # (n_kept,) its place among all of them, by scale, the smallest first
    scale: Array = field(default_factory=_none)  # (n_kept,) root mean square; NaN where no cell is finite
    quantiles: Array = field(default_factory=_none)  # (n_kept, len(QUANTILES))
    through: tuple[str, ...] = ()  # names of the layers that the data have passed before
    lookup: int | None = None  # whole numbers that name a row of a table with so many rows


@dataclass(frozen=True, kw_only=True)
class ReceivedInputs:
    """The model's inputs as they are fed, and what the first layers with weights make of them receive."""

    before: tuple[Spread, ...]
    after: tuple[Spread, ...]
    training: bool  # augmentation, dropout and batch statistics act, as in a training step


@dataclass(frozen=True, kw_only=True)
class ShownRows:
    """A few rows of what one of the first layers with weights receives."""

    name: str  # of the layer
    form: str  # "image", "table", "sequence" or "tokens"
    shape: Shape  # of one row, before anything was left out
    values: Array  # "image": uint8 (n, height, width) or (n, height, width, 3) in shades from `black`, 0, to `white`,
    # 255, averaged over blocks; else float32 (n, features), (n, steps, features) or (n, steps)
    low: Array  # (n,) smallest finite cell of each row
    high: Array  # (n,)
    n_nonfinite: Array  # (n,) cells
    black: float = float("nan")
    white: float = float("nan")
    kept: Array = field(default_factory=_none)  # indices along the first axis of `values` that is no row; all if empty


@dataclass(frozen=True, kw_only=True)
class FirstBatch:
    """A few rows as the network receives them, with their labels."""

    parts: tuple[ShownRows, ...]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by output; one for each row
    in_order: bool = False  # the first rows that training sees; else dealt, as `fit` shuffles them
    training: bool = False  # as of `ReceivedInputs`
    random: tuple[str, ...] = ()  # names of the layers on the way that do something else in every training step


@dataclass(frozen=True, kw_only=True)
class HeadLabels:
    """How often each label occurs in a sample of the targets of one output."""

    name: str
    label: Array  # (n_labels,) increasing
    count: Array  # (n_labels,)
    n: int  # targets counted; of independent labels, rows
    units: int  # of the output
    exclusive: bool = True  # each target has one label; else any number of them
    n_left_out: int = 0  # labels, the rarest, for which there was no room
    n_nonfinite: int = 0

    @property
    def majority_share(self) -> float:
        """Share of the most frequent label: how often it is right to guess it."""
        return float(self.count.max(initial=0)) / self.n if self.n else float("nan")


@dataclass(frozen=True, kw_only=True)
class LabelCounts:
    """Label counts of every output that tells classes or labels apart."""

    heads: tuple[HeadLabels, ...]


@dataclass(frozen=True, kw_only=True)
class HeadValues:
    """The distribution of a sample of the targets of one output."""

    spread: Spread
    mean: float  # over all cells: what guessing answers under a squared error
    std: float  # what guessing is then off by
    edges: Array  # (n_bins + 1,) of the histogram over all cells
    count: Array  # (n_bins,)
    linear_width: float = float("nan")  # bins grow in proportion to |value| beyond it; NaN: they are equally wide
    low: float = float("-inf")  # that the output can reach, by its behaviour
    high: float = float("inf")


@dataclass(frozen=True, kw_only=True)
class TargetValues:
    """Target distributions of every output that answers with values."""

    heads: tuple[HeadValues, ...]


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """True against predicted classes of the output that is furthest from doing better than guessing."""

    name: str  # of the output
    label: Array  # (n_labels,) that occur, increasing
    true: Array  # (n_pairs,) index into `label`
    predicted: Array  # (n_pairs,)
    count: Array  # (n_pairs,) how often they came together
    accuracy: float
    null: float  # accuracy of always answering the most frequent class
    majority: int  # index of that class
    n: int  # answers counted
    n_left_out: int = 0  # of these, in pairs for which there was no room
    n_nonfinite: int = 0  # answers that were no numbers
    n_heads: int = 1  # outputs that tell classes apart
    n_steps: int = 0  # of training before
    rehearsed: bool = False  # which was undone afterwards


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """True against predicted values, of the output and its column that are furthest from doing better than guessing."""

    name: str
    true: Array  # (n_shown,)
    predicted: Array  # (n_shown,)
    mean: float  # of the true values: what guessing answers under a squared error
    r2: float  # 1 − Σ(y − ŷ)² / Σ(y − mean)²; 0 = guessing the mean
    n: int  # pairs of finite values
    n_nonfinite: int = 0
    column: int | None = 0  # None: all of them together
    n_columns: int = 1
    n_heads: int = 1
    n_steps: int = 0
    rehearsed: bool = False


SHOWS_DATA = (ReceivedInputs, FirstBatch, LabelCounts, TargetValues, Confusion, Predictions)
"""Every fact that shows the user's data, or numbers that are close to them: to be left out of what is shared."""
