"""[tool.flatline]: what a team has agreed on."""

import pytest

from flatline.errors import FlatlineError
from flatline.finding import Severity
from flatline.settings import Settings, load_settings, split_ignores
from tests.reports import make


@pytest.fixture
def write(tmp_path):
    def write(text):
        (tmp_path / "pyproject.toml").write_text(text)
        return tmp_path

    return write


def test_all_keys_are_read(write):
    folder = write('[tool.flatline]\nselect = ["FL3"]\nignore = ["FL102", "FL702:encoder_*"]\nfail-on = "error"\n')
    assert load_settings(folder) == Settings(
        select=("FL3",), ignore=("FL102",), layer_ignores=(("FL702", "encoder_*"),), fail_on=Severity.ERROR
    )


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.ruff]\n", "[tool.flatline]\n"])
def test_a_project_that_says_nothing_gets_the_defaults(write, text):
    assert load_settings(write(text)) == Settings()


def test_the_nearest_file_above_counts(write, tmp_path):
    write('[tool.flatline]\nselect = ["FL3"]\n')
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    assert load_settings(tmp_path / "notebooks" / "deep").select == ("FL3",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.flatline]\nselekt = []\n", "must hold only select, ignore, fail-on. Got 'selekt'"),
        ("[tool.flatline]\nselect = 'FL3'\n", "must be a list of strings. Got 'FL3'"),
        ("[tool.flatline]\nignore = [3]\n", r"must be a list of strings. Got \[3\]"),
        ("[tool.flatline]\nfail-on = 'never'\n", "must be one of info, warning, error. Got 'never'"),
        ("[tool]\nflatline = 3\n", "must be a table. Got 3"),
        ("[tool.flatline\n", "cannot read"),
    ],
)
def test_mistakes_are_one_line_errors(write, text, message):
    with pytest.raises(FlatlineError, match=message) as error:
        load_settings(write(text))
    assert "\n" not in str(error.value)


def test_a_layer_pattern_silences_that_check_at_that_layer():
    whole, layered = split_ignores(["FL102", "FL702: encoder_*", "saturated-at-start:head"])
    settings = Settings(ignore=whole, layer_ignores=layered)
    assert whole == ("FL102",)
    assert settings.silences(make.finding("FL702", where="encoder_3"))
    assert settings.silences(make.finding("FL702", name="saturated-at-start", where="head"))
    assert not settings.silences(make.finding("FL702", where="decoder_1"))
    assert not settings.silences(make.finding("FL703", where="encoder_3"))
    assert not settings.silences(make.finding("FL102", where="encoder_3"))  # `ignore` deals with whole checks
