"""JSON as states write and read it; a file decides how counts look, and says where it is wrong."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Counts of shape (C, bins) and the value of the first bin, to what a file has of them.
Pack: TypeAlias = Callable[[NDArray[np.int64], int], Any]


class Json(Protocol):
    """A value of a file. Each method but `value` refuses another type, with the place."""

    @property
    def value(self) -> Any: ...
    def __getitem__(self, key: str) -> "Json": ...
    def get(self, key: str) -> "Json":
        """The member; null if it is missing, as in files from before there was one."""

    def list(self, length: int | None = None) -> "Sequence[Json]": ...
    def whole(self) -> int:
        """An integer, 0 or more."""

    def below(self, end: int, least: int, /) -> int:
        """An integer from `least` on, below `end`."""

    def number(self) -> float:
        """A finite number."""

    def digits(self) -> int:
        """An integer of any size, written as text."""

    def hexadecimal(self) -> int:
        """128 bits, written as text."""

    def counts(self, channels: int, bins: int, least: int = 0, /) -> NDArray[np.int64]:
        """Counts: shape (channels, bins), int64; of what :data:`Pack` made."""
