"""The menu of facts that a check may ask for: numbers measured elsewhere; None, NaN or empty where they were not."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Shape = tuple[int | None, ...]


class Task(enum.Enum):
    """What an output is asked to do, inferred from labels, loss and output together."""

    BINARY = "binary classification"
    MULTICLASS = "multi-class classification"
    MULTILABEL = "multi-label classification"
    REGRESSION = "regression"
    RECONSTRUCTION = "reconstruction"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ArrayFacts:
    """One input or one target: a bounded scan of its finite cells; features are the last axis, (n,) has one."""

    name: str
    shape: Shape  # of one sample, without the sample axis
    dtype: str
    n_rows: int | None  # in the whole set; None when it cannot be known
    n_read: int  # rows that the statistics are over
    n_scanned: int  # rows searched for non-finite cells
    n_nonfinite: int
    nonfinite_rows: tuple[int, ...] = ()  # the first few
    nonfinite_features: tuple[int, ...] = ()  # the first few
    minimum: float = float("nan")
    maximum: float = float("nan")
    mean: float = float("nan")
    std: float = float("nan")
    feature_mean: Array = field(default_factory=lambda: np.empty(0))  # (n_features,)
    feature_std: Array = field(default_factory=lambda: np.empty(0))
    feature_min: Array = field(default_factory=lambda: np.empty(0))
    feature_max: Array = field(default_factory=lambda: np.empty(0))
    integral: bool = False  # every finite cell read is a whole number
    values: tuple[float, ...] = ()  # the distinct values of the sample, sorted, when there are at most 64
    zero_share: float = float("nan")  # of the sample's cells that are exactly 0
    sample: Array = field(default_factory=lambda: np.empty(0))  # (n_sample, ...) rows drawn fairly, in order

    @property
    def complete(self) -> bool:
        """Whether every row was searched for non-finite cells."""
        return self.n_rows is not None and self.n_scanned >= self.n_rows

    @property
    def rms(self) -> float:
        """Root mean square √(mean² + std²) of all finite cells."""
        return float(np.hypot(self.mean, self.std))


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """The training data as `fit` would get them."""

    source: str  # "arrays", "tf.data", "PyDataset", "iterable"
    inputs: tuple[ArrayFacts, ...]
    targets: tuple[ArrayFacts, ...]  # empty when y is None and the data yield no targets
    n_rows: int | None
    batch_size: int | None  # of a pipeline that brings batches along
    n_duplicates: int = 0  # rows of the sample equal to an earlier row in all inputs
    n_conflicts: int = 0  # of those, rows whose target differs
    n_compared: int = 0  # rows compared for both
    label_order: float = float("nan")  # share of neighbours of equal label, less that of a random order; 1 = sorted
    label_order_is_known: bool = False  # rows were seen in the order of training
    has_sample_weight: bool = False
    tail_classes_unseen: tuple[float, ...] = ()  # labels that occur only in the rows `validation_split` holds out


@dataclass(frozen=True, kw_only=True)
class ValidationFacts:
    """The validation data, scanned as the training data are."""

    inputs: tuple[ArrayFacts, ...]
    targets: tuple[ArrayFacts, ...]


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """What is known of the coming `fit`; None where `fit_args` do not say and the data do not tell."""

    given: bool  # whether fit_args were passed at all
    epochs: int | None
    batch_size: int | None
    steps_per_epoch: int | None
    shuffle: bool | None
    validation_split: float
    class_weight: Mapping[int, float] | None

    @property
    def n_steps(self) -> int | None:
        """Number of training steps planned."""
        if self.epochs is None or self.steps_per_epoch is None:
            return None
        return self.epochs * self.steps_per_epoch


@dataclass(frozen=True, kw_only=True)
class LayerFacts:
    """One layer, in the order in which the forward pass calls it; measured at initialisation on the probe batch."""

    name: str
    kind: str  # class name, e.g. "Dense"
    builtin: bool  # a class of Keras itself
    config: Mapping[str, Any]  # arguments, where the layer can tell them
    activation: str | None  # declared: "relu", "linear", …; None when the layer has none
    trainable: bool
    n_weights: int
    n_trainable: int
    kernel_shape: tuple[int, ...] = ()
    kernel_std: float = float("nan")
    initializer: str | None = None  # class name of the kernel initialiser
    identical_units: float = float("nan")  # share of output units whose incoming weights repeat another unit's
    inputs: tuple[str, ...] = ()  # names of the layers whose output it reads; () for model inputs and free tensors
    reads_model_input: bool = False
    input_shape: Shape = ()
    output_shape: Shape = ()
    input_rms: float = float("nan")
    input_mean: float = float("nan")
    input_feature_rms: Array = field(default_factory=lambda: np.empty(0))  # (n_features,) last axis
    input_feature_std: Array = field(default_factory=lambda: np.empty(0))
    input_max: float = float("nan")
    input_min: float = float("nan")
    output_rms: float = float("nan")
    output_spread: float = float("nan")  # std over samples, averaged over units; 0 = same for every sample
    dead_share: float = float("nan")  # of units that are zero for every probe sample (rectifiers only)
    saturated_share: float = float("nan")  # of (sample, unit) pairs with |f′| < 1 % of its maximum (sigmoid, tanh, …)
    gradient_norm: float | None = None  # of its kernel (or all trainable weights); None: no gradient reaches it
    weight_norm: float = float("nan")
    is_output: bool = False
    nested_in: tuple[str, ...] = ()  # names of the models around it, outermost first

    @property
    def relative_gradient(self) -> float:
        """‖g‖/‖w‖, NaN where there is none."""
        if self.gradient_norm is None or not self.weight_norm > 0:
            return float("nan")
        return self.gradient_norm / self.weight_norm


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """The model as it stands before the first step."""

    kind: str  # "Sequential", "Functional", "subclassed"
    layers: tuple[LayerFacts, ...]
    n_weights: int
    n_trainable: int
    custom_train_step: bool
    n_probe: int  # samples in the probe batch
    input_dependence: float = float("nan")  # ‖f(x) − f(x′)‖/‖f(x)‖ over permuted samples, largest over outputs
    mode_gap: float = float("nan")  # relative difference of outputs in training and inference mode
    inference_noise: float = float("nan")  # ‖f(x) − f(x)′‖/‖f(x)‖ of two inference calls on the same samples
    noise_sources: tuple[str, ...] = ()  # layers whose outputs differ between the two although their inputs do not
    begun: bool = False  # training has moved the weights already
    cross_sample: float = float("nan")  # relative change of a sample's output when others change; NaN under noise
    dtype_policy: str = "float32"

    def layer(self, name: str) -> LayerFacts | None:
        """The layer of this name."""
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def weighted(self) -> tuple[LayerFacts, ...]:
        """Layers with a kernel (two axes or more), in call order."""
        return tuple(layer for layer in self.layers if len(layer.kernel_shape) >= 2)


@dataclass(frozen=True, kw_only=True)
class HeadFacts:
    """One output of the model with its loss and its targets."""

    name: str  # of the output
    layer: str  # name of the layer that makes it
    weighted_layer: str  # name of the last layer with weights before it
    task: Task
    output_shape: Shape  # without the sample axis
    units: int
    low: float  # smallest output seen
    high: float  # largest
    sums_to_one: bool  # every row of outputs sums to one
    squash: str  # "softmax", "sigmoid", "tanh", "relu", "positive", "linear", "constant", "unknown": by behaviour
    declared: str | None  # activation that the last layer declares
    target: ArrayFacts | None
    encoding: str  # "integers", "one_hot", "multi_hot", "soft", "column", "values", "none"
    n_classes: int | None
    class_counts: tuple[tuple[float, int], ...] = ()  # (label, rows) in the rows read
    loss: str = "unknown"  # canonical name: "categorical_crossentropy", "mean_squared_error", …, "custom"
    from_logits: bool | None = None
    logits_recovered: bool = False  # the backend computes the loss from the logits behind the last activation
    reduction: str | None = None
    weight: float = 1.0
    initial: float = float("nan")  # loss at initialisation on the probe batch, without penalties
    null: float = float("nan")  # loss of the best constant prediction
    perfect: float = float("nan")  # loss when the output equals the targets
    loss_gradient: float | None = None  # norm of ∂loss/∂output; None: the loss is not differentiable
    prefers_wrong: bool | None = None  # the loss is lower for wrong answers than for the targets themselves
    batch_growth: float = float("nan")  # loss of the probe batch repeated twice, over that of the batch: 2 = summed
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ObjectiveFacts:
    """Losses, outputs and targets of the compiled model."""

    heads: tuple[HeadFacts, ...]
    initial: float  # total data loss at initialisation
    null: float  # total data loss of the null model; NaN when any head's is unknown
    perfect: float  # lowest data loss there can be; NaN when unknown
    penalty: float  # regularisation and add_loss terms at initialisation
    penalty_is_regularisation: bool


@dataclass(frozen=True, kw_only=True)
class OptimizerFacts:
    """The compiled optimizer."""

    kind: str  # class name
    learning_rate: float  # at step 0
    scheduled: bool
    peak_rate: float  # largest over the planned steps (the rate itself without a schedule)
    config: Mapping[str, Any]
    update_ratio: float = float("nan")  # median over kernels of ‖ΔW‖/‖W‖ in the first real step
    update_ratios: Mapping[str, float] = field(default_factory=dict)  # by layer


@dataclass(frozen=True, kw_only=True)
class FitError:
    """What Keras raises when the first training step is tried."""

    stage: str  # "loss", "gradient" or "step"
    kind: str  # class of the exception
    message: str  # one line


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One short training: its data loss per step (training mode), and how well it predicts afterwards."""

    name: str
    losses: Array  # (n_steps,)
    planned: int  # steps wanted; fewer were run when time ran out or it diverged
    rescaled: bool = False  # trained on other targets: its losses say nothing beside the null model's, its score does
    diverged: bool = False
    score: float = float("nan")  # task score on the rows trained on: accuracy, or R²
    held_out: float = float("nan")  # the same on rows not trained on
    held_out_loss: float = float("nan")
    final: float = float("nan")  # data loss at the end, over all rows used
    distinct: int | None = None  # number of distinct classes predicted
    seconds: float = 0.0

    @property
    def n_steps(self) -> int:
        """Steps that were run."""
        return len(self.losses)


