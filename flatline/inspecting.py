"""The page of `flatline inspect`: a saved model, and images or arrays to show it."""

import argparse
from pathlib import Path
from typing import Any

from flatline.commands import archive_of, array_of, load_model, require_file, tell
from flatline.errors import FlatlineError
from flatline.images import input_size, range_of, read_images, require_folder

ROWS = 64  # that are read; statistics are over them, some are drawn
SECONDS = 120.0
BYTES = 4_000_000  # of a page of its own


def page(arguments: argparse.Namespace) -> str:
    """Return the page that the arguments ask for.

    Raises
    ------
    FlatlineError
        When something of what they name is not there or cannot be read.
    """
    if arguments.output is None and not arguments.serve:
        raise FlatlineError("--output FILE or --serve must be given. Got neither.")
    classes = None if arguments.classes is None else _classes(arguments.classes)
    if arguments.images is not None:
        require_folder(arguments.images)
    else:
        require_file(arguments.data, "--data")
    model = load_model(arguments.model)
    x, names, labels = _images(model, arguments) if arguments.images is not None else _arrays(model, arguments)

    from flatline.inspect import view
    from flatline.reports.browser import document
    from flatline.reports.progress import Progress

    with Progress("auto") as progress:
        progress.update(f"looking at {arguments.model.name}")
        seen = view(
            model, x, names=names, labels=labels, classes=classes, layers=arguments.layers or None, top=arguments.top,
            n_drawn=arguments.limit, seconds=SECONDS, max_bytes=BYTES, taken=f"as saved in {arguments.model.name}",
        )  # fmt: skip
    return document(seen)


def _images(model: Any, arguments: argparse.Namespace) -> tuple[Any, Any, Any]:
    within = range_of(model, arguments.scale)
    size = input_size(model, arguments.size)
    images = read_images(arguments.images, size=size, within=within, most=ROWS)
    for each in images.unread:
        tell(f"skipped {each}")
    tell(f"{len(images.names)} images of {size[0]} × {size[1]} pixels, from {within[0]:g} to {within[1]:g} (--scale)")
    return images.x, images.names, images.labels


def _arrays(model: Any, arguments: argparse.Namespace) -> tuple[Any, Any, Any]:
    inputs = [tensor.name for tensor in getattr(model, "inputs", None) or []]
    with archive_of(arguments.data) as archive:
        if arguments.x is None and len(inputs) > 1:
            found = {name: array_of(archive, arguments.data, "x", name) for name in inputs}
            x: Any = _few(found if isinstance(model.input, dict) else list(found.values()))
        else:
            x = _few(array_of(archive, arguments.data, "x", arguments.x))
        told = [
            name for name in ((arguments.y,) if arguments.y else ("y", "Y")) if arguments.y or name in archive.files
        ]
        y = _few(array_of(archive, arguments.data, "y", told[0])) if told else None
    return x, None, y


def _few(arrays: Any) -> Any:
    """A few rows, evenly over all."""
    if isinstance(arrays, dict):
        return {name: _few(array) for name, array in arrays.items()}
    if isinstance(arrays, list):
        return [_few(array) for array in arrays]
    n = len(arrays) if arrays.ndim else 0
    return arrays[[i * n // min(n, ROWS) for i in range(min(n, ROWS))]] if n else arrays


def _classes(path: Path) -> list[str]:
    require_file(path, "--classes")
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        raise FlatlineError(f"cannot read {path} as text in UTF-8: {error}") from None
    names = names[: len(names) - next((i for i, name in enumerate(reversed(names)) if name), 0)]
    if not any(names):
        raise FlatlineError(f"--classes must be a file with a name on each line. Got {path}, which is empty.")
    return names
