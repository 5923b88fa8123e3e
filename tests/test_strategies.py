"""Under a distribution strategy, which must be set up before TensorFlow starts: in a process of its own."""

import subprocess
import sys

HEAD = """
import warnings

import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import keras
import numpy as np

import flatline
from flatline.logs import GradientLog, LossLog

X = np.random.default_rng(0).normal(size=(512, 12)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")
"""

RUN = """
def trained(watched):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        network = [keras.Input((12,)), layers.Dense(16, "relu"), layers.Dropout(0.2), layers.Dense(2, "softmax")]
        model = keras.Sequential(network)
        model.compile("adam", "sparse_categorical_crossentropy")
    monitor = flatline.watch(model, verbose=0, overhead=0.5) if watched else None
    keras.utils.set_random_seed(1)
    model.fit(X, Y, epochs=2, verbose=0)
    return model.get_weights(), monitor


watched, monitor = trained(True)
plain, _ = trained(False)
assert all(np.array_equal(a, b) for a, b in zip(watched, plain)), "weights differ"
logs = monitor.record.logs()
assert len(logs[LossLog]) == 32
gradients = logs[GradientLog]
assert len(gradients) >= 8 and np.isfinite(gradients.gradient_norm).all()
near = logs[LossLog].loss[gradients.step]
assert np.allclose(gradients.loss, near, rtol=0.5), (gradients.loss, near)
assert abs(monitor.record.facts.null - 0.693) < 0.02, monitor.record.facts.null
assert monitor.report.ok
"""


BEFORE = """
def made(network):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = network()
        model.compile("adam", "sparse_categorical_crossentropy")
        model.build((None, 12))
    return model


def dense():
    return keras.Sequential([keras.Input((12,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)])


class Own(keras.Model):
    def __init__(self, size):
        super().__init__()
        self.out = keras.layers.Dense(size, "softmax")

    def call(self, x):
        return self.out(x)


def refused(call, *words):
    try:
        call()
    except flatline.FlatlineError as error:
        assert all(word in str(error) for word in words) and "\\n" not in str(error), error
    else:
        raise AssertionError("not refused")


strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
warnings.simplefilter("ignore", flatline.FlatlineWarning)
model = made(dense)
before = model.get_weights()
curve = flatline.lr_range(model, X, Y, n_steps=60, verbose=0)
assert len(curve.rate) and abs(curve.current - 0.001) < 1e-9, curve
report = flatline.check_setup(model, X, Y, fit_args={"epochs": 5}, verbose=0)
assert not [one for one in report.not_evaluated if "step of the optimizer" in one.reason], report
assert [one.code for one in report.findings][:1] == ["FL301"], report
diagnosis = flatline.diagnose(model, X, Y, fit_args={"epochs": 5}, budget=15, select=["FL301", "FL004"], verbose=0)
assert diagnosis.experiment is not None and diagnosis.experiment.before > 0, diagnosis
setup = diagnosis.apply(report.fixes[0])
assert setup.model.distribute_strategy is strategy
assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights())), "weights differ"
model.fit(X, Y, verbose=0)  # as before

own = made(lambda: Own(2))
refused(lambda: flatline.lr_range(own, X, Y, verbose=0), "Own", "MirroredStrategy", "get_config")
report = flatline.check_setup(own, X, Y, fit_args={"epochs": 5}, verbose=0)
assert report.ok and any("under a strategy" in one.reason for one in report.not_evaluated), report
with strategy.scope():
    for call in (flatline.lr_range, flatline.check_setup, flatline.diagnose):
        refused(lambda: call(model, X, Y, verbose=0), "outside of the scope")
"""


def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_two_replicas_are_recorded_and_train_the_same_to_the_bit():
    run(HEAD + RUN)


def test_what_takes_steps_before_training_takes_them_on_one_device():
    run(HEAD + BEFORE)
