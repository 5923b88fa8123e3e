"""Draw how the layers of a network are made: what dropout leaves, which units are alike, what has a bias, how wide."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from flatline.checks.batch_norm_of_single_values import LEAST_VALUES, values_per_feature
from flatline.checks.dropout_too_strong import MAX_RATE, rates
from flatline.checks.identical_units import MAX_IDENTICAL, judged
from flatline.checks.one_unit_bottleneck import LEAST_UNITS
from flatline.errors import CannotTell
from flatline.facts import Array, LayerFacts, ModelFacts, PlanFacts
from flatline.layers import WEIGHTED, units
from flatline.plots.depth import Bound, plot_profile
from flatline.plots.frame import GREY
from flatline.plots.picture import picture
from flatline.plots.shares import plot_shares
from flatline.plots.sheet import BOUND, beside


@picture(
    "units that dropout leaves in a step",
    look_for="The bar is what is left of the signal, the rest is set to zero in every step. Left of the dotted line "
    "next to nothing is left to learn from; two such layers in a row leave less still.",
    group="activations",
    rank=80,
    about=("dropout_rate",),
    if_found=True,
)
def plot_kept_units(model: ModelFacts, *, ax: Axes | None = None, **bar_kw: Any) -> Axes:
    """Draw the share of units that each dropout layer leaves in a training step.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Of the bars.

    Raises
    ------
    CannotTell
        When no rate of dropout is known.
    """
    known = [(layer.name, rate) for layer in model.layers for _, rate in rates(layer)]
    if not known:
        raise CannotTell("no layer tells a rate of dropout")
    kept = np.array([1 - rate for _, rate in known])
    return plot_shares(
        kept, [name for name, _ in known], quantity="share of the units that are left", broken=kept <= 1 - MAX_RATE,
        told=[f"{share:.0%} left" for share in kept], rest="set to zero",
        bound=Bound(1 - MAX_RATE, f"bound, {1 - MAX_RATE:.0%} left"), ax=ax, **bar_kw,
    )  # fmt: skip


@picture(
    "units that start as copies of another",
    look_for="Random weights make no copies. Units that start alike get the same gradient and stay alike: beyond the "
    "dotted line the layer has one unit, however wide it is.",
    group="weights",
    rank=80,
    about=("identical_units",),
    if_found=True,
)
def plot_alike_units(model: ModelFacts, *, ax: Axes | None = None, **bar_kw: Any) -> Axes:
    """Draw the share of each hidden layer's units whose weights equal another unit's.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Of the bars.

    Raises
    ------
    CannotTell
        When the units of no hidden layer were compared.
    """
    layers = [each for each in judged(model) if np.isfinite(each.identical_units)]
    if not layers:
        raise CannotTell("the units of no hidden layer were compared")
    share = np.array([each.identical_units for each in layers])
    told = [f"{round(each.identical_units * units(each))} of {units(each)}" for each in layers]
    return plot_shares(
        share, _names(layers), quantity="share of the units with the weights of another", broken=share >= MAX_IDENTICAL,
        told=told, rest="like no other", bound=Bound(MAX_IDENTICAL, f"bound, {MAX_IDENTICAL:g}"), ax=ax, **bar_kw,
    )  # fmt: skip


@picture(
    "units with a bias",
    look_for="Empty bars are layers without a bias. Where all are empty, no threshold can leave zero: twice the input "
    "is twice the signal in every layer, and small inputs cannot be told from large ones.",
    group="weights",
    rank=90,
    about=("biased_layers",),
    if_found=True,
)
def plot_biases(model: ModelFacts, *, ax: Axes | None = None, **bar_kw: Any) -> Axes:
    """Draw the share of each layer's units that have a bias.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Of the bars.

    Raises
    ------
    CannotTell
        When no layer applies a kernel.
    """
    layers = [each for each in model.layers if each.kind in WEIGHTED and each.kernel_shape]
    if not layers:
        raise CannotTell("no layer is dense or a convolution")
    biased = np.array([_biased(each) for each in layers])
    n = np.array([units(each) for each in layers])
    none = np.full(len(n), not biased.any())
    told = [f"{count} of {every}" for count, every in zip(biased.tolist(), n.tolist(), strict=True)]
    return plot_shares(
        biased / np.maximum(n, 1), _names(layers), quantity="share of the units with a bias", broken=none, told=told,
        rest="no bias", ax=ax, **bar_kw,
    )  # fmt: skip


def _biased(layer: LayerFacts) -> int:
    """Units with a bias: by the arguments or, where they are not known, by the weights that are not the kernel's."""
    bias = layer.config.get("use_bias", layer.n_weights > np.prod(layer.kernel_shape))
    return units(layer) if bias else 0


