"""Run a training script as it is, while every model that it trains is watched."""

import functools
import importlib.abc
import importlib.util
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from flatline.errors import FlatlineError

MAX_MODELS = 1_000  # that one script may train and be recorded: a search over models could fill a disk
CHECKING_SECONDS = 15.0  # for the set-ups of a script's models together,
CHECKING_SHARE = 0.05  # 1; and this share of the time that it has run for: a cross-validation trains many alike


class Flight:
    """A script that runs, and the models that it trains.

    Parameters
    ----------
    run_dir : Path
        Gets a folder for each model: `1`, `2`, ….
    tell : callable
        Called with what the user must know, one line each.
    **arguments
        Of `FlatlineMonitor`.
    """

    def __init__(self, run_dir: Path, *, tell: Callable[[str], None], **arguments: Any) -> None:
        self.run_dir, self._tell = run_dir, tell
        self._arguments = arguments
        self._monitors: list[weakref.ref[Any]] = []  # a model that the script has dropped must not be kept
        self._originals: dict[str, Any] = {}
        self._model_class: Any = None
        self._checking, self._start = 0.0, time.monotonic()

    def run(self, target: str, args: Sequence[str], *, module: bool = False) -> int:
        """Run a script, or a module, as `python` would; return the exit code that it asks for."""
        import runpy

        argv, path = sys.argv, list(sys.path)
        finder = _AfterImport("keras", self._keras_is_there)
        sys.argv = [target, *args]
        sys.path[0] = str(Path.cwd() if module else Path(target).resolve().parent)
        sys.meta_path.insert(0, finder)
        if "keras" in sys.modules:
            self._keras_is_there(sys.modules["keras"])
        try:
            if module:
                runpy.run_module(target, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(target, run_name="__main__")
        except SystemExit as stop:
            return self._exit_code(stop)
        except BaseException as error:
            error.__traceback__ = _of_the_script(error.__traceback__)
            sys.excepthook(type(error), error, error.__traceback__)
            return 130 if isinstance(error, KeyboardInterrupt) else 1
        finally:
            sys.meta_path.remove(finder)
            sys.argv, sys.path[:] = argv, path
            for name, original in self._originals.items():
                setattr(self._model_class, name, original)
            for monitor in filter(None, (reference() for reference in self._monitors)):
                monitor.finish()  # a loop of `train_on_batch` does not say that it has ended
        return 0

    def _exit_code(self, stop: SystemExit) -> int:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        self._tell(str(stop.code))
        return 1

    def _keras_is_there(self, keras: ModuleType) -> None:
        """Watch every model from now on; the script itself has imported Keras, after what it had to set up before."""
        try:
            from flatline import watching

            for name, train in watching.TRAIN.items():
                original = self._originals[name] = getattr(keras.Model, name)
                setattr(keras.Model, name, self._watching(train, original))
            self._model_class = keras.Model
        except Exception as error:
            self._tell(f"the script is not watched: {type(error).__name__}: {str(error)[:200]}")

    def _watching(self, train: Callable[..., Any], original: Any) -> Callable[..., Any]:
        @functools.wraps(original)
        def method(model: Any, *args: Any, **kwargs: Any) -> Any:
            bound = original.__get__(model)
            monitor = self._monitor(model)
            if monitor is None:
                return bound(*args, **kwargs)
            before = monitor.record.spent.get("checking", 0.0)
            try:
                return train(monitor, model, bound, *args, **kwargs)
            finally:
                self._checking += max(0.0, monitor.record.spent.get("checking", 0.0) - before)

        return method

    def _monitor(self, model: Any) -> Any:
        """The monitor of a model; None where there cannot be one."""
        known = vars(model).get("flatline_monitor")
        if known is not None or len(self._monitors) >= MAX_MODELS:
            return known
        from flatline.monitor import FlatlineMonitor

        try:
            monitor = FlatlineMonitor(run_dir=self._folder(), verbose=0, **self._arguments)
        except FlatlineError as error:
            self._tell(str(error))
            return None
        if self._checking > CHECKING_SECONDS + CHECKING_SHARE * (time.monotonic() - self._start):
            monitor.leave_out_check("those of the models before it took long enough")
        vars(model)["flatline_monitor"] = monitor  # past Keras' own bookkeeping of attributes
        self._monitors.append(weakref.ref(monitor))
        return monitor

    def _folder(self) -> Path:
        """Make the next folder; a child process of the script may be making one too."""
        for number in range(1, MAX_MODELS + 1):
            folder = self.run_dir / str(number)
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as error:
                raise FlatlineError(f"A run cannot be recorded in {str(folder)!r}: {error.strerror}") from None
            return folder
        raise FlatlineError(f"A run cannot be recorded in {str(self.run_dir)!r}: it holds {MAX_MODELS} already")


class _AfterImport(importlib.abc.MetaPathFinder):
    """Calls back when a module has been imported, by whoever imports it."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name, self._then, self._looking = name, then, False

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != self._name or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking = False
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._then(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _of_the_script(traceback: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that `python` would have shown."""
    while traceback is not None:
        name = traceback.tb_frame.f_globals.get("__name__")
        if name not in (__name__, "runpy"):
            return traceback
        traceback = traceback.tb_next
    return None
