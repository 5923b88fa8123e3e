import numpy as np

from flatline.cause import Cause
from flatline.checks.input_scale import MAX_RMS, MIN_PEAK, input_scale
from flatline.finding import Severity
from flatline.fix import MapInput
from flatline.testing import RuleTester, row
from tests.checks import make

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3)).astype("float32")
FAILED = make.rehearsal(make.arm(final=1.08, score=0.34))


def scaled(rms, low=None, high=None, **given):
    """A first layer whose inputs have this scale."""
    low, high = (-3 * rms if low is None else low), (3 * rms if high is None else high)
    return make.layer(input_rms=rms, input_min=low, input_max=high, **given)


RAW = scaled(116.0, 0.0, 255.0, kind="Conv2D", kernel_shape=(3, 3, 3, 8), input_shape=(8, 8, 3))
CENTRED = scaled(70.0, -123.0, 151.0, kind="Conv2D", kernel_shape=(3, 3, 3, 8), input_shape=(8, 8, 3))
HEAD = make.layer("head", kernel_shape=(16, 3), activation="softmax")
NORM = make.layer("bn", kind="BatchNormalization", kernel_shape=(), n_weights=64, n_trainable=32)
RELU = make.layer("relu", kind="ReLU", kernel_shape=(), activation="relu")
FLATTEN = make.layer("flatten", kind="Flatten", kernel_shape=())
FROZEN = scaled(116.0, 0.0, 255.0, trainable=False)
TOKENS = scaled(200.0, 0.0, 499.0, kind="Embedding", kernel_shape=(500, 8))


def test_input_scale():
    RuleTester(input_scale).run(
        fires=[
            row(
                make.data(PIXELS),
                make.model(RAW, HEAD),
                message="inputs reach `dense` at rms 116 (range 0 to 255), above 20",
                severity=Severity.WARNING,
                cause=Cause.INPUT_SCALE,
                fix="divide the pixels by 255",
            ),
            row(make.data(PIXELS), make.model(RAW, HEAD, kind="subclassed"), message="116", fix="divide the pixels"),
            row(make.data(PIXELS), make.model(FLATTEN, RAW, HEAD), message="rms 116", fix="divide the pixels"),
            row(make.data(make.ROWS * 300), make.model(scaled(300.0), HEAD), message="rms 300", fix="standardise"),
            # two inputs: what to standardise is not ours to say
            row(make.data([make.ROWS, PIXELS]), make.model(scaled(300.0), HEAD), message="rms 300", fix="numeric"),
            row(make.model(scaled(300.0), HEAD), FAILED, message="300", severity=Severity.WARNING),
            row(make.model(scaled(300.0), HEAD), make.rehearsal(), message="300", severity=Severity.INFO),
            row(make.model(scaled(1e-3), HEAD), message="no larger than 0.003, below 0.01", severity=Severity.WARNING),
            row(make.model(scaled(1e-3), HEAD), make.rehearsal(), message="0.003", severity=Severity.INFO),
            # scale that normalisation takes out again
            row(make.model(RAW, NORM, HEAD), message="rms 116", severity=Severity.INFO),
            row(make.model(RAW, RELU, NORM, HEAD), message="rms 116", severity=Severity.INFO),
            # a sigmoid is saturated before normalisation comes
            row(make.model(scaled(116.0, activation="sigmoid"), NORM, HEAD), message="116", severity=Severity.WARNING),
            row(make.model(CENTRED, HEAD), message="rms 70", severity=Severity.INFO),  # Keras' mode="caffe"
        ],
        silent=[
            make.model(),
            make.model(scaled(MAX_RMS)),  # at the bound
            make.model(scaled(MIN_PEAK / 3)),  # at the other
            make.model(scaled(0.48, 0.0, 1.0), HEAD),  # images in [0, 1]
            make.model(scaled(0.58, -1.0, 1.0), HEAD),  # in [-1, 1]
            make.model(scaled(2.9, 0.0, 6.4), HEAD),  # logarithms of counts
            make.model(scaled(0.22, 0.0, 1.0), HEAD),  # one-hot: 95 % zeros, and ones
            make.model(scaled(0.01, 0.0, 0.9), HEAD),  # padded with zeros nearly everywhere
            make.model(scaled(17.3, -30.0, 30.0), HEAD),  # a sine network that multiplies by 30 first
            (make.data(PIXELS), make.model(make.layer("rescaling", kind="Rescaling", kernel_shape=()), scaled(0.45))),
            (make.data(PIXELS), make.model(NORM, scaled(1.0), HEAD)),  # normalised before the first kernel
            # one of two branches is fine, and the small one may be a time delta
            make.model(scaled(1e-3), make.layer("b", reads_model_input=True)),
            make.model(scaled(0.0)),  # all zeros: another check's
            # later layers may have any scale
            make.model(make.layer(), scaled(900.0, name="second"), HEAD),
        ],
        cannot_tell=[
            row(make.model(scaled(float("nan"))), message="measured at 0"),
            row(make.model(TOKENS, FLATTEN, HEAD), message="0 first trainable layers"),  # words, not amounts
            row(make.model(FROZEN, HEAD), message="0 first trainable layers"),
        ],
    )


def test_the_scale_of_pixels_is_undone_in_the_data_so_that_no_two_changes_divide():
    (finding,) = input_scale.function(make.data(PIXELS), make.model(FLATTEN, RAW, HEAD), None)
    (fix,) = finding.fixes
    assert fix.edits == (MapInput(how="rescale", factor=1 / 255),)
    assert fix.snippet.startswith('X = X.astype("float32") / 255')
