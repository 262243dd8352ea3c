"""The command-line reference, ``docs/cli.md``, made from what ``--help`` of each command says."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from normstat.cli import load
from normstat.cli.app import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
load()
_GROUP: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = {
    name: command for name, command in sorted(_GROUP.commands.items()) if not command.hidden
}


def page() -> str:
    """All commands as Markdown, the same for any terminal and any version of Typer."""
    made = "Made by `make docs` from the `--help` of each command."
    codes = "Exit codes are listed in the [README](../README.md#exit-codes)."
    sections = [
        "# Command line",
        f"{made} {codes}",
        *(section for name in COMMANDS for section in _command(name)),
    ]
    return "\n\n".join(sections) + "\n"


def options(name: str) -> list[Any]:
    """Options of a command, in the order of its help."""
    return [each for each in COMMANDS[name].params if each.param_type_name == "option"]


def arguments(name: str) -> list[Any]:
    """Positional arguments of a command."""
    return [each for each in COMMANDS[name].params if each.param_type_name == "argument"]


def _command(name: str) -> Iterator[str]:
    yield f"## normstat {name}"
    usage = " ".join(each.metavar for each in arguments(name))
    required = "".join(f"{_flags(each)} " for each in options(name) if each.required)
    yield f"```\nnormstat {name} [OPTIONS] {required}{usage}".rstrip() + "\n```"
    for paragraph in COMMANDS[name].help.split("\n\n"):
        if paragraph.startswith("\b"):
            title, *lines = paragraph.removeprefix("\b\n").splitlines()
            yield f"{title}\n\n```\n" + "\n".join(line.strip() for line in lines) + "\n```"
        else:
            yield " ".join(paragraph.split())
    for title, parameters in (("Arguments", arguments(name)), ("Options", options(name))):
        if parameters:
            yield f"{title}:"
            yield "\n".join(
                f"- `{_flags(each)}`: {each.help}{_default(each)}" for each in parameters
            )


def _flags(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    return f"{', '.join(parameter.opts)} {parameter.metavar or ''}".rstrip()


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required or value is None or value is False or value in ("", []):
        return ""
    return f" Default: {value}."


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8", newline="\n")
    print(f"written to {PAGE}", file=sys.stderr)
