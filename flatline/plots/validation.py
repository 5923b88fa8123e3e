"""Draw the scale of the training data above that of the validation data."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import ArrayFacts, DataFacts, ValidationFacts
from flatline.plots.picture import picture
from flatline.plots.ranges import Range, draw_ranges

MOST = 3  # arrays


@picture(
    "training against validation data",
    look_for="Bars are mean ± one standard deviation of all cells. The striped one, of the validation data, should lie "
    "where the solid one does: another scale is another question than the one that was trained.",
    group="data",
    rank=85,
    about=("mean_shift", "spread_ratio"),
    if_found=True,
)
def plot_validation_scale(
    data: DataFacts, validation: ValidationFacts, *, ax: Axes | None = None, **bar_kw: Any
) -> Axes:
    """Draw mean ± standard deviation of inputs and real-valued targets, in training above validation.

    Parameters
    ----------
    data : DataFacts
    validation : ValidationFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Passed on to `Axes.barh`.

    Raises
    ------
    CannotTell
        When nothing can be compared.
    """
    pairs = [*zip(data.inputs, validation.inputs, strict=False)]
    pairs += [(a, b) for a, b in zip(data.targets, validation.targets, strict=False) if not (a.integral and b.integral)]
    known = [pair for pair in pairs if np.isfinite([(each.mean, each.std) for each in pair]).all()]
    if not known:
        raise CannotTell("no array has finite numbers in both sets")
    return draw_ranges(
        ax,
        [
            bar
            for trained, held_out in known[:MOST]
            for bar in (_range(trained, "training"), _range(held_out, "validation", striped=True))
        ],
        "mean ± standard deviation",
        **bar_kw,
    )


def _range(array: ArrayFacts, where: str, *, striped: bool = False) -> Range:
    return Range(
        f"{array.name}, {where}", array.mean - array.std, array.mean + array.std, striped,
        f"{array.mean:.3g} ± {array.std:.3g}",
    )  # fmt: skip
