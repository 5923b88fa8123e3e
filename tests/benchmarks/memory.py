"""What the monitor takes of memory: `python -m tests.benchmarks.memory [--steps 100000]`.

Each arm is a process of its own that trains for some seconds and prints the largest resident set that it had; the
median of three is compared. The last lines follow one process over many steps: what it holds must not grow with them.
"""

import argparse
import os
import subprocess
import sys
from statistics import median
from typing import Any

from tests.benchmarks.overhead import CASES, model_of

ALLOWED_SHARE, ALLOWED_MB = 0.01, 16.0


def peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb() -> float:
    with open("/proc/self/statm") as file:  # noqa: PTH123  a pseudo-file
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def child(name: str, watched: bool, n_steps: int) -> None:
    case = CASES[name]
    model = model_of(case)
    x, y = case.rows(case.batch * 20)
    callbacks: list[Any] = []
    if watched:
        import flatline

        callbacks = [flatline.FlatlineMonitor(verbose=0)]
    marks = []
    for done in range(0, n_steps, max(20, n_steps // 10)):
        model.fit(x, y, batch_size=case.batch, epochs=max(1, n_steps // 200), verbose=0, callbacks=callbacks)
        marks.append(f"{done}:{resident_mb():.0f}")
    print(f"{peak_mb():.1f} {' '.join(marks)}")


def run(name: str, watched: bool, n_steps: int) -> tuple[float, str]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.memory", "--child", name, str(int(watched))]
    done = subprocess.run(
        [*command, "--steps", str(n_steps)], capture_output=True, text=True, check=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    peak, _, marks = done.stdout.strip().splitlines()[-1].partition(" ")
    return float(peak), marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=2)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--model", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], bool(int(arguments.child[1])), arguments.steps)
        return
    for name in arguments.model:
        peaks = {watched: [run(name, watched, 200)[0] for _ in range(3)] for watched in (False, True)}
        plain, more = median(peaks[False]), median(peaks[True]) - median(peaks[False])
        allowed = ALLOWED_SHARE * plain + ALLOWED_MB
        print(f"{name:<12} without {plain:7.0f} MB   with {more:+6.1f} MB   allowed {allowed:5.1f} MB", flush=True)
    for watched in (False, True):
        _, marks = run("mlp", watched, arguments.steps)
        print(f"mlp over {arguments.steps:,} steps, {'with' if watched else 'without'}: step:MB {marks}", flush=True)


if __name__ == "__main__":
    main()
