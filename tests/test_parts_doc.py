"""What docs/parts.md says to type is typed: in its order, and in jobs as arrays number them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import applied
import make
import pytest
from command import environment, here

PAGE = (Path(__file__).parent.parent / "docs" / "parts.md").read_text("utf-8")
BLOCKS = re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^normstat (.*)$", "\n".join(BLOCKS), re.MULTILINE)
#: As many jobs as an array has here.
JOBS = 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``data``, in which commands run."""
    applied.photos(tmp_path / "data", {"train": 12, "val": 5})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_run_in_their_order(folder: Path) -> None:
    """With the data of the page; the results are those of one run."""
    plain = [words for words in COMMANDS if "$" not in words]
    assert len(plain) > 10
    for words in plain:
        run = here(*shlex.split(words))
        assert run.returncode == 0, (words, run.stderr)
    here("compute", "data", "-o", "whole.json", "-q")
    here("apply", "data", "whole", "--stats", "whole.json", "-q")
    assert Path("stats.json").read_bytes() == Path("whole.json").read_bytes()
    assert applied.tree(Path("arrays")) == applied.tree(Path("whole"))


def recipes() -> dict[str, str]:
    """A line of a shell for each kind of job, with the number of jobs and folders of the test."""
    (aws,) = re.findall(r"^sh -c '(.*)'$", "\n".join(BLOCKS), re.MULTILINE)
    (kubernetes,) = re.findall(r"&&\n *(normstat .*\n.*)\n *volumeMounts", PAGE)
    slurm = [f"mkdir -p parts; normstat {words}" for words in COMMANDS if "$SLURM" in words]
    found = {"slurm": slurm[0], "slurm-arrays": slurm[1], "kubernetes": kubernetes, "aws": aws}
    assert all("/16" in line for line in found.values())
    return {
        name: " ".join(line.replace("/16", f"/{JOBS}").split())
        .replace(" /data", " data")
        .replace("/parts/", "parts/")
        .replace("/scratch/", "")
        for name, line in found.items()
    }


@pytest.mark.matrix
@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize("name", recipes())
def test_a_job_array(folder: Path, name: str) -> None:
    """Each job by its number, from 1 or from 0, in a shell; then the line that merges."""
    line = recipes()[name].replace("normstat", f"{shlex.quote(sys.executable)} -m normstat", 1)
    make.write(folder / "data" / "train" / "cut.png", make.encoded(make.pixels(1, 9, 9))[:-20])
    if not name.startswith("slurm"):
        (folder / "parts").mkdir()
    here("compute", "data", "-o", "stats.json", "-q")
    for job in range(JOBS):
        numbers = {
            "SLURM_ARRAY_TASK_ID": str(job + 1),
            "JOB_COMPLETION_INDEX": str(job),
            "AWS_BATCH_JOB_ARRAY_INDEX": str(job),
        }
        run = subprocess.run(["sh", "-c", line], env=environment(**numbers), check=False)
        assert run.returncode in ((0, 3) if name.startswith("slurm") else (0,))
    if name == "slurm-arrays":
        assert here("merge", "arrays").returncode == 0
        return
    parts = sorted(str(path) for path in Path("parts").iterdir())
    assert here("merge", *parts, "-o", "merged.json", "-q").returncode == 0
    assert Path("merged.json").read_bytes() == Path("stats.json").read_bytes()
