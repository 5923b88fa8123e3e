"""Send what is recorded of a training to TensorBoard, Weights & Biases or MLflow.

Beside a monitor, while the model trains:

    monitor = flatline.FlatlineMonitor()
    model.fit(X, y, callbacks=[monitor, TensorBoardLogger(monitor, "logs")])

Afterwards, from a record that `run_dir` kept, without Keras:

    send_to_tensorboard(flatline.load_run("run"), "logs")

Curves are named `flatline/QUANTITY/LAYER`, for example `flatline/gradient_norm/dense_1`: the quantity is a term of
`flatline.glossary`. Their steps count the calls of the optimizer since the recording began. Findings are sent as text
named `flatline/finding/CODE/PLACE`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flatline.loggers.callbacks import MlflowLogger as MlflowLogger
    from flatline.loggers.callbacks import TensorBoardLogger as TensorBoardLogger
    from flatline.loggers.callbacks import WandbLogger as WandbLogger
    from flatline.loggers.targets import send_to_mlflow as send_to_mlflow
    from flatline.loggers.targets import send_to_tensorboard as send_to_tensorboard
    from flatline.loggers.targets import send_to_wandb as send_to_wandb

# The callbacks import Keras, which the functions do without.
_HOMES = {
    "TensorBoardLogger": "flatline.loggers.callbacks",
    "WandbLogger": "flatline.loggers.callbacks",
    "MlflowLogger": "flatline.loggers.callbacks",
    "send_to_tensorboard": "flatline.loggers.targets",
    "send_to_wandb": "flatline.loggers.targets",
    "send_to_mlflow": "flatline.loggers.targets",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'flatline.loggers' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
