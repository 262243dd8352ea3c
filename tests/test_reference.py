"""The reference of the command line says what ``--help`` says, and nothing is missing from it."""

import re

import pytest
import reference
from command import normstat


def test_the_page_is_what_make_docs_writes() -> None:
    """A changed option changes ``docs/cli.md``; `make docs` writes it."""
    assert reference.PAGE.read_text("utf-8") == reference.page()


def test_every_command_is_there() -> None:
    """The commands are those of ``normstat --help``."""
    listed = normstat("--help").stdout.partition("Commands:\n")[2]
    assert re.findall(r"^  (\w+) ", listed, re.MULTILINE) == list(reference.COMMANDS)


@pytest.mark.parametrize("command", reference.COMMANDS)
def test_it_is_what_the_help_says(command: str) -> None:
    """All options and arguments of the help, with all its words, in its order."""
    said = normstat(command, "--help").stdout
    flags = re.findall(r"^  (?:-\w, )?(--[a-z0-9-]+)", said, re.MULTILINE)
    options = [option.opts[-1] for option in reference.options(command)]
    assert [flag for flag in flags if flag != "--help"] == options
    words = "".join(said.split())
    for parameter in (*reference.arguments(command), *reference.options(command)):
        assert "".join(parameter.help.split()) in words
        assert parameter.metavar is None or parameter.metavar in words
