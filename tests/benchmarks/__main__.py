"""What watching and replaying cost, in tables: `python -m tests.benchmarks`, for 40 minutes on an idle machine."""

import os
import subprocess
import sys

TABLES = (
    ("overhead", "--overhead", "0.01"),
    ("overhead", "--overhead", "0.003", "0.03", "0.05", "--pairs", "9"),
    ("bitwise",),
    ("memory",),
    ("report_time",),
    ("page",),
    ("pictures",),
    ("look",),
    ("replay",),
)


def main() -> None:
    """Each table in a process of its own: op determinism, once on, cannot be switched off again."""
    for name, *options in TABLES:
        print(f"── {name} {' '.join(options)}", flush=True)
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{name}", *options], env=environment, stderr=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip


if __name__ == "__main__":
    main()
