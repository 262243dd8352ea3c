"""Names that must not have two owners, kept as hashes: 16 bytes for each, in whatever order."""

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.images import path_bytes

_ROW = np.dtype([("name", "<u8"), ("owner", "<u8")])


class Claims:
    """Owners of names; finds names that two of them have.

    Hashes have 64 bits: a name that was found has to be looked at again, by name.

    Parameters
    ----------
    recent : claims that are looked at one by one, before they are looked at together.
    """

    def __init__(self, recent: int = 1 << 16) -> None:
        self._most_recent = recent
        self._recent: dict[int, int] = {}
        self._shared: set[int] = set()
        # What is new is merged into what is old when there is as much of it.
        self._new: list[NDArray[Any]] = []
        self._old = np.empty(0, _ROW)

    def add(self, name: str, owner: str) -> bool:
        """Take a claim; true if another owner had the name and that can be told already."""
        key, who = hashed(name), hashed(owner)
        if self._recent.setdefault(key, who) != who:
            self._shared.add(key)
            return True
        if len(self._recent) >= self._most_recent:
            self._new.append(self._taken())
            if sum(map(len, self._new)) >= len(self._old):
                return bool(self.shared())
        return False

    def shared(self) -> set[int]:
        """Hashes of names that several owners have, of all that were taken."""
        rows = np.concatenate([self._old, *self._new, self._taken()])
        self._old, self._new = np.empty(0, _ROW), []
        rows = rows[np.argsort(rows["name"], kind="stable")]
        again = rows["name"][1:] == rows["name"][:-1]
        others = again & (rows["owner"][1:] != rows["owner"][:-1])
        self._old = rows[np.concatenate([[True], ~again | others])[: len(rows)]]
        self._shared.update(map(int, rows["name"][1:][others]))
        return self._shared

    def _taken(self) -> NDArray[Any]:
        rows = np.array(list(self._recent.items()), _ROW)
        self._recent = {}
        return rows


def hashed(text: str) -> int:
    """64 bits of a path."""
    return int.from_bytes(blake2b(path_bytes(text), digest_size=8).digest(), "little")
