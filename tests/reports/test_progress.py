"""Progress: a line that moves on a terminal, a plain one now and then elsewhere."""

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


def test_short_work_writes_nothing_elsewhere():
    assert run(io.StringIO()) == ""


def test_long_work_writes_its_first_line_at_once():
    assert run(io.StringIO(), announce=True) == "flatline, 0 s: tiny-subset test, [bold]120[/] of 400 steps\n"


@pytest.mark.parametrize(("announce", "seconds"), [(True, [0, 5, 10]), (False, [5, 10])])
def test_a_log_gets_a_line_in_five_seconds_at_most(monkeypatch, announce, seconds):
    now = [100.0]
    monkeypatch.setattr("flatline.reports.progress.time.monotonic", lambda: now[0])
    stream = io.StringIO()
    with Progress(file=stream, announce=announce) as progress:
        for second in range(14):
            now[0] = 100.0 + second
            progress.update(f"step {second}")
    assert stream.getvalue() == "".join(f"flatline, {s} s: step {s}\n" for s in seconds)


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_verbose_0_is_silent(stream):
    assert run(stream(), verbose=0, announce=True) == ""


def test_the_line_goes_away_when_the_work_fails():
    stream = Terminal()
    with pytest.raises(ValueError, match="broken"), Progress(file=stream) as progress:
        progress.update("working")
        raise ValueError("broken")
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is back
