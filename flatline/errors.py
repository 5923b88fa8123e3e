"""What flatline raises and warns with."""


class FlatlineError(Exception):
    """A call that cannot be carried out: what was got, what is expected and what to do, in one line."""


class CannotTell(Exception):
    """Raised by a check that has too little to judge by; its message is the reason in the report."""


class FlatlineWarning(UserWarning):
    """A finding at WARNING or ERROR, as a Python warning, so that filters can silence it or make it an error."""
