"""Values in the text of a YAML file, replaced where they stand: nothing else of it changes."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

import yaml

from normstat.conventions.targets.target import number, numbers
from normstat.errors import UsageError

#: Start and end of what goes, and what comes.
_Edit: TypeAlias = tuple[int, int, str]


def replaced(text: str, values: Mapping[str, Any], known_by: str, under: str = "") -> str:
    r"""The text of a YAML file with other values of some keys of one mapping.

    Order, spaces and comments stay as they are; a key that is missing is added at the end of the
    mapping. For the parameters see :func:`normstat.conventions.targets.in_place.replaced`.

    Raises
    ------
    UsageError
        The text is no YAML mapping, has several such mappings, or shares one list among them.

    Examples
    --------
    >>> print(replaced("means: # ours\n  - 1 # red\nb: {}", {"means": [2.0]}, "means"))
    means: # ours
      - 2.0 # red
    b: {}
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        found = [] if root is None else list(_mappings_with(root, known_by, set()))
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"is not YAML ({' '.join(str(error).split())})") from error
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise UsageError("is not one YAML mapping")
    if len(found) > 1:
        raise UsageError(f"has {known_by!r} in {len(found)} mappings; write the one by hand")
    place = found[0] if found else root
    if not found and under:
        inner = None if root is None else _members(root).get(under)
        if isinstance(inner, yaml.MappingNode) and inner.value:
            place = inner
        elif inner is None:
            added = "".join(f"  {_line(key, value)}\n" for key, value in values.items())
            return f"{_ended(text)}{under}:\n{added}"
        else:
            raise UsageError(f"has {under!r} with nothing in it; write the numbers by hand")
    edits = sorted(_edits(text, place, values))
    if any(end > start for (_, end, _), (start, _, _) in pairwise(edits)):
        raise UsageError("has one list for mean and std; write the numbers by hand")
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text


def _edits(text: str, place: yaml.MappingNode | None, values: Mapping[str, Any]) -> Iterator[_Edit]:
    members = {} if place is None else _members(place)
    missing = {}
    for key, value in values.items():
        if key in members:
            yield from _replacement(members[key], value)
        else:
            missing[key] = value
    if not missing:
        return
    if place is None or not place.value:
        yield (
            len(text),
            len(text),
            _ended(text)[len(text) :]
            + "".join(f"{_line(key, value)}\n" for key, value in missing.items()),
        )
        return
    lines = [_line(key, value) for key, value in missing.items()]
    last = _end(place.value[-1][1])
    if place.flow_style:
        yield last, last, "".join(f", {line}" for line in lines)
        return
    # After the line in which the last value ends, with its comment.
    after = text.find("\n", last)
    at = len(text) if after < 0 else after + 1
    indent = " " * place.value[0][0].start_mark.column
    yield at, at, ("\n" if after < 0 else "") + "".join(f"{indent}{line}\n" for line in lines)


def _replacement(old: yaml.Node, value: Any) -> Iterator[_Edit]:
    """Edits that make a value another one; of a list as long item by item, in its lines."""
    items = old.value if isinstance(old, yaml.SequenceNode) else []
    are_plain = all(isinstance(item, yaml.ScalarNode) for item in items)
    if isinstance(value, list) and len(items) == len(value) and are_plain:
        for item, new in zip(items, value, strict=True):
            yield item.start_mark.index, item.end_mark.index, _text(new)
        return
    yield old.start_mark.index, _end(old), _text(value)


def _end(node: yaml.Node) -> int:
    """The end of its last character; a block's own end is where the next key starts."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _mappings_with(node: yaml.Node, key: str, seen: set[int]) -> Iterator[yaml.MappingNode]:
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        if key in _members(node):
            yield node
        for _, value in node.value:
            yield from _mappings_with(value, key, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _mappings_with(item, key, seen)


def _members(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _line(key: str, value: Any) -> str:
    return f"{key}: {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, float) for item in value):
        return numbers(value)
    if isinstance(value, float):
        return number(value)
    return yaml.safe_dump(value, default_flow_style=True, width=10**9).splitlines()[0]


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
