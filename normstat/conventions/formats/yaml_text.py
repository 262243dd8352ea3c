"""YAML: the only file that needs PyYAML, but for the one that writes numbers into such text."""

from typing import Any

import yaml

from normstat.conventions.formats.utf8 import utf8
from normstat.errors import StatsFileError
from normstat.statsfile.json_reader import Bad

# Aliases of aliases make few lines endless; no configuration has so many values.
_MOST_VALUES = 200_000
#: A key that takes over what another mapping has.
_MERGE = "<<"
_PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))


def content(data: bytes) -> Any:
    r"""The value of a YAML text; a StatsFileError if it is none.

    Objects that tags ask for are never made: their values are plain text, lists and mappings.

    >>> content(b"means: # of each band\n  - 0.5\nwhat: !!python/name:os.system")
    {'means': [0.5], 'what': ''}
    """
    try:
        loader = yaml.SafeLoader(utf8(data))
        try:
            node = loader.get_single_node()
            return None if node is None else _Values(loader).of(node)
        finally:
            loader.dispose()
    except RecursionError as error:
        raise StatsFileError("nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise StatsFileError(f"not YAML: {' '.join(str(error).split())}") from error


class _Values:
    """Values of nodes, at most so many."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._left = _MOST_VALUES

    def of(self, node: yaml.Node) -> Any:
        self._left -= 1
        if self._left < 0:
            raise StatsFileError("has too many values, so is not a configuration")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item) for item in node.value]
        if node.tag in _PLAIN_TAGS:
            return self._loader.construct_object(node)
        return node.value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, node_of in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            value = self.of(node_of)
            if name == _MERGE and key.style is None:
                for each in reversed(value if isinstance(value, list) else [value]):
                    merged.update(each if isinstance(each, dict) else {})
            else:
                found[name] = Bad("stands twice in one mapping") if name in found else value
        return {**merged, **found}
