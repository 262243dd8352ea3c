"""Lists of files beside a stats file, and checks that name the files that changed."""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import checked
import command
import make
import pytest
from checked import VAL, verdict
from hypothesis import given
from hypothesis import strategies as st

import normstat
from normstat.errors import OutputError, UsageError
from normstat.images import ImageRow
from normstat.statsfile import dumps, file_list, load, loads
from normstat.statsfile.file_list import Entry, FileList, read_list
from normstat.verbs.check.changed_files import changes

names = st.text(min_size=1, max_size=9).filter(lambda name: "\0" not in name)
words = st.sampled_from(["-", "a", "b", "c"])
some = st.dictionaries(
    st.tuples(st.sampled_from(["train", "val"]), st.sampled_from("abcdefgh")),
    st.tuples(words, words),
)


def rows_of(split: str, listed: list[str]) -> list[ImageRow]:
    return [
        ImageRow(split, name, bytes=number, digest=b"%016d" % number, key=b"%-16d" % number)
        for number, name in enumerate(listed)
    ]


@given(
    listed=st.lists(st.one_of(names, names.map(lambda name: os.fsdecode(name.encode("utf-16")))),
    unique=True, max_size=12),
    seed=st.integers(),
)  # fmt: skip
def test_a_list_is_the_same_in_any_order(listed: list[str], seed: int) -> None:
    """Any names come back, sorted by split and by what is written for them; an image a line."""
    listed = [name for name in listed if "\0" not in name]
    rows = rows_of("val", listed) + rows_of("b\n", listed)
    one, other = FileList(), FileList()
    for row in rows:
        one.add(row)
    random.Random(seed).shuffle(rows)  # no secret
    for row in rows:
        other.add(row)
    lines = list(one._lines())
    assert lines == list(other._lines())
    assert all(line.count(b"\n") == 1 for line in lines)
    found = [(entry.split, entry.name) for entry in one.entries()]
    assert sorted(found) == sorted((split, name) for split in ("val", "b\n") for name in listed)
    assert [split for split, _ in found] == sorted(split for split, _ in found)


def test_many_are_sorted_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where lines are more than fit into memory the list is the same, again and again."""
    listed = [f"{number:04}.png" for number in range(1000)]
    random.Random(1).shuffle(listed)  # no secret
    texts = set()
    for most in (7, 100_000):
        monkeypatch.setattr(file_list, "_MOST", most)
        found = FileList()
        for row in rows_of("val", listed):
            found.add(row)
        digests = {found.save(tmp_path / "list") for _ in range(2)}
        assert len(list(read_list(tmp_path / "list", *digests))) == 1000
        texts.add((tmp_path / "list").read_bytes())
    assert len(texts) == 1


def test_no_room_for_many_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It names the place, as for every file that cannot be written."""
    monkeypatch.setattr(file_list, "_MOST", 3)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    found = FileList()
    first, second, third = rows_of("val", ["a", "b", "c"])
    found.add(first)
    found.add(second)
    with pytest.raises(OutputError, match="gone: cannot be written"):
        found.add(third)


