"""The README is run: every command in it, and its Python; the help it points to exists."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import demo
import make
import pytest
from command import environment, here

from normstat.rules import MODES, RULES

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = ["compute", "show", "apply", "presets", "invert", "check", "cache"]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the data of the demo."""
    folder = tmp_path_factory.mktemp("readme")
    demo.main(folder)
    return folder


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """Another one, after all commands of the README: other tests may run in other processes."""
    folder = tmp_path_factory.mktemp("used")
    demo.main(folder)
    for block in CONSOLE:
        for command, _ in commands(block):
            here(*command[1:], cwd=folder)
    return folder


def commands(block):
    """Each command of a block with the output shown for it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield shlex.split(command), output


def shape(output):
    """Lines without what another libjpeg or terminal changes: digits, fill and marks."""
    lines = (re.sub(r"[\d.^#]+|\s+|─+", " ", line).strip() for line in output.splitlines())
    return [re.sub(r" +", " ", line) for line in lines if line]


def test_commands_do_what_is_shown(folder):
    """Every command of the README, in order, succeeds and prints what it shows, but for digits."""
    for command, shown in (each for block in CONSOLE for each in commands(block)):
        assert command[0] == "normstat"
        result = here(*command[1:], cwd=folder)
        assert result.returncode == 0, result.stderr
        if shown.strip() != "...":
            assert shape(result.stderr + result.stdout) == shape(shown)


def test_the_workflow_keeps_the_report_that_it_asks_for(tmp_path):
    """The arguments of the GitHub workflow run, and leave the file of its last step."""
    workflow = README.partition("# .github/workflows/data.yml\n")[2].partition("```")[0]
    for name in ("data/train/a.png", "data/val/b.png"):
        make.write(tmp_path / name, make.encoded(make.pixels(len(name), 5, 7)))
    here("compute", "data", cwd=tmp_path)
    (given,) = re.findall(r"^ +args: (.*)$", workflow, re.MULTILINE)
    result = here("check", "data", "--stats", "stats.json", *given.split(), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (kept,) = re.findall(r"^ +path: (.*)$", workflow, re.MULTILINE)
    assert (tmp_path / kept).stat().st_size
    assert re.search(r"upload-artifact@v\d+\n +if: always\(\)\n", workflow)


@pytest.mark.parametrize("block", PYTHON)
def test_python_runs(used, block):
    """The README's Python runs as a script, without a main guard."""
    if "import torch" in block:
        pytest.importorskip("torch", exc_type=ImportError)
    script = used / "example.py"
    script.write_text(block)
    subprocess.run([sys.executable, script], cwd=used, env=environment(), check=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_the_help_run(tmp_path, command):
    """Each command's help has examples, and each of them succeeds on data that it fits."""
    for folder in ("train", "2023"):
        make.write(tmp_path / "data" / folder / "a.png", make.encoded(make.pixels(1, 5, 7)))
    here("compute", "data", cwd=tmp_path)
    here("compute", "data", "--cache", "normstat.cache", "-q", cwd=tmp_path)
    if command == "invert":
        here("apply", "data", "arrays", "--method", "unit", cwd=tmp_path)
    if command == "show":
        here("compute", "data", "-q", "-o", "old.json", cwd=tmp_path)
    examples = re.findall(r"^    normstat (.*)$", here(command, "--help").stdout, re.MULTILINE)
    assert examples
    for example in examples:
        assert here(*shlex.split(example), cwd=tmp_path).returncode == 0, example


def test_the_table_of_rules():
    """It is what the rules say of themselves, row by row, in the order of looking."""
    rows = [
        f"| `{name}` | {rule.level} | {'both' if rule.modes == MODES else ', '.join(rule.modes)} "
        f"| {rule.finds} | {rule.threshold} |\n"
        for name, rule in RULES.items()
    ]
    assert "| rule | level | mode | finds | threshold |\n|---|---|---|---|---|\n" in README
    table = README.partition("| rule | level |")[2].partition("\n\n")[0] + "\n"
    assert table.splitlines(keepends=True)[2:] == rows
