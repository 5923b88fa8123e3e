"""Exhibits of a set-up and of a run: put together from what was measured anyway, and never a reason to fail."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from flatline import backend
from flatline.exhibits import FirstBatch, ReceivedInputs
from flatline.facts import Array, HeadFacts
from flatline.logs import RunFacts, RunHead
from flatline.measure.answers import Asked, answer_facts, unanswered
from flatline.measure.calls import recorded
from flatline.measure.compiled import by_name
from flatline.measure.probe import quiet
from flatline.measure.receiving import Receiving
from flatline.measure.run import FEW
from flatline.measure.seen import PROBE_ROWS
from flatline.measure.setup import SetupFacts, fixed_batch, n_rows, rows_of
from flatline.measure.shown_rows import N_ROWS
from flatline.measure.targets import asked, label_texts, target_facts

if TYPE_CHECKING:
    from flatline.measure.recorder import Recorder

SECONDS = 0.5  # of the pass that is made when a run has ended
OF_INPUTS = (ReceivedInputs, FirstBatch)
Found = dict[type, Any]


def setup_exhibits(setup: SetupFacts, *, in_order: bool, seed: int) -> Found:
    """Return what the observed pass of a set-up has shown of its data.

    Parameters
    ----------
    setup : SetupFacts
    in_order : bool
        Whether training sees the rows in their order; else some are dealt.
    seed : int
        Of the deal.
    """

    def found() -> Found:
        n, heads = n_rows(setup.x), setup.objective.heads
        rows = np.arange(min(n, N_ROWS)) if in_order else np.random.default_rng(seed).permutation(n)[:N_ROWS]
        sampled = [asked(head, np.asarray(head.target.sample)) for head in heads if head.target is not None]
        labels = _labels(_asked(heads, rows_of(setup.y, rows)))
        return {**target_facts(sampled), **setup.receiving.facts(rows, in_order=in_order, labels=labels)}

    return _safely(found, OF_INPUTS)


def answered(heads: Sequence[HeadFacts], outputs: Any, y: Any, *, n_steps: int) -> Found:
    """Return what a rehearsed training has taught a network to answer, or why that cannot be told."""

    def found() -> Found:
        return _answers(_asked(heads, y), _numbers(outputs), n_steps=n_steps, rehearsed=True)

    return _safely(found, unanswered(heads, ""))


def exhibit(recorder: "Recorder") -> None:
    """Keep pieces of the data and of the answers in the record of a run that has ended, within its time.

    One forward pass in inference mode, of as many of the rows seen as take half a second, 256 at most.
    """
    record, again = recorder.record, bool(recorder.record.exhibits)
    if not recorder.n_steps or (again and not recorder.spending.may("probe")):
        return
    start = time.perf_counter()
    for kind, fact in _run_exhibits(recorder).items():
        record.exhibit(kind, fact)
    if again:
        recorder.spending.spend("probe", time.perf_counter() - start)
    else:
        record.spend("explaining", time.perf_counter() - start)


def _run_exhibits(recorder: "Recorder") -> Found:
    facts, rows, model = recorder.record.facts, recorder.rows, recorder.model
    if facts is None or rows.x is None:
        return dict.fromkeys(OF_INPUTS, "no rows of the training data were seen")
    if facts.custom_train_step:
        return dict.fromkeys(OF_INPUTS, "the model has its own train_step, and what it is called on there is not known")
    heads = _heads(recorder, facts)
    n = fixed_batch(model) or int(np.clip(FEW * SECONDS / max(rows.pass_seconds, 1e-6), N_ROWS, PROBE_ROWS))
    few = np.linspace(0, len(rows) - 1, min(len(rows), n)).astype(int)

    def found() -> Found:
        x, y = rows_of(rows.x, few), rows_of(rows.y, few)
        tensors = backend.to_tensors(x)
        receiving = Receiving(x, tensors, getattr(model, "input_names", None) or (), training=False)
        with quiet(model), recorded(model, receiving.note, linked=False), backend.graph_loops():
            outputs = _numbers(backend.call(model, tensors, training=False))
        told = _asked(heads, y, [output.shape[1:] for output in outputs])
        return {
            **target_facts([head for head in told if head is not None]),
            **receiving.facts(np.arange(min(len(few), N_ROWS)), in_order=True, labels=_labels(told)),
            **_answers(told, outputs, n_steps=recorder.n_steps, rehearsed=False),
        }

    return _safely(found, OF_INPUTS)


def _heads(recorder: "Recorder", facts: RunFacts) -> tuple[RunHead, ...]:
    """Outputs as they are known, or as the rows tell that are no fair sample; none where a loss refuses them."""
    if facts.heads:
        return facts.heads
    try:
        return recorder.rows.heads_of_any(recorder.model)
    except Exception:  # a loss of the user's own may refuse whatever we try
        return ()


def _asked(heads: Sequence[HeadFacts | RunHead], y: Any, shapes: Sequence[Any] = ()) -> list[Asked | None]:
    """What each output is asked to do for these rows; None where it has no targets."""
    ys = by_name(y, [head.name for head in heads])
    padded = [*shapes, *[None] * len(heads)]
    return [
        None if its is None else asked(head, np.asarray(its), shape)
        for head, its, shape in zip(heads, ys, padded, strict=False)
    ]


def _labels(told: Sequence[Asked | None]) -> dict[str, tuple[str, ...]]:
    """Labels of the rows that are shown, by output."""
    return {head.name: label_texts(head.y[:N_ROWS], head.task) for head in told if head is not None}


def _answers(told: Sequence[Asked | None], outputs: Sequence[Array], *, n_steps: int, rehearsed: bool) -> Found:
    known = [(head, output) for head, output in zip(told, outputs, strict=False) if head is not None]
    return answer_facts([h for h, _ in known], [o for _, o in known], n_steps=n_steps, rehearsed=rehearsed)


def _numbers(outputs: Any) -> list[Array]:
    return [np.asarray(keras.ops.convert_to_numpy(output), "float32") for output in keras.tree.flatten(outputs)]


def _safely(found: Callable[[], Found], kinds: Iterable[type]) -> Found:
    """What is found, or that it could not be: a picture more or less is no reason to fail."""
    try:
        return found()
    except Exception as error:
        return dict.fromkeys(kinds, f"measuring it raised {type(error).__name__}")
