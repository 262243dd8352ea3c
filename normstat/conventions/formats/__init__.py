"""Formats of files that have constants: the ending of a name → a reader of the bytes.

A reader gives values as JSON has them. Formats that have no keys of their own (code, tables,
graphs) give objects as :func:`normstat.conventions.formats.stated.stated` makes them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from normstat.lazy import Row

_HERE = "normstat.conventions.formats"
_C = Row(f"{_HERE}.c_code:content")
_LINES = Row(f"{_HERE}.key_lines:content")
_YAML = Row(f"{_HERE}.yaml_text:content", "yaml")
JSON = Row(f"{_HERE}.json_text:content")
#: Ending of a file's name → function of its bytes; of other names it is JSON.
FORMATS: Mapping[str, Row] = MappingProxyType(
    {
        ".json": JSON,
        ".toml": Row(f"{_HERE}.toml_text:content"),
        ".yaml": _YAML,
        ".yml": _YAML,
        ".py": Row(f"{_HERE}.python_code:content"),
        ".h": _C,
        ".hpp": _C,
        ".c": _C,
        ".cc": _C,
        ".cpp": _C,
        ".env": _LINES,
        ".txt": _LINES,
        ".ini": _LINES,
        ".md": Row(f"{_HERE}.markdown_table:content"),
        ".onnx": Row(f"{_HERE}.onnx_model:content", "onnx"),
    }
)


def format_of(name: str) -> Row:
    """The reader of a file, by its name.

    >>> format_of("config.YAML").extra, format_of("config") is JSON
    ('yaml', True)
    """
    lower = name.lower()
    return next((row for ending, row in FORMATS.items() if lower.endswith(ending)), JSON)
