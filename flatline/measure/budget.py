"""What short trainings cost and how much of the time for the whole call is left to them."""

import time

import numpy as np

EVALUATED_ROWS = 512
FEWEST_EVALUATED = 64
EVALUATION_SECONDS = 1.0
BACKWARD = 3.0  # forward passes that a training step takes
TRACE = 1.5  # eager steps that tracing one takes, roughly
LEAST_SECONDS = 2.0  # of a short training that is worth the seconds its trace takes


class Budget:
    """The seconds until everything should be over, and what has been learnt of the price of a step.

    Parameters
    ----------
    seconds : float
        For everything, from now on.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._deadline = seconds, time.perf_counter() + seconds
        self._row = 0.0  # s, that one more row in its batch adds to a step, at most
        self._step = 0.0  # s, of a step as last measured
        self._batch = 1  # rows of that step
        self._overhead = 0.0  # s, of a training besides its steps: trace and evaluation

    def expect(self, *, row: float, eager: float, traced: float) -> None:
        """Note what a row more in the batch adds to a step, what an eager step took, and tracing a forward pass."""
        self._row, self._overhead = row, max(TRACE * eager, BACKWARD * traced)

    def learn(self, *, step: float | None, batch: int, overhead: float) -> None:
        """Note what a training took; `step` is None where there was but the first one, which is traced."""
        if step is not None:
            self._step, self._batch = step, batch
        self._overhead = max(self._overhead, overhead)

    def left(self) -> float:
        """Seconds for the steps of another training, which will be traced and evaluated as well."""
        return self._deadline - time.perf_counter() - self._overhead

    def step(self, batch: int) -> float:
        """Seconds that a step on so many rows takes, rather too few than too many."""
        return max(self._row * batch, self._step * min(1.0, batch / self._batch))

    def n_evaluated(self) -> int:
        """How many rows can be predicted in the time that there is for it."""
        seconds = max(self._row, self._step / self._batch) / BACKWARD
        return int(np.clip(EVALUATION_SECONDS / max(seconds, 1e-9), FEWEST_EVALUATED, EVALUATED_ROWS))

    def why_not(self, seconds: float, *, steps: int, batch: int, share: float = 1.0) -> str | None:
        """Why a training of so many steps in a share of so many seconds would say nothing; None if it may."""
        step = self.step(batch)
        if step * steps > seconds * share and seconds > 0:
            return f"a training step takes about {step:.2g} s: there is no time for {steps} of them"
        if seconds >= LEAST_SECONDS:
            return None
        left = max(self._deadline - time.perf_counter(), 0.0)
        return (
            f"{left:.0f} of {self._seconds:.0f} s were left, and a step takes about {self._overhead:.0f} s to compile"
        )
