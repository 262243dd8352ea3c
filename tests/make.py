"""Images for tests and the demo, made from a seed; whole ones and broken ones."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def pixels(
    seed: int, height: int, width: int, channels: int = 3, dtype: str = "uint8"
) -> NDArray[Any]:
    """Smooth pictures with some noise, not square unless asked for: shape (H, W[, C])."""
    random = np.random.default_rng(seed)
    top = 65535 if dtype == "uint16" else 255
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        np.sin(x / random.uniform(4, 20) + random.uniform(0, 6))
        * np.cos(y / random.uniform(4, 20) + random.uniform(0, 6))
        for _ in range(channels)
    ]
    picture = 0.5 + 0.35 * np.stack(waves, axis=2) + random.normal(0, 0.05, (height, width, 1))
    array = np.clip(picture * top, 0, top).astype(dtype)
    return array[:, :, 0] if channels == 1 else array


def encoded(array: NDArray[Any] | Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def npy(array: NDArray[Any], **options: Any) -> bytes:
    """The bytes of a ``.npy`` file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


def npy_of(header: bytes, data: bytes = b"", version: int = 1) -> bytes:
    """A ``.npy`` file with this header, whether or not it is one."""
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def write(path: Path, data: bytes) -> Path:
    """A file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    width: int, height: int, raw: bytes, bits: int = 8, color: int = 0, extra: bytes = b""
) -> bytes:
    """A PNG file of filtered rows as they are, whether or not they are what the header says."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return (
        PNG_SIGNATURE
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def tiff(
    array: NDArray[Any], order: str = "<", sample_format: int | None = None, photometric: int = 1
) -> bytes:
    """An uncompressed TIFF file with any number of bands, bits and sample format."""
    height, width = array.shape[:2]
    bands = array.shape[2] if array.ndim == 3 else 1
    kind = {"u": 1, "i": 2, "f": 3}[array.dtype.kind] if sample_format is None else sample_format
    data = array.astype(array.dtype.newbyteorder(order)).tobytes()  # type: ignore[arg-type]  # order is < or >
    bits = array.dtype.itemsize * 8
    extra: list[tuple[int, list[int]]] = []
    if bands > 1 and bands != 3:
        extra = [(338, [0] * (bands - (3 if photometric == 2 else 1)))]
    tags: list[tuple[int, list[int]]] = [
        (256, [width]),
        (257, [height]),
        (258, [bits] * bands),
        (259, [1]),
        (262, [photometric]),
        (273, [0]),
        (277, [bands]),
        (278, [height]),
        (279, [len(data)]),
        *extra,
        (339, [kind] * bands),
    ]
    directory_size = 2 + 12 * len(tags) + 4
    tail = b""
    entries = b""
    lists_at = 8 + directory_size
    for tag, values in tags:
        if tag in (273, 279):
            entries += struct.pack(f"{order}HHII", tag, 4, 1, values[0])
        elif len(values) <= 2:
            packed = struct.pack(f"{order}{len(values)}H", *values).ljust(4, b"\0")
            entries += struct.pack(f"{order}HHI", tag, 3, len(values)) + packed
        else:
            entries += struct.pack(f"{order}HHII", tag, 3, len(values), lists_at + len(tail))
            tail += struct.pack(f"{order}{len(values)}H", *values)
    pixels_at = lists_at + len(tail)
    entries = entries.replace(
        struct.pack(f"{order}HHII", 273, 4, 1, 0), struct.pack(f"{order}HHII", 273, 4, 1, pixels_at)
    )
    magic = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return (
        magic
        + struct.pack(f"{order}H", len(tags))
        + entries
        + struct.pack(f"{order}I", 0)
        + tail
        + data
    )
