"""Images as arrays in files, for the laws of sources."""

import io
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def by_split(images: Mapping[str, bytes], side: int = 1) -> dict[str, NDArray[np.uint8]]:
    """The values of images of one pixel, as stacks: split → shape (N, side, side)."""
    values: dict[str, list[int]] = {}
    for name, content in images.items():
        values.setdefault(name.partition("/")[0], []).append(content[-1])
    return {
        split: np.array(each, np.uint8).repeat(side * side).reshape(-1, side, side)
        for split, each in values.items()
    }


def numbers(images: Iterable[str], folders: Mapping[str, str]) -> list[str]:
    """Names of samples: the number of an image among those of its split, in its folder."""
    seen: Counter[str] = Counter()
    names = []
    for name in images:
        split = name.partition("/")[0]
        names.append(f"{folders[split]}/{seen[split]:06}")
        seen[split] += 1
    return names


def idx(array: NDArray[Any]) -> bytes:
    """The bytes of an idx file."""
    types = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    head = bytes([0, 0, types[array.dtype.str[1:]], array.ndim])
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def cifar(array: NDArray[np.uint8], labels: int = 1) -> bytes:
    """The bytes of a binary file of CIFAR: shape (N, 3, 32, 32)."""
    return b"".join(
        bytes([number % 10] * labels) + each.tobytes() for number, each in enumerate(array)
    )


def npz(**arrays: NDArray[Any]) -> bytes:
    """An ``.npz`` file."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
