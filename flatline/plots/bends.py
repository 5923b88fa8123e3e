"""Draw which activation each layer has: where the network bends, and where it does not."""

from typing import Any

from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts
from flatline.graph import LayerGraph
from flatline.layers import WEIGHTED, activation
from flatline.plots import frame
from flatline.plots.frame import COLOURS, literal
from flatline.plots.legend import legend_above
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND

STRAIGHT = "linear"
_KINDS = WEIGHTED | {"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"}
_STYLES: dict[str, dict[str, Any]] = {
    "bends": {"color": COLOURS[0], "marker": "o", "markersize": 7},
    "linear": {"markerfacecolor": "white", "markeredgecolor": BOUND, "marker": "s", "markersize": 7},
    "softmax before another layer": {"color": BOUND, "marker": "X", "markersize": 10},
}  # colour never tells alone


@picture(
    "activation of each layer",
    look_for="Between two layers with weights there should be one that bends: linear layers in a row are together one "
    "linear layer. A softmax belongs at the end; further up it lets hardly any signal through.",
    group="activations",
    rank=90,
    about=("nonlinear_activations", "hidden_softmax_layers"),
    if_found=True,
)
def plot_bends(model: ModelFacts, *, ax: Axes | None = None, **line_kw: Any) -> Axes:
    """Draw the declared activation of each layer that has one, or could have one.

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
        With a row for each layer and a column for each activation that occurs.

    Raises
    ------
    CannotTell
        When there is no such layer.
    """
    layers = [each for each in model.layers if each.kind in _KINDS]
    if not layers:
        raise CannotTell("no layer is dense, a convolution or an activation")
    ax = frame.axes(ax)
    graph = LayerGraph.of(model)
    named = [activation(each) or STRAIGHT for each in layers]
    columns = list(dict.fromkeys((STRAIGHT, *named)))
    what = [_what(graph, each, name) for each, name in zip(layers, named, strict=True)]
    for kind, style in _STYLES.items():
        rows = [row for row, each in enumerate(what) if each == kind]
        if rows:
            places = [columns.index(named[row]) for row in rows]
            ax.plot(places, rows, **{"linestyle": "none", "label": kind, **style, **line_kw})
    ax.set_xticks(range(len(columns)), [literal(name) for name in columns])
    ax.set_xlim(-0.5, len(columns) - 0.5)
    frame.name_rows(
        ax, [each.name for each in layers],
        always=[each.name for each, kind in zip(layers, what, strict=True) if kind.startswith("softmax")],
    )  # fmt: skip
    ax.grid(alpha=0.3)
    ax.set_xlabel("activation")
    legend_above(ax)
    return ax


def _what(graph: LayerGraph, layer: LayerFacts, name: str) -> str:
    if name == "softmax" and any(below.kind in WEIGHTED for below in graph.below(layer)):
        return "softmax before another layer"
    return "linear" if name == STRAIGHT else "bends"
