"""How long the overview of a run takes: `python -m tests.benchmarks.pictures`.

Told for runs of 3 layers and 10 steps and of 100 layers and 100,000 steps: `flatline report RUN -o overview.png`,
process and all, and the drawing alone; for a loss of a million rows the drawing alone. Nothing imports TensorFlow.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from flatline import judge
from flatline.logs import LossLog
from flatline.plots.overview import overview_image
from flatline.records.run_writer import RunWriter
from tests.benchmarks.report_time import record

SIZES = ((3, 10), (100, 100_000))  # layers, steps
REPEATS = 5
MILLION = 1_000_000


def seconds(work: object) -> str:
    """Median of five, and of the processor's time, which other work on the machine does not lengthen as much."""
    taken, busy = [], []
    for _ in range(REPEATS):
        start, before = time.perf_counter(), _processor()
        work()  # type: ignore[operator]
        taken.append(time.perf_counter() - start)
        busy.append(_processor() - before)
    return f"{median(taken):.2f} s (processor: {median(busy):.2f} s)"


def _processor() -> float:
    """Seconds of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Print a line for each."""
    for n_layers, n_steps in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            run = record(n_steps, n_layers)
            RunWriter(Path(folder) / "run", run).close()
            target = Path(folder) / "overview.png"
            command = [sys.executable, "-m", "flatline", "report", str(Path(folder) / "run"), "-o", str(target)]
            whole = seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=False))
            assert target.stat().st_size
            report = judge(run)
            drawing = seconds(report.image)
        print(f"{n_layers} layers, {n_steps:,} steps: {whole}, process and all; {drawing} drawing")
    rng = np.random.default_rng(0)
    log = LossLog(step=np.arange(MILLION), loss=rng.normal(1.0, 0.1, MILLION), penalty=np.full(MILLION, np.nan))
    print(f"a loss of {MILLION:,} rows: {seconds(lambda: overview_image({LossLog: log}))} drawing")
    loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras"})
    print(f"imported of Keras and TensorFlow: {', '.join(loaded) or 'nothing'}")


if __name__ == "__main__":
    main()
