"""Values in the text of a TOML file, replaced where they stand: nothing else of it changes."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from normstat.conventions.targets.target import number, numbers
from normstat.errors import UsageError

_HEADER = re.compile(r"[ \t]*\[")
_KEY = re.compile(r"""[ \t]*(?:"([^"]*)"|'([^']*)'|([\w-]+))[ \t]*=[ \t]*""")
#: Strings of several lines, strings, comments: brackets in them are none.
_OPAQUE = re.compile(
    r'"{3}.*?"{3}|\'{3}.*?\'{3}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\#[^\n]*', re.DOTALL
)
_NUMBER = re.compile(r"[+-]?\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?")


class _Member(NamedTuple):
    """A key of a table, and its value from one place to another of the text."""

    table: int
    key: str
    start: int
    end: int


def replaced(
    text: str,
    values: Mapping[str, Any],
    known_by: str,
    under: str = "",  # noqa: ARG001  # a part of how all are called
) -> str:
    r"""The text of a TOML file with other values of some keys of one table.

    Order, spaces and comments stay as they are; a key that is missing is added after the known one.
    For the parameters see :func:`normstat.conventions.targets.in_place.replaced`; without a table
    that is known the keys are added at the top, and `under` does not matter.

    Raises
    ------
    UsageError
        The text is no TOML, or has several such tables.

    Examples
    --------
    >>> print(replaced("[a]\nmean = [1, # red\n  2]\nb = 1", {"mean": [0.5, 0.25]}, "mean"))
    [a]
    mean = [0.5, # red
      0.25]
    b = 1
    """
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is not TOML ({error})") from error
    plain = _OPAQUE.sub(_blanked, text)
    members = list(_members(text, plain))
    known = [member for member in members if member.key == known_by]
    if len(known) > 1:
        raise UsageError(f"has {known_by!r} in {len(known)} tables; write the one by hand")
    table = known[0].table if known else 0
    own = {member.key: member for member in members if member.table == table}
    edits = []
    missing = ""
    for key, value in values.items():
        if key in own:
            edits += list(_replacement(plain, own[key], value))
        else:
            missing += f"{key} = {_text(value)}\n"
    if missing:
        edits.append(_added(text, max((m.end for m in own.values()), default=0), missing))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _added(text: str, last: int, lines: str) -> tuple[int, int, str]:
    """The edit that adds lines after the one that ends a table."""
    if not last:
        return 0, 0, lines
    after = text.find("\n", last)
    return (len(text), len(text), f"\n{lines}") if after < 0 else (after + 1, after + 1, lines)


def _members(text: str, plain: str) -> Iterator[_Member]:
    """Keys at the beginning of a line; tables are numbered, and 0 is the one at the top."""
    at, table = 0, 0
    while at < len(plain):
        if _HEADER.match(plain, at):
            table += 1
        # Quotes are blanked in the plain text, so keys are looked for in the other.
        elif found := _KEY.match(text, at):
            end = _value_end(plain, found.end())
            yield _Member(table, next(filter(None, found.groups()), ""), found.end(), end)
            at = end
        after = plain.find("\n", at)
        at = len(plain) if after < 0 else after + 1


def _value_end(plain: str, start: int) -> int:
    """The end of a value: of its line, or after the bracket that closes it."""
    depth = 0
    for at in range(start, len(plain)):
        depth += (plain[at] in "[{") - (plain[at] in "]}")
        if plain[at] == "\n" and not depth:
            return at
        if plain[at] in "]}" and not depth:
            return at + 1
    return len(plain)


def _replacement(plain: str, old: _Member, value: Any) -> Iterator[tuple[int, int, str]]:
    """Edits that make a value another one; of as many numbers one by one, in their lines."""
    if isinstance(value, list) and all(isinstance(item, float) for item in value):
        found = list(_NUMBER.finditer(plain, old.start, old.end))
        between = _NUMBER.sub("", plain[old.start : old.end])
        if len(found) == len(value) and not between.strip("[], \t\r\n"):
            for item, new in zip(found, value, strict=True):
                yield item.start(), item.end(), number(new)
            return
    length = len(plain[old.start : old.end].rstrip())  # without a comment and the space before it
    yield old.start, old.start + length, _text(value)


def _blanked(found: re.Match[str]) -> str:
    """As many spaces of a comment, and of a string as many zeros."""
    return (" " if found[0].startswith("#") else "\0") * len(found[0])


def _text(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(item, float) for item in value):
        return numbers(value)
    return number(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
