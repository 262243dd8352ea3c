"""One index of those of parts, in the order of the walk over all images."""

import hashlib
import heapq
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO

from normstat import files
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.writers.index import AT
from normstat.writers.part_folder import PartFiles

_MOST_OPEN = 24


def again(part: PartFiles) -> str:
    """Advice on a part that is missing, or is not like the others.

    >>> from normstat.errors import Message
    >>> print(Message(again(PartFiles(2, 16))))
    run apply with shard="2/16" skip_existing=True
    """
    shard = option("shard", f"{part.number}/{part.of}")
    return f"run apply with {shard} {option('skip_existing', True)}"


def merged_index(root: str, parts: Iterable[tuple[PartFiles, str]]) -> Iterator[bytes]:
    """The lines of all parts, as one run would have written them.

    Parameters
    ----------
    root : OUT.
    parts : each with the SHA-256 of its index.

    Raises
    ------
    UsageError
        An index is damaged, or another one than was written; or images have changed their places.
    """
    last = -1
    for position, line in _in_order([_lines(root, *part) for part in parts]):
        if position <= last:
            raise UsageError(
                f"{shown(root)}: two parts have an image at place {position} of DATA, which has "
                f"changed between them; run all parts again with {option('skip_existing', True)}"
            )
        last = position
        yield line


def _in_order(runs: Sequence[Iterable[tuple[int, bytes]]]) -> Iterator[tuple[int, bytes]]:
    """The lines of several runs as one; more than files may be open go through temporary ones."""
    with ExitStack() as opened:
        while len(runs) > _MOST_OPEN:
            first, rest = runs[:_MOST_OPEN], runs[_MOST_OPEN:]
            file = opened.enter_context(tempfile.TemporaryFile())
            file.writelines(b"%d %s" % numbered for numbered in heapq.merge(*first))
            runs = [*rest, _numbered(file)]
        yield from heapq.merge(*runs)


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    for line in file:
        position, _, rest = line.partition(b" ")
        yield int(position), rest


def _lines(root: str, part: PartFiles, digest: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a part without their places in the walk, and these."""
    path = f"{root}/{part.index}"
    hashed, lines = hashlib.sha256(), 0
    try:
        with files.opened(path) as file:
            for line in file:
                hashed.update(line)
                lines += 1
                content = json.loads(line)
                position = content.pop(AT)
                yield position, f"{json.dumps(content)}\n".encode("ascii")
    except OSError as error:
        raise UsageError(
            f"{shown(path)}: cannot be read ({error.strerror}); {again(part)}"
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{shown(path)}: line {lines} is not one that apply writes; {again(part)}"
        ) from error
    if hashed.hexdigest() != digest:
        raise UsageError(
            f"{shown(path)}: is not the index that was written with the record beside it; "
            f"{again(part)}"
        )
