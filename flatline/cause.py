"""The closed list of root causes that a finding can name."""

import enum


class Cause(enum.Enum):
    """Root cause of a network that does not learn; `cause.value` is the word used in reports."""

    LOSS = "loss"
    OUTPUT_ACTIVATION = "output_activation"
    OUTPUT_UNITS = "output_units"
    LABELS = "labels"
    ACTIVATION = "activation"
    INITIALIZATION = "initialization"
    LEARNING_RATE = "learning_rate"
    OPTIMIZER = "optimizer"
    INPUT_SCALE = "input_scale"
    DATA = "data"
    CAPACITY = "capacity"
    EPOCHS = "epochs"
    BATCH_SIZE = "batch_size"
    REGULARIZATION = "regularization"
    NORMALIZATION_LAYER = "normalization_layer"
    DROPOUT = "dropout"
    METRIC = "metric"
    TRAINABLE = "trainable"
    ARCHITECTURE = "architecture"
