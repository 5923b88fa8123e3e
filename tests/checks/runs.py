"""Rehearsals and tiny-subset tests made of a few curves."""

from typing import Any

import numpy as np

from flatline import facts
from tests.checks import make

NULL = 1.0


def ran(progress: float, name: str = "as is", *, steps: int = 140, **given: Any) -> facts.Arm:
    """An arm that goes this share of the way from the null loss of 1 to 0."""
    final = NULL * (1 - progress)
    given = {"held_out": 0.34 + 0.6 * max(progress, 0), "score": 0.34 + 0.66 * max(progress, 0)} | given
    return make.arm(name, losses=np.linspace(NULL, final, steps), final=final, **given)


def diverged(name: str = "as is") -> facts.Arm:
    """An arm that ends in NaN."""
    return make.arm(name, losses=np.array([1.0, np.nan]), diverged=True, score=np.nan, held_out=np.nan, final=np.nan)


def rehearsed(*arms: facts.Arm, **given: Any) -> facts.RehearsalFacts:
    """A rehearsal with these arms, with the null loss at 1."""
    return make.rehearsal(*arms, **({"null": NULL, "perfect": 0.0, "n_held_out": 50} | given))
