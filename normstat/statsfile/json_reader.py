"""JSON values that know where they stand, so that every refusal has a pointer (RFC 6901)."""

import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from normstat.errors import StatsFileError
from normstat.images import path_from_text

_T = TypeVar("_T")
_MOST_DIGITS = 4000
#: The largest number of pixels, of a side or in a histogram: 64 bits hold it.
MOST = 2**63 - 1
#: Up to so many bins all counts are written, beyond only those that are not 0.
FEW_BINS = 256


def parse(text: str | bytes, kind: "type[Node] | None" = None) -> "Node":
    """The value of a JSON text, without what JSON forbids or numbers cannot hold.

    Parameters
    ----------
    kind : of the nodes; None: :class:`Node`.

    Raises
    ------
    StatsFileError
        Not UTF-8, not JSON, NaN, a name twice in one object, an endless integer.
    """
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        content = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer
        )
        root = (kind or Node)(content, "")
        root.refuse_bad()
        return root
    except UnicodeDecodeError as error:
        raise StatsFileError("not UTF-8 text, so not JSON") from error
    except json.JSONDecodeError as error:
        raise StatsFileError(
            f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise StatsFileError("nested too deeply") from error


class Node:
    """A value of the file and its JSON pointer, so that every refusal says where."""

    def __init__(self, value: Any, pointer: str) -> None:
        self.value = value
        self.pointer = pointer

    def fail(self, problem: str) -> NoReturn:
        raise StatsFileError(f"{self.pointer or '/'}: {problem}")

    def refuse_bad(self) -> None:
        """Refuse, where it stands, what the parser let pass and no such file has."""
        if isinstance(self.value, Bad):
            self.fail(self.value.problem)
        elif isinstance(self.value, dict):
            for name, value in self.value.items():
                self._child(name, value).refuse_bad()
        elif isinstance(self.value, list) and not set(map(type, self.value)) <= {int, float, str}:
            for node in self.list():
                node.refuse_bad()

    def _members(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self.fail("should be an object")
        return self.value

    def __getitem__(self, key: str) -> "Node":
        if key not in self._members():
            self.fail(f"{key!r} is missing")
        return self._child(key, self.value[key])

    def get(self, key: str, default: Any = None) -> "Node":
        """The member; ``default`` if it is missing, as in files from before there was one."""
        return self._child(key, self._members().get(key, default))

    def items(self, least: int = 0) -> Iterable[tuple[str, "Node"]]:
        if len(self._members()) < least:
            self.fail(f"should have {least} member or more")
        return [(key, self._child(key, value)) for key, value in self.value.items()]

    def list(self, length: int | None = None) -> "list[Node]":
        if not isinstance(self.value, list):
            self.fail("should be a list")
        if length is not None and len(self.value) != length:
            self.fail(f"should have {length} items, has {len(self.value)}")
        return [self._child(str(index), value) for index, value in enumerate(self.value)]

    def _child(self, key: str, value: Any) -> "Node":
        return type(self)(value, f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}")

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.fail("should be a string")
        return self.value

    def whole(self) -> int:
        if type(self.value) is not int or self.value < 0:
            self.fail("should be an integer, 0 or more")
        return self.value

    def size(self) -> int:
        if not self.whole():
            self.fail("should be an integer, 1 or more")
        return self.count()

    def number(self) -> float:
        if type(self.value) not in (int, float) or not abs(self.value) <= sys.float_info.max:
            self.fail("should be a finite number")
        return float(self.value)

    def positive(self) -> float:
        if self.number() < 0:
            self.fail("should be 0 or more")
        return self.number()

    def above_zero(self) -> float:
        if not self.number() > 0:
            self.fail("should be above 0")
        return self.number()

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            self.fail("should be true or false")
        return bool(self.value)

    def path(self) -> str:
        try:
            return path_from_text(self.text())
        except UnicodeEncodeError:
            self.fail("should be a path; it has half a character")

    def digits(self) -> int:
        """An integer of any size, written as text."""
        pattern = rf"-?\d{{1,{_MOST_DIGITS}}}"
        return int(self._matching(pattern, "an integer as a string"))

    def hexadecimal(self) -> int:
        return int(self._matching(r"[0-9a-f]{32}", "32 hexadecimal digits"), 16)

    def sha256(self) -> str:
        return self._matching(r"[0-9a-f]{64}", "64 hexadecimal digits")

    def _matching(self, pattern: str, words: str) -> str:
        if not re.fullmatch(pattern, self.text()):
            self.fail(f"should be {words}")
        return self.text()

    def one_of(self, allowed: tuple[str, ...]) -> str:
        if self.text() not in allowed:
            self.fail(f"should be one of {', '.join(allowed)}; found {self.value!r}")
        return self.text()

    def optional(self, read: Callable[["Node"], _T]) -> _T | None:
        return None if self.value is None else read(self)

    def counts(self, channels: int, bins: int, least: int = 0) -> NDArray[np.int64]:
        """Counts of shape (channels, bins), int64: all, or those of the values that occur."""
        counts = np.zeros((channels, bins), dtype=np.int64)
        for row, channel in zip(counts, self.list(channels), strict=True):
            if bins == FEW_BINS:
                row[:] = [count.count() for count in channel.list(bins)]
                continue
            present = channel["value"].list()
            for value, count in zip(present, channel["count"].list(len(present)), strict=True):
                row[value.below(least + bins, least) - least] = count.count()
        return self.summable(counts)

    def summable(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """The counts, refused if their sum has more than 64 bits: NumPy would begin again at 0."""
        if (counts.sum(axis=1, dtype=np.float64) >= MOST).any():
            self.fail("has counts of 2**63 pixels or more")
        return counts

    def below(self, end: int, least: int) -> int:
        """An integer from `least` on, below `end`."""
        if type(self.value) is not int or self.value < least:
            self.fail(f"should be an integer, {least} or more")
        if not self.value < end:
            self.fail(f"should be below {end}")
        return self.value

    def null(self) -> None:
        if self.value is not None:
            self.fail("should be null: this version of normstat cannot use it")

    def count(self) -> int:
        """A number as a histogram holds it: 64 bits."""
        if self.whole() > MOST:
            self.fail("should be below 2**63")
        return self.whole()


@dataclass(frozen=True)
class Bad:
    """A value that the parser met and that JSON cannot hold."""

    problem: str


def _constant(name: str) -> Bad:
    return Bad(f"{name} is no number in JSON")


def _integer(digits: str) -> "int | Bad":
    return int(digits) if len(digits) <= _MOST_DIGITS else Bad("is an integer of too many digits")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in pairs:
        content[name] = Bad("stands twice in one object") if name in content else value
    return content
