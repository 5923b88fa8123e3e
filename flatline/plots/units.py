"""Draw which share of each layer's units is out of work: dead rectifiers, saturated sigmoids."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.detectors.dead_units import MAX_DEAD
from flatline.detectors.saturated_units import MAX_SATURATED
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.logs import ActivationLog, Marks, ProbeLog
from flatline.plots.depth import Bound, first_and_latest, plot_profile
from flatline.plots.heat import plot_heat_map
from flatline.plots.marks import named_layers
from flatline.plots.picture import picture

DEAD = "dead units, share of the layer"
SATURATED = "saturated units, share of the layer"


def _of_kind(layers: tuple[str, ...], values: Array, kind: str) -> tuple[tuple[str, ...], Array]:
    """Layers that have such units at all."""
    known = np.flatnonzero((~np.isnan(values)).any(axis=0))
    if not len(known):
        raise CannotTell(f"no layer has {kind}")
    return tuple(layers[column] for column in known), values[:, known]


@picture(
    "dead units of each layer",
    look_for="A dead unit is zero for every sample, and nothing can wake it. Some are common; right of the dotted line "
    "most of the layer is lost.",
    group="activations",
    rank=20,
    about=("dead_share", "input_dependence", "relative_output_spread", "probability_spread", "output_spread"),
)
def plot_dead_profile(probe: ProbeLog, marks: Marks | None = None, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the share of dead units over depth, of the first and the latest probe.

    Parameters
    ----------
    probe : ProbeLog
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no layer has rectifiers.
    """
    layers, share = _of_kind(probe.layers, probe.dead_share, "units that can die")
    return plot_profile(
        first_and_latest(probe.step, share), layers, quantity=DEAD, bounds=(Bound(MAX_DEAD, f"bound, {MAX_DEAD:g}"),),
        always=named_layers(marks), ax=ax, **line_kw,
    )  # fmt: skip


@picture(
    "dead units of each layer over the steps",
    look_for="A row that turns bright is a layer whose units die, from the step on at which it does.",
    group="activations",
    rank=30,
    about=("dead_share",),
)
def plot_dead_map(probe: ProbeLog, marks: Marks | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the share of dead units over layers and steps.

    Parameters
    ----------
    probe : ProbeLog
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Raises
    ------
    CannotTell
        When no layer has rectifiers.
    """
    layers, share = _of_kind(probe.layers, probe.dead_share, "units that can die")
    return plot_heat_map(
        probe.step, share, layers, unit="dead share", bound=MAX_DEAD, always=named_layers(marks), ax=ax
    )  # fmt: skip


@picture(
    "saturated units of each layer",
    look_for="A saturated unit sits on the flat end of its activation, where no gradient passes. Right of the dotted "
    "line that is so for most of the layer.",
    group="activations",
    rank=40,
    about=("saturated_share",),
)
def plot_saturated_profile(
    activations: ActivationLog, marks: Marks | None = None, *, ax: Axes | None = None, **line_kw: Any
) -> Axes:
    """Draw the share of saturated units over depth, of the first and the latest sample.

    Parameters
    ----------
    activations : ActivationLog
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Raises
    ------
    CannotTell
        When no layer has an activation that saturates.
    """
    layers, share = _of_kind(activations.layers, activations.saturated_share, "an activation that saturates")
    return plot_profile(
        first_and_latest(activations.step, share), layers, quantity=SATURATED,
        bounds=(Bound(MAX_SATURATED, f"bound, {MAX_SATURATED:g}"),), always=named_layers(marks), ax=ax, **line_kw,
    )  # fmt: skip


@picture(
    "saturated units of each layer over the steps",
    look_for="A row that turns bright is a layer that is driven to the flat ends of its activation, from the step on "
    "at which it is.",
    group="activations",
    rank=50,
    about=("saturated_share",),
)
def plot_saturated_map(activations: ActivationLog, marks: Marks | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the share of saturated units over layers and steps.

    Parameters
    ----------
    activations : ActivationLog
    marks : Marks or None
        Layers that findings speak of are named in any case.
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Raises
    ------
    CannotTell
        When no layer has an activation that saturates.
    """
    layers, share = _of_kind(activations.layers, activations.saturated_share, "an activation that saturates")
    return plot_heat_map(
        activations.step, share, layers, unit="saturated share", bound=MAX_SATURATED, always=named_layers(marks),
        ax=ax,
    )  # fmt: skip
