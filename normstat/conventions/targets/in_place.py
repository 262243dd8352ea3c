"""Values in the text of a JSON file, replaced where they stand: nothing else of it changes."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from normstat.conventions.formats.json_text import without_comments
from normstat.errors import UsageError

_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()


class _Value(NamedTuple):
    """A value in a text, from one place to another."""

    value: Any
    start: int
    end: int


def replaced(text: str, values: Mapping[str, Any], known_by: str, under: str = "") -> str:
    """The text of a JSON file with other values of some keys of one object.

    Order, spaces and comments stay as they are; a key that is missing is added at the end of the
    object.

    Parameters
    ----------
    values : key → value.
    known_by : the key by which the object is known, at whatever depth.
    under : the key at the top of the object to add if there is none.

    Raises
    ------
    UsageError
        The text is no JSON object, or has several such objects.

    Examples
    --------
    >>> text = '{"a": 1,  "mean": [0.5] /* ours */}'
    >>> print(replaced(text, {"mean": [0.25], "std": [1.0]}, "mean"))
    {"a": 1,  "mean": [0.25], "std": [1.0] /* ours */}
    """
    plain = without_comments(text)
    try:
        root = _decoded(plain, _after_space(plain, 0))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is not JSON ({error})") from error
    if not isinstance(root.value, dict) or plain[root.end :].strip():
        raise UsageError("is not one JSON object")
    found = list(_objects_with(plain, root, known_by))
    if len(found) > 1:
        raise UsageError(f"has {known_by!r} in {len(found)} objects; write the one by hand")
    if not found:
        members = _members(plain, root)
        if under in members and isinstance(members[under].value, dict):
            found = [members[under]]
        elif under:
            return _edited(text, plain, root, {under: dict(values)})
    return _edited(text, plain, found[0] if found else root, values)


def _edited(text: str, plain: str, place: _Value, values: Mapping[str, Any]) -> str:
    members = _members(plain, place)
    edits: list[tuple[int, int, str]] = []
    missing = {}
    for key, value in values.items():
        if key in members:
            edits += _replacement(plain, members[key], value)
        else:
            missing[key] = value
    if missing:
        last = max((member.end for member in members.values()), default=place.start + 1)
        between = _between(plain, place)
        added = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in missing.items()]
        first = f",{between}" if members else between
        edits.append((last, last, first + f",{between}".join(added)))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _replacement(plain: str, old: _Value, value: Any) -> Iterator[tuple[int, int, str]]:
    """Edits that make a value another one; of a list as long item by item, in its lines."""
    if isinstance(old.value, list) and isinstance(value, list) and len(old.value) == len(value):
        items = list(_items(plain, old))
        if not any(isinstance(item.value, (list, dict)) for item in items):
            for item, new in zip(items, value, strict=True):
                yield item.start, item.end, json.dumps(new)
            return
    yield old.start, old.end, json.dumps(value)


def _between(plain: str, place: _Value) -> str:
    """The space before each member of an object, without comments."""
    space = _SPACE.match(plain, place.start + 1)
    before = plain[place.start + 1 : space.end()] if space else ""
    return before if before or "\n" in plain[place.start : place.end] else " "


def _objects_with(plain: str, value: _Value, key: str) -> Iterator[_Value]:
    if isinstance(value.value, dict):
        if key in value.value:
            yield value
        for member in _members(plain, value).values():
            yield from _objects_with(plain, member, key)
    elif isinstance(value.value, list) and any(isinstance(v, (dict, list)) for v in value.value):
        for item in _items(plain, value):
            yield from _objects_with(plain, item, key)


def _members(plain: str, place: _Value) -> dict[str, _Value]:
    members: dict[str, _Value] = {}
    at = _after_space(plain, place.start + 1)
    while plain[at] != "}":
        key = _decoded(plain, at)
        colon = _after_space(plain, key.end)
        value = _decoded(plain, _after_space(plain, colon + 1))
        members[key.value] = value
        at = _after_space(plain, value.end)
        if plain[at] == ",":
            at = _after_space(plain, at + 1)
    return members


def _items(plain: str, place: _Value) -> Iterator[_Value]:
    at = _after_space(plain, place.start + 1)
    while plain[at] != "]":
        item = _decoded(plain, at)
        yield item
        at = _after_space(plain, item.end)
        if plain[at] == ",":
            at = _after_space(plain, at + 1)


def _decoded(plain: str, start: int) -> _Value:
    value, end = _DECODER.raw_decode(plain, start)
    return _Value(value, start, end)


def _after_space(plain: str, at: int) -> int:
    found = _SPACE.match(plain, at)
    return found.end() if found else at
