"""How long a step takes, and how much longer one that is sampled."""

import time
from collections import deque
from statistics import median

RECENT = 31  # steps whose median duration a sampled step is compared with
AFTER = 3  # steps that are timed after a sample


class Pace:
    """Durations of the steps that are looked at, by the clock and of the processor.

    Cores that are idle may take up what is sampled, so that the clock does not show it; whoever pays for them does.
    """

    def __init__(self) -> None:
        self._usual: deque[tuple[float, float]] = deque(maxlen=RECENT)
        self._sampled: list[tuple[float, float]] = []
        self._n_after = 0
        self.begin()

    def begin(self) -> None:
        """A step begins."""
        self.began, self._began_cpu = time.perf_counter(), time.process_time()

    def end(self, *, sampled: bool) -> None:
        """It has ended."""
        took = time.perf_counter() - self.began, time.process_time() - self._began_cpu
        if sampled:
            self._sampled.append(took)
            self._n_after = 0
        else:
            self._usual.append(took)
            self._n_after += 1

    @property
    def known(self) -> bool:
        """Whether enough steps have been timed since the last sample."""
        return self._n_after >= AFTER

    def extra(self) -> float:
        """Seconds that the sampled steps since the last call have taken longer."""
        sampled, self._sampled = self._sampled, []
        if not self._usual:
            return 0.0
        wall, cpu = (median(column) for column in zip(*self._usual, strict=True))
        by_clock = sum(max(0.0, took - wall) for took, _ in sampled)
        # As a share of what a step takes of the processor, on the clock again, which the budget is kept by.
        by_processor = wall * (sum(took for _, took in sampled) / cpu - len(sampled)) if cpu > 0 else 0.0
        return float(max(by_clock, by_processor))

    def steps_in(self, seconds: float) -> int:
        """How many steps these seconds are."""
        return int(seconds / median(wall for wall, _ in self._usual)) if self._usual else 0
