"""The callback that ends a run that has flatlined."""

from typing import Any

from flatline.errors import FlatlineError
from flatline.measure.recorder import Recorder
from flatline.monitor import FlatlineMonitor
from flatline.progress import State, required_steps, settled_steps


class StopOnFlatline(FlatlineMonitor):
    """End a run that is confirmed flat; a run that is merely slow goes on.

    Parameters
    ----------
    raise_error : bool, default=False
        Raise a FlatlineError instead of ending `fit` as `EarlyStopping` does.
    **arguments
        As for `FlatlineMonitor`. With `patience="auto"` a run must stay flat for as many steps as were needed to find
        it so.
    """

    def __init__(self, data: Any = None, *, raise_error: bool = False, **arguments: Any) -> None:
        super().__init__(data, **arguments)
        self._raise_error = raise_error
        self._flat_since: int | None = None

    def _act(self, state: State, recorder: Recorder) -> None:
        facts = self.record.facts
        if state is not State.FLAT or facts is None:
            self._flat_since = None
            return
        if self._flat_since is None:
            self._flat_since = recorder.n_steps
        wait = required_steps(facts) if self._patience == "auto" else 0
        if recorder.n_steps >= settled_steps(facts) and recorder.n_steps - self._flat_since >= wait:
            self.model.stop_training = True
            if self._raise_error:
                raise FlatlineError(f"stopped after {recorder.n_steps} steps: the training loss is flat")
