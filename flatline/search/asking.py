"""Changes that the user asks about: each is put to the test by itself, before the search."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from flatline.errors import FlatlineError
from flatline.experiment import Candidate, Outcome, Tried
from flatline.search.confirming import confirm, n_pairs_for
from flatline.search.replay import Replay
from flatline.search.screening import Screening
from flatline.verdict import Ruling

APART = 100  # seeds between two changes; a test takes far fewer


def put_to_test(
    replay: Replay,
    screen: Screening,
    candidates: Sequence[Candidate],
    *,
    n_pairs: int,
    first: int,
    least: float,
    say: Callable[[str], None],
) -> Iterator[Tried]:
    """Run the set-up with and without each change in pairs; correct over all that are asked about.

    Parameters
    ----------
    replay : Replay
        Trains the set-up.
    screen : Screening
        Knows what a run costs and how much time is left.
    candidates : sequence of Candidate
        What is asked about.
    n_pairs : int
        Fresh seeds, at least, for each.
    first : int
        The first seed.
    least : float
        Mean gain below which an improvement is not worth the name.
    say : callable
        Told what is being run.
    """
    pairs = n_pairs_for(max(len(candidates), 1), n_pairs)
    for number, candidate in enumerate(candidates):
        told = Tried(
            fix=candidate.fix, cause=candidate.cause, source=candidate.source, outcome=Outcome.NOT_TRIED,
            n_steps=screen.n_steps,
        )  # fmt: skip
        if screen.left() < 2 * screen.cost:
            yield replace(told, note="no time was left")
            continue
        seed = first + APART * number
        try:  # what cannot be made is told as such, not as a change that does not help
            run = replay.run(candidate.fix, seed=seed, n_steps=screen.n_steps)
        except FlatlineError as error:
            yield replace(told, note=str(error))
            continue
        verdict = confirm(
            replay, [candidate], n_steps=screen.n_steps, seeds=range(seed + 1, seed + 1 + pairs),
            attempts=len(candidates), n_points=1, least=least, left=screen.left, say=say,
        ).verdict  # fmt: skip
        outcome = Outcome.HELPS if verdict.ruling is Ruling.CONFIRMED else Outcome.NO_HELP
        if run.diverged:
            outcome = Outcome.DIVERGED
        elif replay.memorises(run):
            outcome = Outcome.MEMORISES
        fix = replace(candidate.fix, verdict=verdict)
        yield replace(told, fix=fix, outcome=outcome, score=run.score, held_out=run.held_out)
