"""Regression heads: outputs, targets and losses that fit together on every kind of scale."""

import keras
import numpy as np
from keras import layers, ops
from sklearn import datasets

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _body(*head: layers.Layer, width: int = 32) -> keras.Model:
    return keras.Sequential([layers.Dense(width, activation="relu"), layers.Dense(width, activation="relu"), *head])


@healthy
def linear_output_standardised_targets() -> Setup:
    """A linear last unit and targets of both signs: the plain right way, flagged for its missing activation."""
    X, y = data.curve()
    model = _body(layers.Dense(1))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def column_targets_mae() -> Setup:
    """Targets as a column, absolute error."""
    X, y = data.curve(1200, 4, seed=1)
    model = _body(layers.Dense(1, activation="linear"))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mean_absolute_error", metrics=["mse"])
    return Setup(model=model, X=X, y=y[:, None], fit_args={"epochs": 10, "batch_size": 32})


@healthy
def raw_targets_of_moderate_size() -> Setup:
    """Targets between 0 and 40, not scaled: the first loss is far above the variance, and it trains all the same."""
    X, y = data.curve(1200, 4, seed=2)
    model = _body(layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse", metrics=["mae"])
    return Setup(model=model, X=X, y=20 + 6 * y, fit_args={"epochs": 20, "batch_size": 32})


@healthy
def diabetes_in_its_own_unit() -> Setup:
    """Raw targets of 25 to 346 with a rate that reaches them; the loss starts at 29,000 and ends near 2,700."""
    X, y = data.diabetes()
    model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.03), loss="mse", metrics=["mae"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 32})


@healthy
def targets_rescaled_inside_the_model() -> Setup:
    """The head is multiplied out to the targets' unit by a `Rescaling` layer after the last `Dense`."""
    X, y = data.diabetes()
    model = keras.Sequential(
        [layers.Dense(16, activation="relu"), layers.Dense(1), layers.Rescaling(77.0, offset=152.0, name="to_units")]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 32})


@healthy
def huber_with_outliers() -> Setup:
    """A few targets lie ten deviations out; Huber is the remedy already chosen."""
    X, y = data.curve(1200, 5, seed=3)
    y = y.copy()
    y[::60] += 10
    model = _body(layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss=keras.losses.Huber(delta=1.0), metrics=["mae"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def log_cosh() -> Setup:
    """Log-cosh on standardised targets."""
    X, y = data.curve(1000, 3, seed=4)
    model = keras.Sequential([layers.Dense(48, activation="tanh"), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="log_cosh")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


def pinball(y_true, y_pred):
    """Quantile loss for the 10 %, 50 % and 90 % quantiles, one output each."""
    quantiles = ops.convert_to_tensor([0.1, 0.5, 0.9])
    error = y_true - y_pred
    return ops.mean(ops.maximum(quantiles * error, (quantiles - 1) * error), axis=-1)


@healthy
def three_quantiles() -> Setup:
    """Three outputs for one target column: a shape rule sees a mismatch, the loss broadcasts on purpose."""
    X, y = data.curve(1200, 4, seed=5)
    model = _body(layers.Dense(3, name="quantiles"))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss=pinball)
    return Setup(model=model, X=X, y=y[:, None], fit_args={"epochs": 12, "batch_size": 32})


@healthy
def poisson_with_exponential() -> Setup:
    """Counts under the Poisson loss, exponential output: integer targets, yet no classes."""
    X, y = data.counts()
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(1, activation="exponential")])
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="poisson")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def poisson_with_softplus() -> Setup:
    """Counts of dtype int64, softplus output; the loss turns negative for high rates."""
    X, y = data.counts(seed=1)
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1, activation="softplus")])
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss=keras.losses.Poisson())
    return Setup(model=model, X=X, y=(3 * y).astype("int64"), fit_args={"epochs": 12, "batch_size": 32})


@healthy
def softplus_for_positive_targets() -> Setup:
    """Positive targets, softplus output, squared error."""
    X, y = data.curve(1200, 4, seed=6)
    model = _body(layers.Dense(1, activation="softplus"))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return Setup(model=model, X=X, y=np.exp(0.6 * y), fit_args={"epochs": 12, "batch_size": 32})


@healthy
def relu_for_non_negative_targets() -> Setup:
    """Rainfall-like targets, half of them exactly 0, under a ReLU output that starts positive."""
    X, y = data.curve(1200, 4, seed=7)
    model = _body(layers.Dense(1, activation="relu", bias_initializer=keras.initializers.Constant(0.5)))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return Setup(model=model, X=X, y=np.maximum(y, 0), fit_args={"epochs": 12, "batch_size": 32})


