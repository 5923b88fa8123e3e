"""A file is written whole or not at all."""

import pytest

from flatline import whole_file
from flatline.errors import FlatlineError
from tests.reports import make


def refused(path, reason):
    with pytest.raises(FlatlineError) as caught:
        make.CLEAN.save(path)
    assert str(caught.value) == f"cannot write the report to {str(path)!r}: {reason}"


def test_a_file_that_is_there_is_replaced_with_its_permissions(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    path.chmod(0o640)
    make.CLEAN.save(path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "kept.json").write_text("old")
    (tmp_path / "report.json").symlink_to("kept.json")
    make.CLEAN.save(tmp_path / "report.json")
    assert (tmp_path / "report.json").is_symlink()
    assert "flatline-report" in (tmp_path / "kept.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_what_was_there_stays_when_the_disk_is_full(tmp_path, monkeypatch, broken):
    def full(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "report.html"
    path.write_text("old")
    if broken == "fsync":
        monkeypatch.setattr(whole_file.os, "fsync", full)
    else:
        monkeypatch.setattr(whole_file.Path, "replace", full)
    refused(path, "No space left on device")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_when_the_user_interrupts(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr(whole_file.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make.CLEAN.save(path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written_to_are_told_in_a_line(tmp_path):
    refused(tmp_path / "missing" / "report.html", "No such file or directory")
    (tmp_path / "folder.html").mkdir()
    refused(tmp_path / "folder.html", "it is no file")
    locked = tmp_path / "locked.html"
    locked.write_text("old")
    locked.chmod(0o444)
    refused(locked, "it is read-only")
    assert locked.read_text() == "old"