@picture(
    "values per feature in batch normalisation",
    look_for="The mean of one value is that value: left of the dotted line, what comes out in training is the same for "
    "every sample, and no gradient gets back. Tens of values are healthy.",
    group="activations",
    rank=85,
    about=("values_per_feature",),
    if_found=True,
)
def plot_normalised_values(model: ModelFacts, plan: PlanFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw how many values of each feature a training batch gives to each layer that normalises over batches.

    Parameters
    ----------
    model : ModelFacts
    plan : PlanFacts
        With the batch size.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When the batch size is not known, or no layer normalises over batches.
    """
    if plan.batch_size is None:
        raise CannotTell("the batch size is not known")
    known = {
        each.name: n
        for each in model.layers
        if each.kind == "BatchNormalization" and each.trainable
        and (n := values_per_feature(each, plan.batch_size)) is not None
    }  # fmt: skip
    if not known:
        raise CannotTell("no layer is known to normalise over batches")
    counts = np.array(list(known.values()), "float64")
    return _draw_counts(
        counts, tuple(known), counts < LEAST_VALUES, name=f"in batches of {plan.batch_size:,}", ax=ax,
        quantity="values of each feature in a batch", bound=Bound(LEAST_VALUES, f"bound, {LEAST_VALUES} values"),
        **line_kw,
    )  # fmt: skip


@picture(
    "width of each layer",
    look_for="What a layer of one unit passes on is one number for each sample, whatever comes before or after: left "
    "of the dotted line the network has a waist that it cannot see through.",
    group="weights",
    rank=95,
    about=("hidden_units",),
    if_found=True,
)
def plot_widths(model: ModelFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw how many units or channels each layer with a kernel has.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no layer has a kernel.
    """
    layers = [each for each in model.weighted if each.kind in WEIGHTED]
    if not layers:
        raise CannotTell("no layer is dense or a convolution")
    width = np.array([units(each) for each in layers], "float64")
    narrow = (width < LEAST_UNITS) & np.array([not each.is_output for each in layers])
    return _draw_counts(
        width, _names(layers), narrow, name="units", quantity="units or channels", ax=ax,
        bound=Bound(LEAST_UNITS, f"bound, {LEAST_UNITS}"), **line_kw,
    )  # fmt: skip


def _draw_counts(
    counts: Array,
    names: tuple[str, ...],
    broken: Array,
    *,
    name: str,
    quantity: str,
    bound: Bound,
    ax: Axes | None,
    **line_kw: Any,
) -> Axes:
    """Draw counts over depth, with their numbers beside the layers that are named: those that are broken are."""
    ax = plot_profile(
        {name: counts}, names, quantity=quantity, log=True, bounds=(bound,), ax=ax,
        always=[each for each, bad in zip(names, broken, strict=True) if bad], **line_kw,
    )  # fmt: skip
    ax.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,g}"))
    for row in map(int, ax.get_yticks()):
        beside(ax, row, f"{counts[row]:,.0f}", colour=BOUND if broken[row] else GREY)
    ax.plot(counts[broken], np.flatnonzero(broken), color=BOUND, marker="X", markersize=9, linestyle="none")
    return ax


def _names(layers: list[LayerFacts]) -> tuple[str, ...]:
    return tuple(each.name for each in layers)
