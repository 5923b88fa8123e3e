"""Why does this network predict next to nothing of what a house costs?

A table with columns on very different scales (square metres, rooms, year, kilometres), prices in euros, a plain
network, Adam, the mean squared error: after ten epochs it is worse than answering the average price.

Run it with `python examples/house_prices.py`. `flatline.diagnose` finds out why by experiment, and hands over the
repaired set-up. The cure standardises inputs and targets: `prepare` does the same to new houses, `restore` gives euros
back.
"""

import keras
import numpy as np

import flatline

rng = np.random.default_rng(0)
n = 1200
area, rooms = rng.uniform(40, 240, n), rng.integers(1, 9, n)
year, distance = rng.integers(1900, 2024, n), rng.uniform(0, 30, n)
price = 2500 * area + 9000 * rooms + 600 * (year - 1900) + 4000 * np.maximum(15 - distance, 0) * (area > 100)
X = np.column_stack([area, rooms, year, distance]).astype("float32")
y = (price + rng.normal(0, 15_000, n)).astype("float32")
X_new, y_new = X[1000:], y[1000:]
X, y = X[:1000], y[:1000]


def build():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(32, activation="relu", name="hidden_1"),
            keras.layers.Dense(32, activation="relu", name="hidden_2"),
            keras.layers.Dense(1, name="price"),
        ]
    )
    model.compile("adam", "mean_squared_error")
    return model


def told(name, predicted):
    wrong = np.abs(predicted.ravel() - y_new)
    r2 = 1 - np.mean(wrong**2) / np.var(y_new)
    print(f"{name}: off by {np.median(wrong):,.0f} € in the median, R² {r2:.2f}")


fit_args = {"epochs": 10, "batch_size": 32, "verbose": 0}
told("answering the average price", np.full(len(y_new), y.mean()))
model = build()
model.fit(X, y, **fit_args)
told("the network as it is", model.predict(X_new, verbose=0))

print("\nWhy?\n")
diagnosis = flatline.diagnose(build(), X, y, fit_args=fit_args, budget=60)

print("\nThe cure, as a difference of code:\n")
print(diagnosis.diff())

setup = diagnosis.apply()
setup.fit()
told("the repaired network", setup.restore(setup.model.predict(setup.prepare(X_new), verbose=0)))
