"""Arrays that several runs write, each a part, become what one run writes, to the byte."""

import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import applied
import make
import pytest
from command import environment, here
from test_apply_continued import files_in, interrupt
from test_merge import write
from test_writers import Then

import normstat
from normstat.errors import NothingToRead, OutputError, UsageError
from normstat.verbs.apply import merge_arrays as merging
from normstat.verbs.apply import merged_index

PARTS = ".normstat-parts"
METHODS: dict[str, dict[str, Any]] = {
    "own": {"source": "image-per-channel"},
    "any-depth": {"source": "unit", "layout": "hwc"},
    "statistics": {},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of all kinds, damaged ones, labels."""
    return write(tmp_path_factory.mktemp("parts") / "data")


def part(data: Path, out: Path, shard: str, source: Any = "unit", **options: Any) -> Any:
    return normstat.apply(data, out, source, shard=shard, workers=0, **options)


def in_parts(
    data: Path, out: Path, of: int, seed: int = 0, **options: Any
) -> normstat.MergedArrays:
    numbers = list(range(1, of + 1))
    random.Random(seed).shuffle(numbers)
    for number in numbers:
        part(data, out, f"{number}/{of}", **options)
    return normstat.merge_arrays(out)


@pytest.mark.parametrize(
    ("method", "of"),
    [
        ("own", 2),
        ("any-depth", 7),
        ("statistics", 2),
        *(
            pytest.param(method, of, marks=pytest.mark.matrix)
            for method in METHODS
            for of in (1, 7, 100)
        ),
    ],
)
def test_parts_are_the_whole(data: Path, tmp_path: Path, method: str, of: int) -> None:
    """In any order, also where parts have no images, and others none that can be read."""
    options = {"source": normstat.compute(data, workers=0), **METHODS[method]}
    whole = normstat.apply(data, tmp_path / "whole", workers=0, **options)
    merged = in_parts(data, tmp_path / "out", of, **options)
    assert applied.tree(tmp_path / "out") == applied.tree(tmp_path / "whole")
    assert (merged.parts, merged.images, merged.listed) == (of, whole.images, whole.listed)
    found, expected = ([(r.path, r.code) for r in run.unreadable] for run in (merged, whole))
    assert found == expected


@pytest.mark.parametrize("of", [3, pytest.param(40, marks=pytest.mark.matrix)])
def test_images_that_are_listed_in_any_order(tmp_path: Path, of: int) -> None:
    """The index has the order of the list, whatever the names are, and however many parts."""
    data = applied.photos(tmp_path / "data", {"train": 9, "val": 9})
    names = [f"{split}/{number:03}.png" for split in ("train", "val") for number in range(9)]
    random.Random(1).shuffle(names)
    listed = make.write(tmp_path / "list.txt", "\n".join(names).encode())
    normstat.apply(listed, tmp_path / "whole", "unit", workers=0, root=data)
    in_parts(listed, tmp_path / "out", of, root=data)
    assert applied.tree(tmp_path / "out") == applied.tree(tmp_path / "whole")


def test_lines_of_more_parts_than_files_may_be_open(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go through temporary files, to the same index."""
    monkeypatch.setattr(merged_index, "_MOST_OPEN", 3)
    normstat.apply(data, tmp_path / "whole", "unit", workers=0)
    in_parts(data, tmp_path / "out", 8)
    assert applied.tree(tmp_path / "out") == applied.tree(tmp_path / "whole")


# ------------------------------------------------------------------------------------------ refused


def test_parts_that_are_missing_are_named(data: Path, tmp_path: Path) -> None:
    """With what is known of them, and the command that writes the first; then they are written."""
    out = tmp_path / "out"
    part(data, out, "2/4")
    with pytest.raises(KeyboardInterrupt):
        part(data, out, "3/4", engine=Then(interrupt, 1))
    before = applied.tree(out)
    with pytest.raises(UsageError, match=r"of 4 parts 1, 3 \(begun\), 4 are missing; run apply"):
        normstat.merge_arrays(out)
    assert applied.tree(out) == before
    for number in (4, 3, 1):
        part(data, out, f"{number}/4", skip_existing=True)
    normstat.merge_arrays(out)
    normstat.apply(data, tmp_path / "whole", "unit", workers=0)
    assert applied.tree(out) == applied.tree(tmp_path / "whole")


OTHERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "number": ("2/3", {}, 'holds parts of 2, this is shard="2/3"'),
    "twice": ("1/2", {}, 'shard="1/2" is written already, or was begun; skip_existing=True'),
    "method": (
        "2/2",
        {"source": "symmetric"},
        r"another part had other settings \(method, normalizers\)",
    ),
    "settings": ("2/2", {"crop": 4}, r"another part had other settings \(settings\)"),
    "split": ("2/2", {"split": "train"}, r"another part had other settings \(split\)"),
    "store": ("2/2", {"store": "stack"}, "has one file for all images of a split"),
    "overwrite": ("2/2", {"overwrite": True}, "each part would remove what the others write"),
    "too-high": ("3/2", {}, "should be I/N"),
    "none": ("0/2", {}, "should be I/N"),
}


