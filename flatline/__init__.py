"""Tell why a neural network does not learn.

`flatline.check_setup(model, X, y)` measures a Keras set-up before the first epoch and names what keeps it from
learning; `FlatlineMonitor` among the callbacks of `fit` watches the training and says when it has flatlined, and why.
Names are imported when they are first used, so that `import flatline` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flatline.api import assert_trainable as assert_trainable
    from flatline.api import check_setup as check_setup
    from flatline.callbacks import FlightRecorder as FlightRecorder
    from flatline.cause import Cause as Cause
    from flatline.comparison import Comparison as Comparison
    from flatline.comparison import compare as compare
    from flatline.diagnosing import diagnose as diagnose
    from flatline.errors import FlatlineError as FlatlineError
    from flatline.errors import FlatlineWarning as FlatlineWarning
    from flatline.finding import Evidence as Evidence
    from flatline.finding import Finding as Finding
    from flatline.finding import Severity as Severity
    from flatline.fix import Fix as Fix
    from flatline.judging import judge as judge
    from flatline.learning_rate import RateCurve as RateCurve
    from flatline.learning_rate import lr_range as lr_range
    from flatline.monitor import FlatlineMonitor as FlatlineMonitor
    from flatline.records.record import RunRecord as RunRecord
    from flatline.records.run_directory import load_run as load_run
    from flatline.reports.report import Report as Report
    from flatline.rules import explain as explain
    from flatline.stopping import StopOnFlatline as StopOnFlatline
    from flatline.watching import watch as watch

if TYPE_CHECKING:  # a module, not a name of one
    from flatline import inspect as inspect

__version__ = "0.1.0"

_HOMES = {
    "check_setup": "flatline.api",
    "assert_trainable": "flatline.api",
    "diagnose": "flatline.diagnosing",
    "lr_range": "flatline.learning_rate",
    "RateCurve": "flatline.learning_rate",
    "explain": "flatline.rules",
    "FlatlineMonitor": "flatline.monitor",
    "StopOnFlatline": "flatline.stopping",
    "FlightRecorder": "flatline.callbacks",
    "watch": "flatline.watching",
    "RunRecord": "flatline.records.record",
    "load_run": "flatline.records.run_directory",
    "judge": "flatline.judging",
    "compare": "flatline.comparison",
    "Comparison": "flatline.comparison",
    "Report": "flatline.reports.report",
    "Finding": "flatline.finding",
    "Evidence": "flatline.finding",
    "Severity": "flatline.finding",
    "Fix": "flatline.fix",
    "Cause": "flatline.cause",
    "FlatlineWarning": "flatline.errors",
    "FlatlineError": "flatline.errors",
}

__all__ = [*_HOMES, "__version__"]
_MODULES = ("inspect",)  # reachable as attributes; not for `import *`, which would import Keras


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"flatline.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'flatline' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
