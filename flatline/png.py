"""Arrays of bytes as PNG images and back, as much of the format as pictures of layers need (ISO/IEC 15948)."""

import struct
import zlib

import numpy as np

from flatline.facts import Array

STEP = 17  # pictures in multiples of it have 16 shades, which take four bits each
SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PIXELS = 1 << 25  # that are read: a few bytes may unpack to a whole memory


def encode(picture: Array) -> bytes:
    """Return a picture as a PNG file.

    Parameters
    ----------
    picture : ndarray of uint8 of shape (height, width) or (height, width, 3)
        Neither height nor width is 0.
    """
    height, width = picture.shape[:2]
    pixels, depth = picture.reshape(height, -1), 8
    if picture.ndim == 2 and not np.any(picture % STEP):
        pairs = np.pad(pixels // STEP, ((0, 0), (0, width % 2)))
        pixels, depth = pairs[:, ::2] << 4 | pairs[:, 1::2], 4
    lines = np.pad(pixels, ((0, 0), (1, 0)))  # each begins with its filter: 0, none
    head = struct.pack(">IIBBBBB", width, height, depth, 2 if picture.ndim == 3 else 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def decode(data: bytes) -> Array:
    """Return the picture in a file that `encode` made.

    Raises
    ------
    ValueError
        When it is damaged, too large, or of another kind.
    """
    try:
        width, height, depth, kind, *rest = struct.unpack_from(">IIBBBBB", data, 16)
        (length,) = struct.unpack_from(">I", data, 33)
        known = data.startswith(SIGNATURE) and data[37:41] == b"IDAT" and rest == [0, 0, 0]
        if not known or (kind, depth) not in ((0, 4), (0, 8), (2, 8)) or not 0 < width * height <= MAX_PIXELS:
            raise ValueError("no picture of a layer")
        line = 1 + {4: -(-width // 2), 8: width * (3 if kind == 2 else 1)}[depth]
        unpacked = zlib.decompressobj().decompress(data[41 : 41 + length], height * line)
    except (struct.error, zlib.error) as error:
        raise ValueError(f"a damaged picture: {error}") from None
    pixels = np.frombuffer(unpacked, np.uint8).reshape(height, line)[:, 1:]
    if depth == 4:
        pixels = STEP * np.stack([pixels >> 4, pixels & 15], -1).reshape(height, -1)[:, :width]
    return pixels.reshape((height, width, 3) if kind == 2 else (height, width))
