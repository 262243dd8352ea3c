"""Many names that say no split are enough to begin, and the statistics do not tell."""

import io
import tarfile
from pathlib import Path
from typing import Any

import make
import pytest

import normstat
from normstat.errors import AmbiguousSplit, NothingToRead, OtherSplits
from normstat.sources import open_source, tree_source
from normstat.sources.tar import Tars
from normstat.statsfile import dumps


def packed(path: Path, *names: str) -> None:
    """A tar with small images of these names."""
    with tarfile.open(path, "w") as tar:
        for number, name in enumerate(names):
            data = make.encoded(make.pixels(number, 3, 2 + len(name) % 3), "PPM")
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """Nine archives whose names say nothing, with three images each."""
    data = tmp_path / "data"
    data.mkdir()
    for number in range(9):
        packed(data / f"{number:03}.tar", *(f"{name}.pgm" for name in "abc"))
    return data


def more_than(monkeypatch: pytest.MonkeyPatch, images: float) -> None:
    """Presume after so many images."""
    monkeypatch.setattr(tree_source, "_ENOUGH", images)


class Heard:
    """A listener that adds up what it is told."""

    def __init__(self) -> None:
        self.done = 0
        self.notices: list[str] = []
        self.expected: list[int] = []

    def total(self, images: int) -> None:
        self.expected.append(images)

    def advance(self, images: int) -> None:
        self.done += images

    def notice(self, message: str) -> None:
        self.notices.append(str(message))


def told(data: Path, **options: Any) -> tuple[str, Heard]:
    """The stats file, and what was said."""
    heard = Heard()
    stats = normstat.compute(data, workers=0, progress=heard, **options)
    return dumps(stats), heard


def test_reading_begins_before_all_is_listed(
    archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of nine archives are enough to begin with; all are listed for a sure answer."""
    more_than(monkeypatch, 5)
    listed: list[str] = []
    contents = Tars.contents
    monkeypatch.setattr(
        Tars, "contents", lambda self, path: (listed.append(path), contents(self, path))[1]
    )
    source = open_source(archives)
    selection = source.selection(presume=True)
    assert selection.presumed
    assert len(listed) == 2
    next(source.shards(selection))
    assert len(listed) == 4  # a shard ends where the next one begins
    assert source.survey(selection).images == {"all": 27}
    sure = source.selection()
    assert not sure.presumed
    assert (sure.splits, sure.rest) == (selection.splits, selection.rest)
    assert len(listed) == 9


_LATER = {
    "train": ("train/x.ppm", "b.ppm"),
    "nothing": ("x.ppm",),
    "no_image": ("train/x.txt",),
    "class": ("a_train_station/x.ppm",),
    "labels": ("masks/a.ppm", "a.ppm"),
}


@pytest.mark.parametrize("images", [0, 2, 7, 26])
@pytest.mark.parametrize("place", ["000", "004x", "zzz"])
@pytest.mark.parametrize("later", _LATER)
def test_statistics_are_those_of_all_names(
    archives: Path, later: str, place: str, images: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive with splits is one wherever it lies, and what is said is the same."""
    packed(archives / f"{place}.tar", *_LATER[later])
    more_than(monkeypatch, 1e9)
    sure, heard = told(archives)
    more_than(monkeypatch, images)
    presumed, again = told(archives)
    assert presumed == sure
    assert again.notices == heard.notices
    assert again.done == heard.done == sum(heard.expected)
    assert again.expected[-1:] == heard.expected


@pytest.mark.parametrize("workers", [0, 2])
def test_a_wrong_guess_leaves_nothing_behind(
    archives: Path,
    tmp_path_factory: pytest.TempPathFactory,
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither in a cache nor in the statistics, whatever the workers had begun with."""
    packed(archives / "003.tar", "val/x.ppm", "y.ppm")
    more_than(monkeypatch, 1e9)
    sure, _ = told(archives)
    more_than(monkeypatch, 2)
    cache = tmp_path_factory.mktemp("cache") / "c.db"
    for _ in range(2):
        stats = normstat.compute(archives, workers=workers, cache=cache)
        assert dumps(stats) == sure
    parts = [normstat.compute(archives, workers=0, shard=f"{number}/2") for number in (1, 2)]
    assert dumps(normstat.merge(parts)) == sure
    assert normstat.check(archives, stats, workers=0).exit_code == 0


def test_what_names_say_twice_is_an_error_as_ever(
    archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ambiguous folder ends the run, and one that cannot be listed is in the same split."""
    more_than(monkeypatch, 2)
    packed(archives / "000.tar", "train/test/x.ppm")
    with pytest.raises(AmbiguousSplit):
        normstat.compute(archives, workers=0)


def test_a_damaged_archive_is_in_its_own_split(
    archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of one that is called train decides on all others, too."""
    (archives / "train.tar").write_bytes(b"no tar at all")
    for images in (1e9, 2):
        more_than(monkeypatch, images)
        with pytest.raises(NothingToRead, match="its one image cannot"):
            told(archives)


def test_a_survey_tells_other_splits(archives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which one it has met."""
    more_than(monkeypatch, 2)
    packed(archives / "000.tar", "val/x.ppm")
    source = open_source(archives)
    with pytest.raises(OtherSplits, match="of the split val, too"):
        source.survey(source.selection(presume=True))
    assert source.selection().splits == ("val",)
