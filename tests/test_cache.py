"""What is kept of finished shards: it never changes a result, whatever happens to it."""

import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
import strategies
from arrays import ArrayPixels
from cached import Listener, cut, pgm, put_back, read, settle, text
from hypothesis import given, settings
from hypothesis import strategies as st
from opened import opened
from told import Told

import normstat
from normstat.accumulators.fold import Fold
from normstat.accumulators.keys import KeyCollector
from normstat.accumulators.rows import Counts, row_of, row_of_unreadable
from normstat.cache import Cache, Context, contents, prune, sample_digest
from normstat.cache.database import Database
from normstat.cache.quarantine import identity_of, set_aside
from normstat.errors import NormstatError, OutputError, StatsFileError, UsageError
from normstat.executors import Local, in_order
from normstat.images import LocalFiles, Sample, Shard, Unreadable
from normstat.statsfile import ROWS, dumps_counts, loads_counts
from normstat.verbs.compute.count import count
from normstat.verbs.compute.job import Count
from normstat.verbs.engine import Engine

RGB = make.encoded(make.pixels(1, 9, 14))
GRAY = make.encoded(make.pixels(2, 7, 5, channels=1))
GRAY16 = make.encoded(make.pixels(3, 6, 8, channels=1, dtype="uint16"))
FLOAT = make.tiff((make.pixels(4, 5, 6, channels=1) / np.float32(7) - 9).astype("float32"))
BANDS = make.npy(np.linspace(-1e3, 1e3, 60).reshape(3, 4, 5))
SETS = {
    "8-bit": {"a.png": GRAY, "b.png": RGB, "c/d.png": RGB},
    "16-bit": {"a.png": GRAY16, "b.png": GRAY16},
    "float": {f"{index}.tif": FLOAT for index in range(7)},
    "npy": {"a.npy": BANDS, "b.npy": BANDS},
    "unreadable": {"a.png": RGB, "b.png": b"", "c.png": RGB[:99], "d.png": b"<html>", "e.png": RGB},
    "depths": {"a.tif": FLOAT, "b.png": GRAY16, "c.png": RGB, "d.png": RGB, "e.png": GRAY16},
    "splits": {"train/a.png": RGB, "val/b.png": GRAY, "val/c.png": b""},
}  # fmt: skip
CONTEXT = Context("/data", "val", "", "1")
A, B, C = (letter.encode() * 16 for letter in "abc")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """300 images of a pixel, enough for some shards; some of them damaged."""
    data = tmp_path / "data"
    for index in range(300):
        pgm(data / f"{index:03}.pgm", index)
    for name in ("050", "150", "250"):
        (data / f"{name}.pgm").write_bytes(b"")
    settle(data)
    assert len(cut(data)) > 2
    return data


