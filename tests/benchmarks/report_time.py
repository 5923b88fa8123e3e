"""How long the report of a run of 100,000 steps takes: `python -m tests.benchmarks.report_time`."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from flatline.logs import (
    ActivationLog,
    EpochLog,
    GradientLog,
    LossLog,
    ProbeLog,
    RunFacts,
    RunHead,
    RunLayer,
    UpdateLog,
)
from flatline.records.record import RunRecord
from flatline.records.run_writer import RunWriter

N_STEPS, N_LAYERS = 100_000, 24


def record(n_steps: int = N_STEPS, n_layers: int = N_LAYERS) -> RunRecord:
    """A run that learns, every twentieth step of it sampled."""
    rng = np.random.default_rng(0)
    layer = {"kind": "Dense", "activation": "relu", "trainable": True, "n_trainable": 1000, "has_kernel": True}
    layers = tuple(RunLayer(name=f"dense_{i}", **layer) for i in range(n_layers))
    head = RunHead(name="out", task="multi-class classification", loss="crossentropy", units=10, n_classes=10)
    run, names, zero = RunRecord({}), tuple(layer.name for layer in layers), np.zeros(n_layers)
    run.describe(
        RunFacts(
            model="m", kind="Sequential", optimizer="Adam", layers=layers, heads=(head,), learning_rate=1e-3,
            planned_steps=n_steps, steps_per_epoch=1000, batch_size=32, null=2.3, perfect=0.0, n_null=256,
        )
    )  # fmt: skip
    for step in range(n_steps):
        run.add(LossLog, step=step, loss=2.3 * np.exp(-step / 3e4) + 0.1 * rng.normal())
        if step % 20 == 0:
            drawn = rng.random((4, n_layers))
            run.add(
                GradientLog, step=step, layers=names, loss=1.0, gradient_norm=drawn[0], weight_norm=1 + drawn[1],
                nonfinite_gradients=zero, nonfinite_weights=zero,
            )  # fmt: skip
            run.add(UpdateLog, step=step, layers=names, update_ratio=1e-3 * drawn[2], learning_rate=1e-3, skipped=0.0)
            run.add(
                ActivationLog, step=step, layers=names, mean=zero, spread=drawn[3], saturated_share=zero, nonfinite=zero
            )
        if step % 200 == 0:
            run.add(
                ProbeLog, step=step, layers=names, heads=("out",), dead_share=zero, distinct_classes=np.array([10.0]),
                output_spread=np.array([0.3]), input_dependence=0.5, n_samples=256,
            )  # fmt: skip
        if step % 1000 == 999:
            run.add(EpochLog, step=step, values={"loss": 1.0, "val_loss": 1.1})
    return run


def main() -> None:
    """Print the median of five."""
    with tempfile.TemporaryDirectory() as folder:
        RunWriter(Path(folder) / "run", record()).close()
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            command = [sys.executable, "-m", "flatline", "report", str(Path(folder) / "run")]
            subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            seconds.append(time.perf_counter() - start)
    print(f"report of {N_STEPS:,} steps of {N_LAYERS} layers: {median(seconds):.2f} s, process and all")


if __name__ == "__main__":
    main()
