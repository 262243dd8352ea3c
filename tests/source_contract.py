"""Laws of every source of images: a new one inherits them by one line."""

import os
import pickle
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from normstat.errors import UnreadableImage
from normstat.images import Payload, Shard
from normstat.sources import Source
from normstat.sources.part import Part

# Reads a shard, and writes what it has read.
_ELSEWHERE = """
import pickle, sys
shard = pickle.load(sys.stdin.buffer)
with shard.container.open() as reader:
    pickle.dump([reader.read(sample) for sample in shard], sys.stdout.buffer)
"""


def image(value: int) -> bytes:
    """The smallest image there is: one gray pixel."""
    return b"P5 1 1 255\n" + bytes([value])


_MANY = {
    f"{split}/{number // 70}/{number:03}.pgm": image(number % 251)
    for split, images in (("train", 400), ("val", 90))
    for number in range(images)
}


class SourceContract(ABC):
    """Laws that hold whatever the images are in.

    Attributes
    ----------
    below : stands before the name of each image in the names of samples, as "data.tar/".
    name : of the place in its folder.
    gone : codes of a sample that was listed in a place that has changed.
    part : path of a folder, after `below`, with images of the split "train".
    is_all : it has all of them.
    """

    below = ""
    name = "data"
    gone: tuple[str, ...] = ("vanished",)
    part = "train/0"
    is_all = False

    def named(self, images: Iterable[str]) -> list[str]:
        """Names of the samples of images, in the same order."""
        return [self.below + name for name in images]

    def payload(self, image: bytes) -> Payload:
        """What a reader gives for an image."""
        return image

    @abstractmethod
    def put(self, root: Path, images: dict[str, bytes]) -> None:
        """Make a place with images by their names; or replace it by one with others."""

    @abstractmethod
    def opened(self, root: Path) -> Source:
        """A source of the images in a place, which is listed anew."""

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        """A place of some hundred images in two splits."""
        self.put(tmp_path / self.name, _MANY)
        return tmp_path / self.name

    def test_its_shards_are_repeatable(self, data: Path) -> None:
        """From one source and from another of the same images; two walks may go on at once."""
        source = self.opened(data)
        shards = _all(source)
        assert len(shards) > 2
        assert all(map(len, shards))
        assert _all(source) == _all(self.opened(data)) == shards
        selection = source.selection()
        pairs = zip(source.shards(selection), source.shards(selection), strict=True)
        assert all(one == other for one, other in pairs)

    def test_its_names_are_those_of_the_images(self, data: Path) -> None:
        """Unique, relative, in the split that they say; and sorted if the source says so."""
        source = self.opened(data)
        names = _names(_all(source))
        assert sorted(names) == sorted(self.named(_MANY))
        assert not source.ordered or names == sorted(names, key=os.fsencode)
        split_of = {
            sample: name.partition("/")[0]
            for sample, name in zip(self.named(_MANY), _MANY, strict=True)
        }
        assert all(split_of[name] == shard.split for shard in _all(source) for name in shard.names)

    def test_its_survey_counts_what_its_shards_have(self, data: Path) -> None:
        """For all splits and for one of them."""
        for wanted in ((), ("val",)):
            source = self.opened(data)
            selection = source.selection(wanted)
            counted: Counter[str] = Counter()
            for shard in source.shards(selection):
                counted[shard.split] += len(shard) + len(shard.unreadable)
            assert source.survey(selection).images == counted
            assert counted.keys() == set(wanted or ("train", "val"))

    @pytest.mark.parametrize("name", ["train/0/new.pgm", "val/1/zz.pgm"])
    def test_a_new_sample_changes_one_shard(self, data: Path, name: str) -> None:
        """The other shards are what they were: what is known of them stays true."""
        before = Counter(shard.names for shard in _all(self.opened(data)))
        self.put(data, _MANY | {name: image(1)})
        after = Counter(shard.names for shard in _all(self.opened(data)))
        assert (before - after).total() == 1
        assert (after - before).total() in (1, 2)  # it may end there
        new = self.named(_MANY | {name: b""})[-1]
        assert {*_flat(after - before)} - {*_flat(before - after)} == {new}

    def test_a_shard_is_the_sum_of_its_parts(self, data: Path) -> None:
        """Cut by ``only`` or into singles, each sample is there once and reads the same."""
        for shard in _all(self.opened(data), versions=True):
            payloads = _payloads(shard)
            even, odd = range(0, len(shard), 2), range(1, len(shard), 2)
            parts = [shard.only(even), shard.only(odd)]
            assert Counter(_names(parts)) == Counter(shard.names)
            assert [*map(_payloads, parts)] == [payloads[0::2], payloads[1::2]]
            assert parts[0].versions == shard.versions[0::2]
            singles = list(shard.singles())
            assert _names(singles) == list(shard.names)
            assert [payload for single in singles for payload in _payloads(single)] == payloads
            assert [single.start for single in singles] == list(range(len(shard)))

    def test_parts_are_the_whole(self, data: Path) -> None:
        """Each image is in one part, which knows its place in the walk over all."""
        names = _names(_all(self.opened(data)))
        found: dict[int, str] = {}
        for number in (1, 2, 3):
            part = Part(self.opened(data), number, 3)
            selection = part.selection()
            shards = list(part.shards(selection))
            positions = [position for shard in shards for position in shard.positions]
            assert positions == sorted(positions)
            found |= zip(positions, _names(shards), strict=True)
            assert part.survey(selection).images.total() == len(positions)
        assert [found[position] for position in range(len(names))] == names

    def test_another_process_reads_the_same(self, data: Path) -> None:
        """A shard is all that a worker needs."""
        shards = _all(self.opened(data))
        for shard in (shards[0], shards[-1]):
            done = subprocess.run(
                [sys.executable, "-c", _ELSEWHERE],
                input=pickle.dumps(shard),
                stdout=subprocess.PIPE,
                check=True,
            )
            payloads = [*map(_plain, pickle.loads(done.stdout))]
            every = self._payloads_by_name()
            assert payloads == [every[name] for name in shard.names] == _payloads(shard)

    def test_a_header_is_how_a_sample_begins(self, data: Path) -> None:
        """What is looked at before a run is what the run reads, or it is not there at all."""
        shard = _all(self.opened(data))[0]
        with shard.container.open() as reader:
            for sample in shard:
                with suppress(OSError), reader.head(sample) as file:
                    assert file.read(9) == reader.read(sample)[:9]

    def test_a_sample_that_is_gone_is_a_record(self, data: Path) -> None:
        """A place that has changed since it was listed gives what was listed, or says why not."""
        shards = _all(self.opened(data))
        self.put(data, dict(list(_MANY.items())[1:]))
        with shards[0].container.open() as reader:
            sample = next(iter(shards[0]))
            try:
                found: Any = _plain(reader.read(sample))
            except UnreadableImage as error:
                found = error.code
        assert found in (self._payloads_by_name()[sample.name], *self.gone)

    def test_versions_change_with_the_bytes(self, data: Path) -> None:
        """The same while nothing changes; another for an image with other bytes, or none."""
        before = self._settled(data)
        assert before == self._settled(data)
        name = "train/1/099.pgm"
        changed = dict(zip(_MANY, self.named(_MANY), strict=True))[name]
        self.put(data, _MANY | {name: image(252)})
        after = self._settled(data)
        assert after.keys() == before.keys()
        assert after[changed] != before[changed] or not after[changed]
        assert not _all(self.opened(data))[0].versions

    def _payloads_by_name(self) -> dict[str, Any]:
        payloads = (_plain(self.payload(image)) for image in _MANY.values())
        return dict(zip(self.named(_MANY), payloads, strict=True))

    def _settled(self, data: Path) -> dict[str, bytes]:
        """The version of each image, as soon as all are known."""
        versions = {"": b""}
        end = time.monotonic() + 10
        while not all(versions.values()) and time.monotonic() < end:
            shards = _all(self.opened(data), versions=True)
            assert all(len(shard.versions) == len(shard) for shard in shards)
            versions = {
                name: version
                for shard in shards
                for name, version in zip(shard.names, shard.versions, strict=True)
            }
        return versions

    def test_other_folders_for_splits_are_another_source(self, data: Path) -> None:
        """Of the same images; the first one stays what it was, and both are recorded."""
        source = self.opened(data)
        part = self.below + self.part
        other = source.with_split_dirs({"mine": part})
        left = ("val",) if self.is_all else ("train", "val")
        assert other.selection().splits == ("mine", *left)
        assert source.selection().splits == ("train", "val")
        assert Counter(_names(_all(other))) == Counter(_names(_all(source)))
        assert (other.root, other.identity) == (source.root, source.identity)
        assert {**source.record(), "split_dirs": {"mine": part}} == other.record()
        assert str(data) not in str(source.record())


def _all(source: Source, versions: bool = False) -> list[Shard]:
    return list(source.shards(source.selection(), versions))


def _names(shards: Iterable[Shard]) -> list[str]:
    return [name for shard in shards for name in shard.names]


def _flat(shards: Iterable[tuple[str, ...]]) -> list[str]:
    return [name for names in shards for name in names]


def _payloads(shard: Shard) -> list[Any]:
    with shard.container.open() as reader:
        return [_plain(reader.read(sample)) for sample in shard]


def _plain(payload: Payload) -> Any:
    """The same, so that equal ones compare as such."""
    if isinstance(payload, bytes):
        return payload
    return payload.dtype.str, payload.shape, payload.tobytes()
