"""Messages name parameters to users of Python, and flags to those of the command line."""

import ast
import inspect
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from command import normstat as command

import normstat
from normstat.cli import load
from normstat.cli.app import app
from normstat.errors import Message, NormstatError, TooManyErrors, UnreadableImage, option
from normstat.images import Unreadable
from normstat.sources import SourceKeywords
from normstat.verbs.listeners import heard
from normstat.verdict import Case, Level, Verdict

PACKAGE = Path(normstat.__file__).parent
#: Modules that may write flags: the command line, and details, which are recorded in stats files.
WITH_FLAGS = {
    "__main__.py",
    "commandline.py",
    "errors.py",
    "decode/arrays.py",
    "decode/geometry.py",
    "decode/kinds.py",
    "decode/pixels.py",
    "images/npy_header.py",
    "reports/words.py",
}
_FLAG = re.compile(r"(?<![-\w])--[a-z]")

FORMS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "max_pixels"}, "max_pixels", "--max-pixels"),
    ({"name": "max_value", "value": 4095}, "max_value=4095", "--max-value 4095"),
    ({"name": "crop", "value": 1}, "crop=1", "--crop 1"),
    ({"name": "epsilon", "metavar": "E"}, "epsilon=E", "--epsilon E"),
    ({"name": "overwrite", "value": True}, "overwrite=True", "--overwrite"),
    ({"name": "cache", "value": ...}, "cache=...", "--cache"),
    ({"name": "labels", "value": "count"}, 'labels="count"', "--labels count"),
    ({"name": "labels", "value": ""}, 'labels=""', "--labels "),
    ({"name": "exclude", "value": 'a"b'}, r'exclude="a\"b"', '--exclude a"b'),
    ({"name": "from_split", "value": "all"}, 'from_split="all"', "--from all"),
    ({"name": "preset"}, "source", "--preset"),
    (
        {"name": "channel_names", "value": ["a", "b"]},
        'channel_names=["a", "b"]',
        "--channel-names a,b",
    ),
    ({"name": "levels", "value": {"drift": "off"}}, 'levels={"drift": "off"}', "--rule drift=off"),
    (
        {"name": "split_dir", "value": {"a": "b c"}, "for_shell": True},
        'split_dir={"a": "b c"}',
        "--split-dir 'a=b c'",
    ),
]


@pytest.mark.parametrize(("given", "python", "flag"), FORMS, ids=[flag for *_, flag in FORMS])
def test_forms_of_an_option(given: dict[str, Any], python: str, flag: str) -> None:
    """An option is a keyword argument in Python, and a flag on the command line."""
    message = Message(f"use {option(**given)}; then")
    assert (str(message), message.on_command_line()) == (f"use {python}; then", f"use {flag}; then")


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("cli/") and name not in WITH_FLAGS:
            yield name, ast.parse(path.read_text("utf-8"))


def test_no_message_of_the_library_has_a_flag() -> None:
    """Only the command line and details in stats files have any."""
    modules = list(_modules())
    docstrings = {
        id(node.body[0].value)
        for _, module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    found = [
        f"{name}:{node.lineno}: {node.value}"
        for name, module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _FLAG.search(node.value)
        and id(node) not in docstrings
    ]
    assert found == []


def _named() -> set[str]:
    """Names of options in the library's messages."""
    return {
        ast.literal_eval(node.args[0])
        for _, module in _modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "option"
        and isinstance(node.args[0], ast.Constant)
    }


def test_what_messages_name_is_there() -> None:
    """Each option in a message is a parameter of a public function, and a flag of a command."""
    functions = (
        normstat.apply,
        normstat.check,
        normstat.compute,
        normstat.export,
        normstat.merge,
        normstat.normalizer,
    )
    parameters = {name for each in functions for name in inspect.signature(each).parameters}
    parameters |= SourceKeywords.__annotations__.keys()
    parameters |= SourceKeywords.__annotations__.keys()
    load()
    commands = typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]  # a group
    flags = {flag for each in commands for parameter in each.params for flag in parameter.opts}
    named = _named()
    assert len(named) > 20
    for name in named:
        message = Message(option(name))
        assert str(message) in parameters
        assert message.on_command_line() in flags


def test_errors_keep_both_forms() -> None:
    """An error from another process, or quoted in another error, is the same for both users."""
    error = TooManyErrors(f"more than {option('max_errors', 3)} allows")
    again = pickle.loads(pickle.dumps(error))
    outer = NormstatError(f"a.png: {again.message.template}")
    assert (str(again), again.args) == (str(error), ("more than max_errors=3 allows",))
    assert (repr(outer), outer.message.on_command_line()) == (
        "NormstatError('a.png: more than max_errors=3 allows')",
        "a.png: more than --max-errors 3 allows",
    )
    record = pickle.loads(pickle.dumps(UnreadableImage("empty", "x")))
    assert (record.code, record.detail, record.args) == ("empty", "x", ("empty", "x"))


def test_listeners_hear_both_forms() -> None:
    """Of a notice or a warning, however often the listener is adapted."""
    told: list[str] = []

    class Listener:
        total = advance = lambda self, images: None

        def notice(self, message: str) -> None:
            told.append(message)

    listener = heard(heard(Listener()))
    listener.notice(f"use {option('labels', 'count')}")
    listener.warning(f"raise {option('max_pixels')}")
    assert told == ['use labels="count"', "raise max_pixels"]
    assert [Message(message).on_command_line() for message in told] == [
        "use --labels count",
        "raise --max-pixels",
    ]


def test_hints_and_findings_have_both_forms() -> None:
    """What to do about a record, and what a check found."""
    hint = Unreadable("all", "a.png", "too_large").hint
    assert (hint, hint.on_command_line()) == ("raise max_pixels", "raise --max-pixels")
    case = Case("drift", Level.FAIL, f"convert with {option('channels')}")
    assert case.message == "convert with channels"
    (found,) = Verdict("same", (case,)).on_command_line().cases
    assert found.message == "convert with --channels"


def test_names_of_files_are_no_options(tmp_path: Path) -> None:
    """A file's name that looks like an argument stays as it is on the command line."""
    data = tmp_path / 'labels="count"'
    data.mkdir()
    run = command("compute", data, "-o", tmp_path / "stats.json")
    assert run.returncode == 2
    assert f"{data}: no images" in run.stderr
