"""Layers written as code: what is pasted over a line must run."""

import pytest

from flatline.layers import code


@pytest.mark.parametrize(
    ("kind", "name", "written"),
    [
        ("Dense", "dense", "keras.layers.Dense(3)  # dense"),
        ("Dense", "dense_12", "keras.layers.Dense(3)  # dense_12"),
        ("Conv2D", "conv2d_1", "keras.layers.Conv2D(3)  # conv2d_1"),
        ("LSTM", "lstm", "keras.layers.LSTM(3)  # lstm"),
        ("BatchNormalization", "batch_normalization_2", "keras.layers.BatchNormalization(3)  # batch_normalization_2"),
        ("Dense", "head", 'keras.layers.Dense(3, name="head")'),
        ("Dense", "dense_out", 'keras.layers.Dense(3, name="dense_out")'),
    ],
)
def test_a_name_that_keras_gave_is_a_comment_and_one_of_the_users_is_kept(kind, name, written):
    assert code(kind, "3", name) == written


def test_a_layer_without_arguments():
    assert code("ReLU", "", "act") == 'keras.layers.ReLU(name="act")'
