"""How long a step takes, and how much longer one that is sampled."""

from collections import deque
from statistics import median

RECENT = 31  # steps whose median duration a sampled step is compared with
AFTER = 3  # steps that are timed after a sample


class Pace:
    """Durations of the steps that are looked at."""

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=RECENT)
        self._sampled: list[float] = []
        self._n_after = 0

    def usual(self, seconds: float) -> None:
        """Note a step in which nothing was sampled."""
        self._usual.append(seconds)
        self._n_after += 1

    def sampled(self, seconds: float) -> None:
        """Note one in which something was."""
        self._sampled.append(seconds)
        self._n_after = 0

    @property
    def known(self) -> bool:
        """Whether enough steps have been timed since the last sample."""
        return self._n_after >= AFTER

    def extra(self) -> float:
        """Seconds that the sampled steps since the last call have taken longer."""
        sampled, self._sampled = self._sampled, []
        usual = median(self._usual) if self._usual else None
        return 0.0 if usual is None else sum(max(0.0, seconds - usual) for seconds in sampled)

    def steps_in(self, seconds: float) -> int:
        """How many steps these seconds are."""
        return int(seconds / median(self._usual)) if self._usual else 0
