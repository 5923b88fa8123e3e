"""Models with their own `train_step`: variational, adversarial, diffusion, accumulated by hand."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


class VariationalAutoencoder(keras.Model):
    """The textbook model: reconstruction summed over pixels plus divergence, no compiled loss."""

    def __init__(self, width: int = 96, code: int = 8) -> None:
        super().__init__()
        self.encoder = keras.Sequential([layers.Dense(width, activation="relu"), layers.Dense(2 * code)])
        self.decoder = keras.Sequential(
            [layers.Dense(width, activation="relu"), layers.Dense(64, activation="sigmoid")]
        )
        self.noise = keras.random.SeedGenerator(7)
        self.tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.tracker]

    def _losses_of(self, images):
        mean, log_variance = ops.split(self.encoder(images), 2, axis=-1)
        code = mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.noise)
        pixels = keras.losses.binary_crossentropy(images[..., None], self.decoder(code)[..., None])
        divergence = -0.5 * (1 + log_variance - mean**2 - ops.exp(log_variance))
        return ops.mean(ops.sum(pixels, axis=1) + ops.sum(divergence, axis=1))

    def call(self, images):
        return self.decoder(ops.split(self.encoder(images), 2, axis=-1)[0])

    def train_step(self, images):
        with tf.GradientTape() as tape:
            loss = self._losses_of(images)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    def test_step(self, images):
        self.tracker.update_state(self._losses_of(images))
        return {"loss": self.tracker.result()}


@healthy
def variational_autoencoder() -> Setup:
    """Custom `train_step`, no compiled loss, a linear code layer and a sum over pixels."""
    X, _ = data.digits()
    model = VariationalAutoencoder()
    model.compile(optimizer=keras.optimizers.Adam(0.004))
    return Setup(model=model, X=X, fit_args={"epochs": 18, "batch_size": 32})


class Sampling(layers.Layer):
    """Draw a code; add the divergence from the standard normal as a loss."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(8)

    def call(self, moments):
        mean, log_variance = moments
        self.add_loss(-0.5 / 64 * ops.mean(ops.sum(1 + log_variance - mean**2 - ops.exp(log_variance), axis=-1)))
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.seeds)


@healthy
def functional_variational_autoencoder() -> Setup:
    """The divergence goes through `add_loss` of a sampling layer; mean and log-variance are linear layers."""
    X, _ = data.digits()
    inputs = keras.Input((64,))
    x = layers.Dense(64, activation="relu")(inputs)
    code = Sampling()([layers.Dense(4, name="mean")(x), layers.Dense(4, name="log_variance")(x)])
    outputs = layers.Dense(64, activation="sigmoid")(layers.Dense(64, activation="relu")(code))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    return Setup(model=model, X=X, y=X, fit_args={"epochs": 15, "batch_size": 32})


