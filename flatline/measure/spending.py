"""The time that watching a run may take, shared among the kinds of watching."""

import contextlib
import time
from collections.abc import Iterator

# Of the time that may be spent; a quarter is left for what cannot be seen from here, such as caches that were emptied.
# Pictures, which are drawn only where they are asked for, may take as much again as all of the others.
PLOTTING = "plotting"
SHARES = {"sampling": 0.4, "probe": 0.15, "judging": 0.2, PLOTTING: 1.0}
ATTENDING = "attending"


class Spending:
    """Keeps account of what watching has cost, and says whether there is time for more.

    Parameters
    ----------
    overhead : float
        Share of the training time that may be spent.
    """

    def __init__(self, overhead: float) -> None:
        self.overhead = overhead
        self.spent = dict.fromkeys((*SHARES, ATTENDING), 0.0)
        self._costs = dict.fromkeys(SHARES, 0.0)
        self._elapsed = 0.0
        self._since: float | None = None

    def begin(self) -> None:
        """Training goes on."""
        self._elapsed, self._since = self.elapsed(), time.perf_counter()

    def end(self) -> None:
        """Training stops."""
        self._elapsed, self._since = self.elapsed(), None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock while something else is done than training."""
        runs = self._since is not None
        self.end()
        try:
            yield
        finally:
            if runs:
                self.begin()

    def elapsed(self) -> float:
        """Seconds of training so far."""
        return self._elapsed + (0.0 if self._since is None else time.perf_counter() - self._since)

    def may(self, kind: str) -> bool:
        """Whether there is time for one more of a kind."""
        return self.wait(kind) <= 0

    def wait(self, kind: str) -> float:
        """Seconds of training until there is."""
        needed = (self.spent[kind] + self._costs[kind]) / SHARES[kind] + self.spent[ATTENDING]
        return needed / self.overhead - self.elapsed()

    def affords(self, seconds: float) -> bool:
        """Whether all that watching has cost, and this at the end, is within what may be spent."""
        return sum(self.spent.values()) + seconds <= self.overhead * self.elapsed()

    def expect(self, kind: str, seconds: float) -> None:
        """Tell what the first of a kind may cost."""
        self._costs[kind] = self._costs[kind] or seconds

    def attend(self, seconds: float) -> None:
        """Tell what the bookkeeping of a step has cost, which is paid whether anything is sampled or not."""
        self.spent[ATTENDING] += seconds

    def spend(self, kind: str, seconds: float) -> None:
        """Tell what one more of a kind has cost."""
        self.spent[kind] += seconds
        self._costs[kind] = seconds if not self._costs[kind] else 0.5 * (self._costs[kind] + seconds)
