"""Under a distribution strategy, which must be set up before TensorFlow starts: in a process of its own."""

import subprocess
import sys

PROGRAM = """
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import keras
import numpy as np

import flatline
from flatline.logs import GradientLog, LossLog

X = np.random.default_rng(0).normal(size=(512, 12)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


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


def test_two_replicas_are_recorded_and_train_the_same_to_the_bit():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
