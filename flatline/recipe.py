"""Recipe: all that is needed to train again, and what a fix edits. Applying a fix makes a new recipe."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.fix import Fix, MapInput, MapLabels, Reinitialize, SetCompile, SetFit, Shuffle
from flatline.maps import Affine, Map, are_arrays, fit_inputs, fit_labels, mapped
from flatline.rebuild import LAYER_EDITS, rebuilt


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A compiled model, its data and the arguments of `fit`.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    X, y : array-like or list or dict of them, or a pipeline (y=None)
        Training data.
    fit_args : dict
        Keyword arguments of `fit`.
    sample : tuple of (x, y), arrays or structures of them
        Rows that maps are fitted to where X is a pipeline.
    """

    model: Any
    X: Any
    y: Any = None
    fit_args: Mapping[str, Any] = field(default_factory=dict)
    sample: tuple[Any, Any] | None = None
    input_maps: tuple[Map | None, ...] = ()
    label_maps: tuple[Map | None, ...] = ()

    def apply(self, fix: Fix) -> "Recipe":
        """Return a new recipe with the fix's edits; this one, its model and its data stay as they are.

        Layers that an edit does not touch start from the weights they have here. Maps of inputs and labels are fitted
        to the training data and applied to the validation data in `fit_args` as well.

        Raises
        ------
        FlatlineError
            When an edit matches nothing, or cannot be made mechanically on this model or these data.
        """
        if not fix.edits:
            raise FlatlineError(f"{fix.title!r} cannot be applied mechanically; it is advice")
        recipe = self
        if any(isinstance(edit, (*LAYER_EDITS, SetCompile, Reinitialize)) for edit in fix.edits):
            recipe = dataclasses.replace(recipe, model=rebuilt(self.model, fix, self._sample()[0]))
        for edit in sorted(fix.edits, key=lambda edit: not isinstance(edit, SetFit)):  # class weights are of old labels
            if isinstance(edit, SetFit):
                recipe = dataclasses.replace(recipe, fit_args={**recipe.fit_args, edit.argument: edit.value})
            elif isinstance(edit, MapInput | MapLabels):
                recipe = recipe._mapped(edit)
            elif isinstance(edit, Shuffle):
                recipe = _shuffled(recipe)
        return recipe

    def _sample(self) -> tuple[Any, Any]:
        return (self.X, self.y) if are_arrays(self.X) or self.sample is None else self.sample

    def _mapped(self, edit: MapInput | MapLabels) -> "Recipe":
        x, y = self._sample()
        source = x if isinstance(edit, MapInput) else y
        if not are_arrays(source):
            raise FlatlineError("this fix maps arrays; map the data set itself, e.g. with tf.data.Dataset.map")
        leaves = [np.asarray(leaf) for leaf in keras.tree.flatten(source)]
        if isinstance(edit, MapInput):
            maps: tuple[Map | None, ...] = tuple(fit_inputs(edit, leaf) for leaf in leaves)
            changed = dataclasses.replace(self, input_maps=_chained(self.input_maps, maps))
            inputs, labels = maps, None
        else:
            maps = tuple(fit_labels(edit, leaf) for leaf in leaves)
            changed = dataclasses.replace(self, label_maps=_chained(self.label_maps, maps))
            inputs, labels = None, maps
        X, y = mapped_data(self.X, self.y, inputs, labels)
        sample = None if self.sample is None else mapped_data(*self.sample, inputs, labels)
        fit_args = dict(self.fit_args)
        if fit_args.get("validation_data") is not None:
            fit_args["validation_data"] = _validation(fit_args["validation_data"], inputs, labels)
        if labels and fit_args.get("class_weight") and edit.how in ("from_zero", "zero_one"):
            old = np.array(list(fit_args["class_weight"]), dtype="float64")
            new = labels[0](old) if labels[0] is not None else old
            fit_args["class_weight"] = dict(
                zip((int(label) for label in new), fit_args["class_weight"].values(), strict=True)
            )
        return dataclasses.replace(changed, X=X, y=y, fit_args=fit_args, sample=sample)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A repaired set-up, ready to train: `setup.model.fit(setup.X, setup.y, **setup.fit_args)`.

    Parameters
    ----------
    model : keras.Model
        New, compiled.
    X, y : array-like, or structures of them, or a pipeline (y=None)
        The training data as the repaired model takes them.
    fit_args : dict
        Arguments of `fit`.
    """

    model: Any
    X: Any
    y: Any
    fit_args: dict[str, Any]
    _input_maps: tuple[Map | None, ...] = ()
    _label_maps: tuple[Map | None, ...] = ()

    def __repr__(self) -> str:
        """Name what there is, without the rows."""
        prepared = ", inputs are mapped: prepare(X_new) before predict, standalone() to save"
        told = prepared if any(self._input_maps) else ""
        return f"Setup(model={self.model.name!r}, X, y, fit_args={self.fit_args!r}{told})"

    def fit(self) -> Any:
        """Train as planned; return Keras' History."""
        arguments = self.fit_args if self.y is None else {"y": self.y, **self.fit_args}
        return self.model.fit(self.X, **arguments)

    def prepare(self, X: Any) -> Any:
        """Transform new inputs as the training inputs were, before `predict`."""
        return mapped(X, self._input_maps) if self._input_maps else X

    def restore(self, predictions: Any) -> Any:
        """Turn predictions of standardised or rescaled targets back into the targets' own units."""
        if not self._label_maps:
            return predictions
        leaves = keras.tree.flatten(predictions)
        done = [
            one.inverse(np.asarray(leaf)) if one is not None and hasattr(one, "factor") else leaf
            for one, leaf in zip(self._label_maps, leaves, strict=True)
        ]
        return keras.tree.pack_sequence_as(predictions, done)

    def standalone(self) -> Any:
        """Return the model as it is now with the maps inside, to be saved: for inputs and answers as the user has them.

        Layers are shared with `model`. The maps that `prepare` and `restore` make become layers before and behind it.

        Raises
        ------
        FlatlineError
            When inputs of a pipeline are mapped, whose shape is not known here.
        """
        if not any(self._input_maps) and not any(isinstance(one, Affine) for one in self._label_maps):
            return self.model
        if not are_arrays(self.X):
            raise FlatlineError("the maps of a pipeline cannot be put into the model; save them, and call `prepare`")
        leaves = [np.asarray(leaf) for leaf in keras.tree.flatten(self.X)]  # mapped ones are float32
        inputs = [keras.Input(leaf.shape[1:], dtype=leaf.dtype.name) for leaf in leaves]
        maps = zip(self._input_maps or (None,) * len(inputs), inputs, strict=True)
        read = [one.layer()(tensor) if isinstance(one, Affine) else tensor for one, tensor in maps]
        answers = self.model(keras.tree.pack_sequence_as(self.X, read))
        if any(self._label_maps):
            parts = zip(self._label_maps, keras.tree.flatten(answers), strict=True)
            told = [one.inverse_layer()(part) if isinstance(one, Affine) else part for one, part in parts]
            answers = keras.tree.pack_sequence_as(answers, told)
        return keras.Model(keras.tree.pack_sequence_as(self.X, inputs), answers, name=self.model.name)


