"""Maps, bars, channels and filters: the artists' data, not pixels."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.errors import FlatlineError
from flatline.plots.attribution import plot_attribution, plot_feature_attribution, plot_step_attribution
from flatline.plots.channels import plot_channels, plot_filters

RNG = np.random.default_rng(0)
IMAGE = RNG.uniform(size=(8, 10, 3))
HEAT = RNG.normal(size=(4, 5))


@pytest.fixture
def ax():
    return Figure().subplots()


def test_a_grey_map_shows_magnitudes_up_to_a_percentile(ax):
    assert plot_attribution(IMAGE, HEAT, ax=ax, title="$x$") is ax
    (drawn,) = ax.get_images()
    np.testing.assert_array_equal(drawn.get_array(), np.abs(HEAT))
    assert drawn.get_clim() == (0, pytest.approx(np.percentile(np.abs(HEAT), 99)))
    assert ax.get_title() == r"\$x\$"


def test_channels_count_by_their_largest_or_by_their_sum(ax):
    heat = RNG.normal(size=(4, 5, 3))
    plot_attribution(None, heat, ax=ax)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), np.abs(heat).max(-1))
    ax.clear()
    plot_attribution(None, heat, how="signed", ax=ax)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), heat.sum(-1))
    low, high = ax.get_images()[0].get_clim()
    assert low == -high


def test_an_overlay_lies_on_the_whole_image(ax):
    plot_attribution(IMAGE, HEAT, how="overlay", alpha=0.3, ax=ax)
    below, above = ax.get_images()
    assert below.get_array().shape == (8, 10, 3)
    assert below.get_extent() == above.get_extent() and above.get_alpha() == 0.3


def test_maps_of_nothing_are_drawn_dark(ax):
    for heat in (np.zeros((3, 3)), np.full((3, 3), np.nan)):
        plot_attribution(None, heat, ax=ax)
    plot_attribution(np.zeros((3, 3)), np.zeros((3, 3)), how="overlay", ax=ax)


def test_features_come_by_magnitude_and_the_rest_is_counted(ax):
    plot_feature_attribution([0.1, -3.0, 2.0, 0.5], ["a", "b_$", "c", "d"], most=2, ax=ax)
    assert [bar.get_width() for bar in ax.patches] == [-3.0, 2.0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [r"b_\$", "c", "2 more, up to 0.5"]
    assert ax.patches[0].get_hatch() and not ax.patches[1].get_hatch()


def test_rows_of_features_are_averaged_by_magnitude(ax):
    plot_feature_attribution([[1.0, -1.0], [-3.0, 1.0]], ax=ax)
    assert [bar.get_width() for bar in ax.patches] == [2.0, 1.0]


def test_steps_come_in_their_order_with_their_tokens(ax):
    plot_step_attribution(np.array([[1.0, 1.0], [-3.0, 0.0], [0.0, 0.5]]), ["not", "bad", "_"], ax=ax)
    assert sorted((bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in ax.patches) == [
        (0, 2.0), (1, -3.0), (2, 0.5),
    ]  # fmt: skip
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["not", "bad", " _"]
    ax.clear()
    plot_step_attribution([1.0, 2.0], ax=ax)
    assert ax.get_xlabel() == "step"


def test_channels_are_tiles_and_dead_ones_are_crossed_out(ax):
    output = RNG.uniform(size=(20, 20, 5))
    output[..., 3] = 0
    plot_channels(output, title="conv_1", ax=ax)
    sheet = ax.get_images()[0].get_array()
    np.testing.assert_array_equal(sheet[:20, 21:41], output[..., 1])
    assert len(ax.get_lines()) == 2
    assert set(ax.get_lines()[0].get_xdata()) == {-0.5, 19.5}  # the first tile of the second row
    assert ax.get_title() == "conv_1: 5 channels, 1 dead (crossed out)"


def test_what_is_dead_can_be_told_and_many_channels_are_cut(ax):
    plot_channels(RNG.normal(size=(3, 3, 100)), dead=np.arange(100) < 7, most=16, ax=ax)
    assert len(ax.get_lines()) == 2 * 7
    assert ax.get_title() == "16 of 100 channels, 7 dead (crossed out)"
    assert ax.get_images()[0].get_clim()[0] < 0


def test_each_channel_can_have_its_own_scale(ax):
    output = np.stack([np.eye(12), 100 * np.eye(12)], axis=-1)
    plot_channels(output, scale="channel", ax=ax)
    assert np.nanmax(ax.get_images()[0].get_array()[:12, :12]) == 1


@pytest.mark.parametrize("shape", [(7,), (30, 7), (5, 5, 7)])
def test_units_steps_and_maps_have_channels(ax, shape):
    plot_channels(RNG.normal(size=shape), ax=ax)
    assert ax.get_title() == "7 channels"


@pytest.mark.parametrize(
    ("shape", "title"),
    [
        ((9, 3, 3, 3), "9 filters"),
        ((9, 3, 3, 1), "9 filters"),
        ((9, 3, 3, 16), "8 of 9 filters (rows), 8 of 16 channels"),
        ((9, 5, 2), "9 filters (rows), 2 of 2 channels"),
        ((90, 4), "64 of 90 filters"),
    ],
)
def test_filters_of_every_kind_are_tiles(ax, shape, title):
    plot_filters(RNG.normal(size=shape), ax=ax)
    assert ax.get_title() == title
    (drawn,) = ax.get_images()
    if shape[-1] != 3:
        assert drawn.get_clim()[0] == -drawn.get_clim()[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_attribution(None, HEAT, how="overlay"), "an image to lay the map over"),
        (lambda: plot_attribution(None, HEAT, how="heat"), r"one of 'grey', 'overlay', 'signed'\. Got 'heat'"),
        (lambda: plot_attribution(None, HEAT[0]), r"Got \(5,\): draw row by row"),
        (lambda: plot_attribution(IMAGE[..., :2], HEAT, how="overlay", ax=Figure().subplots()), "1 or 3"),
        (lambda: plot_feature_attribution([1.0], ["a", "b"]), r"must name 1 columns\. Got 2"),
        (lambda: plot_step_attribution([1.0], ["a", "b"]), r"must hold 1 labels\. Got 2"),
        (lambda: plot_channels(np.zeros((2, 3, 3, 4))), r"of one sample, channels last\. Got \(2, 3, 3, 4\)"),
        (lambda: plot_channels(HEAT, dead=np.zeros(3)), r"5 truth values\. Got shape \(3,\)"),
        (lambda: plot_channels(HEAT, scale="row"), r"'layer' or 'channel'\. Got 'row'"),
        (lambda: plot_filters(HEAT[0]), r"as from `flatline.inspect.filters`\. Got \(5,\)"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, message):
    with pytest.raises(FlatlineError, match=message):
        call()