@pytest.mark.fault(81)
@pytest.mark.parametrize(("shard", "options", "words"), OTHERS.values(), ids=OTHERS)
def test_a_part_of_something_else_is_refused(
    data: Path, tmp_path: Path, shard: str, options: dict[str, Any], words: str
) -> None:
    """Before anything is written."""
    part(data, tmp_path / "out", "1/2")
    before = applied.tree(tmp_path / "out")
    with pytest.raises(UsageError, match=words):
        part(data, tmp_path / "out", shard, **options)
    assert applied.tree(tmp_path / "out") == before


def test_a_part_behind_a_url_is_refused(data: Path) -> None:
    """It is no place that parts share; the message names both ways out."""
    words = r'memory://parts: parts of arrays share a folder.* leave out shard="1/2", or write all'
    with pytest.raises(UsageError, match=words):
        normstat.apply(data, "memory://parts", "unit", shard="1/2", workers=0)


@pytest.mark.fault(81)
def test_parts_of_other_images_do_not_merge(tmp_path: Path) -> None:
    """The data changed between two parts, or one of them selects other images."""
    data = applied.photos(tmp_path / "data", {"train": 6})
    out = tmp_path / "out"
    part(data, out, "1/2")
    make.write(data / "train" / "new.png", make.encoded(make.pixels(9, 8, 7)))
    part(data, out, "2/2")
    with pytest.raises(UsageError, match=r"2-of-2\.json: is a part of other images than part 1"):
        normstat.merge_arrays(out)
    part(data, out, "1/2", skip_existing=True)
    normstat.merge_arrays(out)
    normstat.apply(data, tmp_path / "whole", "unit", workers=0)
    assert applied.tree(out) == applied.tree(tmp_path / "whole")


@pytest.mark.fault(81)
def test_parts_of_other_versions_do_not_merge(data: Path, tmp_path: Path) -> None:
    """A part that another decoder read is named, with the command that writes it again."""
    out = tmp_path / "out"
    for number in (1, 2):
        part(data, out, f"{number}/2")
    path = out / PARTS / "2-of-2.json"
    pillow = json.loads(path.read_bytes())["decoder"]["pillow"]
    make.write(path, path.read_bytes().replace(f'"{pillow}"'.encode(), b'"1.1.7"'))
    words = r"2-of-2\.json: was made with other settings or versions than part 1 \(decoder\); run"
    with pytest.raises(UsageError, match=words):
        normstat.merge_arrays(out)
    part(data, out, "2/2", skip_existing=True)
    assert normstat.merge_arrays(out).parts == 2


