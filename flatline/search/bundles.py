"""Sets of changes worth trying at once: what the checks propose, and the set-up that one would start from."""

from collections.abc import Sequence

from flatline.experiment import Candidate
from flatline.search.combining import disjoint

STANDARD = (
    "canonical-units", "canonical-head", "canonical-output", "canonical-loss", "label-encoding", "standard-optimizer",
    "standardised-inputs", "standardised-targets", "rectified-hidden", "default-initialisers", "no-penalties",
    "no-dropout", "batch-size", "shuffled",
)  # fmt: skip
"""Remedies that together make the set-up one would start from."""

LARGER = ("more-epochs", "wider", "deeper")  # what may be missing besides
OPTIMIZER = "standard-optimizer"


def proposed(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Everything that findings at WARNING or above propose, the first fix of each finding."""
    return disjoint([each for each in reversed(candidates) if each.sure])  # where two conflict, the later one holds


def first(candidates: Sequence[Candidate], names: Sequence[str]) -> list[Candidate]:
    """The first change of each of these remedies."""
    found = (next((each for each in candidates if each.source == name), None) for name in names)
    return [each for each in found if each is not None]


def early(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Sets to begin with: all that findings propose, with a standard optimizer, and the whole standard set-up."""
    told = proposed(candidates)
    if not told:
        return []
    sets = (told, [*first(candidates, [OPTIMIZER]), *told], [*first(candidates, STANDARD), *told])
    return _distinct([disjoint(each) for each in sets])


def bundles(candidates: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[list[Candidate]]:
    """Sets to go on with from what is chosen, up to everything together."""
    told, standard = proposed(candidates), first(candidates, STANDARD)
    everything = [*standard, *first(candidates, LARGER), *told]
    faster = [each for each in candidates if each.source == OPTIMIZER]  # the last of them holds
    sets = (told, standard, [*standard, *told], everything, [*everything, *faster])
    return [each for each in _distinct([disjoint([*one, *chosen]) for one in sets]) if len(each) > len(chosen)]


def _distinct(sets: Sequence[list[Candidate]]) -> list[list[Candidate]]:
    kept: list[list[Candidate]] = []
    for each in sets:
        if not any(sorted(map(id, each)) == sorted(map(id, other)) for other in kept):
            kept.append(each)
    return kept
