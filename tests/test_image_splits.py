"""Images of one folder may have splits of their own, as a column of a table says them."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest

from normstat.errors import Message, UnreadableImage, UsageError
from normstat.images import Code, LocalFiles, Reason
from normstat.sources import SourceOptions, Survey
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.member import Member
from normstat.sources.members import Members
from normstat.sources.spool import Spool
from normstat.sources.tree.split_words import split_of_value
from normstat.sources.tree_source import TreeSource
from normstat.verbs.notices import notices_of_names

RULE = "column 'split'"
CONTAINER = LocalFiles("data")


class Rows:
    """A catalog of the rows of a table, some with a split."""

    root = identity = "data"
    only_images = False
    splits_images = True
    assigned: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def __init__(self, rows: Mapping[str, str], failures: Mapping[str, Code]) -> None:
        self._members = Members(list(_members(rows, failures)), Spool())

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        return self._members.entries(path)

    def locate(self, path: str, versions: bool) -> Located:
        return Located(CONTAINER, None, 0, path.encode() if versions else b"")

    def side_file(self, name: str) -> bytes | None:
        return None

    def record(self) -> Mapping[str, Any]:
        return {"kind": "rows"}

    def report(self, survey: Survey) -> None:
        pass


def _members(rows: Mapping[str, str], failures: Mapping[str, Code]) -> Iterator[Member]:
    for name, split in rows.items():
        failure = UnreadableImage(failures[name]) if name in failures else None
        yield Member(name, failure=failure, split=(split, RULE) if split else None)


def source(
    rows: Mapping[str, str], failures: Mapping[str, Code] | None = None, **options: Any
) -> TreeSource:
    """A source of rows: name → split."""
    return TreeSource(Rows(rows, failures or {}), SourceOptions(**options))


def found(source: TreeSource, *wanted: str) -> dict[str, list[str]]:
    """Split → names of images and records, as the shards deliver them."""
    selection = source.selection(wanted)
    names: dict[str, list[str]] = {split: [] for split in selection.splits}
    counted: dict[str, int] = dict.fromkeys(selection.splits, 0)
    for shard in source.shards(selection, versions=True):
        names[shard.split] += [*shard.names, *(record.path for record in shard.unreadable)]
        counted[shard.split] += len(shard) + len(shard.unreadable)
        assert shard.versions == tuple(name.encode() for name in shard.names)
    assert +source.survey(selection).images == {n: c for n, c in counted.items() if c}
    return names


def test_rows_that_alternate_make_few_shards() -> None:
    """Each split has its images in byte order, in shards as large as those of folders."""
    rows = {f"x/{n:04}.png": ("train", "val", "mine")[n % 3] for n in range(3000)}
    rows_of = source(rows)
    assert found(rows_of) == {
        split: [name for name in rows if rows[name] == split] for split in ("mine", "train", "val")
    }
    assert len(list(rows_of.shards(rows_of.selection()))) < 60
    assert not rows_of.ordered
    assert found(source(rows), "val") == {"val": [name for name in rows if rows[name] == "val"]}


def test_a_new_row_changes_one_shard() -> None:
    """What is known of the others stays true."""
    rows = {f"x/{n:04}.png": ("train", "val")[n % 2] for n in range(2000)}
    before, after = (
        {shard.names for shard in each.shards(each.selection())}
        for each in (source(rows), source({**rows, "x/0100a.png": "val"}))
    )
    assert len(before - after) == 1
    assert len(after - before) in (1, 2)


def test_the_column_wins_over_folders_and_an_option_over_both() -> None:
    """Folders decide for rows without a value; what goes against the folders is said."""
    rows = {"train/a.png": "val", "train/b.png": "", "test/c.png": "test", "train_val/d.png": "val"}
    survey = source(rows).survey(source(rows).selection())
    assert found(source(rows)) == {
        "test": ["test/c.png"],
        "train": ["train/b.png"],
        "val": ["train/a.png", "train_val/d.png"],
    }
    assert survey.rules["val"] == {RULE}
    assert survey.rules["train"] == {"folder train"}
    assert survey.taken == {(RULE, "val", "train"): 1}
    lines = [Message(line) for line in notices_of_names(survey)]
    assert f"{RULE}: val takes 1 image out of train" in lines
    given = source(rows, split_dirs={"mine": "train"})
    assert found(given)["mine"] == ["train/a.png", "train/b.png"]
    assert found(given.with_split_dirs({})) == found(source(rows))


def test_every_folder_is_looked_into() -> None:
    """A split that only a row in a folder of another split has is found."""
    rows = {"train/1/a.png": "", "train/2/b.png": "query", "val/c.png": ""}
    assert found(source(rows)) == {
        "query": ["train/2/b.png"],
        "train": ["train/1/a.png"],
        "val": ["val/c.png"],
    }


def test_rows_in_no_split_are_left_out_beside_others_and_all_without() -> None:
    """As images beside the folders of splits are."""
    some = source({"a.png": "train", "b.png": ""})
    survey = some.survey(some.selection())
    assert survey.all_skipped(Reason.BESIDE_SPLITS).first == "b.png"
    assert found(some) == {"train": ["a.png"]}
    assert found(source({"a.png": "", "b.png": ""})) == {"all": ["a.png", "b.png"]}


def test_an_unreadable_row_is_a_record_of_its_split() -> None:
    """Also if it is the only one."""
    rows = {"a.png": "train", "b.png": "val", "c.png": "train"}
    records = {"b.png": Code.VANISHED, "a.png": Code.EMPTY}
    found_ones = found(source(rows, records))
    assert {split: sorted(names) for split, names in found_ones.items()} == {
        "train": ["a.png", "c.png"],
        "val": ["b.png"],
    }


def test_globs_and_labels_hold_for_rows() -> None:
    """They leave out names, whatever the split."""
    rows = {"a.png": "train", "b.jpg": "val", "masks/a.png": "train", "images/a.png": "train"}
    assert found(source(rows, exclude=("*.jpg",))) == {"train": ["a.png", "images/a.png"]}


@pytest.mark.parametrize("value", ["../x", "a/b", ".hidden", "\u8bad"])
def test_a_value_that_cannot_name_a_split_is_refused(value: str) -> None:
    """As files are named after splits; the message says where it is, and the way out."""
    with pytest.raises(UsageError) as caught:
        split_of_value(value, "data.csv, row 3")
    message = caught.value.message.on_command_line()
    assert message.startswith("data.csv, row 3: ")
    assert "--split-by file" in message
