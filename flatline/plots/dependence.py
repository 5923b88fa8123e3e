"""Draw what the outputs of a network change with, and what they should not change with."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from flatline.checks.mode_gap import MAX_GAP
from flatline.checks.output_ignores_input import least_dependence
from flatline.checks.random_at_inference import MAX_NOISE
from flatline.checks.samples_interact import MAX_INFLUENCE
from flatline.errors import CannotTell
from flatline.facts import ModelFacts
from flatline.plots import frame
from flatline.plots.frame import COLOURS
from flatline.plots.legend import legend_above
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND, beside

LEAST, MOST = 1e-8, 1e2  # 1; ends of the scale: below lies rounding, above no difference matters
ENDS = (LEAST / 10, MOST * 10)


class _Row(NamedTuple):
    label: str
    value: float
    low: float  # of what is healthy
    high: float

    @property
    def broken(self) -> bool:
        return not self.low <= self.value <= self.high


@picture(
    "what the outputs change with",
    look_for="Each mark should lie in its green band: outputs should differ between inputs, and hardly between two "
    "predictions of the same samples or with the company of a sample in its batch.",
    group="activations",
    rank=98,
    about=("mode_gap", "inference_noise", "cross_sample_influence"),
    if_found=True,
)
def plot_dependence(model: ModelFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the relative change of the outputs by what was changed, each within its bound.

    Parameters
    ----------
    model : ModelFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **line_kw
        Passed on to `Axes.plot`.

    Returns
    -------
    Axes
        With a band and a mark for each change that was measured.

    Raises
    ------
    CannotTell
        When none was.
    """
    rows = [row for row in _rows(model) if np.isfinite(row.value)]
    if not rows:
        raise CannotTell("what the outputs change with was not measured")
    ax = frame.axes(ax)
    ax.set_xscale("log")
    for place, row in enumerate(rows):
        low, high = max(row.low, ENDS[0]), min(row.high, ENDS[1])
        ax.barh(place, high - low, left=low, height=0.6, color=COLOURS[2], alpha=0.2, label="_" if place else "healthy")
        for bound in (row.low, row.high):
            if ENDS[0] < bound < ENDS[1]:
                ax.plot([bound] * 2, [place - 0.3, place + 0.3], color="#000000", linestyle=":", linewidth=1.8)
        style = {"marker": "X", "color": BOUND} if row.broken else {"marker": "o", "color": COLOURS[0]}
        at = float(np.clip(row.value, LEAST, MOST))
        ax.plot([at], [place], **{"markersize": 9, "linestyle": "none", **style, **line_kw})
        beside(ax, place, f"{row.value:.2g}", colour=style["color"])
    ax.set_xlim(*ENDS)
    ax.set_yticks(range(len(rows)), [row.label for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel("change of the outputs over their size")
    legend_above(ax)
    return ax


def _rows(model: ModelFacts) -> tuple[_Row, ...]:
    return (
        _Row("another input", model.input_dependence, least_dependence(model), np.inf),
        _Row("training mode", model.mode_gap, 0.0, MAX_GAP),
        _Row("the same again", model.inference_noise, 0.0, MAX_NOISE),
        _Row("other samples\nin the batch", model.cross_sample, 0.0, MAX_INFLUENCE),
    )
