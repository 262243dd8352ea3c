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
    tags = {
        258: [array.dtype.itemsize * 8] * bands,
        262: [photometric],
        277: [bands],
        339: [kind] * bands,
    }
    if bands > 1 and bands != 3:
        tags[338] = [0] * (bands - (3 if photometric == 2 else 1))
    return tiff_of(data, width, height, tags, order)


def tiff_of(
    data: bytes, width: int, height: int, tags: dict[int, list[int] | bytes], order: str = "<"
) -> bytes:
    """A TIFF file with one strip of data, gray unless the tags say otherwise; bytes are text."""
    every: dict[int, list[int] | bytes] = {
        256: [width],
        257: [height],
        258: [8],
        259: [1],
        262: [1],
        273: [0],
        277: [1],
        278: [height],
        279: [len(data)],
        **{tag: values for tag, values in tags.items() if values},
    }
    lists_at = 8 + 2 + 12 * len(every) + 4
    tail = entries = b""
    for tag, values in sorted(every.items()):
        if isinstance(values, bytes):
            kind, packed = 2, values + b"\0"
        elif tag in (273, 279):
            kind, packed = 4, struct.pack(f"{order}I", *values)
        else:
            kind, packed = 3, struct.pack(f"{order}{len(values)}H", *values)
        number = len(packed) // {2: 1, 3: 2, 4: 4}[kind]
        entries += struct.pack(f"{order}HHI", tag, kind, number)
        if tag == 273:
            entries += b"HERE"
        elif len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack(f"{order}I", lists_at + len(tail))
            tail += packed
    entries = entries.replace(b"HERE", struct.pack(f"{order}I", lists_at + len(tail)))
    magic = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    number = struct.pack(f"{order}H", len(every))
    return magic + number + entries + struct.pack(f"{order}I", 0) + tail + data
