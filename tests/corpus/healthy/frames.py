"""Tables as pandas frames and series, and arrays in tuples, dicts and tensors."""

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from sklearn import datasets

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _classifier(classes: int, rate: float = 0.005) -> keras.Model:
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(classes, activation="softmax")])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@healthy
def frame_and_series() -> Setup:
    """A scaled `DataFrame` and a `Series` with the same shuffled index."""
    table = datasets.load_wine(as_frame=True).frame.sample(frac=1, random_state=160)
    features = table.drop(columns="target")
    features = (features - features.mean()) / features.std()
    return Setup(model=_classifier(3), X=features, y=table["target"], fit_args={"epochs": 15, "batch_size": 16})


@healthy
def frame_of_dummies() -> Setup:
    """`get_dummies` with boolean columns, cast to float by the user; a frame of one target column."""
    rng = np.random.default_rng(161)
    table = pd.DataFrame({"colour": rng.choice(list("rgb"), 900), "size": rng.choice(list("sml"), 900)})
    cost = table["colour"].map({"r": 1.0, "g": 0.0, "b": -1.0}) * table["size"].map({"s": 0.2, "m": 1.0, "l": 2.0})
    table["age"] = rng.normal(size=900)
    target = (cost + 0.5 * table["age"] + 0.1 * rng.normal(size=900)).to_frame("cost")
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.005), "mse", metrics=["mae"])
    X = pd.get_dummies(table).astype("float32")
    return Setup(model=model, X=X, y=target, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def frame_with_rare_columns_of_one_value() -> Setup:
    """Two of thirty-two columns hold one value only."""
    X, y = data.cancer()
    table = pd.DataFrame(X, columns=[f"f{i}" for i in range(30)]).assign(site=1.0, batch=0.0)
    return Setup(model=_classifier(2), X=table, y=pd.Series(y), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def dict_of_columns() -> Setup:
    """Each column an input of its own, of shape (n, 1), as with feature columns."""
    X, y = data.curve(1000, 4, seed=162)
    inputs = {name: keras.Input((1,), name=name) for name in ("a", "b", "c", "d")}
    x = layers.Dense(32, activation="relu")(layers.Concatenate()(list(inputs.values())))
    model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile(keras.optimizers.Adam(0.005), "mse")
    columns = {name: X[:, [i]] for i, name in enumerate(inputs)}
    return Setup(model=model, X=columns, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def list_of_two_arrays() -> Setup:
    """Two arrays of different rank in a list: ids and numbers."""
    rng = np.random.default_rng(163)
    tokens, y = data.sentences(700, 16, 200, seed=163)
    numbers = (rng.normal(size=(700, 2)) + 0.3 * y[:, None]).astype("float32")
    ids, extra = keras.Input((16,), dtype="int32"), keras.Input((2,))
    text = layers.GlobalAveragePooling1D()(layers.Embedding(200, 12)(ids))
    model = keras.Model([ids, extra], layers.Dense(1, activation="sigmoid")(layers.Concatenate()([text, extra])))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=[tokens, numbers], y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def backend_tensors() -> Setup:
    """X and y as tensors of the backend."""
    X, y = data.wine()
    X, y = ops.convert_to_tensor(X), ops.convert_to_tensor(y)
    return Setup(model=_classifier(3), X=X, y=y, fit_args={"epochs": 15, "batch_size": 16})


@healthy
def fortran_ordered_and_read_only() -> Setup:
    """A read-only array in column order, as memory-mapped tables are."""
    X, y = data.cancer()
    X = np.asfortranarray(X)
    X.setflags(write=False)
    return Setup(model=_classifier(2), X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})
