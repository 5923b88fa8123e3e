"""The graph of a network in the margin of its list of layers: a line for what skips rows, as in a log of commits."""

from collections.abc import Sequence
from dataclasses import dataclass

from flatline.view import ViewedLayer

MOST = 6  # lanes; what more skips runs in the last one, and the panel of a layer names all that it reads
STEP, HEIGHT = 11, 44  # dots from lane to lane, and of a row


@dataclass(frozen=True, kw_only=True)
class _Skip:
    """The lines from one layer to those further down that read it."""

    start: int
    ends: tuple[int, ...]
    lane: int


def margins(layers: Sequence[ViewedLayer]) -> list[str]:
    """Return the margin of each row as an SVG image, which joins on to those above and below."""
    rows = {layer.name: row for row, layer in enumerate(layers)}
    edges = {(rows[name], row) for row, layer in enumerate(layers) for name in layer.reads if rows.get(name, row) < row}
    skips = _skips(edges)
    width = STEP * (2 + max((skip.lane for skip in skips), default=0))
    return [_margin(row, layer, edges, skips, width) for row, layer in enumerate(layers)]


def _skips(edges: set[tuple[int, int]]) -> list[_Skip]:
    ends: dict[int, list[int]] = {}
    for start, end in sorted(edges):
        if end > start + 1:
            ends.setdefault(start, []).append(end)
    free: list[int] = []  # the row from which each lane is free
    skips = []
    for start, rows in ends.items():
        lane = next((i for i, row in enumerate(free) if row <= start), len(free))
        if lane == MOST:
            lane -= 1
        elif lane == len(free):
            free.append(0)
        free[lane] = max(rows)
        skips.append(_Skip(start=start, ends=tuple(rows), lane=lane + 1))
    return skips


def _margin(row: int, layer: ViewedLayer, edges: set[tuple[int, int]], skips: list[_Skip], width: int) -> str:
    middle, left = HEIGHT // 2, STEP
    paths = [f"M{left} 0V{middle}"] if (row - 1, row) in edges else []
    paths += [f"M{left} {middle}V{HEIGHT}"] if (row, row + 1) in edges else []
    for skip in skips:
        x, last = STEP * (1 + skip.lane), max(skip.ends)
        if row == skip.start:
            paths.append(f"M{left} {middle}C{x} {middle} {x} {middle} {x} {HEIGHT}")
        elif row in skip.ends:
            paths.append(f"M{x} 0C{x} {middle} {x} {middle} {left} {middle}")
        if skip.start < row < last:
            paths.append(f"M{x} 0V{HEIGHT}")
    filled = "node full" if layer.n_weights else "node"
    return (
        f'<svg aria-hidden="true" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}">'
        f'<path d="{"".join(paths)}"/><circle class="{filled}" cx="{left}" cy="{middle}" r="4"/></svg>'
    )