@dataclass(frozen=True, kw_only=True)
class TinySubsetFacts:
    """The tiny-subset test: whether a few examples can be fitted, and what prevents it."""

    n_examples: int
    null: float  # null loss on those examples
    perfect: float
    null_score: float
    arms: Mapping[str, Arm]  # "as is", "reference optimizer", "no dropout or penalties", "standardised inputs", …


@dataclass(frozen=True, kw_only=True)
class RehearsalFacts:
    """The first steps of the planned training, run on a bounded sample and undone."""

    n_rows: int
    batch_size: int
    planned_steps: int | None  # of the coming fit; None without fit_args
    null: float
    perfect: float
    null_score: float
    initial: float
    arms: Mapping[str, Arm]  # "as is", and the variations that were tried beside it
    model_free: float = float("nan")  # held-out score of the best of a few learners that are no networks
    model_free_null: float = float("nan")  # held-out score of guessing, and two standard errors more
    n_held_out: int = 0

    def progress(self, name: str = "as is") -> float:
        """Share of the way from the null model's loss to a perfect one: 0 = null model, 1 = perfect, NaN unknown."""
        arm, gap = self.arms.get(name), self.null - self.perfect
        if arm is not None and arm.diverged:
            return float("-inf")
        return float("nan") if arm is None or arm.rescaled or not gap > 0 else (self.null - arm.final) / gap
