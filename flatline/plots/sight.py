"""Draw what a network does not make use of: channels that repeat another, inputs that nothing depends on."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.detectors.duplicate_channels import MAX_DUPLICATES
from flatline.detectors.ignored_input import MAX_BLIND
from flatline.errors import CannotTell
from flatline.logs import SightLog
from flatline.plots.depth import Bound
from flatline.plots.picture import picture
from flatline.plots.shares import plot_shares


@picture(
    "channels that are copies of another",
    look_for="Convolutions that learnt have few copies. Right of the dotted line most of a layer's channels say the "
    "same, and what follows has little to tell apart.",
    group="activations",
    rank=95,
    about=("duplicate_share",),
    if_found=True,
)
def plot_duplicates(sight: SightLog, *, ax: Axes | None = None, **bar_kw: Any) -> Axes:
    """Draw the share of each convolution's channels that repeat another, in the latest look.

    Parameters
    ----------
    sight : SightLog
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Of the bars.

    Raises
    ------
    CannotTell
        When the channels of no convolution were compared.
    """
    shares = sight.duplicate_share[-1] if len(sight) else np.empty(0)
    return _draw(
        shares, sight.layers, "the channels of no convolution were compared", MAX_DUPLICATES, ax=ax,
        quantity="share of the channels that vary", rest="like no other", **bar_kw,
    )  # fmt: skip


@picture(
    "inputs that no output depends on",
    look_for="The bar is the share of an input's cells that can be exchanged without any change of the answers. Right "
    "of the dotted line most of the input is not used at all.",
    group="data",
    rank=95,
    about=("blind_share",),
    if_found=True,
)
def plot_blind_inputs(sight: SightLog, *, ax: Axes | None = None, **bar_kw: Any) -> Axes:
    """Draw the share of each input's cells that no output changes with, in the latest look.

    Parameters
    ----------
    sight : SightLog
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Of the bars.

    Raises
    ------
    CannotTell
        When of no input is known what depends on it.
    """
    shares = sight.blind_share[-1] if len(sight) else np.empty(0)
    return _draw(
        shares, sight.inputs, "what depends on the inputs is not known", MAX_BLIND, ax=ax,
        quantity="share of the cells that vary", rest="some output depends on it", **bar_kw,
    )  # fmt: skip


def _draw(shares: Any, names: tuple[str, ...], missing: str, most: float, **how: Any) -> Axes:
    known = np.flatnonzero(np.isfinite(shares))
    if not len(known):
        raise CannotTell(missing)
    share = shares[known]
    return plot_shares(
        share, [names[i] for i in known], broken=share > most, told=[f"{each:.0%}" for each in share],
        bound=Bound(most, f"bound, {most:g}"), **how,
    )  # fmt: skip
