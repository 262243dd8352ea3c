"""Lists of files beside a stats file, and checks that name the files that changed."""

import hashlib
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
import mounted
import pytest
from checked import VAL, verdict
from hypothesis import given
from hypothesis import strategies as st

import normstat
from normstat.errors import OutputError, UsageError
from normstat.images import ImageRow
from normstat.statsfile import dumps, file_list, load, loads
from normstat.statsfile.file_list import Entry, FileList, read_list, written
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


def test_no_room_for_many_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message says where there is none: of temporary files, not of the list."""
    monkeypatch.setattr(file_list, "_MOST", 100)
    found = FileList()
    with mounted.disk(tmp_path / "disk", 4) as full:
        (full / "x").write_bytes(bytes(4096))
        monkeypatch.setattr(tempfile, "tempdir", str(full))
        *most, last = rows_of("val", [f"{number}.png" for number in range(100)])
        for row in most:
            found.add(row)
        with pytest.raises(OutputError, match=r"temporary file .*TMPDIR"):
            found.add(last)


def test_names_are_written_alike_by_any_python() -> None:
    """Characters that Unicode gains are printable in one version, and unassigned in another."""
    assert written("\u0378.png") == "\u0378.png".encode()
    assert written("\u202e.png") == b'"\\u202e.png"'


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "no list": lambda _: bytes(range(256)),
    "first line": lambda text: text.replace(b"files 1", b"files 2"),
    "cut": lambda text: text[:-20],
    "column less": lambda text: text.replace(b"\t0\t", b"\t"),
    "column more": lambda text: text.replace(b"\t0\t", b"\t0\t0\t"),
    "no text": lambda text: text.replace(b"\t0\t", b"\t\xff\t"),
    "no JSON": lambda text: text.replace(b"\n0.png", b'\n"0.png'),
    "half a character": lambda text: text.replace(b"\n0.png", b'\n"\\ud800"'),
    "order": lambda text: text.replace(b"\n0.png", b"\n8.png"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_made_up_list_is_refused(damage: str, tmp_path: Path) -> None:
    """Whatever a stats file says of it, a list is read as it is written, or not at all."""
    found = FileList()
    for row in rows_of("val", ["0.png", "1.png", "2.png"]):
        found.add(row)
    found.save(tmp_path / "list")
    content = DAMAGE[damage]((tmp_path / "list").read_bytes())
    (tmp_path / "list").write_bytes(content)
    with pytest.raises(UsageError, match=r"list: is damaged, .* files=FILE writes it anew"):
        list(read_list(tmp_path / "list", hashlib.sha256(content).hexdigest()))


def test_a_list_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    """It is looked at before the images are read, and read after them."""
    found = FileList()
    for row in rows_of("val", ["0.png", "1.png"]):
        found.add(row)
    digest = found.save(tmp_path / "list")
    replaced, removed = (read_list(tmp_path / "list", digest) for _ in range(2))
    found.add(rows_of("val", ["2.png"])[0])
    found.save(tmp_path / "list")
    with pytest.raises(UsageError, match="is not the list"):
        list(replaced)
    (tmp_path / "list").unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        list(removed)


def test_files_stay_in_their_split_if_they_can() -> None:
    """Of equal pixels those in the same split are a pair, whichever split comes first."""
    old = [Entry("train", "a", "9", "d", "k")]
    new = [Entry("test", "x", "9", "d", "k"), Entry("train", "b", "9", "d", "k")]
    found = changes(old, new)
    assert (found["train"].renamed, found["test"].added) == ([("a", "b")], ["x"])


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
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    Path("stats.files").write_bytes(b"of something else")
    assert normstat.check("../data", recorded, workers=0).exit_code == 1
    os.chdir("..")
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
    for files in ("elsewhere/x", "stats.json", "data", "new/"):
        run = command.here("compute", "data", "-q", "--files", files)
        assert (run.returncode, files in run.stderr) == (2, True)
    image = next(Path("data").rglob("*.jpg"))
    before = image.read_bytes()
    run = command.here("compute", "data", "-q", "--files", image, "-o", image.with_suffix(".json"))
    assert (run.returncode, image.read_bytes() == before) == (2, True)
    content = Path("stats.json").read_text().replace('"stats.files"', '"../stats.files"')
    with pytest.raises(UsageError, match="/files/name"):
        loads(content)


def test_a_list_names_nothing_among_other_data(here: Path) -> None:
    """Data that only have to be compatible have other files: a list that is given is refused."""
    check = ("check", "data", "--stats", "stats.json", "-q", "--mode", "compatible")
    run = command.here(*check, "--files", "stats.files")
    assert run.returncode == 2
    assert "--files stats.files: names the files that changed" in run.stderr
    assert command.here(*check).returncode == 0


def test_a_list_is_no_cache_and_no_report(here: Path) -> None:
    """What a check reads is neither set aside nor replaced; nor is one output by another."""
    before = Path("stats.files").read_bytes()
    for copy in ("list", "list.json"):
        Path(copy).write_bytes(before)
    for options in (
        ["--cache", "stats.files"],
        ["--cache", "list", "--files", "list"],
        ["--report", "list.json", "--files", "list.json"],
    ):
        run = checked.check("-q", *options)
        assert (run.returncode, "give another name" in run.stderr) == (2, True)
    assert all(Path(name).read_bytes() == before for name in ("stats.files", "list", "list.json"))
    assert checked.check("-q", "--files", "").returncode == 2
    with pytest.raises(UsageError, match=r'files="x": is the cache'):
        normstat.compute("data", workers=0, files="x", cache="x")