def write(data: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        make.write(data / name, content)
    settle(data)
    return data


# ------------------------------------------------------------------------------- tallies as bytes


def fold(images: Sequence[Any], places: Sequence[int], covariance: bool = False) -> Counts:
    """The counts of some of these images; None stands for one that cannot be read."""
    total, rows = Fold(covariance), []
    for place in places:
        name, image = f"{place:03}", images[place]
        if image is None:
            record = Unreadable("train", name, "empty", "\udcff")
            rows.append(row_of_unreadable(record))
            total.add_unreadable(record)
        else:
            pixels, sample = ArrayPixels(image), Sample("train", name)
            rows.append(row_of(sample, 99, pixels, ROWS))
            total.add(sample, pixels)
    return Counts(total.tally(), tuple(rows))


@st.composite
def shards(draw: st.DrawFn) -> list[Any]:
    """Images of several kinds in any order, and some that cannot be read."""
    some = draw(st.lists(strategies.kinds, min_size=1, max_size=3))
    images = [image for kind in some for image in draw(strategies.sets(kind, most=7))]
    return draw(st.permutations([*images, *[None] * draw(st.integers(0, 2))]))


@settings(deadline=None)
@given(images=shards(), covariance=st.booleans(), cut=st.integers(0, 20))
def test_counts_survive_as_bytes(images: list[Any], covariance: bool, cut: int) -> None:
    """Read back, counts of any kinds are equal, and add up to equal ones, to the bit."""
    places = range(len(images))
    parts = [fold(images, places[:cut], covariance), fold(images, places[cut:], covariance)]
    again = [loads_counts(dumps_counts(part)) for part in parts]
    assert again == parts
    assert dumps_counts(again[0] + again[1]) == dumps_counts(parts[0] + parts[1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"state":7', b'"state":5'),
        (b'"state":7', b'"state":7,"state":7'),
        (b'"000",null,99,"', b'"000",null,99,"AAAA'),
        (b'"000",null,99,"', b'"000",null,99,"?'),
        (b'"000",null,99,"', b'"000",null,-9,"'),
        (b'"000",null,99,"', b'"000",99,"'),
        (b'"001","empty"', b'"001","tired"'),
        (b'"values":"', b'"values":"AAAA'),
        (b'"values":"AAAAAAAA', b'"values":"//////////8AAAAA'),
        (b'"values":"AAAAAAAAAAA', b'"values":"/////////////'),
        (b'"code":"empty"', b'"code":"tired"'),
        (b"{", b""),
        (b"{", b"\xff"),
    ],
)
def test_what_is_no_tally_is_refused(old: bytes, new: bytes) -> None:
    """Bytes that somebody made up give an error, never a tally that is not one."""
    data = dumps_counts(fold([np.ones((1, 2, 3), "uint8"), None], [0, 1]))
    assert old in data
    with pytest.raises(StatsFileError):
        loads_counts(data.replace(old, new, 1))


# ------------------------------------------------------------------------------------- the versions


def test_what_may_change_unseen_has_no_version(tmp_path: Path) -> None:
    """Within two seconds of a whole second a file may be written again with the same times."""
    pgm(tmp_path / "a.pgm", 1)
    settle(tmp_path)
    now = os.stat(tmp_path / "a.pgm").st_ctime
    os.utime(tmp_path / "a.pgm", (now, int(now) + 1))
    (tmp_path / "b.pgm").symlink_to("nowhere")
    source = opened(tmp_path)
    (shard,) = source.shards(source.selection(), versions=True)
    assert shard.versions == (b"", b"")
    assert next(source.shards(source.selection())).versions == ()


def test_a_time_far_from_now_has_a_version(tmp_path: Path) -> None:
    """A camera's wrong clock, or an archive's old times, keep nothing from being kept."""
    for name, time in (("a.pgm", 0), ("b.pgm", 4e9)):
        pgm(tmp_path / name, 1)
        os.utime(tmp_path / name, (time, time))
    settle(tmp_path)  # ends


# --------------------------------------------------------------------------------- rows in a file


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """What a cache says; nothing, unless a test empties it."""
    said: list[str] = []
    yield said
    assert not said


def values(path: Path, samples: Sequence[bytes], context: Context = CONTEXT) -> list[bytes]:
    """What a cache has of some samples."""
    said: list[str] = []
    cache = Cache(str(path), said.append)
    found = [row.value for row in cache.find(context, samples)]
    cache.close()
    assert not said
    return found


def stored(path: Path, *rows: tuple[bytes, ...], warn: Any = pytest.fail) -> None:
    """A cache with rows of these samples, whose values are the samples."""
    cache = Cache(str(path), warn)
    for samples in rows:
        cache.store(CONTEXT, samples, b"".join(samples))
    cache.close()


def test_a_row_is_found_by_all_its_samples(tmp_path: Path) -> None:
    """Rows with other samples, or of another context, are not found; the largest come first."""
    stored(tmp_path / "c", (A,), (A, B), (C,))
    largest, *others = values(tmp_path / "c", [C, B, A])
    assert (largest, sorted(others)) == (A + B, [A, C])
    assert values(tmp_path / "c", [B, C]) == [C]
    assert values(tmp_path / "c", []) == []
    for other in (
        Context("/other", "val", "", "1"),
        Context("/data", "test", "", "1"),
        Context("/data", "val", "x", "1"),
        Context("/data", "val", "", "2"),
    ):
        assert values(tmp_path / "c", [A, B, C], other) == []


def test_more_samples_than_a_query_takes(tmp_path: Path) -> None:
    """A shard of any length is looked up."""
    samples = [index.to_bytes(16, "big") for index in range(2500)]
    stored(tmp_path / "c", tuple(samples))
    assert values(tmp_path / "c", samples) == [b"".join(samples)]


@pytest.mark.parametrize("column", ["value", "samples", "checksum", "context"])
def test_a_damaged_row_is_not_found_and_replaced(tmp_path: Path, column: str) -> None:
    """Whatever of a row is damaged, it is as if it were not there, and storing it mends it."""
    stored(tmp_path / "c", (A, B))
    with sqlite3.connect(tmp_path / "c") as file:
        file.execute(f"UPDATE rows SET {column} = zeroblob(length({column}))")
    file.close()
    assert values(tmp_path / "c", [A, B]) == []
    stored(tmp_path / "c", (A, B))
    assert values(tmp_path / "c", [A, B]) == [A + B]


def test_digests_tell_files_apart() -> None:
    """Name and version make a sample, however they are put together."""
    digests = {sample_digest("a", b"1"), sample_digest("a", b"2"), sample_digest("b", b"1")}
    assert len(digests | {sample_digest("a1", b""), sample_digest("", b"1a")}) == 5


def test_another_program_s_file_is_left_alone(tmp_path: Path, warnings: list[str]) -> None:
    """It is not written to; nor is a cache of another version."""
    file = sqlite3.connect(tmp_path / "c")
    file.execute("CREATE TABLE precious (data)")
    file.close()
    before = (tmp_path / "c").read_bytes()
    stored(tmp_path / "c", (A,), warn=warnings.append)
    assert "of another program" in warnings.pop()
    assert (tmp_path / "c").read_bytes() == before
    stored(tmp_path / "d", (A,))
    file = sqlite3.connect(tmp_path / "d")
    file.execute("PRAGMA user_version = 2")
    file.close()
    stored(tmp_path / "d", (B,), warn=warnings.append)
    assert "another version of normstat (2)" in warnings.pop()
    for name, what in (("c", "another program"), ("d", "another version")):
        with pytest.raises(UsageError, match=what):
            contents(str(tmp_path / name))


def test_damaged_files_are_set_aside(tmp_path: Path, warnings: list[str]) -> None:
    """What is no SQLite file is kept under another name, with what belongs to it."""
    for number in ("", "-2"):
        (tmp_path / "c").write_bytes(b"no database " * 99)
        (tmp_path / "c-shm").write_bytes(b"of it")
        stored(tmp_path / "c", (A,), warn=warnings.append)
        assert f"set aside as {tmp_path}/c.damaged{number}," in warnings.pop()
        assert (tmp_path / f"c.damaged{number}").read_bytes() == b"no database " * 99
        assert (tmp_path / f"c.damaged{number}-shm").read_bytes() == b"of it"
        assert values(tmp_path / "c", [A]) == [A]


def test_who_holds_the_damaged_file_leaves_the_new_one(tmp_path: Path) -> None:
    """Of two runs that share a file, the second to see the damage does not set aside the cure."""
    path = tmp_path / "c"
    stored(path, (A,))
    said: list[str] = []
    one, two = (Cache(str(path), said.append) for _ in range(2))
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))  # the same file, for both
    for cache in (one, two):
        assert list(cache.find(CONTEXT, [A])) == []
        cache.store(CONTEXT, [B], b"of b")
        cache.close()
    assert len(said) == 1
    assert sorted(os.listdir(tmp_path)) == ["c", "c.damaged"]
    assert values(path, [B]) == [b"of b"]


