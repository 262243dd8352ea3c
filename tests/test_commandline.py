"""What a command line tells before it is parsed: how it can be continued, and its cache."""

import os
import sys
from pathlib import Path

import pytest
from cached import pgm, settle
from command import normstat
from started import patch

from normstat.commandline import cache_file, how_to_continue

KEPT = "what is finished is kept in c"


@pytest.mark.parametrize(
    ("words", "kept", "sentence"),
    [
        (
            "compute photos",
            "",
            "the same command begins again; with --cache FILE it could continue",
        ),
        (
            "check photos --stats s",
            "",
            "the same command begins again; with --cache FILE it could continue",
        ),
        ("compute photos --cache c", "", "the same command begins again"),
        ("compute photos --cache=c", "", "the same command begins again"),
        ("check photos --stats s --cache=c", "", "the same command begins again"),
        (
            "compute photos --cache c",
            KEPT,
            "what is finished is kept in c, and the same command continues",
        ),
        (
            "check photos --stats s --cache=c",
            KEPT,
            "what is finished is kept in c, and the same command continues",
        ),
        ("apply photos arrays", "", "the same command with --skip-existing continues"),
        ("normalize photos arrays", "", "the same command with --skip-existing continues"),
        (
            "apply photos arrays --overwrite",
            "",
            "the same command with --skip-existing in place of --overwrite continues",
        ),
        ("apply photos arrays --skip-existing", "", "the same command continues"),
        ("apply photos arrays --dry-run", "", "nothing was to be written"),
        ("invert arrays seen", "", "the same command with --overwrite begins again"),
        ("invert arrays seen --overwrite", "", "the same command begins again"),
        ("show stats.json", "", "the same command begins again"),
        ("", "", "the same command begins again"),
    ],
)
def test_how_to_continue(words: str, kept: str, sentence: str) -> None:
    """Each command says what holds for it; only a cache that has something is relied on."""
    assert how_to_continue(words.split(), kept) == sentence


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["compute", "d", "--cache", "c"], "c"),
        (["compute", "d", "--cache=c"], "c"),
        (["compute", "--cache", "a", "d", "--cache=b"], "b"),
        (["compute", "d", "--cache"], None),
        (["compute", "d", "--", "--cache", "c"], None),
        (["compute", "d", "--cached", "c"], None),
    ],
)
def test_the_cache_of_a_command_line(words: list[str], file: str | None) -> None:
    """Both spellings, the last one given; what follows -- is no option."""
    assert cache_file(words) == file


# Every process that the command itself starts, before it starts it.
LISTED = """
import sys
if "-m" in sys.orig_argv:
    def listed(event, _):
        if event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
            with open("processes", "a") as file:
                print(event, file=file)
    sys.addaudithook(listed)
"""


@pytest.mark.matrix
def test_a_run_that_has_all_in_its_cache_starts_no_process(tmp_path: Path) -> None:
    """Workers that nobody needs would cost more than the rest of the run; else they start."""
    for index in range(9):
        pgm(tmp_path / "data" / f"{index}.pgm", index)
    settle(tmp_path / "data")
    compute = ("compute", "data", "-o", "s.json", "--cache", "c")
    check = ("check", "data", "--stats", "s.json", "--cache=c")
    processes = tmp_path / "processes"
    env = patch(tmp_path / "patch", LISTED)
    for command in (compute, compute, check):
        first = not (tmp_path / "c").exists()
        run = normstat(*command, env=env, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert ("9 of 9 images" in run.stderr) == (not first)
        assert processes.exists() == first
        if first:
            os.remove(processes)
    pgm(tmp_path / "data" / "new.pgm", 99)
    settle(tmp_path / "data")
    assert normstat(*compute, env=env, cwd=tmp_path).returncode == 0
    assert processes.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_a_destructor_may_raise_what_it_wants(tmp_path: Path) -> None:
    """What is no signal of ours Python still prints."""
    code = """
import sys
if "-m" in sys.orig_argv:
    from normstat import cli
    class Falls:
        def __del__(self):
            raise ValueError("as usual")
    def main(*_):
        Falls()
        return 0
    cli.main = main
"""
    run = normstat("presets", env=patch(tmp_path / "patch", code))
    assert run.returncode == 0
    assert "ValueError: as usual" in run.stderr
