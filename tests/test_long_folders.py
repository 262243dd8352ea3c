"""Folders with more names than memory should hold are folders like others."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import make
import pytest
from command import environment

from normstat.errors import UnreadableImage
from normstat.images import Code
from normstat.sources import long_folder
from normstat.sources import members as members_module
from normstat.sources.long_folder import LongFolder
from normstat.sources.member import Member
from normstat.sources.members import Members
from normstat.sources.names import LongNames, Numbers, those
from normstat.sources.spool import Recent, Spool


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three names are too many for memory."""
    monkeypatch.setattr(members_module, "_AT_ONCE", 3)
    for name, number in (("_RUN", 7), ("_PAGE", 4), ("_PAGE_OF_RUN", 2)):
        monkeypatch.setattr(long_folder, name, number)


def some_members(seed: int) -> Iterator[Member]:
    """Names that occur again, cannot be read, have splits of their own, and are not ASCII."""
    drawn = random.Random(seed)
    failure = UnreadableImage(Code.TRUNCATED, "cut")
    for number in range(drawn.randrange(4, 90)):
        name = drawn.choice(["x/", "", "x/é/"]) + drawn.choice(["a", "é", "\udcff", "z", ""])
        name += f"{drawn.randrange(40)}.png"
        split = drawn.choice([None, ("train", "column"), ("val", "column")])
        failed = failure if drawn.random() < 0.1 else None
        yield Member(name, number, number, b"", failed, split)


def all_of(members: Members) -> list[object]:
    """Each folder, its names, and what is known of each."""
    found: list[object] = []
    for path in ("", "x/", "x/é/"):
        try:
            entries = members.entries(path)
        except UnreadableImage as error:
            found.append(error.code)
            continue
        names = list(entries.files)
        splits = {name: entries.splits.get(name) for name in (*names, *entries.failures)}
        assert len(entries.files) == len(names)
        assert bool(entries.files) == bool(names)
        assert set(entries.own_splits) == set(filter(None, splits.values()))
        found.append((entries.folders, names, sorted(map(str, entries.failures.items())), splits))
        found += [members.member(path + name)[:3] for name in (*names, *sorted(entries.failures))]
    return [*found, members.again, members.dropped]


@pytest.mark.parametrize("seed", range(40))
def test_a_folder_with_many_names_is_like_one_with_few(
    seed: int, request: pytest.FixtureRequest
) -> None:
    """Names, their order, what occurs again and what is wrong do not depend on their number."""

    def same(one: Member, other: Member) -> bool:
        return one.split == other.split

    merged = same if seed % 2 else None
    few = all_of(Members(some_members(seed), Spool(), same=merged))
    request.getfixturevalue("few_are_many")
    assert all_of(Members(some_members(seed), Spool(), same=merged)) == few


def test_a_name_is_looked_for_among_many(few_are_many: None) -> None:
    """A name that is not there is none, wherever it would be."""
    members = [Member(f"x/{number:02}.png", number) for number in range(1, 40, 2)]
    folder = LongFolder((0, "x/"), members, Spool(), Recent())
    names = [f"{number:02}.png" for number in range(41)]
    assert [name in folder for name in names] == [number % 2 == 1 for number in range(41)]
    assert len(folder) == 20
    assert not Members(members, Spool()).has("x/02.png")


def test_names_that_pass_a_test_are_looked_for_at_each_use() -> None:
    """Nothing of a long listing is kept, but its length."""
    names = those(Numbers(1000, 4), lambda name: name.endswith("7"))
    assert isinstance(names, LongNames)
    assert (len(names), next(iter(names)), "0017" in names, "0018" in names) == (
        *(100, "0007"),
        *(True, False),
    )
    assert not those(names, lambda name: False)


_PEAK = """
import resource
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
from normstat.images import LocalFiles
from normstat.sources.patterns import Given
from normstat.sources.listed_files import Listed, ListedFiles, Row
from normstat.sources.options import SourceOptions
from normstat.sources.numbered import Stack
from normstat.sources.stacks import ListedArrays, Stacks
from normstat.sources.tree_source import TreeSource

def table(folder):
    rows = (Row(n + 1, f"{n * 7919 % 500_000:06}.png") for n in range(500_000))
    return ListedFiles(Listed("a.csv", folder, rows, {}), SourceOptions())

def stack(folder):
    listed = ListedArrays({"a.npy": Stack(LocalFiles(folder), 500_000, 784)})
    return Stacks(Given("a.npy", {"a.npy": "a.npy"}), listed, {})
"""


@pytest.mark.matrix
@pytest.mark.parametrize(("kind", "megabytes"), [("table", 60), ("stack", 15)])
def test_memory_is_not_that_of_all_names(tmp_path: Path, kind: str, megabytes: int) -> None:
    """The names in one folder come from the disk, or are made, when they are asked for."""
    make.write(tmp_path / "000000.png", b"")
    script = (
        f"{_PEAK}before = peak()\nsource = TreeSource({kind}({str(tmp_path)!r}), SourceOptions())\n"
        "selection = source.selection()\nprint(source.survey(selection).images.total())\n"
        "print(len(next(source.shards(selection))) > 0, peak() - before)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment(), capture_output=True, check=True, text=True)
    counted, is_any, memory = done.stdout.split()
    assert (counted, is_any) == ("500000", "True")
    assert int(memory) < megabytes << 10  # KiB