def test_what_another_run_has_begun_is_not_set_aside(tmp_path: Path) -> None:
    """A file is renamed only if it is the one that was found to be damaged."""
    for name in ("damaged", "c"):
        (tmp_path / name).write_bytes(name.encode())
    assert set_aside(str(tmp_path / "c"), identity_of(str(tmp_path / "damaged"))) is None
    assert set_aside(str(tmp_path / "gone"), identity_of(str(tmp_path / "gone"))) is None
    assert sorted(os.listdir(tmp_path)) == ["c", "damaged"]
    aside = set_aside(str(tmp_path / "c"), identity_of(str(tmp_path / "c")))
    assert aside == str(tmp_path / "c.damaged")


@pytest.mark.parametrize("write", [False, True])
def test_a_wrong_call_of_SQLite_is_no_damage(tmp_path: Path, write: bool) -> None:  # noqa: N802
    """A mistake of this package comes out as what it is; the file is whole, and stays."""
    stored(tmp_path / "c", (A,))
    database = Database(str(tmp_path / "c"), pytest.fail)

    def mistaken(file: sqlite3.Connection) -> None:
        file.execute("SELECT ?", ())

    with pytest.raises(sqlite3.ProgrammingError):
        database.write(mistaken) if write else database.read(mistaken, None)
    database.close()
    assert os.listdir(tmp_path) == ["c"]
    assert values(tmp_path / "c", [A]) == [A]


