"""Items of a list in a JSON file, one at a time; what else is in the file is passed over."""

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
# A string, a bracket, or the start of a string that ends later.
_TOKEN = re.compile(_STRING.pattern + r'|[\[\]{}]|"', re.DOTALL)
_PAIR = re.compile(r"[\[{][^\[\]{}]*[\]}]")
_CLOSED, _OPENED = re.compile(r"[\]}]"), re.compile(r"[\[{]")
# Brackets within brackets that are looked for as pairs.
_DEEPEST = 32
_SPACE = re.compile(r"[ \t\r\n]*")
_BLOCK = 1 << 20


class NoItems(ValueError):
    """The file has no such list.

    Attributes
    ----------
    keys : of the object that it has in its place; None if it has no object.
    """

    def __init__(self, keys: list[str] | None) -> None:
        super().__init__("no such list")
        self.keys = keys


def items(file: TextIO, key: str) -> Iterator[Any]:
    """Items of the list that a file is, or that its object has under a key.

    The memory that it takes is that of one item. What comes after the list is not looked at.

    Raises
    ------
    NoItems
        There is no such list.
    ValueError
        It is no JSON.

    Examples
    --------
    >>> from io import StringIO
    >>> text = '{"info": {"images": [0]}, "annotations": [[1], "]"], "images": [{"id": 7}, 8], "'
    >>> list(items(StringIO(text), "images")), list(items(StringIO("[1, 2]"), "images"))
    ([{'id': 7}, 8], [1, 2])
    """
    scanner = _Scanner(file)
    start = scanner.next()
    if start == "[":
        yield from scanner.items()
        return
    if start != "{":
        raise NoItems(None)
    keys: list[str] = []
    scanner.take("{")
    while scanner.next() != "}":
        if keys:
            scanner.take(",")
        scanner.next()
        keys.append(str(scanner.value()))
        scanner.next()
        scanner.take(":")
        if keys[-1] == key and scanner.next() == "[":
            yield from scanner.items()
            return
        scanner.skip()
    raise NoItems(keys)


class _Scanner:
    """A place in a text that is read block by block."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._decoder = json.JSONDecoder()

    def _more(self) -> bool:
        """Read on: more at once, the more is held already, for one long value."""
        rest = self._text[self._at :]
        block = self._file.read(max(_BLOCK, len(rest)))
        self._text, self._at = rest + block, 0
        return bool(block)

    def next(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, letter: str) -> None:
        """Pass over a character, which has to be the next."""
        if self.next() != letter:
            found = self._text[self._at : self._at + 20] or "the end"
            raise ValueError(f"{letter!r} should be where {found!r} is")
        self._at += 1

    def value(self) -> Any:
        """The value that begins here."""
        self.next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError:
                if not self._more():
                    raise
                continue
            # A number may go on, as 1e+ does.
            is_last = end + 3 > len(self._text) and not self._text[end:].strip(".eE+-")
            if is_last and self._more():
                continue
            self._at = end
            return value

    def skip(self) -> None:
        """Pass over the value that begins here, of any length."""
        if self.next() not in ("[", "{"):
            self.value()
            return
        depth = 0
        while (depth := self._passed(depth)) and self._more():
            pass
        if depth:
            raise ValueError("it ends within a value")

    def _passed(self, depth: int) -> int:
        """Pass over what is held, to the bracket that closes the last one that is open.

        Parameters
        ----------
        depth : number of open brackets so far, and what is returned.
        """
        # Most blocks are within a value: what is left of one without its strings and pairs tells.
        bare = _STRING.sub("", self._text[self._at :])
        unclosed = bare.find('"')
        rest = len(bare) - unclosed if unclosed >= 0 else 0
        bare = bare[: len(bare) - rest]
        for _ in range(_DEEPEST):
            bare, pairs = _PAIR.subn("", bare)
            if not pairs:
                closed, opened = (len(each.findall(bare)) for each in (_CLOSED, _OPENED))
                if closed < depth:
                    self._at = len(self._text) - rest
                    return depth + opened - closed
                break
        for token in _TOKEN.finditer(self._text, self._at):
            mark = token[0]
            if mark == '"':
                self._at = token.start()
                return depth
            self._at = token.end()
            depth += (mark in ("[", "{")) - (mark in ("]", "}"))
            if not depth:
                return 0
        self._at = len(self._text)
        return depth

    def items(self) -> Iterator[Any]:
        """Values of the list that begins here."""
        self.take("[")
        is_first = True
        while self.next() != "]":
            if not is_first:
                self.take(",")
            is_first = False
            yield self.value()
        self.take("]")
