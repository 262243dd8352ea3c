"""The pages of an LMDB database, looked through before the library follows what they say.

The library trusts them: a damaged one ends the process. The layout is that of ``mdb.c``, LMDB 0.9.
"""

import struct

import numpy as np

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code

# Number of the page, its kind, ends of the offsets of its nodes and of what is free.
_PAGE = struct.Struct("=Q2xHHH")
_BRANCH, _LEAF, _KINDS = 1, 2, 0x7F
# Of a node: its size or place in three parts, and the size of its key; the key follows.
_NODE = 8
# The value of a node lies in pages of its own, whose number stands in its place.
_BIG = 1
_NUMBER = 8
# Of a page with what is known of the database: its main tree (flags, depth, root), and its age.
_META = struct.Struct("=16x24x48x4xHH32xQ8xQ")
_METAS = 2
_DUPLICATES = 4
# Any entry is two bytes aligned.
_ALIGNED = 2


def damage(descriptor: int, page_size: int, size: int) -> UnreadableImage | None:
    """The reason why a database is not whole; None if all its pages lead where they may.

    Parameters
    ----------
    descriptor : of the file.
    page_size, size : bytes of a page and of the file.
    """
    try:
        _Pages(descriptor, page_size, size).check()
    except UnreadableImage as error:
        return error
    return None


class _Pages:
    def __init__(self, descriptor: int, page_size: int, size: int) -> None:
        self._descriptor = descriptor
        self._page_size = page_size
        self._size = size
        self._last = size // page_size - 1

    def check(self) -> None:
        metas = [_META.unpack_from(self._read(number)) for number in range(_METAS)]
        flags, depth, root, _ = max(metas, key=lambda meta: int(meta[-1]))
        if flags & _DUPLICATES:
            detail = "keys with several values each; copy it to one without"
            raise UnreadableImage(Code.UNSUPPORTED_FORMAT, f"an LMDB database of {detail}")
        # Page → pages above it, and itself; each is reached once, so that the walk ends.
        stack = [(root, 1)] if depth else []
        seen = 0
        while stack:
            number, level = stack.pop()
            seen += 1
            if not _METAS <= number <= self._last or level > depth or seen > self._last:
                raise _damaged(number)
            stack += [(below, level + 1) for below in self._below(number, level == depth)]

    def _read(self, number: int) -> bytes:
        page = files.read_at(self._descriptor, number * self._page_size, self._page_size)
        if len(page) < self._page_size:
            raise UnreadableImage(Code.TRUNCATED, f"the file ends within page {number}")
        return page

    def _below(self, number: int, is_leaf: bool) -> list[int]:
        """The pages that a page leads to."""
        page = self._read(number)
        own, kind, lower, upper = _PAGE.unpack_from(page)
        expected = _LEAF if is_leaf else _BRANCH
        fits = _PAGE.size < lower <= upper <= len(page) and lower % _ALIGNED == 0
        if own != number or kind & _KINDS != expected or not fits:
            raise _damaged(number)
        places = np.frombuffer(page, "=u2", (lower - _PAGE.size) // 2, _PAGE.size).astype(np.int64)
        if ((places < upper) | (places + _NODE > len(page)) | (places % _ALIGNED != 0)).any():
            raise _damaged(number)
        nodes = np.frombuffer(page, np.uint8)[places[:, None] + np.arange(_NODE)]
        low, high, flags, key = nodes.view("=u2").astype(np.int64).T
        behind = places + _NODE + key
        if (behind > len(page)).any():
            raise _damaged(number)
        if not is_leaf:
            found: list[int] = (low | high << 16 | flags << 32).tolist()
            return found
        self._check_values(number, page, behind, low | high << 16, flags)
        return []

    def _check_values(
        self, number: int, page: bytes, places: np.ndarray, sizes: np.ndarray, flags: np.ndarray
    ) -> None:
        """Check that values end in their page, or in the file those with pages of their own."""
        is_big = flags & _BIG != 0
        ends = places + np.where(is_big, _NUMBER, sizes)
        if (ends > len(page)).any():
            raise _damaged(number)
        at = places[is_big, None] + np.arange(_NUMBER)
        pages = np.frombuffer(page, np.uint8)[at].view("=u8").ravel()
        if ((pages < _METAS) | (pages > self._last)).any():
            raise _damaged(number)
        ends = pages.astype(np.int64) * self._page_size + _PAGE.size + sizes[is_big]
        if (ends > self._size).any():
            raise _damaged(number)


def _damaged(number: int) -> UnreadableImage:
    return UnreadableImage(Code.CORRUPT, f"page {number} of the database is damaged")