@healthy
def sigmoid_for_fractions() -> Setup:
    """Targets in [0, 1] under a sigmoid with squared error: a regression, though it looks like a classifier."""
    X, y = data.curve(1200, 4, seed=8)
    model = _body(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return Setup(model=model, X=X, y=1 / (1 + np.exp(-2 * y)), fit_args={"epochs": 12, "batch_size": 32})


@healthy
def fractions_with_binary_crossentropy() -> Setup:
    """Fractional targets under binary cross-entropy: the loss cannot reach zero, its floor is their entropy."""
    X, y = data.curve(1200, 4, seed=9)
    model = _body(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy", metrics=["mae"])
    return Setup(model=model, X=X, y=1 / (1 + np.exp(-3 * y)), fit_args={"epochs": 12, "batch_size": 32})


@healthy
def tanh_for_symmetric_targets() -> Setup:
    """Targets in [-1, 1], tanh output."""
    X, y = data.curve(1200, 4, seed=10)
    model = _body(layers.Dense(1, activation="tanh"))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    return Setup(model=model, X=X, y=np.tanh(y), fit_args={"epochs": 12, "batch_size": 32})


def gaussian_nll(y_true, y_pred):
    """Negative log-likelihood of a Gaussian whose mean and log-variance are the two outputs."""
    mean, log_variance = y_pred[:, :1], y_pred[:, 1:]
    return 0.5 * ops.mean(log_variance + (y_true - mean) ** 2 * ops.exp(-log_variance), axis=-1)


@healthy
def heteroscedastic_two_outputs() -> Setup:
    """Mean and log-variance from one two-unit layer against one target column; the noise depends on the input."""
    rng = np.random.default_rng(20)
    X = rng.uniform(-2, 2, (1500, 1)).astype("float32")
    y = np.sin(2 * X) + np.exp(X - 2) * rng.normal(size=X.shape)
    model = _body(layers.Dense(2))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss=gaussian_nll)
    return Setup(model=model, X=X, y=y.astype("float32"), fit_args={"epochs": 15, "batch_size": 32})


@healthy
def negative_likelihood_loss() -> Setup:
    """Targets in small units: the log-likelihood loss is negative from the start and falls further."""
    X, y = data.curve(1200, 4, seed=11)
    start = keras.initializers.Constant([0.0, -5.0])
    model = _body(layers.Dense(2, bias_initializer=start))
    model.compile(optimizer=keras.optimizers.Adam(0.002), loss=gaussian_nll)
    return Setup(model=model, X=X, y=0.1 * y[:, None], fit_args={"epochs": 12, "batch_size": 32})


@healthy
def mape_far_from_zero() -> Setup:
    """Percentage error on targets between 5 and 60, none near zero; losses of tens are normal here."""
    X, y = data.curve(1200, 4, seed=12)
    start = keras.initializers.Constant(15.0)
    model = _body(layers.Dense(1, bias_initializer=start))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mape")
    return Setup(model=model, X=X, y=5 + 10 * np.exp(0.5 * y), fit_args={"epochs": 15, "batch_size": 32})


@healthy
def squared_log_error_for_prices() -> Setup:
    """Prices over two decades: squared logarithmic error, exponential output."""
    X, y = data.curve(1200, 4, seed=13)
    model = _body(layers.Dense(1, activation="exponential", bias_initializer=keras.initializers.Constant(4.0)))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mean_squared_logarithmic_error")
    return Setup(model=model, X=X, y=np.exp(4.5 + y), fit_args={"epochs": 12, "batch_size": 32})


@healthy
def several_targets_of_one_output() -> Setup:
    """Three physiological targets at once (linnerud, 20 rows repeated with noise), standardised."""
    X, y = datasets.load_linnerud(return_X_y=True)
    rng = np.random.default_rng(21)
    rows = rng.integers(0, 20, 400)
    X, y = ((a - a.mean(0)) / a.std(0) for a in (X, y))
    X = (X[rows] + 0.1 * rng.normal(size=(400, 3))).astype("float32")
    model = _body(layers.Dense(3))
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
    return Setup(model=model, X=X, y=y[rows].astype("float32"), fit_args={"epochs": 20, "batch_size": 16})


@healthy
def gamma_deviance() -> Setup:
    """A custom loss on waiting times, which are positive and skewed: its constant part makes it negative."""
    X, y = data.counts(seed=2)
    times = np.random.default_rng(22).gamma(3.0, (y + 1) / 30.0).astype("float32") + 1e-3

    def gamma_loss(y_true, y_pred):
        return ops.mean(y_true * ops.exp(-y_pred) + y_pred, axis=-1)

    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(1, name="log_rate")])
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss=gamma_loss)
    return Setup(model=model, X=X, y=times, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def mixture_density_head() -> Setup:
    """Two-valued targets: nine outputs (weights, means, log-deviations of three Gaussians) for one target column."""
    rng = np.random.default_rng(23)
    X = rng.uniform(-1, 1, (1500, 1)).astype("float32")
    y = np.where(rng.uniform(size=X.shape) < 0.5, 1, -1) * (0.5 + X**2) + 0.05 * rng.normal(size=X.shape)

    def mixture_nll(y_true, y_pred):
        logits, means, log_deviations = ops.split(y_pred, 3, axis=-1)
        z = (y_true - means) * ops.exp(-log_deviations)
        return -ops.logsumexp(ops.log_softmax(logits) - log_deviations - 0.5 * z**2, axis=-1)

    model = _body(layers.Dense(9))
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss=mixture_nll)
    return Setup(model=model, X=X, y=y.astype("float32"), fit_args={"epochs": 15, "batch_size": 32})
