"""Defaults of a check in a project's ``pyproject.toml``."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from normstat.conventions import PRESET
from normstat.conventions.documents import document, naming
from normstat.rules import LEVELS, MODES, RULES
from normstat.statsfile.json_reader import Node

_NAME = "pyproject.toml"
_TABLE = ("tool", "normstat", "check")
_KEYS = ("mode", "margin", "rules", "config", "require-conclusive")


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Defaults for the options of a check; None, or empty, where the project says nothing.

    Attributes
    ----------
    mode : ``same`` or ``compatible``.
    margin : of drift, in stds, above 0.
    rules : rule → ``off``, ``warn`` or ``fail``.
    config : files and ``preset:NAME``; the files from the current folder.
    require_conclusive : an inconclusive case fails the data.
    file : where all this stands, from the current folder; None if nowhere.
    """

    mode: str | None = None
    margin: float | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    config: tuple[str, ...] = ()
    require_conclusive: bool | None = None
    file: str | None = None


def project_settings(folder: str = ".") -> CheckSettings:
    """The table ``[tool.normstat.check]`` of the nearest ``pyproject.toml`` that has one.

    ::

        [tool.normstat.check]
        mode = "compatible"
        margin = 0.2
        require-conclusive = true
        config = ["preprocessor_config.json", "preset:imagenet"]

        [tool.normstat.check.rules]
        leakage = "warn"

    Raises
    ------
    UsageError
        The file cannot be read or is not TOML, or the table has another key, rule or value; with
        both their names.
    """
    for file in _files(folder):
        root = document(file)
        with naming(file):
            table = _table(root)
            if table is not None:
                return _settings(table, file)
    return CheckSettings()


def _files(folder: str) -> Iterator[str]:
    here = Path(os.path.abspath(folder))
    for place in (here, *here.parents):
        file = place / _NAME
        if os.path.lexists(file):  # a link to nowhere is a mistake, and no missing file
            yield os.path.relpath(file)


def _table(root: Node) -> Node | None:
    node = root
    for name in _TABLE:
        node = node.get(name)
        if node.value is None:
            return None
    return node


def _settings(table: Node, file: str) -> CheckSettings:
    for key, node in table.items():
        if key not in _KEYS:
            node.fail(f"no such key; there are {', '.join(_KEYS)}")
    return CheckSettings(
        mode=table.get("mode").optional(lambda node: node.one_of(MODES)),
        margin=table.get("margin").optional(Node.above_zero),
        rules=_rules(table.get("rules", {})),
        config=tuple(_beside(file, node) for node in table.get("config", []).list()),
        require_conclusive=table.get("require-conclusive").optional(Node.truth),
        file=file,
    )


def _rules(table: Node) -> dict[str, str]:
    for name, node in table.items():
        if name not in RULES:
            node.fail(f"no such rule; there are {', '.join(RULES)}")
    return {name: node.one_of(LEVELS) for name, node in table.items()}


def _beside(file: str, node: Node) -> str:
    """A name in the file, seen from the current folder instead of the file's."""
    name = node.text()
    if not name.removeprefix(PRESET):
        node.fail("is empty; give the name of a file, or preset:NAME")
    return name if name.startswith(PRESET) else os.path.join(os.path.dirname(file), name)
