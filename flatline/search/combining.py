"""Changes put together: where two touch the same thing, the later one holds."""

from collections.abc import Sequence

from flatline.experiment import Candidate, Tried
from flatline.fix import (
    Edit,
    Fix,
    InsertLayer,
    MapInput,
    MapLabels,
    Reinitialize,
    RemoveLayer,
    ReplaceLayer,
    Safety,
    SetCompile,
    SetFit,
    SetLayer,
    Shuffle,
)  # fmt: skip


def place_of(edit: Edit) -> tuple[str, ...]:
    """What an edit touches: two edits of the same place cannot both hold."""
    match edit:
        case SetLayer():
            return ("layer", edit.layer, edit.argument)
        case ReplaceLayer() | RemoveLayer():
            return ("layer", edit.layer)
        case InsertLayer():
            return ("before", edit.before)
        case SetCompile():  # a rate belongs to its optimizer
            return ("compile", edit.argument.partition(".")[0])
        case SetFit():
            return ("fit", edit.argument)
        case MapInput():
            return ("X",)
        case MapLabels():
            return ("y",)
        case Shuffle():
            return ("rows",)
        case Reinitialize():
            return ("weights",)


def disjoint(changes: Sequence[Candidate]) -> list[Candidate]:
    """Leave out what a later change is an alternative to, or takes something from; the rest can be made together."""
    kept: list[Candidate] = []
    taken: set[tuple[str, ...]] = set()
    for candidate in reversed(changes):
        places = {place_of(edit) for edit in candidate.fix.edits}
        alternative = any(candidate.group and candidate.group == other.group for other in kept)
        if (
            candidate not in kept
            and not alternative
            and not any(_touches(place, other) for place in places for other in taken)
        ):
            kept.insert(0, candidate)
            taken |= places
    return kept


def _touches(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two places overlap: a layer and an argument of it do."""
    n = min(len(one), len(other))
    return one[:n] == other[:n]


def combined(changes: Sequence[Candidate | Tried]) -> Fix:
    """Make one fix of changes that are disjoint."""
    if len(changes) == 1:
        return changes[0].fix
    return Fix(
        title="; ".join(each.fix.title for each in changes),
        safety=Safety.UNSAFE,
        edits=tuple(edit for each in changes for edit in each.fix.edits),
        snippet="\n".join(each.fix.snippet for each in changes if each.fix.snippet),
    )
