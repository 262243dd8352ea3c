"""``docs/sources.md`` is run: the example of each row, and every block."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sources_data
from command import environment

import normstat
from normstat.sources import SOURCES

DOC = (Path(__file__).parent.parent / "docs" / "sources.md").read_text(encoding="utf-8")
#: DATA, example and extra of each row of the table.
ROWS = [
    [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in DOC.partition("|---|---|---|\n")[2].partition("\n\n")[0].splitlines()
]
CONSOLE = re.findall(r"```console\n(.*?)```", DOC, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
# More endings than a row has room for.
_MANY = 10
# Those that are no photos.
_OTHERS = ("ct", "mnist", "cifar", "normalized")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the data of the examples."""
    folder = tmp_path_factory.mktemp("sources")
    sources_data.main(folder)
    return folder


@pytest.fixture(scope="module")
def photos(folder):
    """Statistics of the photos in their folder."""
    return normstat.compute(folder / "photos", workers=0)


def run(command, folder):
    """Run a line of a shell in which normstat is installed."""
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join((scripts, os.environ["PATH"]))
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment(PATH=path),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, (command, result.stdout, result.stderr)
    return result


@pytest.mark.matrix
@pytest.mark.parametrize(("data", "example", "extra"), ROWS, ids=[row[1] for row in ROWS])
def test_the_example_of_a_row_counts_the_same_images(folder, photos, s3, data, example, extra):
    """With the means, the stds and the pixels of the images in their folder."""
    files = [path for path in (folder / "photos").rglob("*") if path.is_file()]
    s3.buckets["bucket"] = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in files
    }
    (command,) = re.findall(r"^`(.*)`$", example)
    run(f"{command} -o row.json", folder)
    stats = normstat.load(folder / "row.json")
    if command.endswith(_OTHERS):
        assert all(split.images for split in stats.splits.values())
        return
    assert "train" in stats.splits
    for name, found in stats.splits.items():
        split = photos.splits[name]
        assert (found.images, found.mean, found.std) == (split.images, split.mean, split.std)
        assert found.fingerprint.content == split.fingerprint.content


@pytest.mark.matrix
def test_commands_succeed(folder):
    """One a line, after a prompt, in the order of the page: later ones read what earlier wrote."""
    for block in CONSOLE:
        commands = re.findall(r"^\$ (.*)$", block, re.MULTILINE)
        assert commands
        for command in commands:
            run(command, folder)


@pytest.mark.parametrize("block", PYTHON)
def test_python_runs(folder, block):
    """As a script, without a main guard."""
    (folder / "example.py").write_text(block)
    subprocess.run([sys.executable, "example.py"], cwd=folder, env=environment(), check=True)


def test_each_kind_has_a_row():
    """With the endings of its files, or its name if there are many; and with its extra."""
    table = "\n".join("|".join(row) for row in ROWS)
    for name, kind in SOURCES.items():
        missing = [ending for ending in kind.endings if f"`{ending}`" not in table]
        assert not missing or (len(kind.endings) > _MANY and name in table.lower()), missing
        assert not kind.extra or f"|`{kind.extra}`" in table, kind.extra
