from flatline.cause import Cause
from flatline.checks.batch_norm_on_wrong_axis import batch_norm_on_wrong_axis
from flatline.facts import LayerFacts, ModelFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def norm(axis: object, shape: tuple[int, ...] = (16, 16, 8)) -> LayerFacts:
    return make.layer("norm", kind="BatchNormalization", kernel_shape=(), config={"axis": axis}, input_shape=shape)


def convnet(layer: LayerFacts, data_format: str = "channels_last") -> ModelFacts:
    conv = make.layer("conv", kind="Conv2D", kernel_shape=(3, 3, 1, 8), config={"data_format": data_format})
    return make.model(conv, layer, make.layer("out", kernel_shape=(16, 3), activation="softmax"))


def test_batch_norm_on_wrong_axis() -> None:
    RuleTester(batch_norm_on_wrong_axis).run(
        fires=[
            row(
                convnet(norm(1)),
                message="(first `norm`) keeps statistics along axis 1 of the images; their channels are axis 3",
                severity=Severity.WARNING,
                cause=Cause.NORMALIZATION_LAYER,
                where="norm",
                fix="axis=-1",
            ),
            row(convnet(norm([2])), message="axis 2"),
            row(convnet(norm(1, (8, 16, 16, 8))), message="axis 4"),
            row(convnet(norm(1)), make.rehearsal(), message="axis 1", severity=Severity.INFO),
        ],
        silent=[
            convnet(norm(-1)),
            convnet(norm(3)),  # the last axis by its number
            convnet(norm(1), "channels_first"),
            convnet(norm(1, (16,))),  # a table: axis 1 is its last
            convnet(norm(1, (20, 8))),  # a series: each time step by itself may be meant
            make.model(norm(1)),  # nothing says where the channels are
            make.model(),
        ],
        cannot_tell=[row(make.model(layers=()), message="0 layers")],
    )
