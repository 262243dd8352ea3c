"""What continuous integration of others runs: the action and the hook."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
HOOK = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")


def check_script():
    """The shell commands of the action's last step."""
    lines = ACTION.partition("run: |\n")[2].splitlines()
    return "\n".join(line.strip() for line in lines)


def test_no_input_is_read_as_a_command():
    """Inputs reach a shell as variables only, and every input is used."""
    assert "${{" not in check_script()
    assert not re.search(r"run: .*\$\{\{", ACTION)
    inputs = ACTION.partition("inputs:\n")[2].partition("\nruns:")[0]
    for name in re.findall(r"^  ([a-z-]+):$", inputs, re.MULTILINE):
        assert f"${{{{ inputs.{name} }}}}" in ACTION


@pytest.mark.skipif(sys.platform == "win32", reason="the action brings its own bash there")
def test_the_action_passes_its_inputs_on(tmp_path):
    """Data and stats are one word each, whatever is in them; options are words, not globs."""
    shown = tmp_path / "normstat"
    shown.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    shown.chmod(0o755)
    (tmp_path / "a.json").touch()
    inputs = {"DATA": "-my data; exit 9", "STATS": "my $(stats).json", "ARGS": "-q --report *.json"}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", check_script()],
        cwd=tmp_path,
        env=os.environ | inputs | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == [
        "check", "--stats", "my $(stats).json", "--format", "github",
        "-q", "--report", "*.json", "--", "-my data; exit 9",
    ]  # fmt: skip


def test_the_hook():
    """The hook runs once, on the whole data set, whatever changed."""
    assert "entry: normstat check\n" in HOOK
    assert "pass_filenames: false" in HOOK
    assert "always_run: true" in HOOK
