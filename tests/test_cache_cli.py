"""``--cache`` and ``normstat cache`` as a user meets them: interrupted, shared, and out of room."""

import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import mounted
import pytest
from cached import cut, pgm, settle
from command import environment, here, normstat

from normstat.cache import Cache, Context
from normstat.cli.terminal import _Bar

IMAGES = 400
posix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals, limits or modes there")
RESUMED = re.compile(r"^(\d+) of (\d+) images from the cache ", re.MULTILINE)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Small images in some shards, one of them empty."""
    data = tmp_path / "data"
    for index in range(IMAGES):
        pgm(data / "train" / f"{index:03}.pgm", index)
    (data / "train" / "200.pgm").write_bytes(b"")
    settle(data)
    return data


def compute(
    data: Path, *options: str | Path, code: int = 3, **more: object
) -> tuple[str, str, tuple[str, ...]]:
    """The stats file of a run, what it said, and how many images it had from the cache.

    With options for a process it has one of its own.
    """
    run = (normstat if more else here)("compute", data, "-o", "-", "-j", "2", *options, **more)
    assert run.returncode == code, run.stderr
    found = RESUMED.search(run.stderr)
    return run.stdout, run.stderr, found.groups() if found else ()


def test_a_repeated_run_reads_nothing(data: Path, tmp_path: Path) -> None:
    """The second run has all from the cache; its stats, and exit code, are those of the first."""
    usual, _, none = compute(data)
    assert none == ()
    first, _, before = compute(data, "--cache", tmp_path / "c", cwd=tmp_path, env={})
    again, _, after = compute(data, "--cache", tmp_path / "c", cwd=tmp_path, env={})
    assert usual == first == again
    assert (before, after) == (("0", "400"), ("400", "400"))
    quiet = compute(data, "--cache", tmp_path / "c", "-q")[1]
    assert quiet.splitlines() == [line for line in quiet.splitlines() if "exit code 3" in line]


def test_check_and_compute_share_rows(data: Path, tmp_path: Path) -> None:
    """What one has read the other need not, and the verdict is the same with and without."""
    pgm(data / "val" / "a.pgm", 7)  # identical to images of train
    settle(data)
    stats, cache = tmp_path / "stats.json", tmp_path / "c"
    here("compute", data, "-o", stats, "--cache", cache)
    pgm(data / "train" / "001.pgm", 99)
    settle(data)
    arguments = ["check", data, "--stats", stats, "--format", "json"]
    usual = here(*arguments)
    with_cache = here(*arguments, "--cache", cache)
    again = here(*arguments, "--cache", cache)
    assert (usual.returncode, usual.stdout) == (1, with_cache.stdout)
    assert again.stdout == usual.stdout
    shard = next(paths for paths in cut(data) if "train/001.pgm" in paths)
    assert RESUMED.search(with_cache.stderr)[1] == str(401 - len(shard))  # type: ignore[index]
    assert RESUMED.search(again.stderr)[1] == "401"  # type: ignore[index]


def test_check_finds_what_compute_with_covariance_kept(data: Path, tmp_path: Path) -> None:
    """Covariance is recorded, so that a check asks the cache for what there is."""
    stats, cache = tmp_path / "stats.json", tmp_path / "c"
    here("compute", data, "-o", stats, "--cache", cache, "--covariance")
    assert json.loads(stats.read_text())["settings"]["covariance"] is True
    run = here("check", data, "--stats", stats, "--cache", cache)
    assert RESUMED.search(run.stderr).groups() == ("400", "400")  # type: ignore[union-attr]


def test_killed_at_any_moment_it_goes_on(data: Path, tmp_path: Path) -> None:
    """After kill -9, however often, the same command gives the bytes of an undisturbed run."""
    command = [sys.executable, "-m", "normstat", "compute", data, "-o", tmp_path / "stats.json"]
    moments = random.Random(1)
    for _ in range(4):
        run = subprocess.Popen([*command, "--cache", tmp_path / "c"], env=environment())
        time.sleep(moments.uniform(0.2, 1.5))
        run.kill()
        run.wait()
    assert compute(data, "--cache", tmp_path / "c")[0] == compute(data)[0]
    assert not list(tmp_path.glob("c.damaged*"))


_WRITER = """
import itertools, sys
from normstat.cache import Cache, Context, cache
cache._EVERY = 0
rows = Cache(sys.argv[1], sys.exit)
for number in itertools.count():
    samples = [(5 * number + more).to_bytes(16, "big") for more in range(5)]
    rows.store(Context("/data", "val", "", "1"), samples, b"".join(samples) * 99)
    print(number, flush=True)
