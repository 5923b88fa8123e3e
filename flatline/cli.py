"""The command line: see `_parser` for its commands. Exit codes: 0 clean, 1 findings, 2 wrong usage or input."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from flatline.errors import FlatlineError
from flatline.finding import Severity
from flatline.settings import FAIL_ON

CLEAN, FOUND, WRONG = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    argv : sequence of str or None
        The arguments after the program's name; those of the process when None.
    """
    parser = _parser()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign that the terminal lacks must not end the program
    try:
        arguments = parser.parse_args(argv)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except FlatlineError as error:
        sys.stderr.write(f"flatline: {error}\n")
        return WRONG
    except BrokenPipeError:
        # The reader has gone (`flatline rules | head`): point the stream elsewhere so that closing it stays silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow", "jax", "torch"):
            raise
        sys.stderr.write(
            f"flatline: Keras needs {error.name}, which is not installed: pip install keras-flatline[cpu]\n"
        )
        return WRONG
    except KeyboardInterrupt:
        sys.stderr.write("flatline: interrupted\n")
        return WRONG
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise FlatlineError(f"{message}; `{self.prog} --help` shows the usage")


def _parser() -> argparse.ArgumentParser:
    from flatline import __version__

    parser = _Parser(prog="flatline", description="Tell why a Keras network does not learn.")
    parser.add_argument("--version", action="version", version=f"flatline {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    check = commands.add_parser("check", help="check a saved model against its data before training")
    check.set_defaults(run=_check)
    check.add_argument("model", metavar="MODEL.keras", type=Path, help="compiled model, as model.save wrote it")
    check.add_argument("--data", metavar="D.npz", type=Path, required=True, help="arrays, as numpy.savez wrote them")
    check.add_argument("--x", metavar="NAME", help="array with the inputs (default: x or X)")
    check.add_argument("--y", metavar="NAME", help="array with the targets (default: y or Y)")
    check.add_argument("--batch-size", type=_positive, metavar="N", help="batch size of the coming fit")
    check.add_argument("--epochs", type=_positive, metavar="N", help="epochs of the coming fit")
    check.add_argument("--no-overfit", action="store_true", help="leave out the short trainings")
    check.add_argument("--select", type=_names, default=(), metavar="CODES", help="codes, prefixes or names, by commas")
    check.add_argument("--ignore", type=_names, default=(), metavar="CODES", help="codes, prefixes or names, by commas")
    check.add_argument("--fail-on", choices=tuple(FAIL_ON), help="least severity that exits with 1 (default: warning)")
    check.add_argument("--json", action="store_true", help="write the report as JSON")

    report = commands.add_parser("report", help="judge the record of a run")
    report.set_defaults(run=_report)
    report.add_argument("run_dir", metavar="RUN", type=Path, help="directory given to a callback as run_dir")
    report.add_argument("-o", "--output", metavar="FILE", help="write the report to a .html or .json file instead")
    report.add_argument(
        "--select", type=_names, default=(), metavar="CODES", help="codes, prefixes or names, by commas"
    )
    report.add_argument(
        "--ignore", type=_names, default=(), metavar="CODES", help="codes, prefixes or names, by commas"
    )
    report.add_argument("--fail-on", choices=tuple(FAIL_ON), help="least severity that exits with 1 (default: warning)")

    compare = commands.add_parser("compare", help="say where two recorded runs part")
    compare.set_defaults(run=_compare)
    compare.add_argument("run_a", metavar="RUN_A", type=Path, help="directory given to a callback as run_dir")
    compare.add_argument("run_b", metavar="RUN_B", type=Path, help="that of the other run")
    compare.add_argument("--json", action="store_true", help="write the comparison as JSON")

    explain = commands.add_parser("explain", help="print the page of a check")
    explain.set_defaults(run=_explain)
    explain.add_argument("check", metavar="CODE|NAME")

    rules = commands.add_parser("rules", help="list the checks")
    rules.set_defaults(run=_rules)
    rules.add_argument("--docs", metavar="DIR", type=Path, help="write the pages of all checks to a folder")
    rules.add_argument("--readme", metavar="FILE", type=Path, help="write the list of checks into a README")
    rules.add_argument("--check", action="store_true", help="with these: write nothing, exit with 1 if out of date")

    demo = commands.add_parser("demo", help="a network that does not learn, what the report says of it, and the cure")
    demo.set_defaults(run=_demo)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1. Got {text!r}")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _check(arguments: argparse.Namespace) -> int:
    import warnings

    from flatline.diagnosis import severity_of
    from flatline.errors import FlatlineWarning
    from flatline.reports import terminal
    from flatline.settings import load_settings

    fail_on = FAIL_ON[arguments.fail_on] if arguments.fail_on else load_settings(Path.cwd()).fail_on
    X, y = _arrays(arguments.data, arguments.x, arguments.y)
    model = _model(arguments.model)
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
    import zipfile

    import numpy as np

    _file(path, "--data")
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise FlatlineError(f"--data must be an .npz file with named arrays. Got {path}, which holds one array.")
        with archive:
            return _array(archive, path, "x", x), _array(archive, path, "y", y)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FlatlineError(f"cannot read {path} as .npz without pickles: {_first_line(error)}") from None


def _array(archive: Any, path: Path, option: str, name: str | None) -> Any:
    wanted = (name,) if name else (option, option.upper())
    for candidate in wanted:
        if candidate in archive.files:
            return archive[candidate]
    held = ", ".join(archive.files) or "no arrays"
    raise FlatlineError(
        f"--{option} must name an array of {path}, which holds {held}. Got {' or '.join(wanted)}"
        + ("." if name else f" (the default); give --{option} NAME.")
    )


def _model(path: Path) -> Any:
    _file(path, "MODEL.keras")
    _quieten()
    import keras

    try:
        return keras.models.load_model(path, safe_mode=True)
    except Exception as error:  # Keras raises whatever the file makes it raise
        raise FlatlineError(f"cannot load {path} in Keras' safe mode: {_first_line(error)}") from None


def _quieten() -> None:
    """Keep TensorFlow's start-up messages out of the output, unless the user has said what they want to see."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _file(path: Path, option: str) -> None:
    if not path.is_file():
        raise FlatlineError(
            f"{option} must be a file. Got {path}, which {'is none' if path.exists() else 'does not exist'}."
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


def _report(arguments: argparse.Namespace) -> int:
    from flatline.judging import judge
    from flatline.reports import terminal
    from flatline.run_directory import load_run
    from flatline.settings import load_settings

    fail_on = FAIL_ON[arguments.fail_on] if arguments.fail_on else load_settings(Path.cwd()).fail_on
    report = judge(load_run(arguments.run_dir), select=arguments.select, ignore=arguments.ignore)
    if arguments.output:
        report.save(arguments.output)
    else:
        terminal.show(report)
    return FOUND if any((finding.severity or 0) >= fail_on for finding in report.findings) else CLEAN


def _compare(arguments: argparse.Namespace) -> int:
    from flatline.comparison import compare

    found = compare(arguments.run_a, arguments.run_b)
    sys.stdout.write(found.to_json() if arguments.json else f"{found}\n")
    return CLEAN


def _explain(arguments: argparse.Namespace) -> int:
    from flatline.rules import explain

    text = explain(arguments.check)
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        sys.stdout.write(text)
    return CLEAN


def _rules(arguments: argparse.Namespace) -> int:
    from flatline import rules

    if arguments.docs or arguments.readme:
        return _documentation(arguments)
    if arguments.check:
        raise FlatlineError("--check must come with --docs or --readme. Got neither.")
    for subject, checks in rules.by_subject().items():
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
        _file(arguments.readme, "--readme")
        old = arguments.readme.read_text(encoding="utf-8")
        new = rules.readme(old)
        if new != old:
            changed.append(str(arguments.readme))
            if not arguments.check:
                arguments.readme.write_text(new, encoding="utf-8")
    state = "out of date" if arguments.check else "written"
    sys.stdout.write("".join(f"{name} {state}\n" for name in changed))
    return FOUND if arguments.check and changed else CLEAN


def _demo(arguments: argparse.Namespace) -> int:
    from flatline.demo import run

    _quieten()
    run()
    return CLEAN
