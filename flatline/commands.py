"""What the commands of the command line do; each takes the parsed arguments and returns the exit code."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flatline.errors import FlatlineError
from flatline.finding import Severity
from flatline.settings import FAIL_ON

CLEAN, FOUND, WRONG = 0, 1, 2


def check(arguments: argparse.Namespace) -> int:
    import warnings

    from flatline.diagnosis import severity_of
    from flatline.errors import FlatlineWarning
    from flatline.reports import terminal

    fail_on = _fail_on(arguments)
    X, y = _arrays(arguments.data, arguments.x, arguments.y)
    model = load_model(arguments.model)
    fit_args = {"batch_size": arguments.batch_size, "epochs": arguments.epochs}
    fit_args = {name: value for name, value in fit_args.items() if value is not None}

    from flatline.api import check_setup
    from flatline.reports.progress import Progress

    with warnings.catch_warnings(), Progress("auto") as progress:
        # The report says it all; the same again as Python warnings would only be noise.
        warnings.simplefilter("ignore", FlatlineWarning)
        progress.update(f"checking {arguments.model.name}")
        report = check_setup(
            model,
            X,
            y,
            fit_args=fit_args or None,
            overfit=not arguments.no_overfit,
            select=arguments.select,
            ignore=arguments.ignore,
            verbose=0,
        )
    if arguments.json:
        sys.stdout.write(report.to_json())
    else:
        terminal.show(report)
    worst = max((severity_of(finding) for finding in report.findings), default=None)
    return FOUND if worst is not None and worst >= fail_on else CLEAN


def _arrays(path: Path, x: str | None, y: str | None) -> tuple[Any, Any]:
    with archive_of(path) as archive:
        return array_of(archive, path, "x", x), array_of(archive, path, "y", y)


@contextlib.contextmanager
def archive_of(path: Path) -> Iterator[Any]:
    """Open the file of `--data`; what is wrong with it, also when an array is read, is one line."""
    import zipfile

    import numpy as np

    require_file(path, "--data")
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise FlatlineError(f"--data must be an .npz file with named arrays. Got {path}, which holds one array.")
        with archive:
            yield archive
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FlatlineError(f"cannot read {path} as .npz without pickles: {first_line(error)}") from None


def array_of(archive: Any, path: Path, option: str, name: str | None) -> Any:
    """Return the array of this name; without one, that which is called like the option."""
    wanted = (name,) if name else (option, option.upper())
    for candidate in wanted:
        if candidate in archive.files:
            return archive[candidate]
    held = ", ".join(archive.files) or "no arrays"
    raise FlatlineError(
        f"--{option} must name an array of {path}, which holds {held}. Got {' or '.join(wanted)}"
        + ("." if name else f" (the default); give --{option} NAME.")
    )


def load_model(path: Path) -> Any:
    """Load the model of a file, in the mode in which it can run no code of its own."""
    require_file(path, "MODEL.keras")
    _quieten()
    import keras

    try:
        return keras.models.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises whatever the file makes it raise
        raise FlatlineError(f"cannot load {path} in Keras' safe mode: {first_line(error)}") from None


def _quieten() -> None:
    """Keep TensorFlow's start-up messages out of the output, unless the user has said what they want to see."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def require_file(path: Path, option: str) -> None:
    """Refuse what is no file."""
    if not path.is_file():
        raise FlatlineError(
            f"{option} must be a file. Got {path}, which {'is no file' if path.exists() else 'does not exist'}."
        )


def first_line(error: BaseException) -> str:
    """First line of what an exception says."""
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


