"""The command line and its options. Exit codes: 0 clean, 1 findings, 2 wrong usage or input."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from flatline import commands
from flatline.commands import CLEAN, WRONG
from flatline.errors import FlatlineError
from flatline.settings import FAIL_ON


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
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)

    check = subparsers.add_parser("check", help="check a saved model against its data before training")
    check.set_defaults(run=commands.check)
    check.add_argument("model", metavar="MODEL.keras", type=Path, help="compiled model, as model.save wrote it")
    check.add_argument("--data", metavar="D.npz", type=Path, required=True, help="arrays, as numpy.savez wrote them")
    check.add_argument("--x", metavar="NAME", help="array with the inputs (default: x or X)")
    check.add_argument("--y", metavar="NAME", help="array with the targets (default: y or Y)")
    check.add_argument("--batch-size", type=_positive, metavar="N", help="batch size of the coming fit")
    check.add_argument("--epochs", type=_positive, metavar="N", help="epochs of the coming fit")
    check.add_argument("--no-overfit", action="store_true", help="leave out the short trainings")
    _judging(check)
    check.add_argument("--json", action="store_true", help="write the report as JSON")

    run = subparsers.add_parser("run", help="run a training script as it is, and watch every model that it trains")
    run.set_defaults(run=commands.run)
    run.add_argument("-m", dest="module", action="store_true", help="SCRIPT is the name of a module, as for python -m")
    run.add_argument("--run-dir", type=Path, metavar="DIR", help="where to record (default: flatline-runs/SCRIPT-TIME)")
    run.add_argument("--overhead", type=float, default=0.01, metavar="SHARE", help="of the time, for watching (0.01)")
    _judging(run)
    run.add_argument("script", metavar="SCRIPT", help="what you would give to python")
    run.add_argument("args", metavar="ARGS", nargs=argparse.REMAINDER, help="and its arguments")

    report = subparsers.add_parser("report", help="judge the record of a run")
    report.set_defaults(run=commands.report)
    report.add_argument(
        "run_dir", metavar="RUN", type=Path, help="directory of `flatline run`, or a callback's run_dir"
    )
    report.add_argument(
        "-o", "--output", metavar="FILE", help="write it to a .html, .json, .png, .svg or .pdf file instead"
    )
    report.add_argument(
        "--private", action="store_true", help="with -o: leave out all that shows data, paths or names, to pass it on"
    )
    _judging(report)

    compare = subparsers.add_parser("compare", help="say where two recorded runs part")
    compare.set_defaults(run=commands.compare)
    compare.add_argument("run_a", metavar="RUN_A", type=Path, help="directory of one recorded run")
    compare.add_argument("run_b", metavar="RUN_B", type=Path, help="that of the other")
    compare.add_argument("--json", action="store_true", help="write the comparison as JSON")

    inspect = subparsers.add_parser("inspect", help="a page of what the layers of a saved model see")
    inspect.set_defaults(run=commands.inspect)
    inspect.add_argument("model", metavar="MODEL.keras", type=Path, help="as model.save wrote it")
    data = inspect.add_mutually_exclusive_group(required=True)
    data.add_argument("--images", metavar="DIR", type=Path, help="folder of images, or of folders named like labels")
    data.add_argument("--data", metavar="D.npz", type=Path, help="arrays, as numpy.savez wrote them")
    inspect.add_argument("-o", "--output", metavar="FILE", type=Path, help="page to write")
    inspect.add_argument("--serve", action="store_true", help="serve the page on 127.0.0.1, for this machine alone")
    inspect.add_argument("--port", type=int, default=0, metavar="N", help="of --serve (default: any that is free)")
    inspect.add_argument(
        "--x", metavar="NAME", help="array of D.npz with the inputs (default: x, X or the inputs' names)"
    )
    inspect.add_argument("--y", metavar="NAME", help="array of D.npz with the labels (default: y or Y, if there)")
    inspect.add_argument("--classes", metavar="FILE", type=Path, help="names of the classes, one a line")
    inspect.add_argument("--top", type=_positive, default=5, metavar="K", help="classes told of an input (5)")
    inspect.add_argument("--layers", type=_names, default=(), metavar="NAMES", help="draw these alone, by commas")
    inspect.add_argument("--limit", type=_positive, default=8, metavar="N", help="inputs that are drawn (8)")
    inspect.add_argument(
        "--scale", choices=("auto", "255", "1", "-1"), default="auto",
        help="pixels become 0…255, 0…1 or -1…1 (auto: 0…255 if a layer of the model scales them, else 0…1)",
    )  # fmt: skip
    inspect.add_argument("--size", type=_size, metavar="HxW", help="of the images, where the model does not say")

    explain = subparsers.add_parser("explain", help="print the page of a check")
    explain.set_defaults(run=commands.explain)
    explain.add_argument("check", metavar="CODE|NAME")

    rules = subparsers.add_parser("rules", help="list the checks")
    rules.set_defaults(run=commands.rules)
    rules.add_argument("--docs", metavar="DIR", type=Path, help="write the pages of all checks to a folder")
    rules.add_argument("--readme", metavar="FILE", type=Path, help="write the list of checks into a README")
    rules.add_argument("--check", action="store_true", help="with these: write nothing, exit with 1 if out of date")

    demo = subparsers.add_parser("demo", help="a network that does not learn, what the report says of it, and the cure")
    demo.set_defaults(run=commands.demo)
    return parser


def _judging(command: argparse.ArgumentParser) -> None:
    command.add_argument("--select", type=_names, default=(), metavar="CODES", help="codes, prefixes or names")
    command.add_argument("--ignore", type=_names, default=(), metavar="CODES", help="likewise, by commas")
    command.add_argument(
        "--fail-on", choices=tuple(FAIL_ON), help="least severity that exits with 1 (default: warning)"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1. Got {text!r}")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    return _positive(height), _positive(width)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