@given(before=some, now=some)
def test_changes_against_dictionaries(before: Any, now: Any) -> None:
    """Every name of one list alone is added, removed, or half of a pair with the same pixels."""
    old, new = (
        [Entry(split, name, "9", *hashes) for (split, name), hashes in sorted(found.items())]
        for found in (before, now)
    )
    found = changes(old, new)
    changed = {(split, name) for split in found for name in found[split].changed}
    assert changed == {
        place
        for place in before.keys() & now.keys()
        if "-" not in (before[place][0], now[place][0]) and before[place][0] != now[place][0]
    }
    pairs = [
        ((other, one), (split, two))
        for split, files in found.items()
        for other, some_pairs in {split: files.renamed, **files.moved}.items()
        for one, two in some_pairs
    ]
    assert all(before[one][1] == now[two][1] != "-" for one, two in pairs)
    added = [(split, name) for split in found for name in found[split].added]
    removed = [(split, name) for split in found for name in found[split].removed]
    assert sorted([*added, *(two for _, two in pairs)]) == sorted(now.keys() - before.keys())
    assert sorted([*removed, *(one for one, _ in pairs)]) == sorted(before.keys() - now.keys())
    left = {before[place][1] for place in removed} & {now[place][1] for place in added}
    assert left <= {"-"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data``, its ``stats.json`` and ``stats.files``."""
    folder = tmp_path_factory.mktemp("original")
    data = checked.write(folder / "data")
    make.write(data / "val" / "broken.png", b"")
    run = command.here(
        "compute", data, "-q", "-o", folder / "stats.json", "--files", folder / "stats.files"
    )
    assert run.returncode == 3
    return folder


@pytest.fixture
def here(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to be changed, which is the current folder."""
    shutil.copytree(original, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def named(document: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Words before the names, and the names, of the findings that have some."""
    return [
        (case["message"].split(":")[0], case["paths"])
        for case in document["cases"]
        if case["rule"] == "data-changed" and case["paths"]
    ]


NAMED: dict[str, tuple[Callable[[Path], object], list[tuple[str, list[str]]]]] = {
    "unchanged": (lambda data: None, []),
    "touched": (checked.rewritten, []),
    "changed": (checked.comment, [("1 file changed", ["val/100.jpg"])]),
    "added": (checked.added, [("1 file added", ["val/new.png"])]),
    "removed": (lambda data: (data / VAL).unlink(), [("1 file removed", [VAL])]),
    "renamed": (
        lambda data: (data / VAL).rename(data / "val/x.png"),
        [("1 file renamed, with the same pixels", [VAL, "val/x.png"])],
    ),
    "moved": (
        lambda data: (data / VAL).rename(data / "test/x.png"),
        [("1 file moved from val, with the same pixels", [VAL, "test/x.png"])],
    ),
    "no longer readable": (
        lambda data: (data / VAL).write_bytes(b""), [("1 file changed", [VAL])]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_check_names_files(here: Path, name: str) -> None:
    """The list beside the stats file tells which files are not what was recorded."""
    change, expected = NAMED[name]
    change(Path("data"))
    assert named(verdict()) == expected


def test_all_are_named_in_reports_and_ten_on_the_terminal(here: Path) -> None:
    """However many files there are, a report has each of them."""
    os.rename("data/train", "data/new")
    os.mkdir("data/train")
    os.rename("data/new", "data/train/class")
    run = checked.check("--report", "report.json", "-q")
    ((words, paths),) = named(json.loads(Path("report.json").read_text()))
    assert (words, len(paths)) == ("18 files renamed, with the same pixels", 36)
    (line,) = (line for line in run.stdout.splitlines() if "18 files renamed" in line)
    assert line.count("is now") == 10
    assert "8 more" in line


def test_without_a_list_the_message_says_how_to_get_one(here: Path) -> None:
    """Nobody has to guess why no file is named; in mode compatible no file should be the same."""
    os.remove("stats.files")
    checked.added(Path("data"))
    said = json.dumps(verdict())
    assert (
        "the list stats.files is not beside the stats file; --files FILE says where it is" in said
    )
    assert "--files" not in json.dumps(verdict("--mode", "compatible"))


def test_another_list_is_refused(here: Path) -> None:
    """A list that was not written with the statistics would name the wrong files."""
    content = Path("stats.files").read_bytes()
    Path("stats.files").write_bytes(content.replace(b"100.jpg", b"101.jpg"))
    run = checked.check("-q")
    assert run.returncode == 2
    assert "is not the list of files" in run.stderr
    run = checked.check("-q", "--files", "nowhere")
    assert (run.returncode, "nowhere: cannot be read" in run.stderr) == (2, True)
    assert checked.check("-q", "--mode", "compatible").returncode == 0


def test_the_list_is_the_same_for_any_run(here: Path) -> None:
    """Neither the number of workers nor a cache changes a byte, of the list nor of the stats."""
    texts = set()
    for options in ({"workers": 0}, {"workers": 2}, {"workers": 0, "cache": "c"}) * 2:
        stats = normstat.compute("data", files="again.files", **options)  # type: ignore[arg-type]  # as given
        texts.add((Path("again.files").read_bytes(), dumps(stats)))
    assert len(texts) == 1
    assert Path("again.files").read_bytes() == Path("stats.files").read_bytes()
    assert loads(dumps(stats)) == stats


def test_the_library_finds_the_list_as_well(here: Path) -> None:
    """With a stats file's name the list is looked for beside it, with statistics it is given."""
    checked.added(Path("data"))
    by_name = normstat.check("data", "stats.json", workers=0)
    recorded = load("stats.json")
    assert by_name == normstat.check("data", recorded, files="stats.files", workers=0)
    assert any(case.paths == ("val/new.png",) for case in by_name.findings)
    without = normstat.compute("data", workers=0)
    with pytest.raises(UsageError, match="no list of files was written"):
        normstat.check("data", without, files="stats.files", workers=0)


def test_statistics_lie_beside_no_list(here: Path) -> None:
    """A file of that name in the current folder is none of theirs."""
    recorded = load("stats.json")
    Path("stats.files").write_text("another list")
    assert normstat.check("data", recorded, workers=0).exit_code == 0
    with pytest.raises(UsageError, match="is not the list of files"):
        normstat.check("data", "stats.json", workers=0)


def test_what_cannot_be_a_list(here: Path) -> None:
    """The list goes into the folder of the stats file, under a name of its own."""
    for files in ("elsewhere/x", "stats.json", "data"):
        run = command.here("compute", "data", "-q", "--files", files)
        assert (run.returncode, files in run.stderr) == (2, True)
    content = Path("stats.json").read_text().replace('"stats.files"', '"../stats.files"')
    with pytest.raises(UsageError, match="/files/name"):
        loads(content)


@pytest.mark.parametrize("given", ["--cache", "--report"])
def test_a_check_does_not_write_over_its_list(here: Path, given: str) -> None:
    """The list is neither begun anew as a cache nor replaced by a report."""
    shutil.copy("stats.files", "list.md")
    run = command.here(
        "check", "data", "--stats", "stats.json", "--files", "list.md", given, "./list.md"
    )
    assert (run.returncode, "list.md" in run.stderr) == (2, True)
    assert Path("list.md").read_bytes() == Path("stats.files").read_bytes()