def setup_of(recipe: Recipe) -> Setup:
    """The part of a recipe that its user trains with."""
    return Setup(
        model=recipe.model,
        X=recipe.X,
        y=recipe.y,
        fit_args=dict(recipe.fit_args),
        _input_maps=recipe.input_maps,
        _label_maps=recipe.label_maps,
    )


def mapped_data(X: Any, y: Any, inputs: Any, labels: Any) -> tuple[Any, Any]:
    """Map inputs or labels (None: as they are) of arrays or of a pipeline."""
    if are_arrays(X):
        return (X if inputs is None else mapped(X, inputs)), (y if labels is None or y is None else mapped(y, labels))
    if not backend.is_dataset(X):
        raise FlatlineError(
            f"a {type(X).__name__} cannot be mapped mechanically; map its rows where it makes them, as the fix shows"
        )

    def change(*parts: Any) -> Any:
        done = list(parts)
        for index, maps in ((0, inputs), (1, labels)):
            if maps is not None:
                leaves = keras.tree.flatten(parts[index])
                new = [leaf if one is None else one.tensor(leaf) for one, leaf in zip(maps, leaves, strict=True)]
                done[index] = keras.tree.pack_sequence_as(parts[index], new)
        return tuple(done)

    return backend.map_dataset(X, change), y


def _validation(data: Any, inputs: Any, labels: Any) -> Any:
    if isinstance(data, tuple | list):
        x, y, *rest = data
        return (*mapped_data(x, y, inputs, labels), *rest)
    return mapped_data(data, None, inputs, labels)[0]


def _chained(first: tuple[Map | None, ...], then: tuple[Map | None, ...]) -> tuple[Map | None, ...]:
    if any(one is not None for one in first):
        raise FlatlineError("two maps of the same arrays in one fix; combine them into one")
    return then


def _shuffled(recipe: Recipe) -> Recipe:
    fit_args = {**recipe.fit_args, "shuffle": recipe.fit_args.get("shuffle", True)}
    if not are_arrays(recipe.X):
        raise FlatlineError("rows of a pipeline are shuffled where it is made, e.g. with tf.data.Dataset.shuffle")
    order = np.random.default_rng(0).permutation(len(keras.tree.flatten(recipe.X)[0]))

    def dealt(structure: Any) -> Any:
        return None if structure is None else keras.tree.map_structure(lambda leaf: np.asarray(leaf)[order], structure)

    if recipe.fit_args.get("sample_weight") is not None:
        fit_args["sample_weight"] = dealt(recipe.fit_args["sample_weight"])
    return dataclasses.replace(recipe, X=dealt(recipe.X), y=dealt(recipe.y), fit_args=fit_args)
