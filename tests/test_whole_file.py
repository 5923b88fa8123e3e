"""A file is there as a whole or as it was before."""

import pytest

from flatline import whole_file
from flatline.errors import FlatlineError


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    whole_file.write(path, b"new", what="it")
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_left_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(self, content):
        with self.open("wb") as half:
            half.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(FlatlineError, match=r"cannot write it to '.*a\.png': No space left on device"):
        whole_file.write(path, b"new", what="it")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_directory_that_is_not_there(tmp_path):
    with pytest.raises(FlatlineError, match="No such file or directory"):
        whole_file.write(tmp_path / "missing" / "a.png", b"new", what="it")
