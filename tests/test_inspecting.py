"""`flatline inspect`: what it reads, what it writes, and to whom it serves."""

import http.client
import json
import re
import signal
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
from PIL import Image

from flatline import cli, images
from flatline.errors import FlatlineError
from flatline.serving import server

L = keras.layers
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((12, 10, 3)), L.Conv2D(4, 3, activation="relu", name="conv"), L.GlobalAveragePooling2D()]
    return keras.Sequential([*layers, L.Dense(2, activation="softmax", name="answer")], name="pets")


@pytest.fixture
def run(model, monkeypatch, tmp_path):
    """Run the command with the model, which is not loaded; returns the page as text."""
    monkeypatch.setattr("flatline.inspecting.load_model", lambda path: model)

    def call(*arguments):
        out = tmp_path / "out.html"
        assert cli.main(["inspect", "model.keras", "-o", str(out), *map(str, arguments)]) == 0
        return out.read_text(encoding="utf-8")

    return call


@pytest.fixture
def folder(tmp_path):
    """Four images in two folders, two in none, and two files that are no images."""
    folder = tmp_path / "pets"
    for name in ("cats/a.png", "cats/b.png", "dogs/c.png", "dogs/<d>.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(folder / name)
    Image.fromarray(np.full((7, 7), 255, np.uint8)).save(folder / "white.png")
    Image.new("RGBA", (5, 9), (0, 0, 0, 0)).save(folder / "clear.png")
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_text("nothing")
    (folder / "cats" / "torn.png").write_bytes((folder / "cats" / "a.png").read_bytes()[:90])
    return folder


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, x=RNG.uniform(size=(70, 12, 10, 3)).astype("float32"), y=np.arange(70) % 2, other=np.ones(3))
    return path


