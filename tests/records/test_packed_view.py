"""Views and their pictures are written and read back to the bit."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from flatline import png
from flatline.records.events import plain
from flatline.records.packed_view import pack, unpack
from flatline.view import View
from tests import views
from tests.records.samples import same

SIDES = st.integers(1, 9)
GREY = st.tuples(SIDES, SIDES)
COLOUR = st.tuples(SIDES, SIDES, st.just(3))


@given(st.one_of(GREY, COLOUR).flatmap(lambda shape: arrays.arrays(np.uint8, shape)), st.booleans())
def test_a_picture_is_read_back_to_the_bit_by_us_and_by_others(picture, coarse):
    picture = picture // png.STEP * png.STEP if coarse else picture
    data = png.encode(picture)
    np.testing.assert_array_equal(png.decode(data), picture)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), picture)


def test_sixteen_shades_take_half_the_room():
    fine = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    assert len(png.encode(fine // png.STEP * png.STEP)) < 0.6 * len(png.encode(fine))


@given(st.binary(max_size=200), st.integers(0, 120))
def test_a_damaged_picture_is_a_value_error(noise, at):
    whole = png.encode(np.zeros((4, 5), np.uint8))
    for data in (noise, whole[:at], whole[:at] + noise + whole[at + len(noise) :]):
        try:
            assert png.decode(data).ndim in (2, 3)
        except ValueError:
            continue


def test_a_picture_that_would_fill_the_memory_is_refused():
    bomb = bytearray(png.encode(np.zeros((4, 4), np.uint8)))
    bomb[16:24] = (1 << 16).to_bytes(4, "big") * 2
    with pytest.raises(ValueError, match="no picture"):
        png.decode(bytes(bomb))


@pytest.mark.parametrize("view", [views.VIEW, views.EVIL, View(model="empty")], ids=["all", "evil", "empty"])
def test_a_view_is_read_back_to_the_bit(view):
    assert same(unpack(json.loads(json.dumps(plain(pack(view)), allow_nan=False))), view)


def test_numbers_that_are_not_finite_are_kept():
    broken = replace(views.FIRST, mean=np.array([np.nan, np.inf, -np.inf, 1]))
    view = replace(views.VIEW, layers=(broken,), seconds=float("nan"))
    assert same(unpack(json.loads(json.dumps(plain(pack(view)), allow_nan=False))), view)
