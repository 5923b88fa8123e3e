"""What is done with a map before it is drawn."""

import numpy as np
import pytest

from flatline.errors import FlatlineError
from flatline.inspect import normalized, overlay, reduce_channels
from flatline.inspect.maps import RAMP
from flatline.inspect.resize import repeated, resized

VALUES = np.array([[[1.0, -3.0], [0.0, 2.0]]])


@pytest.mark.parametrize(
    ("how", "expected"),
    [("max_abs", [3, 2]), ("sum", [-2, 2]), ("norm", [np.sqrt(10), 2]), ("mean_abs", [2, 1])],
)
def test_channels_become_one_number(how, expected):
    np.testing.assert_allclose(reduce_channels(VALUES, how)[0], expected, rtol=1e-6)


def test_channels_that_come_first():
    np.testing.assert_array_equal(reduce_channels(np.moveaxis(VALUES, -1, 1), axis=1), reduce_channels(VALUES))


def test_a_row_is_scaled_by_its_percentile():
    rows = np.stack([np.arange(101.0), np.zeros(101), np.arange(101.0) - 50])
    found = normalized(rows, percentile=50)
    assert found[0, 25] == 0.5 and found[0, 50:].min() == 1
    assert not found[1].any()
    assert found[2, 50] == 0.5 and found[2, 0] == 0 and found[2, -1] == 1


def test_one_bright_cell_is_not_lost():
    assert normalized(np.eye(1, 1000)).max() == 1


def test_sizes_are_changed_between_the_centres_of_cells():
    row = np.array([[0.0, 1.0]])
    np.testing.assert_allclose(resized(row, [4])[0], [0, 0.25, 0.75, 1])
    np.testing.assert_array_equal(repeated(row, [4])[0], [0, 0, 1, 1])
    square = np.arange(4.0).reshape(1, 2, 2)
    np.testing.assert_array_equal(resized(square, [2, 2]), square)


def test_an_overlay_is_image_and_colours_in_shares():
    image, heat = np.zeros((4, 4), "uint8"), np.array([[0.0, 1.0], [0.0, 1.0]])
    found = overlay(image, heat)
    assert found.shape == (4, 4, 3) and found.dtype == "uint8"
    np.testing.assert_array_equal(found[0, 0], np.rint(RAMP[0] / 2))
    np.testing.assert_array_equal(found[0, 3], np.rint(RAMP[-1] / 2))
    image = np.full((4, 4, 3), 200, "uint8")
    np.testing.assert_array_equal(overlay(image, heat, alpha=0.0), image)


def test_overlays_of_batches_and_of_colours():
    images, heats = np.random.default_rng(0).uniform(size=(2, 4, 4, 3)), np.ones((2, 2, 2))
    np.testing.assert_array_equal(overlay(images, heats)[1], overlay(images[1], heats[1]))
    colours = np.full((4, 4, 3), 100, "uint8")
    np.testing.assert_array_equal(overlay(np.zeros((4, 4, 1), "uint8"), colours), np.full((4, 4, 3), 50))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: overlay(np.zeros((4, 4, 2)), np.zeros((4, 4))), r"Got \(4, 4, 2\) and \(4, 4\)"),
        (lambda: overlay(np.zeros((2, 4, 4, 3)), np.zeros((3, 4, 4))), r"Got \(2, 4, 4, 3\) and \(3, 4, 4\)"),
        (lambda: overlay(np.zeros((4, 4)), np.zeros((4, 4)), alpha=2), r"between 0 and 1\. Got 2"),
        (lambda: normalized(np.ones((1, 2)), percentile=0), r"in \(0, 100\]\. Got 0"),
        (lambda: reduce_channels(VALUES, "max"), r"one of 'max_abs', .*\. Got 'max'"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(FlatlineError, match=message):
        call()