DAMAGES = {
    "record-cut": ("2-of-2.json", lambda data: data[: len(data) // 2]),
    "record-of-nothing": ("2-of-2.json", lambda _: b"{}"),
    "record-without-splits": ("2-of-2.json", lambda data: data.replace(b'"splits"', b'"split"')),
    "record-of-other-splits": (
        "2-of-2.json",
        lambda data: data.replace(b'"val": {"l', b'"x": {"l'),
    ),
    "index-cut": ("2-of-2.jsonl", lambda data: data[:-40]),
    "index-line-gone": ("2-of-2.jsonl", lambda data: data.partition(b"\n")[2]),
    "index-binary": ("2-of-2.jsonl", lambda _: bytes(range(256))),
    "index-gone": ("2-of-2.jsonl", None),
    "record-gone": ("2-of-2.json", None),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_parts_are_named(data: Path, tmp_path: Path, damage: str) -> None:
    """Nothing is merged; the part is written again, and all is well."""
    out = tmp_path / "out"
    for number in (1, 2):
        part(data, out, f"{number}/2")
    name, change = DAMAGES[damage]
    path = out / PARTS / name
    whole = path.read_bytes()
    path.unlink()
    if change:
        make.write(path, change(whole))
    with pytest.raises(UsageError, match=r"2-of-2\.json|of 2 parts 2") as refused:
        normstat.merge_arrays(out)
    assert 'run apply with shard="2/2" skip_existing=True' in str(refused.value)
    assert not (out / "normstat.json").exists()
    part(data, out, "2/2", skip_existing=True)
    assert normstat.merge_arrays(out).parts == 2


def test_two_images_of_different_parts_with_one_array(tmp_path: Path) -> None:
    """Every part refuses them before it writes."""
    data = tmp_path / "data"
    for name in ("a.png", "a.bmp", "b.png"):
        pixels = make.pixels(1, 5, 4)
        make.write(data / name, make.encoded(pixels, name[2:].upper()))
    for number in (1, 2, 3, 4, 5):
        with pytest.raises(UsageError, match=r"a\.\w+ and a\.\w+ would both become a\.npy"):
            part(data, tmp_path / "out", f"{number}/5")
    assert not (tmp_path / "out").exists()


def test_nothing_that_can_be_read_in_any_part(tmp_path: Path) -> None:
    """A part alone may have no image; all together may not."""
    make.write(tmp_path / "data" / "a.png", b"no image")
    for number in (1, 2, 3):
        part(tmp_path / "data", tmp_path / "out", f"{number}/3")
    with pytest.raises(NothingToRead, match="its one image cannot be read"):
        normstat.merge_arrays(tmp_path / "out")


@pytest.mark.parametrize("of", [1, 3])
def test_statistics_of_other_pixels_are_refused_at_the_end(tmp_path: Path, of: int) -> None:
    """One run refuses a split most of which they do not fit; a part cannot know of the others."""
    gray = applied.photos(tmp_path / "gray", {"train": 5}, channels=1)
    color = applied.photos(tmp_path / "color", {"train": 9})
    stats = normstat.compute(gray, workers=0)
    with pytest.raises(UsageError) as refused:
        normstat.apply(color, tmp_path / "whole", stats, workers=0)
    with pytest.raises(UsageError) as merged:
        in_parts(color, tmp_path / "out", of, source=stats)
    words = "images have 3 channels, the numbers are for 1"
    assert words in str(refused.value)
    assert words in str(merged.value)


# ------------------------------------------------------------------------ beside each other, killed


def test_two_runs_of_one_part_do_the_same_twice(data: Path, tmp_path: Path) -> None:
    """A requeued job whose first run is still there: each has files of its own."""
    out = tmp_path / "out"
    part(data, out, "2/2")

    def again() -> None:
        part(data, out, "1/2", skip_existing=True)

    part(data, out, "1/2", engine=Then(again, 1))
    normstat.merge_arrays(out)
    normstat.apply(data, tmp_path / "whole", "unit", workers=0)
    assert applied.tree(out) == applied.tree(tmp_path / "whole")


def test_parts_beside_each_other(data: Path, tmp_path: Path) -> None:
    """Those that begin and end while another one writes disturb nothing."""
    out = tmp_path / "out"

    def others() -> None:
        part(data, out, "1/3")
        part(data, out, "3/3")

    part(data, out, "2/3", engine=Then(others, 1))
    normstat.merge_arrays(out)
    normstat.apply(data, tmp_path / "whole", "unit", workers=0)
    assert applied.tree(out) == applied.tree(tmp_path / "whole")


RUN = """
import sys, normstat
data, out, shard = sys.argv[1:]
normstat.apply(data, out, "unit", shard=shard, skip_existing=True, workers=1)
"""


@pytest.mark.matrix
@pytest.mark.sampled
@pytest.mark.fault(61)
@pytest.mark.skipif(sys.platform != "linux", reason="workers end with their parent there")
def test_parts_that_are_killed(data: Path, tmp_path: Path) -> None:
    """Three jobs at once, two of them of one part: killed after some files, and run again."""
    out, moments = tmp_path / "out", random.Random("parts")
    for _ in range(3):
        command = [sys.executable, "-c", RUN, str(data), str(out)]
        jobs = [
            subprocess.Popen([*command, shard], env=environment(), start_new_session=True)
            for shard in ("1/2", "2/2", "2/2")
        ]
        target = files_in(out) + moments.randrange(1, 30)
        end = time.monotonic() + 60
        while files_in(out) < target and time.monotonic() < end:
            if all(job.poll() is not None for job in jobs):
                break
            time.sleep(0.0005)
        for job in jobs:
            with suppress(ProcessLookupError):  # it was faster
                os.killpg(job.pid, signal.SIGKILL)
            job.wait()
    normstat.apply(data, tmp_path / "whole", "unit", workers=0)
    whole = applied.arrays(tmp_path / "whole")
    for name, array in applied.arrays(out).items():
        assert (array == whole[name]).all()
    for shard in ("2/2", "1/2"):
        part(data, out, shard, skip_existing=True)
    normstat.merge_arrays(out)
    assert applied.tree(out) == applied.tree(tmp_path / "whole")


@pytest.mark.parametrize("selected", [{"exclude": "000.png"}, {}])
def test_a_part_is_written_again(tmp_path: Path, selected: dict[str, Any]) -> None:
    """After images changed or others are selected: arrays of those that are gone go, too."""
    data = applied.photos(tmp_path / "data", {"train": 9})
    out = tmp_path / "out"
    for number in (1, 2):
        part(data, out, f"{number}/2")
    make.write(data / "train" / "001.png", b"no image any more")
    for number in (2, 1):
        part(data, out, f"{number}/2", skip_existing=True, **selected)
    normstat.merge_arrays(out)
    normstat.apply(data, tmp_path / "whole", "unit", workers=0, **selected)
    assert applied.tree(out) == applied.tree(tmp_path / "whole")


def test_a_merge_that_was_killed_is_done_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any of its steps; once the record is there, only what is left over is removed."""
    normstat.apply(data, tmp_path / "whole", "unit", workers=0)
    for step in ("index", "record"):
        out = tmp_path / step
        for number in (1, 2):
            part(data, out, f"{number}/2")
        with monkeypatch.context() as patch:
            if step == "index":
                patch.setattr(merging, "render", lambda _: interrupt())
            else:
                patch.setattr(merging, "remove_parts", lambda _: interrupt())
            with pytest.raises(KeyboardInterrupt):
                normstat.merge_arrays(out)
        assert normstat.merge_arrays(out).parts == 2
        assert applied.tree(out) == applied.tree(tmp_path / "whole")
        with pytest.raises(UsageError, match="is one result already; no parts are left"):
            normstat.merge_arrays(out)
    with pytest.raises(UsageError, match="holds no parts of arrays to merge; apply shard=I/N"):
        normstat.merge_arrays(data)


def test_a_merge_writes_over_no_other_file(data: Path, tmp_path: Path) -> None:
    """Not behind a link that has the name of its index; and parts behind a link are none."""
    out, mine = tmp_path / "out", make.write(tmp_path / "mine", b"mine")
    part(data, out, "1/1")
    (out / "index.jsonl").symlink_to(mine)
    (out / PARTS).rename(tmp_path / "parts")
    (out / PARTS).symlink_to(tmp_path / "parts")
    with pytest.raises(UsageError, match="is a link"):
        normstat.merge_arrays(out)
    (out / PARTS).unlink()
    (tmp_path / "parts").rename(out / PARTS)
    normstat.merge_arrays(out)
    assert mine.read_bytes() == b"mine"
    assert not (out / "index.jsonl").is_symlink()


def test_a_merge_without_room_leaves_no_debris(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is as before, and the same command merges later."""
    out = tmp_path / "out"
    for number in (1, 2):
        part(data, out, f"{number}/2")
    before = applied.tree(out)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left"):
            normstat.merge_arrays(out)
    assert applied.tree(out) == before
    assert normstat.merge_arrays(out).parts == 2


# ------------------------------------------------------------------------------ other commands meet


def test_parts_are_no_result_yet(data: Path, tmp_path: Path) -> None:
    """Who reads OUT, or writes all of it, is told what is there and what to do."""
    out = tmp_path / "out"
    part(data, out, "1/2")
    merges = re.escape(f"{out}: holds parts of the arrays; `normstat merge {out}` makes one result")
    with pytest.raises(UsageError, match=merges):
        normstat.compute(out, workers=0)
    with pytest.raises(UsageError, match=merges):
        normstat.invert(out, tmp_path / "images")
    with pytest.raises(UsageError, match="holds parts of the arrays, which shard=I/N continues"):
        normstat.apply(data, out, "unit", workers=0, skip_existing=True)
    with pytest.raises(UsageError, match="is not empty; overwrite=True replaces"):
        normstat.apply(data, out, "unit", workers=0)
    normstat.apply(data, out, "unit", workers=0, overwrite=True, include="0*.png")
    normstat.apply(data, tmp_path / "whole", "unit", workers=0, include="0*.png")
    left = applied.arrays(out).keys()
    assert left == applied.arrays(tmp_path / "whole").keys()
    assert not (out / PARTS).exists()
    with pytest.raises(UsageError, match="holds a run over all images, which no shard"):
        part(data, out, "1/2", skip_existing=True)


def test_a_folder_of_something_else_is_no_place_for_parts(data: Path, tmp_path: Path) -> None:
    """Nothing of it is touched."""
    mine = make.write(tmp_path / "out" / "mine.txt", b"mine")
    for skip in (False, True):
        with pytest.raises(UsageError, match="is not empty; choose another folder"):
            part(data, tmp_path / "out", "1/2", skip_existing=skip)
    assert mine.read_bytes() == b"mine"
    (tmp_path / "link").mkdir()
    (tmp_path / "linked").mkdir()
    os.symlink(tmp_path / "linked", tmp_path / "link" / PARTS)
    with pytest.raises(UsageError, match="is a link"):
        part(data, tmp_path / "link", "1/2")
    assert os.listdir(tmp_path / "linked") == []


def test_more_parts_than_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most have none, and say so without a table; what is missing is counted, not listed."""
    monkeypatch.chdir(tmp_path)
    applied.photos(tmp_path / "data", {"train": 2})
    run = here("apply", "data", "out", "--method", "unit", "--shard", "1/999999999")
    assert (run.returncode, run.stdout) == (0, "0 arrays written to out\n")
    run = here("merge", "out")
    assert run.returncode == 2
    assert "parts 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 999,999,988 more are missing" in run.stderr


def test_a_dry_run_of_a_part(data: Path, tmp_path: Path) -> None:
    """Its own images and bytes; nothing is written."""
    sizes = [part(data, tmp_path / "out", f"{n}/2", dry_run=True).images for n in (1, 2)]
    assert (
        sum(sizes) == normstat.apply(data, tmp_path / "out", "unit", dry_run=True, workers=0).images
    )
    assert all(sizes)
    assert not (tmp_path / "out").exists()


def test_the_command_line_writes_parts(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell loop over parts; the record that is named is there."""
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 3):
        run = here(
            "apply", data, "out", "--method", "unit", "--shard", f"{number}/3", "--skip-existing"
        )
        assert run.returncode in (0, 3), run.stderr
        assert (f"see out/{PARTS}/{number}-of-3.json" in run.stderr) is (run.returncode == 3)
    for flags, words in (
        (("-o", "x.json"), "-o: is for stats files, and out is a folder"),
        (("--allow-missing",), "all parts have to be there"),
        (("out",), "arrays of one folder are merged at a time"),
    ):
        run = here("merge", "out", *flags)
        assert (run.returncode, words in run.stderr) == (2, True), run.stderr
    run = here("merge", "out")
    assert run.returncode == 0
    assert run.stdout.startswith("74 arrays of 3 parts are one result in out\n")
    here("apply", data, "whole", "--method", "unit")
    assert applied.tree(Path("out")) == applied.tree(Path("whole"))