@pytest.mark.matrix
def test_a_locked_file_is_done_without(tmp_path: Path, warnings: list[str]) -> None:
    """Who cannot write says so once, and the end does not wait for long."""
    stored(tmp_path / "c", (A,))
    other = sqlite3.connect(tmp_path / "c", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stored(tmp_path / "c", (B,), (C,), warn=warnings.append)
    assert "cannot be written (another run holds it)" in warnings.pop()
    other.execute("ROLLBACK")
    other.execute("BEGIN EXCLUSIVE")
    stored(tmp_path / "c", (B,), (C,), warn=warnings.append)
    assert "is locked; this run goes on without a cache" in warnings.pop()
    other.close()
    assert values(tmp_path / "c", [A, B, C]) == [A]


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes among its files")
@pytest.mark.parametrize("name", ["c.json", "c.PNG", ".", "missing/c", "pipe"])
def test_what_can_be_no_cache_is_refused(tmp_path: Path, name: str) -> None:
    """Images, stats files, folders and pipes are refused before any image is read."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises((UsageError, OutputError), match=r"c\.json|PNG|folder|missing/c|no file"):
        normstat.compute(tmp_path, cache=tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["pipe"]


def test_pruning(tmp_path: Path) -> None:
    """Rows go that are old, damaged, or in another row; the rest is found as before."""
    path = tmp_path / "c"
    stored(path, (A,), (A, B), (C,))
    assert [(content.rows, content.images) for content in contents(str(path))] == [(3, 3)]
    assert prune(str(path), 0) == 0
    with sqlite3.connect(path) as file:
        file.execute("UPDATE rows SET used = used - 3 WHERE length(samples) = 16")
    file.close()
    assert prune(str(path), 3) == 1
    assert values(path, [A]) == []
    assert values(path, [A, B]) == [A + B]
    assert prune(str(path), 2) == 1
    with sqlite3.connect(path) as file:
        file.execute("UPDATE rows SET value = x'00'")
    file.close()
    assert prune(str(path), 2) == 1
    assert contents(str(path)) == []


@pytest.mark.parametrize("days", [0, 1])
def test_images_come_and_go_and_what_is_needed_stays(tmp_path: Path, days: int) -> None:
    """After images were removed, or added and removed again, on one day or several, pruning never
    takes what the last run needed.
    """
    data, cache = tmp_path / "data", tmp_path / "c"
    for index in range(60):
        pgm(data / f"{index:02}.pgm", index)

    def rerun() -> list[str]:
        if cache.exists():
            with sqlite3.connect(cache) as file:
                file.execute("UPDATE rows SET used = used - ?", (days,))
            file.close()
        settle(data)
        return read(data, cache)

    rerun()
    (data / "30.pgm").unlink()
    rerun()
    assert rerun() == []
    prune(str(cache), 30)
    assert rerun() == []
    pgm(data / "zz.pgm", 7)
    assert rerun() == ["zz.pgm"]
    (data / "zz.pgm").unlink()
    assert rerun() == []
    prune(str(cache), 30)
    assert rerun() == []


def test_a_row_goes_when_a_larger_one_is_used_in_its_place(tmp_path: Path) -> None:
    """Of rows that one contains, those go that were used before it, whichever was stored first."""
    path = tmp_path / "c"
    stored(path, (A, B), (A,), (B, A, C), (C,))
    with sqlite3.connect(path) as file:
        file.execute("UPDATE rows SET used = used - length(samples) / 16 % 3")
    file.close()  # three samples today, one yesterday, two the day before
    assert prune(str(path), 30) == 3
    assert values(path, [A, B, C]) == [B + A + C]


def test_contents_have_an_order(tmp_path: Path) -> None:
    """By DATA and split, of each what was used last first; what is damaged comes last."""
    path = tmp_path / "c"
    cache = Cache(str(path), pytest.fail)
    names = [
        (data, split, setting) for data in "ba" for split in ("val", "train") for setting in "yx"
    ]
    for name in names:
        cache.store(Context(*name, "1"), (A,), b"")
    cache.close()
    with sqlite3.connect(path) as file:
        file.execute(
            "UPDATE contexts SET digest = zeroblob(16) WHERE data || split || settings = 'avalx'"
        )
        older = "SELECT digest FROM contexts WHERE hex(settings) = hex('x')"
        file.execute(f"UPDATE rows SET used = used - 1 WHERE context IN ({older})")
    file.close()
    found = [content.context for content in contents(str(path))]
    told = [
        (context.data, context.split, context.settings) if context else None for context in found
    ]
    assert told == [
        ("a", "train", "y"),
        ("a", "train", "x"),
        ("a", "val", "y"),
        ("b", "train", "y"),
        ("b", "train", "x"),
        ("b", "val", "y"),
        ("b", "val", "x"),
        None,
    ]


def test_using_a_row_makes_it_young(tmp_path: Path) -> None:
    """A row that is found is not pruned, however long ago it was written."""
    path = tmp_path / "c"
    stored(path, (A,), (B,))
    with sqlite3.connect(path) as file:
        file.execute("UPDATE rows SET used = 0")
    file.close()
    assert values(path, [A]) == [A]
    assert prune(str(path), 1) == 1
    assert values(path, [A, B]) == [A]


# ----------------------------------------------------------------------------------------- runs


@pytest.mark.parametrize("options", [{}, {"covariance": True}], ids=["usual", "covariance"])
@pytest.mark.parametrize("files", SETS.values(), ids=SETS)
def test_the_same_bytes_and_nothing_read_again(
    tmp_path: Path, files: dict[str, bytes], options: dict[str, bool]
) -> None:
    """With a cache, new or filled, the stats file is that of a run without; images of any kind."""
    data = write(tmp_path / "data", files)
    assert sorted(read(data, tmp_path / "c", **options)) == sorted(files)
    assert read(data, tmp_path / "c", **options) == []
    assert read(data, tmp_path / "c", max_pixels=9**9, **options) != []


def test_what_decides_numbers_decides_what_is_found(tmp_path: Path) -> None:
    """Other settings, another place: nothing is found. Other globs: what they let through is."""
    data = write(tmp_path / "data", SETS["8-bit"])
    read(data, tmp_path / "c")
    for options in ({"channels": "rgb"}, {"covariance": True}, {"resize": 5}, {"crop": 4}):
        assert len(read(data, tmp_path / "c", **options)) == 3
    shutil.copytree(data, tmp_path / "copy")
    settle(tmp_path / "copy")
    assert len(read(tmp_path / "copy", tmp_path / "c")) == 3
    os.symlink(data, tmp_path / "link")
    assert read(tmp_path / "link", tmp_path / "c") == []
    read(data, tmp_path / "c", exclude="b.png")
    assert read(data, tmp_path / "c", exclude="b.png") == []


def test_an_interrupt_loses_nothing_finished(many: Path, tmp_path: Path) -> None:
    """Stopped after any number of shards, a run says where they are, and the next has them."""
    paths = cut(many)
    for number in range(1, len(paths)):
        cache = tmp_path / f"cache-{number}"
        ticks = iter(range(number))

        def stop(ticks: Iterator[int] = ticks, number: int = number) -> None:
            if next(ticks) == number - 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt, match="what is finished is kept in "):
            normstat.compute(many, cache=cache, workers=0, progress=Listener(stop))
        assert read(many, cache) == [path for shard in paths[number:] for path in shard]
        assert read(many, cache) == []


def test_a_new_folder_is_all_that_is_read(many: Path, tmp_path: Path) -> None:
    """Images in a folder of their own, between the others or behind them, are read alone."""
    read(many, tmp_path / "c")
    for folder in ("100x", "zzz"):
        pgm(many / folder / "new.pgm", 7)
        settle(many)
        assert read(many, tmp_path / "c") == [f"{folder}/new.pgm"]


def test_scattered_new_files_are_all_that_is_read(tmp_path: Path) -> None:
    """One file in a hundred is new, anywhere: the others of its shard are not decoded again."""
    data = tmp_path / "data"
    for index in range(1000):
        pgm(data / f"{index // 250}" / f"{index:04}.pgm", index)
    settle(data)
    assert len(read(data, tmp_path / "c")) == 1000
    new = [f"{index // 250}/{index:04}+.pgm" for index in random.Random(1).sample(range(1000), 10)]
    for path in new:
        pgm(data / path, 3)
    settle(data)
    assert read(data, tmp_path / "c") == sorted(new)
    assert read(data, tmp_path / "c") == []


def test_keys_are_the_same(many: Path, tmp_path: Path) -> None:
    """What identical images are found by comes from the cache, in the order of the walk."""
    read(many, tmp_path / "c")
    (many / "050.pgm").unlink()
    pgm(many / "100+.pgm", 3)
    with_cache, without = KeyCollector(), KeyCollector()
    settings = normstat.Settings()
    count(opened(many), settings, Engine.of(0, cache=tmp_path / "c"), [with_cache])
    count(opened(many), settings, Engine.of(0), [without])
    assert (with_cache.taken(["all"])["all"] == without.taken(["all"])["all"]).all()


def test_changed_files_are_read_again(many: Path, tmp_path: Path) -> None:
    """A file that is gone or another one costs its shard, also where its times were put back."""
    read(many, tmp_path / "c")
    (first, second, third, *_) = cut(many)
    (many / first[0]).unlink()
    put_back(many / second[1], lambda: pgm(many / second[1], 77))
    status = os.stat(many / third[1])
    pgm(many / "new", 78)
    os.utime(many / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    (many / "new").replace(many / third[1])
    settle(many)
    assert read(many, tmp_path / "c") == [*first[1:], *second, *third]


@pytest.mark.skipif(sys.platform == "win32", reason="files have no inodes there")
def test_folders_that_change_places(tmp_path: Path) -> None:
    """Files of equal size and times, as of one tick of the clock, are not taken for each other."""
    here, aside, spare = tmp_path / "data" / "train", tmp_path / "aside", tmp_path / "spare"
    for _ in range(99):  # until a tick has both, where the clock has ticks
        for folder, value in ((here, 1), (aside, 2)):
            pgm(folder / "a.pgm", value)
        for folder in (here, aside):
            os.utime(folder / "a.pgm", (1e9, 1e9))
        if os.stat(here / "a.pgm").st_ctime_ns == os.stat(aside / "a.pgm").st_ctime_ns:
            break
    settle(here)
    settle(aside)
    cache = tmp_path / "c"
    assert read(here.parent, cache) == ["train/a.pgm"]
    for first, second, read_again in ((here, aside, ["train/a.pgm"]), (aside, here, [])):
        first.rename(spare)
        second.rename(first)
        spare.rename(second)
        assert read(here.parent, cache) == read_again


def test_a_new_float_image_costs_itself(tmp_path: Path) -> None:
    """Sums of floating-point images have no grouping: what is known of the others is used."""
    data = tmp_path / "data"
    for index in range(20):
        array = make.pixels(index, 5, 6, channels=1) / np.float32(7) + np.float32(1e4)
        make.write(data / f"{index:02}.tif", make.tiff(array.astype("float32")))
    settle(data)
    read(data, tmp_path / "c")
    make.write(data / "10+.tif", FLOAT)
    settle(data)
    assert read(data, tmp_path / "c") == ["10+.tif"]


def test_what_may_pass_is_not_kept(tmp_path: Path) -> None:
    """A file that vanishes, or a folder that cannot be listed, is looked at again by every run."""
    data = write(tmp_path / "data", SETS["8-bit"])
    (data / "gone.png").symlink_to("nowhere")
    assert len(read(data, tmp_path / "c")) == 4
    assert len(read(data, tmp_path / "c")) == 4
    make.write(data / "nowhere", RGB)
    settle(data)
    assert len(read(data, tmp_path / "c")) == 4
    assert read(data, tmp_path / "c") == []


def test_what_was_not_made_here_is_not_believed(tmp_path: Path) -> None:
    """A row with a good checksum and a tally of something else is read again."""
    data = write(tmp_path / "data", {"a.png": GRAY, "b.png": GRAY})
    read(data, tmp_path / "c")
    source = opened(data)
    (shard,) = source.shards(source.selection(), versions=True)
    (content,) = contents(str(tmp_path / "c"))
    assert content.context
    job = Count(normstat.Settings().reading(), fields=ROWS)
    for paths in (("a.png",), ("a.png", "c.png")):
        made_up = job(Shard("all", LocalFiles(str(data)), paths))
        lost = Counts.of_unreadable(Unreadable("other", "a.png", "empty"))
        for value in (b"", dumps_counts(made_up), dumps_counts(made_up + lost)):
            cache = Cache(str(tmp_path / "c"), pytest.fail)
            cache.store(
                content.context, list(map(sample_digest, shard.names, shard.versions)), value
            )
            cache.close()
            assert read(data, tmp_path / "c") == ["a.png", "b.png"]


FILES = [*SETS["unreadable"].items(), ("f.png", GRAY16)]


@pytest.fixture(scope="module")
def damaging(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, str]:
    """Data, the bytes of a cache of them, and their stats."""
    folder = tmp_path_factory.mktemp("damaging")
    data = write(folder / "data", dict(FILES))
    normstat.compute(data, cache=folder / "c", workers=0)
    return data, (folder / "c").read_bytes(), text(data)


@settings(deadline=None, max_examples=2 * settings().max_examples)
@given(draw=st.data())
def test_damage_never_changes_a_result(
    damaging: tuple[Path, bytes, str], draw: st.DataObject
) -> None:
    """Any bytes of a cache may be others, and its end may be missing: the stats are the same."""
    data, whole, stats = damaging
    damaged = bytearray(whole[: draw.draw(st.integers(0, len(whole)) | st.just(len(whole)))])
    # Half of the damage where it hurts most: what is in use stands at the ends of pages.
    used = st.sampled_from([place for place, byte in enumerate(damaged) if byte] or [0])
    anywhere = st.integers(0, max(0, len(damaged) - 1))
    for place in draw.draw(st.lists(used | anywhere, max_size=4)):
        if damaged:
            damaged[place] = draw.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "c"
        cache.write_bytes(damaged)
        for _ in range(2):
            assert text(data, cache=cache) == stats


def test_shards_without_images_need_no_worker() -> None:
    """What a cache has all of is answered here, in its place among the others."""

    class Asked:
        """Where it ran, and what it was asked."""

        def __call__(self, shard: Shard) -> tuple[str, ...]:
            return (f"{os.getpid()}", *shard.names)

        def lost(self, record: Unreadable) -> tuple[str, ...]:
            raise AssertionError(record)

    from jobs import NOWHERE

    empty = Shard("all", NOWHERE, ())
    # Asked cannot be pickled: no worker has it.
    results = list(in_order(Local(3).map(Asked(), [empty] * 9)))
    assert results == [(f"{os.getpid()}",)] * 9


def test_shards_without_images_stay_in_order() -> None:
    """Among those that workers have, and where a worker dies, results come in their order."""
    from jobs import NOWHERE, Names

    shards = [Shard("all", NOWHERE, paths) for paths in ((), ("a", "b"), (), ("exit 3", "c"), ())]
    results = list(in_order(Local(2).map(Names(), shards * 3)))
    assert [result[-1:] for result in results] == [(), ("b",), (), ("c",), ()] * 3


def test_cache_trouble_is_told(tmp_path: Path) -> None:
    """What is wrong with a cache is a notice, and the run ends as without it."""
    data = write(tmp_path / "data", SETS["8-bit"])
    (tmp_path / "c").write_bytes(b"no database" * 99)
    listener = Listener()
    read(data, tmp_path / "c", progress=listener)
    assert len(listener.of(tmp_path / "c")) == 1
    assert f"0 of 3 images from the cache {tmp_path / 'c'}" in listener.notices


def test_three_methods_are_enough_of_a_progress_object(tmp_path: Path) -> None:
    """Where it has no `warning`, warnings are notices; every verb that takes one does with it."""
    data = write(tmp_path / "data", SETS["8-bit"])
    (tmp_path / "c").write_bytes(b"no database" * 99)
    told = Told()
    stats = normstat.compute(data, cache=tmp_path / "c", workers=0, progress=told)
    assert any("set aside" in notice for notice in told.notices)
    (tmp_path / "d").write_bytes(b"no database" * 99)
    normstat.check(data, stats, cache=tmp_path / "d", workers=0, progress=told)
    assert sum("set aside" in notice for notice in told.notices) == 2
    normstat.apply(data, tmp_path / "out", "unit", workers=0, progress=told)
    normstat.invert(tmp_path / "out", tmp_path / "seen", progress=told)


def test_errors_are_those_of_this_package() -> None:
    """Whoever shows a cache that is not there gets an error with its exit code."""
    with pytest.raises(NormstatError, match="no such file"):
        contents("nowhere")
