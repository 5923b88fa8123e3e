"""Which learning rate: a range test on the user's own model, undone afterwards."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flatline.errors import FlatlineError
from flatline.facts import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_STEPS = 20  # 1; of fewer no curve can be read


@dataclass(frozen=True, kw_only=True, eq=False)
class RateCurve:
    """The loss at ever larger learning rates, and the rate that it suggests.

    Parameters
    ----------
    rate : ndarray of shape (n_steps,)
        Learning rate of each step; the test ends early where the loss runs away.
    loss : ndarray of shape (n_steps,)
        Loss of each step's batch, as measured, without penalties; the last may be no number.
    smoothed : ndarray of shape (n_steps,)
        The same without what makes one batch harder than another, smoothed over a tenth of a decade.
    suggested : float or None
        The rate to train with; None where no rate makes the loss fall.
    reason : str
        Why, in one sentence.
    current : float
        The rate that the model is compiled with; of a schedule, its present value.
    null : float
        Loss of the best constant prediction; NaN when unknown.
    """

    rate: Array
    loss: Array
    smoothed: Array
    suggested: float | None
    reason: str
    current: float
    null: float = float("nan")

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the loss against the rate, with the suggested and the present one."""
        from flatline.plots.learning_rate import plot_learning_rate_curve

        return plot_learning_rate_curve(
            self.rate, self.loss,
            smoothed=self.smoothed, suggested=self.suggested, current=self.current, null=self.null, ax=ax,
        )  # fmt: skip

    def __str__(self) -> str:
        """Return two lines: the rate, and the reason."""
        head = (
            "no learning rate to suggest" if self.suggested is None else f"suggested learning rate {self.suggested:g}"
        )
        return f"{head} (now {self.current:.3g})\n{self.reason}"

    def _repr_html_(self) -> str:
        head, reason = (html.escape(line) for line in str(self).split("\n"))
        return f"<p><strong>{head}</strong></p><p>{reason}</p>"


def lr_range(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    fit_args: Mapping[str, Any] | None = None,
    lowest: float = 1e-7,
    highest: float = 10.0,
    n_steps: int = 200,
    seed: int = 0,
    verbose: Literal["auto", 0, 1, 2] | bool | int = "auto",
) -> RateCurve:
    """Suggest a learning rate by a range test: one training step at each of ever larger rates.

    Model, data and random state are afterwards bit by bit as they were. What is tried is the compiled optimizer, loss
    and batch size, on a sample of the data. The rate that is set now does not matter, nor does a schedule: the test
    sets its own rates, and what it suggests is a constant rate, or the peak of a schedule.

    Parameters
    ----------
    model : keras.Model
        Compiled, without a `train_step` of its own.
    X, y
        What `fit` would be given; see `flatline.check_setup`.
    fit_args : dict, default=None
        The arguments you are about to give `fit`, of which `batch_size`, `class_weight`, `sample_weight` and
        `validation_split` matter here.
    lowest, highest : float
        Rates of the first and the last step; the others lie between them, equally far apart in their logarithm.
    n_steps : int
        At most; fewer where they would take more than a minute. The test ends when the loss is no number, or when it
        is more than four times the lowest and above where it began.
    seed : int, default=0
        Of the sample and the order of its rows.
    verbose : {"auto", 0, 1}, default="auto"
        As in Keras: "auto" and 1 show progress, 0 shows nothing.

    Returns
    -------
    RateCurve
        With `suggested`, `reason` and `plot()`.

    Raises
    ------
    FlatlineError
        When the model cannot be trained on these data, or not by Keras' own training step.

    Notes
    -----
    Suggested is the rate at which the smoothed loss falls fastest, or a tenth of the rate at which it is lowest,
    whichever is less; then the model is trained at that rate for as many steps, and the suggestion is taken back where
    that does not make the loss fall beyond noise. Cost: three times `n_steps` training steps.

    References
    ----------
    L. N. Smith 2017, Cyclical Learning Rates for Training Neural Networks, arXiv 1506.01186, section 3.3.
    L. N. Smith and N. Topin 2019, Super-Convergence, arXiv 1708.07120.
    J. Howard and S. Gugger 2020, fastai, arXiv 2002.04688 (lowest point divided by 10, steepest point).

    Examples
    --------
    >>> curve = flatline.lr_range(model, X, y, fit_args={"batch_size": 32})  # doctest: +SKIP
    >>> model.optimizer.learning_rate = curve.suggested  # doctest: +SKIP
    """
    from flatline.measure.rate_range import rate_range
    from flatline.reports.progress import Progress

    _check_arguments(fit_args, lowest, highest, n_steps, seed, verbose)
    with Progress(verbose) as progress:
        try:
            found = rate_range(
                model, X, y,
                fit_args=dict(fit_args or {}), lowest=float(lowest), highest=float(highest), n_steps=n_steps, seed=seed,
                say=progress.update,
            )  # fmt: skip
        except FlatlineError as error:  # what reads the data names the function that most people call
            raise FlatlineError(str(error).replace("of check_setup", "of lr_range")) from error.__cause__
    return RateCurve(
        rate=found.rate, loss=found.loss, smoothed=found.smoothed, suggested=found.suggested, reason=found.reason,
        current=found.current, null=found.null,
    )  # fmt: skip


def _check_arguments(fit_args: Any, lowest: Any, highest: Any, n_steps: Any, seed: Any, verbose: Any) -> None:
    if fit_args is not None and not isinstance(fit_args, Mapping):
        raise FlatlineError(
            "The `fit_args` parameter of lr_range must be a dict of the arguments of fit, such as {'batch_size': 32}. "
            f"Got {type(fit_args).__name__}."
        )
    for name, value in (("lowest", lowest), ("highest", highest)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            raise FlatlineError(f"The `{name}` parameter of lr_range must be a positive number. Got {value!r}.")
    if not lowest < highest:
        raise FlatlineError(f"The `highest` parameter of lr_range must be above `lowest`, {lowest:g}. Got {highest:g}.")
    if isinstance(n_steps, bool) or not isinstance(n_steps, int) or n_steps < FEWEST_STEPS:
        raise FlatlineError(
            f"The `n_steps` parameter of lr_range must be an int, at least {FEWEST_STEPS}. Got {n_steps!r}."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise FlatlineError(f"The `seed` parameter of lr_range must be an int, at least 0. Got {seed!r}.")
    if verbose not in ("auto", 0, 1, 2):
        raise FlatlineError(f"The `verbose` parameter of lr_range must be 'auto', 0 or 1. Got {verbose!r}.")