"""


def test_killed_while_it_writes(tmp_path: Path) -> None:
    """All that was written before the kill is there, whole, and what was being written is not."""
    context, moments = Context("/data", "val", "", "1"), random.Random(2)
    for _ in range(8):
        command = [sys.executable, "-c", _WRITER, tmp_path / "c"]
        run = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        assert run.stdout
        assert run.stdout.readline() == "0\n"
        time.sleep(moments.uniform(0, 0.1))
        run.kill()
        written = ["0", *run.communicate()[0].split()]
        samples = [number.to_bytes(16, "big") for number in range(5 * len(written))]
        cache = Cache(str(tmp_path / "c"), pytest.fail)
        found = sorted(cache.find(context, samples), key=lambda row: row.samples)
        cache.close()
        assert [row.samples for row in found] == [
            tuple(samples[start : start + 5]) for start in range(0, len(samples), 5)
        ]
        assert all(row.value == b"".join(row.samples) * 99 for row in found)


@pytest.mark.matrix
def test_two_runs_share_a_cache(data: Path, tmp_path: Path) -> None:
    """At the same time, from nothing: both are right, and what they kept is whole."""
    command = [sys.executable, "-m", "normstat", "compute", data, "-q", "--cache", tmp_path / "c"]
    runs = [
        subprocess.Popen([*command, "-o", tmp_path / f"{name}.json"], env=environment())
        for name in "abc"
    ]
    assert [run.wait() for run in runs] == [3, 3, 3]
    usual, _, found = compute(data, "--cache", tmp_path / "c")
    assert found == ("400", "400")
    assert {(tmp_path / f"{name}.json").read_text("utf-8") for name in "abc"} == {usual}
    assert not list(tmp_path.glob("c.damaged*"))


@pytest.mark.sampled
@posix
@pytest.mark.parametrize("room", [0, 40_000])
def test_no_room_for_the_cache_is_no_reason_to_stop(data: Path, tmp_path: Path, room: int) -> None:
    """Where no file may grow beyond some size, the stats are right and one line tells."""
    import resource

    for index in range(1000):
        pgm(data / "train" / "more" / f"{index:04}.pgm", index)
    settle(data)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    stats, said, _ = compute(data, "--cache", tmp_path / "c", preexec_fn=limit)
    assert stats == compute(data)[0]
    assert said.count(f"{tmp_path / 'c'}: cannot be ") == 1
    assert re.search(r"; the disk mounted at /\S* has [\d,]+ bytes free; ", said)
    assert compute(data, "--cache", tmp_path / "c")[0] == stats


@pytest.mark.parametrize("room", [0, 32_768])
def test_a_full_disk_is_named_once(data: Path, tmp_path: Path, room: int) -> None:
    """Where it is mounted and what is free, whether or not the file could be begun."""
    with mounted.disk(tmp_path / "disk", 256) as disk:
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - room))
        stats, said, _ = compute(data, "--cache", disk / "c")
        assert stats == compute(data)[0]
        (told,) = [line for line in said.splitlines() if str(disk) in line and ": cannot" in line]
        assert "(database or disk is full); the disk mounted at" in told
        assert re.search(f"mounted at {disk} has [0-9,]+ bytes free", told)
        quiet = compute(data, "--cache", disk / "c", "-q")[1].splitlines()
        assert [line for line in quiet if "exit code 3" not in line] == [told]


def test_a_read_only_disk_is_named(data: Path, tmp_path: Path) -> None:
    """What is in the cache is used, and that nothing more gets there is due to the disk."""
    with mounted.disk(tmp_path / "disk", 1024) as disk:
        compute(data, "--cache", disk / "c")
        mounted.remounted(disk, "ro")
        pgm(data / "val" / "new.pgm", 1)
        settle(data)
        _, said, found = compute(data, "--cache", disk / "c")
    assert found == ("400", "401")
    assert "cannot be written (attempt to write a readonly database); the disk" in said


@pytest.mark.parametrize("options", [[], ["-q"]], ids=["usual", "quiet"])
def test_a_file_that_is_renamed_is_told(data: Path, tmp_path: Path, options: list[str]) -> None:
    """A text that is given as a cache is kept under another name, and not even -q hides that."""
    cache = tmp_path / "c"
    cache.write_text("dear diary, " * 99)
    _, said, _ = compute(data, "--cache", cache, *options)
    assert (
        f"{cache}: is no cache, or damaged: set aside as {cache}.damaged, a new one is begun\n"
    ) in said
    assert (tmp_path / "c.damaged").read_text() == "dear diary, " * 99


@posix
def test_a_cache_that_may_only_be_read(data: Path, tmp_path: Path) -> None:
    """What is in it is used, and that nothing more gets there is said once."""
    compute(data, "--cache", tmp_path / "c")
    pgm(data / "val" / "new.pgm", 1)
    settle(data)
    (tmp_path / "c").chmod(0o444)
    tmp_path.chmod(0o555)
    before = (tmp_path / "c").read_bytes()
    stats, said, found = compute(data, "--cache", tmp_path / "c", anyone=True)
    tmp_path.chmod(0o755)
    assert found == ("400", "401")
    assert said.count("cannot be written (attempt to write a readonly database); nothing") == 1
    assert stats == compute(data)[0]
    assert (tmp_path / "c").read_bytes() == before


def test_a_cache_among_the_images(data: Path) -> None:
    """It is no image, and what is written to it changes none."""
    for _ in range(2):
        stats, _, found = compute(data, "--cache", data / "train" / "c")
    assert found == ("400", "400")
    assert stats == compute(data)[0]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--cache", "stats"), 2),
        (("--cache", "stats.json"), 2),
        (("--cache", "a.png"), 2),
        (("--cache", "."), 2),
        (("--cache", "missing/c"), 4),
    ],
)
def test_refused_before_any_work(
    data: Path, tmp_path: Path, options: tuple[str, ...], code: int
) -> None:
    """A cache that can be none, or is another file of the run, leaves everything as it is."""
    (tmp_path / "stats").write_text("an old one")
    run = here("compute", "data", "-o", "stats", *options, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (code, "")
    assert options[1].removeprefix(".") in run.stderr
    assert (tmp_path / "stats").read_text() == "an old one"
    assert sorted(os.listdir(tmp_path)) == ["data", "stats"]


def test_check_refuses_its_inputs(data: Path, tmp_path: Path) -> None:
    """The recorded numbers, a config and a report are no caches, whatever they are called."""
    here("compute", "data", "-o", "stats", cwd=tmp_path)
    before = (tmp_path / "stats").read_bytes()
    (tmp_path / "config.toml").write_text("mean = [0.5]\nstd = [0.5]\n")
    for cache, options in (
        ("stats", ()),
        ("config.toml", ("--config", "config.toml")),
        ("r.md", ("--report", "r.md")),
    ):
        run = here("check", "data", "--stats", "stats", "--cache", cache, *options, cwd=tmp_path)
        assert run.returncode == 2
        assert f"--cache {cache}: is the file of --" in run.stderr
    assert (tmp_path / "stats").read_bytes() == before


def test_the_command_shows_and_prunes(data: Path, tmp_path: Path) -> None:
    """A line for each split and setting; old rows, and those in others, go."""
    cache = tmp_path / "c"
    compute(data, "--cache", cache)
    compute(data, "--cache", cache, "--channels", "rgb")
    shards = len(cut(data))
    shown = here("cache", cache)
    assert shown.returncode == 0
    for settings in ("default", 'channels "rgb"'):
        (line,) = [line for line in shown.stdout.splitlines() if settings in line]
        assert line.split()[:4] == [f"{data}", "train", f"{shards}", "400"]
    pgm(data / "train" / "000+.pgm", 1)
    settle(data)
    compute(data, "--cache", cache)
    with sqlite3.connect(cache) as file:  # the rest happens a day later
        file.execute("UPDATE rows SET used = used - 1")
    file.close()
    compute(data, "--cache", cache)
    pruned = here("cache", cache, "--prune", "30")
    assert pruned.stderr == f"1 row removed from {cache}\n"
    with sqlite3.connect(cache) as file:
        file.execute("UPDATE rows SET used = 1 WHERE context IN (SELECT min(context) FROM rows)")
    file.close()
    size = cache.stat().st_size
    pruned = here("cache", cache, "--prune", "30")
    assert pruned.stderr == f"{shards} rows removed from {cache}\n"
    assert len(pruned.stdout.splitlines()) == len(shown.stdout.splitlines()) - 1
    assert cache.stat().st_size < size
    assert json.loads(compute(data, "--cache", cache)[0])["splits"]["train"]["images"] == 400


def test_only_versions_that_differ_are_shown(tmp_path: Path) -> None:
    """Of versions a table has those that tell its lines apart, else none."""
    for pillow, words in (("12", 0), ("13", 1)):
        cache = Cache(str(tmp_path / "c"), pytest.fail)
        cache.store(Context("/data", "val", "", f"normstat 1, pillow {pillow}"), (b"a" * 16,), b"")
        cache.close()
        shown = here("cache", tmp_path / "c").stdout
        assert [shown.count(text) for text in ("normstat 1", "pillow 12", "pillow 13")] == [
            0,
            words,
            words,
        ]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no such file"), (b"", "is empty"), (b"{}" * 999, "is no cache, or damaged")],
)
def test_the_command_refuses_what_is_no_cache(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """It says so, and changes nothing."""
    if content is not None:
        (tmp_path / "c").write_bytes(content)
    for options in ((), ("--prune", "1")):
        run = here("cache", tmp_path / "c", *options)
        assert (run.returncode, run.stdout) == (2, "")
        assert message in run.stderr
    assert (tmp_path / "c").read_bytes() == content if content is not None else True


def test_a_long_run_offers_the_cache_once() -> None:
    """Whoever waits for long is told of it, and not again."""
    said: list[str] = []

    class Terminal:
        """What tqdm would draw on."""

        def update(self, images: int) -> None: ...

        def write(self, message: str, file: object) -> None:
            said.append(message)

    for after, times in ((0.0, 1), (float("inf"), 0)):
        bar = _Bar(Terminal, after)
        said.clear()
        for _ in range(3):
            bar.advance(1)
        assert len(said) == times
