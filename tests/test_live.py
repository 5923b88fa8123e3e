"""The picture of a run that goes on: kept up to date in a file and in a notebook, without a trace in the training."""

import itertools
import sys
import types
from pathlib import Path

import pytest
from matplotlib import pyplot

import flatline
from flatline import live
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.live import LivePicture, path_of
from flatline.measure.spending import Spending
from flatline.records.record import RunRecord
from tests.reports import make
from tests.test_monitor import equal, network, trained, warned

PNG = b"\x89PNG"


@pytest.fixture
def notebook(monkeypatch):
    """An IPython with a kernel, and what it was given to show."""
    shown = []

    class Handle:
        def update(self, image):
            shown.append(("update", image))

    def display(image, display_id):
        shown.append(("display", image))
        return Handle()

    fake = types.ModuleType("IPython.display")
    fake.display, fake.Image = display, bytes
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.ModuleType("IPython")
    ipython.get_ipython, ipython.display = lambda: shell, fake
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    return shown


def draw(picture, report=make.SEED):
    spending = Spending(0.01)
    picture.draw(lambda: report, spending)
    return spending


def test_a_training_with_pictures_is_the_same_to_the_bit(tmp_path, monkeypatch):
    calls = itertools.count()
    monkeypatch.setattr(LivePicture, "due", lambda self, spending: next(calls) == 20)
    drawn, before = [], pyplot.get_fignums()
    monkeypatch.setattr(live.whole_file, "write", lambda path, content, what: drawn.append((path, content[:4])))
    monitor = flatline.FlatlineMonitor(verbose=0, run_dir=tmp_path / "run", plots=True)
    with warned("FL501"):
        weights = trained(network(rate=1e-9), monitor, epochs=4)
    assert equal(weights, trained(network(rate=1e-9), epochs=4))
    assert len(drawn) >= 3  # when it was due, when something was found, and at the end
    assert set(drawn) == {(tmp_path / "run" / "overview.png", PNG)}
    assert monitor.record.missing == ()
    assert monitor.record.spent["plotting"] > 0 and "spent on pictures" in monitor.report.scope
    assert pyplot.get_fignums() == before


def test_it_is_drawn_once_in_a_while_within_its_time(monkeypatch):
    picture, spending = LivePicture(RunRecord(), None), Spending(0.01)
    now = {"elapsed": 1e6}
    monkeypatch.setattr(Spending, "elapsed", lambda self: now["elapsed"])
    assert not picture.due(spending)  # a minute has not passed
    monkeypatch.setattr(live, "INTERVAL", 0.0)
    for elapsed, due in ((99.0, False), (101.0, True)):  # of which the second that it may take is 1 %
        now["elapsed"] = elapsed
        assert picture.due(spending) is due
    spending.spend("plotting", 3.0)
    for elapsed, due in ((499.0, False), (501.0, True)):  # three are spent, and two are expected
        now["elapsed"] = elapsed
        assert picture.due(spending) is due


def test_the_file_is_replaced_and_what_it_took_is_told(tmp_path):
    record = RunRecord()
    picture = LivePicture(record, tmp_path / "new" / "overview.png")
    spending = draw(picture)
    assert (tmp_path / "new" / "overview.png").read_bytes().startswith(PNG)
    assert record.spent["plotting"] == spending.spent["plotting"] > 0
    assert not picture.due(spending)


def test_what_cannot_be_drawn_or_written_is_told_once(tmp_path):
    (tmp_path / "file").write_text("in the way")
    record = RunRecord()
    picture = LivePicture(record, tmp_path / "file" / "overview.png")
    with pytest.warns(FlatlineWarning, match="cannot draw the run, training goes on") as told:
        draw(picture)
        draw(picture)
        draw(picture, report=None)
    assert len(told) == 1
    assert len(record.missing) == 1 and record.missing[0].startswith("the picture of the run: ")


def test_a_notebook_has_one_picture(notebook):
    picture = LivePicture(RunRecord(), path_of(True, None, "FlatlineMonitor"))
    for _ in range(3):
        draw(picture)
    assert [how for how, _ in notebook] == ["display", "update", "update"]
    assert all(image.startswith(PNG) for _, image in notebook)


def test_nothing_is_shown_outside_of_a_notebook(monkeypatch, notebook, tmp_path):
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: None)
    draw(LivePicture(RunRecord(), tmp_path / "overview.png"))
    monkeypatch.delitem(sys.modules, "IPython")
    draw(LivePicture(RunRecord(), tmp_path / "overview.png"))
    assert notebook == [] and "IPython" not in sys.modules


@pytest.mark.parametrize(
    ("plots", "number", "path"),
    [
        (True, 1, "run/overview.png"),
        ("run_dir", 1, "run_dir/overview.png"),  # a directory of this name, as `run_dir` itself takes one
        (Path("there"), 2, "there/overview-2.png"),
        ("a.SVG", 1, "a.SVG"),
    ],
)
def test_where_it_is_kept(plots, number, path):
    found = path_of(plots, Path("run"), "FlatlineMonitor", number)
    assert found == Path(path)


@pytest.mark.parametrize("plots", [True, 3, "", ["a"]])
def test_wrong_arguments_are_told_in_one_line(plots):
    with pytest.raises(FlatlineError, match=r"The `plots` parameter of FlatlineMonitor must .* Got ") as error:
        flatline.FlatlineMonitor(plots=plots)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("off", [None, False])
def test_it_is_off_unless_asked_for(monkeypatch, off):
    monkeypatch.setattr(live, "LivePicture", None)  # calling it would fail
    flatline.FlatlineMonitor(verbose=0, plots=off)
