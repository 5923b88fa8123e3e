"""Progress: a line that moves on a terminal, next to nothing elsewhere."""

import io

import pytest

from flatline.reports.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(stream, verbose="auto", **arguments):
    with Progress(verbose, file=stream, **arguments) as progress:
        progress.update("tiny-subset test, [bold]120[/] of 400 steps")
        progress.update("rehearsal")
    return stream.getvalue()


def test_a_terminal_shows_the_line_and_takes_it_away():
    shown = run(Terminal())
    assert shown.endswith("\x1b[2K") or "\x1b[?25h" in shown


def test_nothing_is_written_elsewhere():
    assert run(io.StringIO()) == ""


def test_one_plain_line_where_it_is_asked_for():
    assert run(io.StringIO(), announce=True) == "tiny-subset test, [bold]120[/] of 400 steps\n"


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_verbose_0_is_silent(stream):
    assert run(stream(), verbose=0, announce=True) == ""


def test_the_line_goes_away_when_the_work_fails():
    stream = Terminal()
    with pytest.raises(ValueError, match="broken"), Progress(file=stream) as progress:
        progress.update("working")
        raise ValueError("broken")
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is back
