"""Docstrings begin with a noun or a verb."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import normstat

PACKAGE = Path(normstat.__file__).parent
_CLAUSE = re.compile(r"(What|Whether|Who|Whose|Which|How|Where|When|Why)\b")
_OF_WHICH = re.compile(r"\bof\s+(which|whom)\b")


def _places() -> dict[str, list[Path]]:
    """Rooms of the package, and the modules beside them, with their files."""
    places: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0]
        places.setdefault(room, []).append(path)
    return places


def _faults(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if _CLAUSE.match(text) or _OF_WHICH.search(text):
                yield f"{path.relative_to(PACKAGE)}: {text.splitlines()[0]}"


@pytest.mark.parametrize("place", _places())
def test_no_docstring_begins_with_a_clause(place: str) -> None:
    """A docstring says what a thing is or does, and never of which."""
    faults = [fault for path in _places()[place] for fault in _faults(path)]
    assert not faults, "\n".join(faults)
