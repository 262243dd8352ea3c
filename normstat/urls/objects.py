"""Objects behind URLs: read and written as a whole."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, BinaryIO

from normstat.urls.answers import PassingError, asked, soon
from normstat.urls.names import scheme_of
from normstat.urls.systems import file_system

# Before a run starts: who waits wants to know soon.
_FEW_PAUSES = (0.1, 0.5)
# Objects behind these are there at once when they are written; files elsewhere grow.
_AT_ONCE = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "hf", "memory"}
_IN_MEMORY = 1 << 25
_PART = 1 << 23


# Schemes with the buckets or hosts that have answered.
_met: set[str] = set()


def exists(url: str) -> bool:
    """True if there is an object, or a folder of some.

    Raises
    ------
    OSError
        As :func:`asked`.
    """
    system, path = _met_at(url)
    return bool(asked(lambda: system.exists(path)))


def read(url: str) -> bytes:
    """All bytes of an object.

    Raises
    ------
    OSError
        As :func:`asked`.

    Examples
    --------
    >>> write("memory://doctest/a.json", b"{}")
    >>> read("memory://doctest/a.json"), exists("memory://doctest/b.json")
    (b'{}', False)
    """
    system, path = _met_at(url)
    return bytes(asked(lambda: system.cat_file(path)))


@contextmanager
def fetched(url: str) -> Iterator[BinaryIO]:
    """An object as a file, which is on the disk if it is large.

    Raises
    ------
    OSError
        As :func:`asked`.
    """
    from tempfile import SpooledTemporaryFile  # takes a while, at the start of every command

    system, path = _met_at(url)
    size = int(asked(lambda: system.info(path))["size"] or 0)
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        for start in range(0, size, _PART):
            end = min(size, start + _PART)
            file.write(asked(partial(system.cat_file, path, start=start, end=end)))
        file.seek(0)
        yield file  # type: ignore[misc]  # it has the methods of a BinaryIO


def write(url: str, data: bytes | Iterable[bytes]) -> None:
    """Write an object, which is there at once, in place of an older one.

    Raises
    ------
    OSError
        As :func:`asked`; the older one is intact.
    """
    system, path = file_system(url)
    if scheme_of(url) in _AT_ONCE:
        _put(system, path, data)
        return
    unfinished = f"{path}.{os.urandom(8).hex()}.tmp"
    try:
        _put(system, unfinished, data)
        asked(lambda: system.mv(unfinished, path))
    except BaseException:
        with suppress(OSError):  # it may not have been begun
            asked(lambda: system.rm_file(unfinished), ())
        raise


def remove(url: str) -> None:
    """Remove an object, if it is there.

    Raises
    ------
    OSError
        As :func:`asked`.

    Examples
    --------
    >>> write("memory://doctest/c.json", b"{}")
    >>> remove("memory://doctest/c.json"), exists("memory://doctest/c.json")
    (None, False)
    """
    system, path = file_system(url)
    with suppress(FileNotFoundError):
        asked(lambda: system.rm_file(path))


def probe(url: str) -> None:
    """Write an empty object beside the place of another, and remove it.

    Raises
    ------
    OSError
        As :func:`asked`: there can be none.
    """
    system, path = file_system(url)
    name = f"{path}.normstat-probe"
    soon(lambda: asked(lambda: system.pipe_file(name, b""), _FEW_PAUSES))
    with suppress(OSError):  # who may only write leaves one empty object
        asked(lambda: system.rm_file(name), ())


def _met_at(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path there, of a server that is known to answer.

    The first question to it may take seconds only: libraries try for a minute to reach who is not
    there.
    """
    system, path = file_system(url)
    scheme, _, place = url.partition("://")
    server = f"{scheme}://{place.partition('/')[0]}"
    if server not in _met:
        try:
            soon(lambda: asked(lambda: system.info(path), _FEW_PAUSES))
        except PassingError:
            raise
        except OSError:  # an answer, too; what is wrong is found by who goes on
            pass
        _met.add(server)
    return system, path


def _put(system: Any, path: str, data: bytes | Iterable[bytes]) -> None:
    if isinstance(data, bytes):
        asked(lambda: system.pipe_file(path, data))
        return
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile() as file:
        file.writelines(data)
        file.flush()
        asked(lambda: system.put_file(file.name, path))