class Adversarial(keras.Model):
    """Generator and discriminator, each with its own optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = keras.Sequential([layers.Input((4,)), layers.Dense(24, activation="relu"), layers.Dense(2)])
        self.critic = keras.Sequential([layers.Input((2,)), layers.Dense(24, activation="leaky_relu"), layers.Dense(1)])
        self.seeds = keras.random.SeedGenerator(9)
        self.score = keras.losses.BinaryCrossentropy(from_logits=True)

    def compile(self, generator_optimizer, critic_optimizer) -> None:
        super().compile()
        self.generator_optimizer, self.critic_optimizer = generator_optimizer, critic_optimizer

    def call(self, noise):
        return self.generator(noise)

    def train_step(self, real):
        noise = keras.random.normal((ops.shape(real)[0], 4), seed=self.seeds)
        with tf.GradientTape() as tape:
            scores = self.critic(ops.concatenate([real, self.generator(noise)], axis=0))
            truth = ops.concatenate([ops.ones_like(real[:, :1]), ops.zeros_like(real[:, :1])], axis=0)
            critic_loss = self.score(truth, scores)
        weights = self.critic.trainable_weights
        self.critic_optimizer.apply_gradients(zip(tape.gradient(critic_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            generator_loss = self.score(ops.ones_like(real[:, :1]), self.critic(self.generator(noise)))
        weights = self.generator.trainable_weights
        self.generator_optimizer.apply_gradients(zip(tape.gradient(generator_loss, weights), weights, strict=True))
        return {"critic_loss": critic_loss, "generator_loss": generator_loss}


@healthy
def adversarial_pair() -> Setup:
    """Neither loss falls: both hover near ln 2 when it works, so the distance of the moments is the score."""
    rng = np.random.default_rng(90)
    real = (np.array([2.0, -1.0]) + rng.normal(size=(1200, 2)) @ np.array([[0.5, 0.3], [0.0, 0.3]])).astype("float32")
    noise = rng.normal(size=(500, 4)).astype("float32")
    model = Adversarial()
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), keras.optimizers.Adam(2e-3, beta_1=0.5))

    def closeness(trained: Adversarial) -> float:
        return -float(np.linalg.norm(np.asarray(trained.generator(noise)).mean(0) - real.mean(0)))

    return Setup(model=model, X=real, fit_args={"epochs": 15, "batch_size": 32}, score=closeness)


@healthy
def denoising_diffusion_regression() -> Setup:
    """Predicts the noise that was mixed in at a random level: the loss has a high floor and is noisy."""
    rng = np.random.default_rng(91)
    angle = rng.uniform(0, 2 * np.pi, 3000)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    level = rng.uniform(0.05, 0.95, (3000, 1))
    noise = rng.normal(size=(3000, 2))
    X = np.concatenate([np.sqrt(level) * points + np.sqrt(1 - level) * noise, level], axis=1).astype("float32")
    model = keras.Sequential(
        [layers.Dense(64, activation="silu"), layers.Dense(64, activation="silu"), layers.Dense(2)]
    )
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=X, y=noise.astype("float32"), fit_args={"epochs": 12, "batch_size": 64})


class Penalised(keras.Model):
    """A functional model whose `train_step` adds a smoothness penalty and otherwise uses what was compiled."""

    def train_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            jitter = ops.mean((self(x + 0.05, training=True) - predicted) ** 2)
            loss = self.compute_loss(x, y, predicted) + 0.1 * jitter
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, predicted)
        return {metric.name: metric.result() for metric in self.metrics}


@healthy
def custom_step_with_compiled_loss() -> Setup:
    """The custom step of the guide: compiled loss and metrics, a penalty on top."""
    X, y = data.curve(1000, 4, seed=92)
    inputs = keras.Input((4,))
    outputs = layers.Dense(1)(layers.Dense(32, activation="relu")(inputs))
    model = Penalised(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse", metrics=["mae"])
    return Setup(model=model, X=X, y=y[:, None], fit_args={"epochs": 12, "batch_size": 32})


class Accumulating(keras.Model):
    """Sums the gradients of four batches before it moves the weights."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.batches = self.add_weight(shape=(), initializer="zeros", trainable=False, name="batches")
        self.sums = [
            self.add_weight(shape=weight.shape, initializer="zeros", trainable=False, name=f"sum_{number}")
            for number, weight in enumerate(self.trainable_variables)
        ]

    def train_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        for total, gradient in zip(self.sums, tape.gradient(loss, self.trainable_variables), strict=True):
            total.assign_add(gradient / 4)
        self.batches.assign_add(1.0)
        tf.cond(tf.equal(tf.math.floormod(self.batches.value, 4.0), 0.0), self._move, lambda: False)
        for metric in self.metrics:
            metric.update_state(loss)
        return {metric.name: metric.result() for metric in self.metrics}

    def _move(self) -> bool:
        self.optimizer.apply([total.value for total in self.sums], self.trainable_variables)
        for total in self.sums:
            total.assign(ops.zeros_like(total))
        return True


@healthy
def accumulation_in_a_custom_step() -> Setup:
    """Three of four steps change nothing."""
    X, y = data.curve(1200, 4, seed=93)
    inputs = keras.Input((4,))
    outputs = layers.Dense(1)(layers.Dense(32, activation="tanh")(inputs))
    model = Accumulating(inputs, outputs)
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss="mse")
    return Setup(model=model, X=X, y=y[:, None], fit_args={"epochs": 12, "batch_size": 16})
