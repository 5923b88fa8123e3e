"""How long the page of a run of 100,000 steps of 100 layers takes, and its size: `python -m tests.benchmarks.page`."""

import dataclasses
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from flatline.records.run_writer import RunWriter
from flatline.view import View
from tests import views
from tests.benchmarks.report_time import N_STEPS, record

N_LAYERS = 100
WRITE = """
import sys
from flatline.cli import main
main(["report", sys.argv[1], "-o", sys.argv[2], *sys.argv[3:]])
print(" ".join(sorted({"tensorflow", "keras"} & set(sys.modules))) or "neither Keras nor TensorFlow")
"""


def cpu_seconds() -> float:
    """Of the processes that have ended: on a busy machine the clock says little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def look() -> View:
    """A look inside as many layers that takes about the megabyte that it may take."""
    names = [f"dense_{i}" for i in range(N_LAYERS)]
    reads: list[list[str]] = [[], *([name] for name in names[:-1])]
    layers = (views.layer(name, *read, n=10, side=14, n_rows=4) for name, read in zip(names, reads, strict=True))
    photo = views.ViewedPart(name="photo", form="image", shades=views.shades(1, 4, 96, 96, 3, step=1))
    return dataclasses.replace(views.VIEW, layers=tuple(layers), inputs=views.INPUTS * 2, parts=(photo,))


def main() -> None:
    """Print medians of five, process and all, and what the largest pictures take."""
    with tempfile.TemporaryDirectory() as folder:
        run, page = Path(folder) / "run", Path(folder) / "report.html"
        held = record(n_layers=N_LAYERS)
        held.look(look(), N_STEPS)
        RunWriter(run, held).close()
        for options in ([], ["--private"]):
            seconds, cpu = [], []
            for _ in range(5):
                start, before = time.perf_counter(), cpu_seconds()
                command = [sys.executable, "-c", WRITE, str(run), str(page), *options]
                imported = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
                seconds.append(time.perf_counter() - start)
                cpu.append(cpu_seconds() - before)
            text = page.read_text(encoding="utf-8")
            pictures = re.findall(r'alt="([^"]*)" src="data:image/([a-z]+)[^"]*"', text)
            sizes = [len(source) for source in re.findall(r'src="(data:[^"]*)"', text)]
            kind = "private page" if options else "page"
            print(
                f"{kind} of {N_STEPS:,} steps of {N_LAYERS} layers: {median(seconds):.2f} s ({median(cpu):.2f} s CPU), "
                f"{len(text.encode()) / 1e6:.2f} MB, {len(pictures)} pictures, importing {imported}"
            )
        for size, (title, kind) in sorted(zip(sizes, pictures, strict=True), reverse=True)[:5]:
            print(f"  {size / 1e3:7.0f} kB as {kind}: {title}")


if __name__ == "__main__":
    main()
