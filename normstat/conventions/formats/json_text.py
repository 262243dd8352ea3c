"""JSON, in which people leave comments."""

import re
from typing import Any

from normstat.conventions.formats.utf8 import utf8
from normstat.statsfile.json_reader import parse

_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)


def content(data: bytes) -> Any:
    """The value of a JSON text; a StatsFileError if it is none.

    >>> content(b'{"mean": [0.5] /* ours */}')
    {'mean': [0.5]}
    """
    return parse(without_comments(utf8(data))).value


def without_comments(text: str) -> str:
    """The text with as many spaces for each comment, so that places stay the same.

    >>> without_comments('{"a": "//"} // b')
    '{"a": "//"}     '
    """
    return _STRING_OR_COMMENT.sub(_blanked, text)


def _blanked(found: re.Match[str]) -> str:
    text = found[0]
    return text if text.startswith('"') else re.sub(r"[^\n]", " ", text)
