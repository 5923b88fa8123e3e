"""Replay: train a recipe for a number of steps from a seed, with and without a fix; what can share a trace does."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.fix import Fix, MapInput, MapLabels, Reinitialize, SetCompile, SetFit, SetLayer, Shuffle
from flatline.measure.fresh import draw, kept_layers
from flatline.measure.plan import BATCH_SIZE
from flatline.measure.setup import first_line, n_rows, row_weights, rows_of, spread
from flatline.measure.trial import orders
from flatline.rebuild import rebuilt
from flatline.recipe import Recipe
from flatline.score import Score
from flatline.search.variant import OwnVariant, Variant, is_structural, key
from flatline.verdict import FLOOR

HELD_OUT = 0.2
FEWEST_HELD_OUT = 20  # rows; on fewer an accuracy is known to ± 0.22 at best
SCORED_ROWS = 512
PREDICTED_ROWS = 256  # at a time, for memory's sake
MAX_STEPS = 4000
MOST_POINTS = 12  # of a curve
AS_IS = Fix(title="as is")
CHUNK_SECONDS = 0.2  # a run that has diverged is stopped after so long at the latest
MEMORISES = (
    0.3  # 1; that much better on rows trained on than on others, where those are answered no better than blindly
)
LUCK = 0.05  # 1; two standard errors of an accuracy on 400 held-out rows


@dataclass(frozen=True, kw_only=True)
class Run:
    """One short training."""

    score: float  # on rows trained on, at the end
    held_out: float  # on the others; NaN where there are none
    n_steps: int
    planned: int
    diverged: bool = False
    points: Array = field(default_factory=lambda: np.empty(0))  # scores on rows trained on, along the way
    seconds: float = 0.0  # steps only
    whole: float = 0.0  # with everything, a trace included
    failed: str = ""  # why no step could be taken

    @property
    def value(self) -> float:
        """What runs are compared by: both scores count the same where there are two."""
        return self.score if np.isnan(self.held_out) else (self.score + self.held_out) / 2


class Replay:
    """Trains variants of one recipe. The caller wraps everything in `preserved(model)`.

    Parameters
    ----------
    recipe : Recipe
        With arrays: a fair sample of the user's rows.
    scores : sequence of Score
        One for each output.
    weight : ndarray of shape (n_rows,) or None
        Sample weights without class weights.
    shuffle : bool
        Whether the planned training takes its rows in random order.
    batch_size : int
        Of the planned training.
    planned_epochs : int or None
        Of the planned training.
    compiled : bool
        Whether the model is so slow that predictions go through a graph.
    seed : int
        Of the choice of held-out rows.
    kept : set of str or None
        Layers whose weights are not drawn anew; those that look trained or are frozen when None.

    Notes
    -----
    Edits that change a graph (layers, loss, optimizer) have a variant of the model each, compiled once. Rate, initial
    weights, maps of inputs and labels, class weights, seeds and the order of rows are data: their runs share the trace.
    """

    def __init__(
        self,
        recipe: Recipe,
        scores: Sequence[Score],
        *,
        weight: Array | None,
        shuffle: bool,
        batch_size: int,
        planned_epochs: int | None,
        compiled: bool,
        seed: int,
        kept: frozenset[str] | None = None,
    ) -> None:
        self.recipe, self.scores = recipe, scores
        self.weight, self.shuffle, self.batch_size = weight, shuffle, batch_size
        self.epochs = planned_epochs
        # A recurrent loop takes ten times as long from Python, or a trace in each call; runs are scored many times.
        self.compiled = compiled or any(isinstance(each, keras.layers.RNN) for each in recipe.model._flatten_layers())
        n = n_rows(recipe.X)
        dealt = np.random.default_rng(seed).permutation(n)
        n_held = int(HELD_OUT * n) if int(HELD_OUT * n) >= FEWEST_HELD_OUT and shuffle else 0
        self.held, self.rows = np.sort(dealt[:n_held]), np.sort(dealt[n_held:])
        self.seen, self.unseen = spread(self.rows, SCORED_ROWS), spread(self.held, SCORED_ROWS)  # that are scored
        self.kept = kept_layers(recipe.model) if kept is None else kept
        self.null = float(np.mean([score.null for score in scores]))
        self._variants: dict[str, Variant] = {}
        self._data: dict[str, tuple[Any, Any, list[Array]]] = {}
        self._tensors: dict[int, tuple[Any, Any]] = {}
        self._weights: dict[str, Array | None] = {}  # of rows, by class weights
        self._scoring = 0.0  # seconds that the last score took
        self.own: str | None = None  # why the user's own object is trained rather than a copy
        try:
            self._variant(AS_IS)
        except FlatlineError as error:
            self.own = str(error)

    @property
    def n_traces(self) -> int:
        """How many graphs were traced."""
        return sum(len(each.training.traced) for each in self._variants.values())

    def n_points(self, seconds: float) -> int:
        """How many scores a run of so many seconds bears, so that they take no more than a quarter of it."""
        return int(np.clip(seconds / 4 / max(self._scoring, 1e-6), 2, MOST_POINTS))

    def known(self, fix: Fix) -> bool:
        """Whether the graph of a fix is there already, so that a run costs its steps only."""
        return key(fix) in self._variants

    def memorises(self, run: Run) -> bool:
        """Whether a network knows its own rows and is no better than guessing on others."""
        return run.score - run.held_out > MEMORISES and run.held_out <= self.null + LUCK

    def steps(self, fix: Fix, n_steps: int) -> int:
        """Steps of a run with the fix that stand for `n_steps` without: a smaller batch takes more, and more epochs."""
        factor = 1.0
        for edit in fix.edits:
            if isinstance(edit, SetFit) and edit.argument == "epochs" and self.epochs:
                factor *= edit.value / self.epochs
            elif isinstance(edit, SetFit) and edit.argument == "batch_size":
                factor *= min(self.batch_size, len(self.rows)) / min(edit.value, len(self.rows))
        return int(np.clip(round(n_steps * factor), 1, max(MAX_STEPS, n_steps)))

    def run(self, fix: Fix, *, seed: int, n_steps: int, n_points: int = 1, seconds: float = float("inf")) -> Run:
        """Train the recipe with a fix from a seed.

        Parameters
        ----------
        fix : Fix
            Its edits; none for the set-up as it is.
        seed : int
            Of initial weights, dropout and the order of rows.
        n_steps : int
            Steps of the set-up as it is; a fix of batch size or epochs takes its own number.
        n_points : int
            How often the score is taken along the way.
        seconds : float
            When to stop at the latest, the trace not counted.

        Raises
        ------
        FlatlineError
            When the fix cannot be made mechanically, or the network with it cannot take a step.
        """
        start = time.perf_counter()
        steps = self.steps(fix, n_steps)
        try:
            variant, data = self._variant(fix), self._mapped(fix)
            with variant.world(fix):
                return self._train(variant, fix, data, seed, steps, n_points, seconds, start)
        except FlatlineError:
            raise
        except backend.OUT_OF_MEMORY as error:
            self._variants.pop(key(fix), None)  # its weights and graph are memory that the other fixes need
            raise FlatlineError(f"there is not enough memory for it: {first_line(error)}") from error
        except Exception as error:  # shapes that do not fit: this fix is not tried
            raise FlatlineError(f"training with it raised {type(error).__name__}: {first_line(error)}") from error

    def as_is(self, *, seed: int, n_steps: int, n_points: int = 1, seconds: float = float("inf")) -> Run:
        """Train the set-up as it is; where its first step raises, it has learnt nothing."""
        return self.run_or_nothing(AS_IS, seed=seed, n_steps=n_steps, n_points=n_points, seconds=seconds)

    def run_or_nothing(
        self, fix: Fix, *, seed: int, n_steps: int, n_points: int = 1, seconds: float = float("inf")
    ) -> Run:
        """Like `run`, but a network that cannot take a step scores as the best constant answer does."""
        try:
            return self.run(fix, seed=seed, n_steps=n_steps, n_points=n_points, seconds=seconds)
        except FlatlineError as error:
            held_out = self.null if len(self.held) else float("nan")
            points = np.full(n_points, self.null)
            return Run(
                score=self.null, held_out=held_out, n_steps=n_steps, planned=n_steps, points=points, failed=str(error)
            )

    def _train(
        self, variant: Variant, fix: Fix, data: Any, seed: int, steps: int, n_points: int, seconds: float, start: Any
    ) -> Run:
        x, y, trained = data
        batch, shuffle, weight = self._plan(fix)
        overrides = {
            (edit.layer, edit.argument): edit.value
            for edit in fix.edits
            if isinstance(edit, SetLayer) and edit.argument.endswith("_initializer")
        }
        anew = {name for edit in fix.edits if isinstance(edit, Reinitialize) for name in edit.layers}
        variant.reset(variant.initial)  # what is kept is kept as it was, not as the last run left it
        variant.reset(draw(variant.model, seed, kept=self.kept, anew=anew, initializers=overrides))
        for edit in fix.edits:
            if isinstance(edit, SetCompile) and edit.argument == "optimizer.learning_rate":
                variant.optimizer.learning_rate = edit.value
        order = self.rows[orders(len(self.rows), min(batch, len(self.rows)), steps, shuffle=shuffle, seed=seed)]
        device = (self._on_device(x), self._on_device(y), self._on_device(weight))
        ends = np.unique(np.linspace(0, steps, n_points + 1).astype(int)[1:])
        points: list[float] = []
        done, stepping, diverged, chunk = 0, 0.0, False, 1
        for end in ends:
            while done < end and not diverged and stepping <= seconds:
                tick = time.perf_counter()
                losses = variant.training.run(*device, order[done : min(done + chunk, end)])
                spent = time.perf_counter() - tick
                diverged = not bool(np.all(np.isfinite(losses)))
                stepping += spent if done else 0.0  # the first step compiles
                if done:
                    pace = spent / len(losses)
                    chunk = int(
                        np.clip(min(CHUNK_SECONDS, max(seconds - stepping, 0.0)) / max(pace, 1e-7), 1, 16 * chunk)
                    )
                done += len(losses)
            known = end != ends[-1] and not diverged  # the last is scored below
            points.append(self._score(variant, x, trained, self.seen) if known else float("nan"))
        worst = FLOOR if self.null <= 0.0 else 0.0
        score, held_out = worst, worst if len(self.held) else float("nan")
        if not diverged:
            score = self._score(variant, x, trained, self.seen)
            if len(self.held):
                held_out = self._score(variant, x, trained, self.unseen)
        points[-1] = score
        return Run(
            score=score, held_out=held_out, n_steps=done, planned=steps, diverged=diverged,
            points=np.nan_to_num(np.array(points), nan=worst), seconds=stepping, whole=time.perf_counter() - start,
        )  # fmt: skip

    def _score(self, variant: Variant, x: Any, trained: list[Array], rows: Array) -> float:
        start = time.perf_counter()
        parts = [
            variant.predict(rows_of(x, rows[at : at + PREDICTED_ROWS])) for at in range(0, len(rows), PREDICTED_ROWS)
        ]
        outputs = keras.tree.flatten(keras.tree.map_structure(lambda *pieces: keras.ops.concatenate(pieces), *parts))
        found = [
            score(np.asarray(keras.ops.convert_to_numpy(output)), rows, labels, logits=variant.logits)
            for score, output, labels in zip(self.scores, outputs, trained, strict=True)
        ]
        self._scoring = time.perf_counter() - start
        return float(np.mean(found))

    def _plan(self, fix: Fix) -> tuple[int, bool, Array | None]:
        settings = {**self.recipe.fit_args, **{e.argument: e.value for e in fix.edits if isinstance(e, SetFit)}}
        shuffle = self.shuffle or any(isinstance(edit, Shuffle) for edit in fix.edits)
        batch = settings.get("batch_size") or self.batch_size or BATCH_SIZE
        class_weight = settings.get("class_weight")
        if repr(class_weight) not in self._weights:
            self._weights[repr(class_weight)] = row_weights(self.recipe.y, class_weight, self.weight)
        return int(batch), bool(shuffle), self._weights[repr(class_weight)]

    def _mapped(self, fix: Fix) -> tuple[Any, Any, list[Array]]:
        edits = tuple(edit for edit in fix.edits if isinstance(edit, MapInput | MapLabels))
        key = repr(edits)
        if key not in self._data:
            recipe = self.recipe.apply(Fix(title="maps", edits=edits)) if edits else self.recipe
            trained = [np.asarray(leaf) for leaf in keras.tree.flatten(recipe.y)]
            self._data[key] = (recipe.X, recipe.y, trained)
        return self._data[key]

    def _on_device(self, structure: Any) -> Any:
        if structure is None:
            return None
        if id(structure) not in self._tensors:
            self._tensors[id(structure)] = (structure, backend.to_tensors(structure))
        return self._tensors[id(structure)][1]

    def _variant(self, fix: Fix) -> Variant:
        mark = key(fix)
        if mark not in self._variants:
            structural = Fix(title=fix.title, edits=tuple(edit for edit in fix.edits if is_structural(edit)))
            model, rows = self.recipe.model, self.recipe.X
            if self.own is None:
                self._variants[mark] = Variant(rebuilt(model, structural, rows), compiled=self.compiled)
            else:
                self._variants[mark] = OwnVariant(model, structural, compiled=self.compiled)
        return self._variants[mark]
