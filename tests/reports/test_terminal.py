"""The terminal report: errors first, a screenful, the same words with and without colour."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from flatline.cause import Cause
from flatline.finding import Severity
from flatline.fix import Fix
from flatline.reports import terminal
from tests.reports import make


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_seed_case_reads_as_it_should():
    assert str(make.SEED) == (
        "flatline · Sequential, 3 layers, 5,130 weights · 2-class classification · all 287 rows read · 2.1 s\n"
        "\n"
        "✗ ERROR   FL301 check-301\n"
        "          `dense` returns scores that are no probabilities (-212 … 187)\n"
        '          → use `activation="softmax"` in `dense` (changes training)\n'
        '              keras.layers.Dense(2, activation="softmax", name="dense")\n'
        "          → or set `from_logits=True` in the loss (changes training)\n"
        "              model.compile(\n"
        "                  loss=keras.losses.CategoricalCrossentropy(from_logits=True),\n"
        "                  optimizer=opt,\n"
        "              )\n"
        "          also ✗ ERROR FL001 8 examples were not fitted in 200 steps\n"
        "\n"
        "! WARNING FL102 check-102\n"
        "          rms of the input is 131, above 10\n"
        "          → scale the pixels to [0, 1] (changes training)\n"
        "              X = X / 255\n"
        "          also · INFO FL104 mean / spread of the input is 1.9\n"
        "          → subtract the mean (advice)\n"
        "\n"
        "· INFO    FL803 check-803\n"
        "          `conv2d` starts small\n"
        "\n"
        "2 causes, each of which may be enough to keep it from learning: mend them together.\n"
        "23 checks passed\n"
        "not evaluated: 5 (needs fit_args: 3; needs PlanFacts: 1; crashed: 1)"
    )


def test_a_healthy_network_gets_one_calm_line():
    assert str(make.CLEAN).splitlines()[-2:] == [
        "Nothing found that would keep this network from learning.",
        "23 checks passed",
    ]


def test_a_remark_does_not_spoil_the_calm():
    text = str(make.report(make.REMARK, *make.passed(1)))
    assert "Nothing found that would keep this network from learning.\n1 check passed" in text


def test_silence_is_not_health():
    text = str(make.report(*make.missing("needs fit_args")))
    assert "Nothing found" not in text
    assert "No check could be evaluated, so nothing can be said of this network." in text


def test_a_terminal_gets_colour_and_the_same_words():
    stream = Terminal()
    terminal.show(make.SEED, file=stream)
    assert "\x1b[" in stream.getvalue()
    width = Console(file=stream).width
    assert Text.from_ansi(stream.getvalue()).plain.rstrip("\n") == "\n".join(
        line.plain for line in terminal.lines(make.SEED, width=min(width, terminal.WIDTH))
    )


def test_anything_else_gets_plain_text():
    stream = io.StringIO()
    terminal.show(make.SEED, file=stream)
    assert stream.getvalue() == str(make.SEED) + "\n"


def test_a_stream_that_cannot_encode_a_sign_gets_a_question_mark():
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii", write_through=True)
    terminal.show(make.SEED, file=stream)
    assert b"? ERROR   FL301" in buffer.getvalue()


@pytest.mark.parametrize("count", [1, 5, 12, 40])
@pytest.mark.parametrize("severity", list(Severity))
def test_a_long_report_is_a_screenful_and_names_every_error_first(count, severity):
    causes = list(Cause)
    fixes = (Fix(title="do this", snippet="\n".join(f"line_{n} = {n}" for n in range(30))),)
    found = [
        make.finding(f"FL{100 + n}", severity=severity, message="word " * 30, fixes=fixes, cause=causes[n % 19])
        for n in range(count)
    ]
    text = str(make.report(make.RAW_SCORES, make.REMARK, *found, *make.passed(60), *make.missing(*"abcdefgh")))
    lines = text.splitlines()
    assert len(lines) <= terminal.SCREENFUL
    assert max(map(len, lines)) <= terminal.WIDTH
    marks = [line[:1] for line in lines if line[:1] in ("✗", "!", "·")]
    assert marks == sorted(marks, key="✗!·".index)
    assert "FL301" in text


def test_the_worst_case_still_counts_what_it_leaves_out():
    found = [make.finding(f"FL{100 + n}", message="word " * 40) for n in range(200)]
    text = str(make.report(*found))
    assert len(text.splitlines()) <= terminal.SCREENFUL
    assert "194 more findings" in text


def test_a_long_snippet_is_cut_and_a_long_line_is_not():
    long = "x = " + "1 + " * 60 + "1"
    fixes = (Fix(title="do this", snippet="\n".join([long] * 30)),)
    lines = str(make.report(make.finding(fixes=fixes))).splitlines()
    assert sum(line.strip() == long for line in lines) == terminal.SNIPPET_LINES
    assert any("20 more lines in the report's fixes" in line for line in lines)


def test_names_cannot_colour_move_or_break_the_text():
    text = str(make.EVIL)
    assert "\x1b" not in text
    assert "\\x1b[31m" in text
    assert "[bold red]x[/]" in " ".join(text.split())
    stream = Terminal()
    terminal.show(make.EVIL, file=stream)
    assert "\x1b[31m" not in stream.getvalue().replace("\x1b[31m✗", "")


def test_numerous_reasons_are_counted_not_listed():
    text = str(make.report(*make.missing(*(f"reason {n}" for n in range(9)))))
    assert "not evaluated: 9 (reason 0: 1; reason 1: 1; reason 2: 1; reason 3: 1; other reasons: 5)" in text


def test_what_was_left_unread_is_said():
    text = str(make.report(scope={"rows read": "10,000 of 1,000,000", "model": "Sequential", "folds": 3}))
    assert text.startswith("flatline · Sequential · 10,000 of 1,000,000 rows read · folds: 3\n")
