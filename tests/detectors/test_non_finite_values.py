import numpy as np

from flatline.cause import Cause
from flatline.detectors.non_finite_values import non_finite_values
from flatline.facts import Array
from flatline.finding import Severity
from flatline.logs import ActivationLog, GradientLog, LossLog, ReplayLog, UpdateLog
from flatline.testing import RuleTester, row
from tests.detectors import make

N = 60
NAN, INF = float("nan"), float("inf")
LAYERS = "dense", "dense_1", "dense_2"
RUN = make.run(*(make.layer(name) for name in LAYERS))


def _losses(
    bad: range = range(0), *, value: float = NAN, before: tuple[float, ...] = (0.9, 0.6), n: int = N
) -> LossLog:
    """A loss that falls, and is no number in these steps."""
    loss = make.losses(*before, n=n).loss
    loss[list(bad)] = value
    return LossLog(step=np.arange(n), loss=loss)


def _cells(at: dict[tuple[int, str], float], n: int = N) -> Array:
    """Non-finite cells by step and layer; they stay."""
    table = np.zeros((n, len(LAYERS)))
    for (step, name), cells in at.items():
        table[step:, LAYERS.index(name)] = cells
    return table


def _gradients(*, weights: Array | None = None, gradients: Array | None = None, n: int = N) -> GradientLog:
    zero = np.zeros((n, len(LAYERS)))
    return make.gradients(
        dict.fromkeys(LAYERS, 0.1),
        n,
        every=1,
        nonfinite_weights=zero if weights is None else weights,
        nonfinite_gradients=zero if gradients is None else gradients,
    )


def _updates(ratio: object = 1e-3, *, skipped: object = 0) -> UpdateLog:
    return make.updates(dict.fromkeys(LAYERS, ratio), N, every=1, skipped=skipped)


def _activations(nonfinite: Array) -> ActivationLog:
    return make.activations(dict.fromkeys(LAYERS, 0.0), N, every=1, nonfinite=nonfinite)


def _once(step: int, *names: str) -> Array:
    """Cells that are no numbers in one step only."""
    table = np.zeros((N, len(LAYERS)))
    table[step, [LAYERS.index(name) for name in names]] = 7
    return table


def _raised(before: float, after: float, rows: int) -> LossLog:
    """A loss at one level, then for some rows at another, then no number."""
    return LossLog(step=np.arange(N), loss=np.r_[np.full(30 - rows, before), np.full(rows, after), np.full(30, NAN)])


def _replaced(ratio: float, rows: int) -> UpdateLog:
    """Updates of the first layer that are this large in some rows before the loss is no number."""
    large = np.where((np.arange(N) >= 30 - rows) & (np.arange(N) < 30), ratio, 1e-3)
    return make.updates({"dense": large, "dense_1": 1e-3}, N, every=1)


def _replay(*bad: str, data: float = 0) -> ReplayLog:
    """A batch passed through again, after which these layers have made what is no number."""
    cells = np.array([[3.0 * (name in bad) for name in (*LAYERS, "model")]])
    return ReplayLog(
        step=np.array([32]),
        layers=(*LAYERS, "model"),
        nonfinite_outputs=cells,
        nonfinite_data=np.array([data]),
        spoilt_weights=np.array([6.0]),
    )


GROWN = (1.0, 10.1, 3), (5.0, 10.1, 4)
NOT_GROWN = (1.0, 9.9, 3), (1.0, 10.1, 2), (8.0, 12.0, 3)
REPLACED = (0.51, 2), (0.51, 5)
NOT_REPLACED = (0.49, 2), (0.51, 1)
ALL_BAD = {(31, name): 50.0 for name in LAYERS}
GROWS = LossLog(step=np.arange(N), loss=np.r_[np.exp(np.linspace(0, 40, 30)), np.full(30, INF)])


