"""The pytest plugin: the fixture `flatline`, and the marker that sets its arguments for a test.

Nothing but pytest is imported before a test uses the fixture, so that test suites without networks start as before.
"""

from typing import Any

import pytest

ARGUMENTS = ("select", "ignore", "seed", "fit_args", "overfit")
"""What the marker may set: arguments of `flatline.check_setup`; `seed` and `fit_args` go to `lr_range` as well."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "flatline(select=(), ignore=(), seed=0, fit_args=None, overfit=True): what the fixture `flatline` checks in "
        "this test, unless the call says otherwise",
    )


@pytest.fixture(name="flatline")
def flatline_fixture(request: pytest.FixtureRequest) -> "Checker":
    """`flatline.assert_trainable`, `check_setup` and `lr_range`, with the arguments of the marker `flatline`."""
    markers = list(request.node.iter_markers("flatline"))
    return Checker(_merged(markers))


class Checker:
    """The functions of flatline for a test.

    Parameters
    ----------
    defaults : dict
        Arguments that are passed where the call does not give them.
    """

    def __init__(self, defaults: dict[str, Any] | None = None) -> None:
        self.defaults = dict(defaults or {})

    def assert_trainable(self, model: Any, X: Any, y: Any = None, **arguments: Any) -> None:
        """Fail the test, with the report as text, where `flatline.check_setup` finds something at WARNING or above.

        Parameters
        ----------
        model, X, y, **arguments
            As for `flatline.check_setup`.
        """
        __tracebackhide__ = True
        import flatline

        flatline.assert_trainable(model, X, y, **{**self.defaults, **arguments})

    def check_setup(self, model: Any, X: Any, y: Any = None, **arguments: Any) -> Any:
        """Return `flatline.check_setup(model, X, y, …)`; nothing is printed unless `verbose` is given."""
        import flatline

        return flatline.check_setup(model, X, y, **{"verbose": 0, **self.defaults, **arguments})

    def lr_range(self, model: Any, X: Any, y: Any = None, **arguments: Any) -> Any:
        """Return `flatline.lr_range(model, X, y, …)`."""
        import flatline

        own = {name: value for name, value in self.defaults.items() if name in ("seed", "fit_args")}
        return flatline.lr_range(model, X, y, **{"verbose": 0, **own, **arguments})


def _merged(markers: list[pytest.Mark]) -> dict[str, Any]:
    """Arguments of all markers, the nearest to the test last."""
    merged: dict[str, Any] = {}
    for marker in reversed(markers):
        unknown = sorted(set(marker.kwargs) - set(ARGUMENTS))
        if marker.args or unknown:
            got = ", ".join([*map(repr, marker.args), *unknown])
            raise pytest.UsageError(f"the marker `flatline` takes the keywords {', '.join(ARGUMENTS)}. Got {got}.")
        merged |= marker.kwargs
    return merged
