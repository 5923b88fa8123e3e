"""How long the page of a run of 100,000 steps of 100 layers takes, and its size: `python -m tests.benchmarks.page`."""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from flatline.run_writer import RunWriter
from tests.benchmarks.report_time import N_STEPS, record

N_LAYERS = 100
WRITE = """
import sys
from flatline.cli import main
main(["report", sys.argv[1], "-o", sys.argv[2], *sys.argv[3:]])
print(" ".join(sorted({"tensorflow", "keras"} & set(sys.modules))) or "neither Keras nor TensorFlow")
"""


def main() -> None:
    """Print medians of five, process and all, and what the largest pictures take."""
    with tempfile.TemporaryDirectory() as folder:
        run, page = Path(folder) / "run", Path(folder) / "report.html"
        RunWriter(run, record(N_LAYERS)).close()
        for options in ([], ["--private"]):
            seconds = []
            for _ in range(5):
                start = time.perf_counter()
                command = [sys.executable, "-c", WRITE, str(run), str(page), *options]
                imported = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
                seconds.append(time.perf_counter() - start)
            text = page.read_text(encoding="utf-8")
            pictures = re.findall(r'alt="([^"]*)" src="data:image/([a-z]+)[^"]*"', text)
            sizes = [len(source) for source in re.findall(r'src="(data:[^"]*)"', text)]
            kind = "private page" if options else "page"
            print(
                f"{kind} of {N_STEPS:,} steps of {N_LAYERS} layers: {median(seconds):.2f} s, "
                f"{len(text.encode()) / 1e6:.2f} MB, {len(pictures)} pictures, importing {imported}"
            )
        for size, (title, kind) in sorted(zip(sizes, pictures, strict=True), reverse=True)[:5]:
            print(f"  {size / 1e3:7.0f} kB as {kind}: {title}")


if __name__ == "__main__":
    main()