def test_table():
    RuleTester(non_finite_values).run(
        fires=[
            row(RUN, _losses(range(30, N)), message="no number from step 30 on", severity=Severity.ERROR),
            # the first layer of those that turned into no numbers together
            row(
                RUN,
                _losses(range(30, N)),
                _activations(_cells({(30, "dense_1"): 9, (30, "dense_2"): 9})),
                message="beginning in the output of `dense_1`",
                where="dense_1",
            ),
            # a mask of −∞ was there before: it is not where this began
            row(
                RUN,
                _losses(range(30, N)),
                _activations(_cells({(0, "dense"): 9, (30, "dense_2"): 9})),
                message="beginning in the output of `dense_2`",
            ),
            # the very first loss
            row(RUN, _losses(range(N)), message="from step 0 on", cause=Cause.DATA, fix="search inputs and targets"),
            # the next batch was looked into: NaN in it, a layer that makes it, or neither
            row(RUN, _losses(range(N)), _replay(data=2), message="; 2 cells of the next batch", cause=Cause.DATA),
            row(
                RUN,
                _losses(range(N)),
                _replay("dense_1", "dense_2", "model"),
                message="from step 0 on; the next batch, passed through again, stops being numbers in `dense_1`",
                where="dense_1",
                fix="keep what reaches `dense_1` in its domain",
            ),
            row(RUN, _losses(range(N)), _replay(), message="no number from step 0 on", fix="name the operation"),
            # a mask of −∞ that the outputs do not show is not where it began
            row(RUN, _losses(range(30, N)), _replay("dense"), message="step 30 on", fix="name the operation"),
            # behind the first layer: not the data
            row(
                RUN,
                _losses(range(N)),
                _activations(_cells({(0, "dense_1"): 9})),
                message="beginning in the output of `dense_1`",
                fix="name the operation",
            ),
            row(RUN, GROWS, message="from step 30 on", cause=Cause.LEARNING_RATE, fix="from 0.001 to 0.0001"),
            # the null model is not known, as a GAN's
            row(make.run(null=NAN), _losses(range(30, N)), message="from step 30 on", fix="name the operation"),
            row(
                make.run(null=NAN),
                _losses(range(30, N)),
                _updates(np.r_[np.full(30, 0.8), np.full(30, NAN)]),
                message="from step 30 on",
                cause=Cause.LEARNING_RATE,
            ),
            # the loss or the updates were out of hand for some steps before, or not quite
            *[row(RUN, _raised(*at), message="from step 30 on", cause=Cause.LEARNING_RATE) for at in GROWN],
            *[row(RUN, _raised(*at), message="from step 30 on", fix="name the operation") for at in NOT_GROWN],
            *[
                row(RUN, _losses(range(30, N)), _replaced(*at), message="step 30 on", cause=Cause.LEARNING_RATE)
                for at in REPLACED
            ],
            *[
                row(RUN, _losses(range(30, N)), _replaced(*at), message="step 30 on", fix="name the operation")
                for at in NOT_REPLACED
            ],
            # NaN in one column of the inputs, and a ReLU behind the first kernel: the loss stays finite
            row(
                RUN,
                _losses(),
                _gradients(weights=_cells({(12, "dense"): 16})),
                message="16 cells of the weights of `dense` are no numbers in step 12, though the loss is",
                severity=Severity.ERROR,
                cause=Cause.DATA,
                where="dense",
            ),
            row(
                RUN,
                _losses(),
                _gradients(weights=_cells(ALL_BAD)),
                message="50 cells of the weights of `dense`",
                fix="name the operation",
            ),
            row(RUN, _losses(), _gradients(weights=_cells({(12, "dense_1"): 5})), message="`dense_1`", where="dense_1"),
            # it ran on weights that were spoilt before
            row(RUN, _losses(range(N)), _gradients(weights=_cells({(0, "dense"): 100})), message="step 0", fix="anew"),
            # gradients run backwards: the last of these layers is where it begins
            row(
                RUN,
                _losses(range(31, N)),
                _gradients(weights=_cells(ALL_BAD), gradients=_once(30, "dense", "dense_1")),
                message="7 cells of the gradients of `dense_1` are no numbers in step 30",
                severity=Severity.ERROR,
                where="dense_1",
            ),
            # accumulated gradients are applied three steps later: leaving the step out mends nothing
            row(
                make.run(*RUN.layers, accumulation=4),
                _losses(range(33, N)),
                _gradients(weights=_cells({(33, "dense"): 50}), gradients=_once(30, "dense")),
                _updates(skipped=np.arange(N) % 4 != 1),
                message="gradients of `dense` are no numbers in step 30",
                severity=Severity.ERROR,
            ),
            # the last step so far, and it was not left out
            row(
                RUN,
                _losses(),
                _gradients(gradients=_once(N - 1, "dense_2")),
                _updates(),
                message="gradients of `dense_2` are no numbers in step 59, though",
                severity=Severity.ERROR,
            ),
            # every step is left out: loss scaling hides it
            row(
                RUN,
                _losses(),
                _gradients(gradients=_cells({(36, "dense"): 4})),
                _updates(skipped=np.arange(N) >= 36),
                message="in step 36, and this and every sampled step after it was left out",
                severity=Severity.ERROR,
            ),
            # it was a number again
            row(
                RUN, _losses(range(30, 32)), message="in 2 recorded steps, first in step 30", severity=Severity.WARNING
            ),
            # nothing else is wrong
            row(
                RUN,
                _losses(),
                _activations(_cells({(0, "dense_1"): 9})),
                message="it may be a mask",
                severity=Severity.INFO,
                where="dense_1",
            ),
        ],
        silent=[
            (RUN, _losses()),
            # what a batch shows that was passed through again says nothing of a loss that is a number
            (RUN, _losses(), _replay()),
            (RUN, _losses(), _replay("dense_1", "model")),
            (RUN, _losses(), _replay(data=2)),
            (RUN, _losses(), _gradients(), _updates(), _activations(np.zeros((N, 3)))),
            (RUN, _losses(n=1)),
            (RUN, _losses(n=8), _gradients(n=8)),  # a tiny run
            (RUN, _losses(), _gradients(weights=np.full((N, 3), NAN), gradients=np.full((N, 3), NAN))),  # not counted
            (make.run(null=NAN), _losses(n=9)),
            (RUN, _losses(before=(1.0, 1e9))),  # it diverges, but every loss is a number
            (RUN, _losses(before=(-1.0, -9.0))),  # a likelihood
            # loss scaling left the step out
            (RUN, _losses(), _gradients(gradients=_once(30, "dense")), _updates(skipped=np.arange(N) == 30)),
            # so it does over and over while it looks for a scale
            (
                RUN,
                _losses(),
                _gradients(gradients=N * [[1, 1, 1]] * (np.arange(N) < 23)[:, None]),
                _updates(skipped=np.arange(N) < 23),
            ),
            (
                RUN,
                _losses(),
                _gradients(gradients=_cells({(37, "dense"): 4})),
                _updates(skipped=np.arange(N) >= 37),  # one step short of the bound
            ),
            # clipped by value: the weights outlived it
            (RUN, _losses(), _gradients(gradients=_once(30, "dense")), _updates()),
            # whether this last step was left out is not known
            (RUN, _losses(), _gradients(gradients=_once(N - 1, "dense"))),
            # outputs in a step that loss scaling left out
            (RUN, _losses(), _activations(_once(30, "dense_2")), _updates(skipped=np.arange(N) == 30)),
            # a layer without a gradient
            (RUN, _losses(), make.gradients({"dense": NAN, "dense_1": 0.1})),
            # tiny runs, runs without a null model, resumed runs
            *[(RUN, _losses(n=n)) for n in (9, 17, 40)],
            *[(make.run(null=NAN, n_null=n), _losses()) for n in (0, 1)],
            (RUN, make.losses(0.05, 0.05, noise=0.002)),
            (RUN, _losses(), _replaced(0.9, 9)),  # too large, but numbers
            (RUN, make.LEARNING),
            (RUN, make.losses(1.0, 2.0)),
            (RUN, make.PLATEAU),
            (RUN, make.CONVERGED),
            (RUN, make.FLAT),
            (RUN, LossLog(step=32 * np.arange(9) + 31, loss=np.linspace(1, 0.5, 9))),  # 32 steps an execution
        ],
        cannot_tell=[row(RUN, make.losses(1.0, n=0), message="0 steps")],
    )
