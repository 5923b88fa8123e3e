"""The names that Keras itself gives, for `flatline/reports/keras_names.txt`: `python -m tests.reports.keras_names`."""

import inspect
import re
import textwrap
from importlib.resources import files

HEADER = (
    "# What Keras calls its own classes, functions and their arguments. Written by: python -m tests.reports.keras_names"
)
ALSO = "acc lr mae mape mse msle val sequential functional Sequential Functional same valid causal imagenet"
ALSO += " channels_first channels_last avg max sum mean none auto fan_in fan_out fan_avg constant nearest reflect wrap"


def keras_names():
    """Public names of classes and functions, what instances are called by default, and the arguments."""
    import keras

    found = set(ALSO.split())
    modules = (keras.layers, keras.losses, keras.metrics, keras.optimizers, keras.optimizers.schedules)
    modules += (keras.activations, keras.initializers, keras.regularizers, keras.constraints)
    for module in modules:
        for name, value in vars(module).items():
            if name.startswith("_") or not callable(value):
                continue
            found.add(name)
            called = value.__init__ if inspect.isclass(value) else value
            if inspect.isclass(value):
                found.add(snake(name))
            found |= set(arguments(called))
    for method in (keras.Model.compile, keras.Model.fit):
        found |= set(arguments(method))
    return found


def arguments(function):
    try:
        return [name for name in inspect.signature(function).parameters if len(name) > 1 and name != "self"]
    except ValueError:  # of a built-in
        return []


def snake(name):
    """Keras' own rule: `Conv2DTranspose` → `conv2d_transpose`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def main():
    lines = textwrap.wrap(" ".join(sorted(keras_names())), 119, break_long_words=False)
    target = files("flatline.reports").joinpath("keras_names.txt")
    target.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
