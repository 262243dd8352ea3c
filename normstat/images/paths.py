"""Relative paths as text and as bytes, the same whatever the locale."""

import os
from collections.abc import Iterable

from normstat.images.read_options import FORMATS


def path_text(path: str) -> str:
    """A relative path as it is written to files: the same whatever the locale.

    >>> path_text("Größe/a.png")
    'Größe/a.png'
    """
    return path_bytes(path).decode("utf-8", "surrogateescape")


def path_from_text(text: str) -> str:
    """Inverse of :func:`path_text`."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def path_bytes(path: str) -> bytes:
    r"""A relative path as POSIX bytes: what is sorted and hashed.

    >>> path_bytes("a/b\udcff.png")
    b'a/b\xff.png'
    """
    # In every encoding of file names ASCII is what it is.
    return path.encode("ascii") if path.isascii() else os.fsencode(path)


def in_byte_order(names: Iterable[str]) -> list[str]:
    r"""Names sorted as their bytes are, whatever the locale.

    >>> in_byte_order(["\udcff", "b", "é"]) == ["b", "é", "\udcff"]
    True
    """
    names = list(names)
    return sorted(names) if "".join(names).isascii() else sorted(names, key=path_bytes)


def path_from_bytes(data: bytes) -> str:
    """Inverse of :func:`path_bytes`."""
    return os.fsdecode(data)


def renamed(path: str, extension: str) -> str:
    """The path of an image with another extension; one that is none of images stays in the name.

    >>> renamed("train/cat/1.jpg", ".npy"), renamed("frame.0001", ".npy")
    ('train/cat/1.npy', 'frame.0001.npy')
    """
    stem, found = os.path.splitext(path)
    return (stem if found.lower() in FORMATS else path) + extension
