"""Image files as a batch that a model takes."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
RANGES = {"255": (0.0, 255.0), "1": (0.0, 1.0), "-1": (-1.0, 1.0)}
SCALING = ("Rescaling", "Normalization")  # layers by which a model takes pixels as they are
SIDE = 224  # pixels, of a model that takes any size


@dataclass(frozen=True, kw_only=True)
class Images:
    """Images that could be read, and those that could not."""

    x: Array  # float32 (n_images, height, width, n_channels), or channels first
    names: tuple[str, ...]
    labels: tuple[str, ...] | None  # the folders that they lie in, where they lie in folders
    unread: tuple[str, ...]  # name and reason


def input_size(model: Any, size: tuple[int, int] | None) -> tuple[int, int, int, bool]:
    """Return height, width and channels of the images that a model takes, and whether channels come first.

    Raises
    ------
    FlatlineError
        When it takes no images, or does not say of which size and none is given.
    """
    inputs = list(getattr(model, "inputs", None) or [])
    if len(inputs) > 1:
        raise FlatlineError(
            f"--images must come with a model of one input. Got {len(inputs)}: {', '.join(t.name for t in inputs)}; "
            "give their arrays with --data."
        )
    shape = tuple(inputs[0].shape) if inputs else ()
    if not inputs and size is None:
        raise FlatlineError("--size HxW must be given: the model does not say which size its images have.")
    if inputs and (len(shape) not in (3, 4) or (len(shape) == 4 and not {shape[1], shape[3]} & set(MODES))):
        raise FlatlineError(f"--images must come with a model of images. Got one that takes {shape}; use --data.")
    first = len(shape) == 4 and shape[3] not in MODES
    channels = shape[1 if first else 3] if len(shape) == 4 else (0 if inputs else 3)
    height, width = (shape[2:] if first else shape[1:3]) if inputs else (None, None)
    given = size or (SIDE, SIDE)
    return int(height or given[0]), int(width or given[1]), int(channels), first


def read_images(folder: Path, *, size: tuple[int, int, int, bool], within: tuple[float, float], most: int) -> Images:
    """Read images of a folder, and of the folders in it, evenly over all if there are more than `most`.

    Parameters
    ----------
    folder : Path
    size : tuple
        From `input_size`. Images are stretched to it.
    within : tuple of float
        What black and white become.
    most : int

    Raises
    ------
    FlatlineError
        When there is no such folder, or no image in it that can be read.
    """
    require_folder(folder)
    files = sorted(path for path in (*folder.glob("*"), *folder.glob("*/*")) if _is_candidate(path))
    at = range(len(files)) if len(files) <= most else (np.arange(most) * len(files) // most).tolist()
    read, unread = [], []
    for path in (files[i] for i in at):
        try:
            read.append((path, _pixels(path, *size[:3])))
        except Exception as error:  # a file may be anything, and Pillow raises whatever that makes it raise
            kind = type(error).__name__
            reason = "no image" if kind == "UnidentifiedImageError" else str(error).partition("\n")[0][:120] or kind
            unread.append(f"{path.relative_to(folder)}: {reason}")
    if not read:
        seen = f"{len(unread)} files, the first: {unread[0]}" if unread else "no files"
        raise FlatlineError(f"--images must be a folder with images that can be read. Got {folder} with {seen}.")
    low, high = within
    x = np.stack([pixels for _, pixels in read]).astype("float32") / 255 * (high - low) + low
    labels = tuple("" if path.parent == folder else path.parent.name for path, _ in read)
    return Images(
        x=np.moveaxis(x, -1, 1) if size[3] else x,
        names=tuple(str(path.relative_to(folder)) for path, _ in read),
        labels=labels if any(labels) else None,
        unread=tuple(unread),
    )


def require_folder(folder: Path) -> None:
    """Refuse what is no folder."""
    if not folder.is_dir():
        reason = "is no folder" if folder.exists() else "does not exist"
        raise FlatlineError(f"--images must be a folder. Got {folder}, which {reason}.")


def _is_candidate(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _pixels(path: Path, height: int, width: int, n_channels: int) -> Array:
    """Pixels from 0 to 255, of shape (height, width, n_channels), or (height, width) without channels."""
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert(MODES.get(n_channels, "L"))
            pixels = np.asarray(upright.resize((width, height), Image.Resampling.BILINEAR))
    return pixels.reshape(height, width, n_channels) if n_channels else pixels


def range_of(model: Any, scale: str) -> tuple[float, float]:
    """What black and white are to become: as asked for, or as they are where a layer of the model scales them."""
    if scale != "auto":
        return RANGES[scale]
    scales = any(type(layer).__name__ in SCALING for layer in model._flatten_layers())
    return RANGES["255" if scales else "1"]
