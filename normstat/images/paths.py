"""Relative paths as text and as bytes, the same whatever the locale."""

import os


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
    return os.fsencode(path)


def path_from_bytes(data: bytes) -> str:
    """Inverse of :func:`path_bytes`."""
    return os.fsdecode(data)
