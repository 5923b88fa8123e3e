"""Speed and memory of the scan of X and y: `python -m tests.benchmarks.data_scan`.

Every ratio is of pairs measured in turn in one run: the time of `np.sum` over the array, over that of the scan.
"""

import gc
import os
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

from flatline.measure.data import gather
from flatline.measure.scan import Scan, scan_source
from flatline.measure.sources import open_source

PAIRS = 21


def seconds(function: Callable[[], object]) -> tuple[float, float]:
    """Time one call: wall, and processor time of all threads."""
    began, used = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - began, time.process_time() - used


def scan(array: np.ndarray, shape: tuple[int, ...]) -> None:
    """Scan an array with the features that `shape`, of one sample, gives it."""
    scan_source(open_source(array, "X"), Scan(shape=shape), deadline=float("inf"))


def speed(array: np.ndarray, shape: tuple[int, ...]) -> str:
    """Ratio of speeds: by the best and the median of the wall times, and by the best of the processor times.

    On a shared machine the wall time of the longer call suffers more, and processor time is the one to read.
    """
    pairs = np.asarray([(seconds(lambda: np.sum(array)), seconds(lambda: scan(array, shape))) for _ in range(PAIRS)])
    best, median = pairs.min(axis=0), np.median(pairs, axis=0)
    wall, middle, used = best[0, 0] / best[1, 0], median[0, 0] / median[1, 0], best[0, 1] / best[1, 1]
    return f"{wall:.2f} best wall, {middle:.2f} median wall, {used:.2f} processor time; of {PAIRS} pairs"


def peak(function: Callable[[], object]) -> int:
    """Bytes of NumPy and Python allocated at most during the call."""
    gc.collect()
    tracemalloc.start()
    function()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def resident() -> int:
    """Bytes of memory resident now, pages of files included (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def largest_residence(function: Callable[[], object]) -> tuple[int, int]:
    """Resident memory before and at most during the call, looked at every 2 ms."""
    before, seen, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            seen[0] = max(seen[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    function()
    done.set()
    watcher.join()
    return before, seen[0]


def main() -> None:
    rng = np.random.default_rng(0)
    table = rng.standard_normal((200_000, 200), dtype=np.float32)
    images = rng.random((2_000, 64, 64, 3), dtype=np.float32)
    far = table + np.float32(1e3)
    say = sys.stdout.write
    say("speed, np.sum = 1\n")
    say(f"  table (200000, 200), per feature and whole:      {speed(table, (200,))}\n")
    say(f"  the same about a mean of 1000 spreads:           {speed(far, (200,))}\n")
    say(f"  images (2000, 64, 64, 3), per channel and whole: {speed(images, images.shape[1:])}\n")
    say(f"  table, whole array alone:                        {speed(table, ())}\n")
    say("memory allocated at the peak, beside the data, as a share of them\n")
    labels = rng.integers(0, 3, len(table))
    for name, array in (("table", table), ("images", images)):
        of_scan = peak(lambda array=array: scan(array, array.shape[1:])) / array.nbytes
        of_all = peak(lambda array=array: gather(array, labels[: len(array)], fit_args={})) / array.nbytes
        say(f"  {name}: scan {of_scan:.3f}, gather {of_all:.3f}\n")
    say("time of gather, budget 1 s\n")
    with tempfile.TemporaryDirectory() as folder:
        for gigabytes in (2, 20):
            path = Path(folder) / f"{gigabytes}.npy"
            shape = (gigabytes * 10**9 // 4 // 1_000, 1_000)
            np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape).flush()
            array = np.load(path, mmap_mode="r")
            found = []
            began = time.perf_counter()
            before, most = largest_residence(
                lambda array=array, found=found: found.append(gather(array, None, fit_args={}, seconds=1.0))
            )
            spent, facts = time.perf_counter() - began, found[0].data.inputs[0]
            say(f"  memory map of {gigabytes} GB: {spent:.2f} s, {facts.n_read / facts.n_rows:.1%} of rows read, ")
            say(f"resident {(most - before) / 2**20:.0f} MB over the baseline\n")


if __name__ == "__main__":
    main()