def run(arguments: argparse.Namespace) -> int:
    from datetime import datetime

    from flatline.records.run_directory import runs_in
    from flatline.running import Flight
    from flatline.settings import selection

    if not arguments.module:
        require_file(Path(arguments.script), "SCRIPT")
    if not 0 < arguments.overhead < 1:
        raise FlatlineError(f"--overhead must be a share in (0, 1). Got {arguments.overhead}.")
    selection(arguments.select, arguments.ignore, caller="flatline run")  # before the script runs, not when it trains
    fail_on = _fail_on(arguments)
    name = arguments.script if arguments.module else Path(arguments.script).stem
    run_dir = arguments.run_dir or Path("flatline-runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    if run_dir.is_dir() and any(run_dir.iterdir()):
        raise FlatlineError(f"--run-dir must be a new or empty directory. Got {run_dir}, which holds something.")
    chosen = {"overhead": arguments.overhead, "select": arguments.select, "ignore": arguments.ignore}
    directory = run_dir.absolute()  # the script may go elsewhere
    code = Flight(directory, tell=tell, **chosen).run(arguments.script, arguments.args, module=arguments.module)
    sys.stdout.flush()
    if not directory.is_dir():
        tell("nothing was recorded: the script called neither `fit` nor `train_on_batch` of Keras 3")
        tell("a training loop of your own is recorded by `with monitor.step(…)`; the README has an example")
        return code or WRONG
    found = _show(directory, arguments, fail_on)
    runs = runs_in(directory)
    one = run_dir if len(runs) < 2 else run_dir / runs[0].name
    tell(f"recorded in {run_dir}; `flatline report {run_dir}` shows this again")
    tell(f"`flatline report {one} -o report.html` writes it as a page with pictures")
    return code or found


def tell(line: str) -> None:
    """Say something beside the output."""
    sys.stderr.write(f"flatline: {line}\n")


def report(arguments: argparse.Namespace) -> int:
    from flatline.judging import judge
    from flatline.records.run_directory import load_run, runs_in

    if not arguments.output:
        if arguments.private:
            raise FlatlineError("--private must come with --output FILE. Got none.")
        return _show(arguments.run_dir, arguments, _fail_on(arguments))
    runs = runs_in(arguments.run_dir)
    if len(runs) > 1:
        raise FlatlineError(
            f"--output must come with the directory of one run. Got {len(runs)}; the first is {runs[0]}."
        )
    report = judge(load_run(runs[0]), select=arguments.select, ignore=arguments.ignore)
    report.save(arguments.output, private=arguments.private)
    tell(f"written to {arguments.output}")
    return FOUND if any((finding.severity or 0) >= _fail_on(arguments) for finding in report.findings) else CLEAN


def compare(arguments: argparse.Namespace) -> int:
    """Say where two runs part."""
    from flatline.comparison import compare as compare_runs

    found = compare_runs(arguments.run_a, arguments.run_b)
    sys.stdout.write(found.to_json() if arguments.json else f"{found}\n")
    return CLEAN


def inspect(arguments: argparse.Namespace) -> int:
    """Write or serve a page of what the layers of a saved model see."""
    from flatline.inspecting import page

    text = page(arguments)
    if arguments.output is not None:
        from flatline.whole_file import write

        write(arguments.output, text.encode("utf-8"), what="the page")
        tell(f"written to {arguments.output}")
    if arguments.serve:
        from flatline.serving import serve

        serve(text, port=arguments.port)
    return CLEAN


def _show(run_dir: Path, arguments: argparse.Namespace, fail_on: Severity) -> int:
    """Show the reports of all runs in a directory, one that repeats what others say as a line."""
    from flatline.judging import judge
    from flatline.records.run_directory import load_run, runs_in
    from flatline.reports import terminal

    runs, code = runs_in(run_dir), CLEAN
    said: dict[frozenset[str], str] = {}  # alarms → the first run that had them
    for run in runs:
        report = judge(load_run(run), select=arguments.select, ignore=arguments.ignore)
        alarms = frozenset(f.code for f in report.findings if (f.severity or 0) >= Severity.WARNING)
        # A run that shows less than another of the same alarms has nothing to add; one without any is told.
        known = next((name for other, name in said.items() if alarms == other or (alarms and alarms < other)), None)
        if any((finding.severity or 0) >= fail_on for finding in report.findings):
            code = FOUND
        elif not report.passed and code == CLEAN:
            code = WRONG  # nothing could be judged, which is no pass
        scope = f"{report.scope.get('model')}, {report.scope.get('steps', 'no')} steps"
        if len(runs) > 1:
            repeated = "" if known is None else f": as run {known}"
            sys.stdout.write(f"run {run.name} · {scope}{repeated}\n")
        if known is None:
            said[alarms] = run.name
            terminal.show(report)
            sys.stdout.write("\n" if len(runs) > 1 else "")
    return code


def _fail_on(arguments: argparse.Namespace) -> Severity:
    from flatline.settings import load_settings

    return FAIL_ON[arguments.fail_on] if arguments.fail_on else load_settings(Path.cwd()).fail_on


def explain(arguments: argparse.Namespace) -> int:
    from flatline.rules import explain

    text = explain(arguments.check)
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        sys.stdout.write(text)
    return CLEAN


def rules(arguments: argparse.Namespace) -> int:
    from flatline import rules as pages

    if arguments.docs or arguments.readme:
        return _documentation(arguments)
    if arguments.check:
        raise FlatlineError("--check must come with --docs or --readme. Got neither.")
    for subject, checks in pages.by_subject().items():
        sys.stdout.write(f"{subject}\n")
        for check in checks:
            sys.stdout.write(f"  {check.code}  {Severity(check.severity).name:<7}  {check.name:<34}  {check.title}\n")
    return CLEAN


def _documentation(arguments: argparse.Namespace) -> int:
    from flatline import rules

    changed: list[str] = []
    if arguments.docs:
        names = rules.stale(arguments.docs) if arguments.check else rules.write(arguments.docs)
        changed += [str(arguments.docs / name) for name in names]
    if arguments.readme:
        require_file(arguments.readme, "--readme")
        old = arguments.readme.read_text(encoding="utf-8")
        new = rules.readme(old)
        if new != old:
            changed.append(str(arguments.readme))
            if not arguments.check:
                arguments.readme.write_text(new, encoding="utf-8")
    state = "out of date" if arguments.check else "written"
    sys.stdout.write("".join(f"{name} {state}\n" for name in changed))
    return FOUND if arguments.check and changed else CLEAN


def demo(arguments: argparse.Namespace) -> int:
    from flatline.demo import run

    _quieten()
    run()
    return CLEAN