def wrong(capsys, *arguments):
    assert cli.main(["inspect", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith("flatline: ")
    return captured.err


def names(page):
    return [each["name"] for each in json.loads(re.search(r'look-data">(.*?)</script>', page)[1])["inputs"]]


def test_images_are_read_and_those_that_cannot_be_are_named(run, folder, tmp_path, capsys):
    (tmp_path / "classes.txt").write_text("cats\ndogs\n\n", encoding="utf-8")
    page = run("--images", folder, "--classes", tmp_path / "classes.txt", "--top", 1)
    said = capsys.readouterr().err
    assert "skipped notes.txt: no image" in said
    assert "skipped cats/torn.png: " in said
    assert "6 images of 12 × 10 pixels, from 0 to 1 (--scale)" in said
    assert names(page) == ["cats/a.png", "cats/b.png", "clear.png", "dogs/<d>.png", "dogs/c.png", "white.png"]
    assert page.count("label: cats") == page.count("label: dogs") == 2
    assert page.count('<th scope="row">') == 6
    assert "as saved in model.keras" in page


def test_arrays_are_drawn_with_their_labels(run, data):
    page = run("--data", data, "--limit", 3, "--layers", "conv")
    assert names(page) == ["input 0", "input 21", "input 42"]
    assert page.count("label: class") == 3
    assert "statistics over 64 inputs" in page
    layers = json.loads(re.search(r'look-data">(.*?)</script>', page)[1])["layers"]
    assert [layer["name"] for layer in layers if "shades" in layer] == ["conv"]


def test_what_is_wrong_is_said_in_a_line(capsys, run, data, folder, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("no image")
    (tmp_path / "none.txt").write_text("\n")
    out = ("-o", tmp_path / "x.html")
    assert "--output FILE or --serve must be given. Got neither" in wrong(capsys, "m", "--data", data)
    assert "one of the arguments --images --data is required" in wrong(capsys, "m", *out)
    assert "--images must be a folder. Got" in wrong(capsys, "m", *out, "--images", data)
    assert "which does not exist" in wrong(capsys, "m", *out, "--images", tmp_path / "gone")
    assert "which does not exist" in wrong(capsys, "m", *out, "--data", tmp_path / "gone.npz")
    assert "with 1 files, the first: notes.txt: no image" in wrong(capsys, "m", *out, "--images", empty)
    assert "which is empty" in wrong(capsys, "m", *out, "--data", data, "--classes", tmp_path / "none.txt")
    assert "has no layer `conv9`. Its layers are: `conv`" in wrong(
        capsys, "m", *out, "--data", data, "--layers", "conv9"
    )
    assert "--x must name an array of" in wrong(capsys, "m", *out, "--data", data, "--x", "z")
    assert "--y must name an array of" in wrong(capsys, "m", *out, "--data", data, "--y", "z")
    assert "a label for each of 64 rows. Got 3" in wrong(capsys, "m", *out, "--data", data, "--y", "other")
    assert "must be a whole number from 1" in wrong(capsys, "m", *out, "--data", data, "--size", "12")
    assert "cannot write the page" in wrong(capsys, "m", "-o", tmp_path / "gone" / "x.html", "--data", data)
    assert not (tmp_path / "x.html").exists()


def test_a_model_that_cannot_be_loaded_is_said(capsys, data, tmp_path):
    assert "MODEL.keras must be a file" in wrong(capsys, tmp_path / "gone.keras", "--data", data, "-o", "x.html")


@pytest.mark.parametrize(
    ("scale", "first", "low", "high"),
    [
        ("auto", L.Rescaling(1 / 255), 0, 255),
        ("auto", L.ReLU(), 0, 1),
        ("-1", L.ReLU(), -1, 1),
        ("255", L.ReLU(), 0, 255),
    ],
)
def test_pixels_become_what_the_model_is_given(folder, scale, first, low, high):
    model = keras.Sequential([keras.Input((12, 10, 3)), first])
    read = images.read_images(folder, size=(12, 10, 3, False), within=images.range_of(model, scale), most=64)
    assert read.x.shape == (6, 12, 10, 3)
    assert read.x.dtype == "float32"
    assert (read.x[read.names.index("white.png")] == high).all()
    assert (read.x[read.names.index("clear.png")] == low).all()
    assert read.labels == ("cats", "cats", "", "dogs", "dogs", "")


def test_images_are_stretched_to_the_model_and_chosen_evenly(folder):
    read = images.read_images(folder, size=(4, 6, 1, True), within=(0, 1), most=4)
    assert read.x.shape == (2, 1, 4, 6)
    assert read.names == ("cats/a.png", "dogs/<d>.png")
    assert [each.partition(":")[0] for each in read.unread] == ["cats/torn.png", "notes.txt"]


def test_the_size_is_the_models():
    def taking(*shapes):
        inputs = [keras.Input(shape) for shape in shapes]
        return keras.Model(inputs, [L.Flatten()(each) if None not in each.shape[1:] else each for each in inputs])

    assert images.input_size(taking((12, 10, 3)), None) == (12, 10, 3, False)
    assert images.input_size(taking((1, 12, 10)), None) == (12, 10, 1, True)
    assert images.input_size(taking((28, 28)), (5, 5)) == (28, 28, 0, False)
    assert images.input_size(taking((None, None, 3)), None) == (224, 224, 3, False)
    assert images.input_size(taking((None, None, 3)), (32, 48)) == (32, 48, 3, False)
    with pytest.raises(FlatlineError, match=r"with a model of images\. Got one that takes \(None, 7\)"):
        images.input_size(taking((7,)), None)
    with pytest.raises(FlatlineError, match=r"with a model of one input\. Got 2"):
        images.input_size(taking((7,), (8,)), None)
    with pytest.raises(FlatlineError, match="--size HxW must be given"):
        images.input_size(object(), None)
    assert images.input_size(object(), (8, 9)) == (8, 9, 3, False)


def test_several_inputs_are_read_by_their_names(monkeypatch, tmp_path):
    one, two = keras.Input((3,), name="one"), keras.Input((4,), name="two")
    model = keras.Model({"one": one, "two": two}, L.Dense(1)(L.Concatenate()([one, two])))
    monkeypatch.setattr("flatline.inspecting.load_model", lambda path: model)
    np.savez(tmp_path / "d.npz", one=np.ones((5, 3)), two=np.ones((5, 4)))
    out = tmp_path / "out.html"
    assert cli.main(["inspect", "m", "--data", str(tmp_path / "d.npz"), "-o", str(out)]) == 0
    assert '<p class="quiet">two</p>' in out.read_text()


# ── serving ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def listening():
    with server("<p>page ü</p>") as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def ask(listening, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", listening.server_port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return found


def test_one_page_is_served_to_this_machine_alone(listening):
    assert listening.server_address[0] == "127.0.0.1"
    status, body, headers = ask(listening, "/")
    assert (status, body.decode()) == (200, "<p>page ü</p>")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert ask(listening, "/", Host=f"localhost:{listening.server_port}")[0] == 200
    assert ask(listening, "/", "HEAD")[:2] == (200, b"")


@pytest.mark.parametrize("path", ["/etc/passwd", "/../../etc/passwd", "/?", "/%2e%2e/x", "/index.html"])
def test_nothing_else_is_served(listening, path):
    status, body, _ = ask(listening, path)
    assert status == 404
    assert b"page" not in body


def test_a_page_that_calls_itself_otherwise_is_refused(listening):
    for host in ("evil.example", f"evil.example:{listening.server_port}", "127.0.0.1"):
        assert ask(listening, "/", Host=host)[0] == 403
    assert ask(listening, "/", "POST")[0] == 501


def test_a_port_that_is_taken_or_none_is_refused(listening):
    for port in (listening.server_port, 70_000):
        with pytest.raises(FlatlineError, match=f"--port must be free on 127.0.0.1. Got {port}: "):
            server("page", port=port)


def test_the_page_is_served_until_an_interrupt(capsys, monkeypatch, run, model, data):
    served = []
    monkeypatch.setattr("flatline.serving.serve", lambda page, port: served.append((page, port)))
    assert cli.main(["inspect", "m", "--data", str(data), "--serve", "--port", "8123"]) == 0
    ((page, port),) = served
    assert page.startswith("<!DOCTYPE html>") and port == 8123


def test_an_interrupt_ends_it_cleanly():
    code = "from flatline.serving import serve; serve('page')"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert re.match(r"http://127\.0\.0\.1:\d+/ \(Ctrl-C ends\)", process.stdout.readline())
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, "")
