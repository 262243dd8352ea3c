"""The record of ``apply`` beside arrays, as far as it tells how they are stored."""

import json
from typing import Any, Protocol

from normstat.images import ARRAY_LAYOUTS

#: Of ``normstat.json`` and ``normstat.partial.json``.
SCHEMA = "normstat/apply/1"
RECORD = "normstat.json"
_STACK = "stack"


class SideFiles(Protocol):
    """Small files at the top of DATA."""

    def side_file(self, name: str) -> bytes | None: ...


def layout_of_stacks(data: SideFiles) -> str | None:
    """The order of the axes in stacks that ``apply`` has written; None if it has not.

    >>> class Data:
    ...     def side_file(self, name):
    ...         return b'{"schema": "normstat/apply/1", "store": "stack", "layout": "chw"}'
    >>> layout_of_stacks(Data())
    'chw'
    """
    try:
        content: Any = json.loads(data.side_file(RECORD) or b"0")
    except (OSError, ValueError, RecursionError):  # whoever reads all of it will say so
        return None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return None
    layout = content.get("layout")
    return layout if content.get("store") == _STACK and layout in ARRAY_LAYOUTS else None
