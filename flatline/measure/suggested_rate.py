"""From the curve of a range test to a rate, and to one sentence that says why it is that one, or why there is none."""

from dataclasses import dataclass, replace

import numpy as np

from flatline.facts import Array

WIDTH = 0.1  # decades; standard deviation of the bell that smooths the curve. Twice as wide it blurs the lowest point,
# half as wide it lets more noise through (docs/decisions/learning-rate.md)
BELOW = 10.0  # the rate is so many times below the one of the lowest loss; Smith 2017, arXiv 1506.01186, section 3.3
# takes the rates before the loss turns ragged, and fastai's lr_find the lowest point divided by 10
N_SIGMA = 4.0  # standard errors that a fall must exceed: the lowest of some 30 means that do not overlap is judged.
# Of 2,000 curves of nothing but noise 3 are then said to fall
LEAST_FALL = 0.01  # of the way to a perfect loss; what learns in `tests.benchmarks.rates` falls by 0.04 or more
MEDIAN_LOSS = np.sqrt(np.pi / 2)  # standard error of a median over that of a mean, of many normal numbers
NORMAL_JUMP = 0.6745 * np.sqrt(2.0)  # median of |a − b| of two normal numbers with standard deviation 1


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A smoothed curve and what is read from it."""

    smoothed: Array  # (n_steps,)
    rate: float | None
    reason: str
    begin: float  # loss before training
    noise: float  # that a fall must exceed


def suggest(rate: Array, loss: Array, untrained: Array, *, perfect: float, diverged: bool = False) -> Suggestion:
    """Suggest the rate of steepest descent, or a tenth of the rate of the lowest loss, whichever is less.

    Parameters
    ----------
    rate : ndarray of shape (n_steps,)
        Equally far apart in their logarithm, the lowest first.
    loss : ndarray of shape (n_steps,)
        Of each step's batch; not finite where training broke.
    untrained : ndarray of shape (n_steps,)
        Loss of the same batches under the initial weights: what one batch is harder than another cancels out.
    perfect : float
        The lowest loss there can be; NaN where unknown.
    diverged : bool
        Whether the test ended because the loss ran away.
    """
    smoothed, errors = smooth(rate, loss, untrained)
    begin = float(untrained.mean())
    lowest = int(np.argmin(smoothed))
    fall = begin - float(smoothed[lowest])
    floor = perfect if np.isfinite(perfect) and perfect < begin else begin - abs(begin)
    noise = N_SIGMA * float(errors[lowest])
    needed = max(noise, LEAST_FALL * (begin - floor))
    if not fall > needed:
        reason = _no_fall(rate, begin, fall, needed, noisy=noise >= needed > 0, diverged=diverged)
        return Suggestion(smoothed=smoothed, rate=None, reason=reason, begin=begin, noise=noise)
    decades = np.log10(rate)
    steepest = int(np.argmin(np.gradient(smoothed, decades)[: lowest + 1]))
    tenth = float(rate[lowest]) / BELOW
    found = float(f"{min(float(rate[steepest]), tenth):.1e}")
    which = "a tenth of the latter" if tenth < rate[steepest] else "the former"
    reason = (
        f"the loss falls fastest at a rate of {rate[steepest]:.1e} and is lowest, {smoothed[lowest]:.3g} after "
        f"{begin:.3g}, at {rate[lowest]:.1e}: {which} is suggested"
    )
    return Suggestion(smoothed=smoothed, rate=found, reason=reason, begin=begin, noise=noise)


def confirmed(suggestion: Suggestion, loss: Array, untrained: Array, *, null: float) -> Suggestion:
    """Hold a suggestion against a training at that rate alone; take it back where that does not make the loss fall.

    Parameters
    ----------
    suggestion : Suggestion
        With a rate.
    loss : ndarray of shape (n_steps,)
        Of each step at the suggested rate; shorter than `untrained` where it ran away.
    untrained : ndarray of shape (n_steps,)
        Loss of the same batches under the initial weights.
    null : float
        Loss of the best constant prediction; NaN where unknown.
    """
    begin, n_last = suggestion.begin, max(1, len(loss) // 4)
    change = begin + loss - untrained[: len(loss)]
    # What one batch is harder than another cancels out at first; a model that has learnt much finds others hard.
    spread, end = min((float(spreads(way, n_last)[-1]), float(np.median(way[-n_last:]))) for way in (change, loss))
    noise = N_SIGMA * spread / np.sqrt(n_last)
    needed = max(noise, suggestion.noise)
    if len(loss) < len(untrained) or not begin - end > needed:
        went = f"bring it to {end:.3g}, which is within its noise ({needed:.2g})" if begin > end else "do not lower it"
        if len(loss) < len(untrained):
            went = "let it run away"
        reason = (
            f"{suggestion.reason.partition(':')[0]}, but {len(loss)} steps at {suggestion.rate:.1e} alone {went}: no "
            "rate was found that lowers the loss from the start, see flatline.check_setup"
        )
        return replace(suggestion, rate=None, reason=reason)
    reason = f"{suggestion.reason}, and {len(loss)} steps at {suggestion.rate:.1e} end at {end:.3g}"
    if np.isfinite(null) and not end < null - noise:
        reason += f", not clearly below the best constant prediction ({null:.3g}): the rate may not be all"
    return replace(suggestion, reason=reason)


def _no_fall(rate: Array, begin: float, fall: float, needed: float, *, noisy: bool, diverged: bool) -> str:
    if diverged and rate[-1] < BELOW**2 * rate[0]:
        return (
            f"the loss runs away from {begin:.3g} at a rate of {rate[-1]:.1e} before it falls: a range that begins "
            f"below {rate[0]:.1e} may hold a rate, and inputs or targets of size 1 bring it back to usual ones"
        )
    tried = f"no rate from {rate[0]:.1e} to {rate[-1]:.1e} makes the loss fall from {begin:.3g} by more than"
    if noisy:
        return (
            f"{tried} its noise, {needed:.2g} (it falls by {fall:.2g}), so the rate is hardly the problem: see "
            "flatline.check_setup; larger batches or n_steps would tell more"
        )
    return f"{tried} {needed:.2g} (it falls by {fall:.2g}), so the rate is not the problem: see flatline.check_setup"


def smooth(rate: Array, loss: Array, untrained: Array) -> tuple[Array, Array]:
    """Return the smoothed loss, and its standard error at each step.

    What is smoothed is the change since the beginning, batch by batch: medians of five steps, then a bell over
    `WIDTH` decades. Losses far above the beginning are cut, or they would reach back to the steps before them.
    """
    change = np.where(np.isfinite(loss), loss, np.inf) - untrained
    level = float(untrained.mean())
    top = 3.0 * max(abs(level), float(untrained.std()))
    change = np.minimum(change, top)
    padded = np.pad(change, 2, mode="reflect")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=-1)
    each = float(np.log10(rate[1] / rate[0])) if len(rate) > 1 else 1.0
    half = max(1, round(3 * WIDTH / each))
    bell = np.exp(-0.5 * (np.arange(-half, half + 1) * each / WIDTH) ** 2)
    bell = bell / bell.sum()

    def averaged(values: Array) -> Array:
        total: Array = np.convolve(np.pad(values, half, mode="reflect"), bell, mode="valid")
        return total

    # Of few values the spread may come out small by chance, and of many it may date from before the model moved.
    spread = np.maximum(spreads(change, 2 * half + 1), spreads(change, 4 * (2 * half + 1)))
    return level + averaged(medians), MEDIAN_LOSS * spread * np.sqrt((bell**2).sum())


def spreads(values: Array, width: int) -> Array:
    """Standard deviation of the noise in the last `width` values, at each of them.

    From differences of neighbours, by their median: neither a trend nor a jump counts as noise.
    """
    if len(values) < 2:
        return np.zeros(len(values))
    jumps = np.abs(np.diff(values))
    before = np.pad(jumps, (width, 0), mode="reflect" if len(jumps) > width else "edge")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(before, width), axis=-1)
    return np.asarray(medians[: len(values)] / NORMAL_JUMP)


def moving_mean(values: Array, width: int) -> Array:
    """Mean over each `width` neighbours; shorter by `width` − 1."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: Array = (sums[width:] - sums[:-width]) / width
    return means
