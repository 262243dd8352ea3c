"""Tar archives behind URLs, each read once from its start to its end by the worker that counts it.

Their names are not known before that: they come with the result.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from os.path import splitext
from typing import BinaryIO

from normstat.errors import UnreadableImage
from normstat.files import ByOffset
from normstat.images import Code, Payload, Reader, Sample, Shard
from normstat.sources.archives import Ignored
from normstat.sources.member import Member, apart
from normstat.sources.object_ranges import ObjectRanges
from normstat.sources.packed_tar import unpacked
from normstat.sources.stores import Object
from normstat.sources.tar_headers import ReadAt, listed
from normstat.sources.unpacking import Unpacking, packing_of

_MAGIC = 6


@dataclass(slots=True)
class Listing:
    """The members of an archive, as they were found on the way through it.

    Attributes
    ----------
    packing : see :data:`normstat.sources.unpacking.PACKINGS`; None if it is not packed.
    members : in their order.
    ignored : what else is in it.
    damage : the reason why there may be more; None if there are no more.
    """

    packing: str | None = None
    members: list[Member] = field(default_factory=list)
    ignored: Ignored = field(default_factory=Ignored)
    damage: UnreadableImage | None = None

    def replayed(self) -> Iterator[Member]:
        """The members; at the end the damage is raised, as when they were found."""
        yield from self.members
        if self.damage:
            raise self.damage


@dataclass(frozen=True, slots=True)
class TarStream:
    """An archive behind a URL, as the one sample of a shard, that a reader gives the images of.

    Attributes
    ----------
    url : of the archive.
    listed : as it was listed.
    """

    url: str
    listed: Object

    def shard(self, name: str) -> Shard:
        """The work to read it.

        Parameters
        ----------
        name : of the archive, which those of its images begin with.
        """
        return Shard("", self, (name,))

    @contextmanager
    def open(self) -> Iterator["StreamReader"]:
        ranges = ObjectRanges(self.url, self.listed.size or 0, self.listed.tag)
        try:
            yield StreamReader(ranges, self.listed.size or 0)
        finally:
            ranges.close()

    def path(self, sample: Sample) -> None:  # noqa: ARG002  # the protocol has it
        return None


class StreamReader(Reader):
    """The reader of a :class:`TarStream`.

    Attributes
    ----------
    listing : complete when all samples were asked for.
    """

    def __init__(self, ranges: ObjectRanges, size: int) -> None:
        self._ranges = ranges
        self._size = size
        self._data: bytes | UnreadableImage = b""
        self.listing = Listing()

    def ahead(self, samples: Iterable[Sample], most: int | None = None) -> Iterator[Sample]:  # noqa: ARG002  # all is read
        """The images in the archives, each when it is there."""
        for archive in samples:
            taken: set[str] = set()
            for member, data in self._members():
                name = member.name
                if name in taken:
                    name = apart(name, taken)
                taken.add(name)
                if data is not None:
                    self._data = data
                    yield Sample(archive.split, f"{archive.name}/{name}", member.place)

    def read(self, sample: Sample) -> Payload:  # noqa: ARG002  # the one that it has come to
        """Return the bytes of the image that :meth:`ahead` has come to."""
        if isinstance(self._data, UnreadableImage):
            raise self._data
        return self._data

    @contextmanager
    def head(self, sample: Sample) -> Iterator[BinaryIO]:  # noqa: ARG002  # ditto
        if isinstance(self._data, UnreadableImage):
            raise OSError(self._data.detail)
        yield BytesIO(self._data)

    def _members(self) -> Iterator[tuple[Member, bytes | UnreadableImage | None]]:
        listing = self.listing
        try:
            self._ranges.plan_all()
            listing.packing = packing_of(self._ranges.read_at(0, _MAGIC))
            read_at, members = self._opened(listing.packing)
            for member in members:
                listing.members.append(member)
                yield member, None if member.failure else _data(read_at, member)
        except UnreadableImage as error:
            listing.damage = error

    def _opened(self, packing: str | None) -> tuple[ReadAt, Iterator[Member]]:
        ranges: ByOffset = self._ranges
        ignored = self.listing.ignored
        if packing:
            unpacking = Unpacking(ranges, packing, checks=True)
            return unpacking, unpacked(unpacking, ignored)
        return ranges.read_at, listed(ranges.read_at, self._size, ignored)


def _data(read_at: ReadAt, member: Member) -> bytes | UnreadableImage:
    try:
        data = read_at(*member.place)
    except UnreadableImage as error:
        return error
    if len(data) < member.size:
        return UnreadableImage(Code.TRUNCATED, "the archive ends within it")
    return data


def group_of(name: str) -> tuple[str, bool, bool]:
    """The images that most likely all count for one split, or none of them does.

    >>> group_of("a.tar/train/1.png"), group_of("a.tar/train/1_mask.png")[1]
    (('a.tar/train', False, False), True)
    """
    from normstat.sources.tree.labels import label_stems

    folder, _, base = name.rpartition("/")
    return folder, bool(label_stems(base)), "." in splitext(base)[0]
