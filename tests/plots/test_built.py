"""How layers are made: what dropout leaves, copies among units, biases, values to normalise, widths, activations."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.checks import batch_norm_of_single_values, dropout_too_strong, identical_units, one_unit_bottleneck
from flatline.errors import CannotTell
from flatline.plots.bends import plot_bends
from flatline.plots.built import (
    plot_alike_units,
    plot_biases,
    plot_kept_units,
    plot_normalised_values,
    plot_widths,
)  # fmt: skip
from tests.checks import make as facts
from tests.plots.test_depth import labelled


@pytest.fixture
def ax():
    return Figure().subplots()


def ends(collection):
    """Row and right end of each bar."""
    return {round(path.vertices[:4, 1].mean()): path.vertices[:, 0].max() for path in collection.get_paths()}


def beside(ax):
    return [text.get_text() for text in ax.texts]


def dropout(name, rate):
    return facts.layer(name, kind="Dropout", kernel_shape=(), config={"rate": rate})


def normalising(name, *shape, **given):
    return facts.layer(name, kind="BatchNormalization", kernel_shape=(), input_shape=shape, **given)


def test_what_dropout_leaves_stands_against_the_bound(ax):
    recurrent = facts.layer("rnn", kind="LSTM", config={"dropout": 0.0, "recurrent_dropout": 0.25})
    plot_kept_units(facts.model(facts.layer(), dropout("a", 0.3), dropout("b", 0.97), recurrent), ax=ax)
    whole, healthy, broken = ax.collections
    assert ends(whole) == dict.fromkeys(range(4), 1.0)
    assert ends(healthy) == pytest.approx({0: 0.7, 2: 1.0, 3: 0.75})
    assert ends(broken) == pytest.approx({1: 0.03}) and broken.get_hatch() and not healthy.get_hatch()
    assert labelled(ax)["bound, 20% left"].get_xdata()[0] == 1 - dropout_too_strong.MAX_RATE
    assert beside(ax) == ["70% left", "3% left", "100% left", "75% left"]


def test_the_rate_that_is_found_is_beyond_the_bound(ax):
    plot_kept_units(facts.model(dropout("a", dropout_too_strong.MAX_RATE)), ax=ax)
    assert list(ends(ax.collections[2])) == [0]


def test_copies_are_counted_in_the_layers_that_are_judged(ax):
    layers = [facts.layer("a", identical_units=1.0), facts.layer("b", kernel_shape=(16, 8), identical_units=0.25)]
    plot_alike_units(facts.model(*layers, facts.layer("out", kernel_shape=(8, 3), identical_units=1.0)), ax=ax)
    assert ends(ax.collections[1]) == {1: 0.25} and ends(ax.collections[2]) == {0: 1.0}
    assert beside(ax) == ["16 of 16", "2 of 8"]
    assert labelled(ax)["bound, 0.99"].get_xdata()[0] == identical_units.MAX_IDENTICAL


@pytest.mark.parametrize("known", [True, False])
def test_biases_are_counted_by_the_arguments_or_by_the_weights(ax, known):
    def layer(name, *, bias):
        return facts.layer(name, n_weights=80 + 16 * bias, config={"use_bias": bias} if known else {})

    plot_biases(facts.model(layer("a", bias=False), layer("b", bias=True)), ax=ax)
    assert beside(ax) == ["0 of 16", "16 of 16"] and ends(ax.collections[1]) == {1: 1.0}
    ax.clear()
    plot_biases(facts.model(layer("a", bias=False), layer("b", bias=False)), ax=ax)
    assert beside(ax) == ["0 of 16", "0 of 16"] and not ends(ax.collections[1])


def test_values_to_normalise_are_samples_times_positions(ax):
    model = facts.model(normalising("conv_bn", 4, 4, 8), normalising("bn", 8), normalising("cold", 8, trainable=False))
    plot_normalised_values(model, facts.plan(batch_size=1), ax=ax)
    assert labelled(ax)["in batches of 1"].get_xdata().tolist() == [16, 1]
    assert labelled(ax)["bound, 2 values"].get_xdata()[0] == batch_norm_of_single_values.LEAST_VALUES
    assert beside(ax) == ["16", "1"]
    assert ax.get_lines()[-1].get_xydata().tolist() == [[1, 1]]  # the cross


def test_a_waist_is_marked_and_an_output_of_one_unit_is_none(ax):
    shapes = {"a": (5, 16), "waist": (16, 1), "b": (1, 16), "out": (16, 1)}
    plot_widths(facts.model(*(facts.layer(name, kernel_shape=shape) for name, shape in shapes.items())), ax=ax)
    assert labelled(ax)["units"].get_xdata().tolist() == [16, 1, 16, 1]
    assert labelled(ax)["bound, 2"].get_xdata()[0] == one_unit_bottleneck.LEAST_UNITS
    assert ax.get_lines()[-1].get_ydata().tolist() == [1]


def test_activations_stand_in_columns_and_a_softmax_within_is_marked(ax):
    plot_bends(
        facts.model(
            facts.layer("a", activation="linear"),
            facts.layer("b", activation="softmax"),
            facts.layer("norm", kind="LayerNormalization", kernel_shape=()),
            facts.layer("c", activation="relu"),
            facts.layer("out", kernel_shape=(16, 3), activation="softmax"),
        ),
        ax=ax,
    )
    assert [label.get_text() for label in ax.get_xticklabels()] == ["linear", "softmax", "relu"]
    lines = labelled(ax)
    assert lines["linear"].get_xydata().tolist() == [[0, 0]]
    assert lines["softmax before another layer"].get_xydata().tolist() == [[1, 1]]
    assert lines["bends"].get_xydata().tolist() == [[2, 2], [1, 3]]
    assert len({line.get_marker() for line in lines.values()}) == 3


def test_three_hundred_layers_are_few_artists_and_those_beyond_the_bound_are_named(ax):
    layers = [dropout(f"drop_{row}", 0.95 if row == 200 else 0.5) for row in range(300)]
    plot_kept_units(facts.model(*layers), ax=ax)
    assert len(ax.get_children()) < 40
    assert "▸ drop_200" in [label.get_text() for label in ax.get_yticklabels()] and "5% left" in beside(ax)


def test_neighbours_beyond_the_bound_do_not_write_over_each_other(ax):
    plot_kept_units(facts.model(*(dropout(f"drop_{row}", 0.9) for row in range(300))), ax=ax)
    rows = ax.get_yticks()
    assert len(rows) > 5 and min(np.diff(rows)) > 10


@pytest.mark.parametrize(
    ("draw", "given", "reason"),
    [
        (plot_kept_units, [facts.model()], "no layer tells a rate of dropout"),
        (plot_alike_units, [facts.model(facts.layer(identical_units=np.nan))], "of no hidden layer were compared"),
        (plot_biases, [facts.model(facts.layer(kernel_shape=()))], "no layer is dense or a convolution"),
        (plot_widths, [facts.model(facts.layer(kernel_shape=()))], "no layer is dense or a convolution"),
        (plot_bends, [facts.model(facts.layer(kind="Embedding"))], "no layer is dense, a convolution or an activation"),
        (plot_normalised_values, [facts.model(), facts.plan()], "no layer is known to normalise"),
        (plot_normalised_values, [facts.model(), facts.plan(given=False)], "the batch size is not known"),
    ],
)
def test_what_is_not_known_is_said(ax, draw, given, reason):
    with pytest.raises(CannotTell, match=reason):
        draw(*given, ax=ax)
