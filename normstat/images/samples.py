"""Images to read: one by one, and in units of work."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias, TypeVar, runtime_checkable

from normstat.errors import UnreadableImage
from normstat.images.unreadable import Code, Unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Content of a sample: the bytes of an image file, or an array of pixels.
Payload: TypeAlias = "bytes | NDArray[Any]"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sample:
    """One image to read.

    Attributes
    ----------
    split : name of the split it belongs to.
    name : unique in its source, relative, with ``/`` between its parts.
    place : where its container has it; None if the name says it. Read by the container only.
    """

    split: str
    name: str
    place: Any = None

    def unreadable(self, error: UnreadableImage) -> Unreadable:
        """Its record, from what was wrong with it.

        >>> Sample("train", "a.png").unreadable(UnreadableImage(Code.EMPTY)).code
        <Code.EMPTY: 'empty'>
        """
        return Unreadable(self.split, self.name, error.code, error.detail, error.sha256)


class Reader(Protocol):
    """Access to the samples in an open container; a class of readers inherits from it."""

    def ahead(self, samples: Iterable[Sample], most: int | None = None) -> Iterator[Sample]:  # noqa: ARG002  # where reading takes time
        """The same samples in their order, each when it can be read at once.

        Where reading means to wait, those after it are on their way meanwhile.

        Parameters
        ----------
        samples : all that will be read, some of them asked for long before.
        most : bytes at the start of each that are wanted, to read its header; None: all.
        """
        return iter(samples)

    def read(self, sample: Sample) -> Payload:
        """Return the whole content of a sample.

        Raises
        ------
        UnreadableImage
        """

    def head(self, sample: Sample) -> AbstractContextManager[BinaryIO]:
        """Open a sample to read its header; an OSError leaves it to :meth:`read` to say why."""

    def at_once(self) -> int:
        """Number of samples that are best asked for together, of :meth:`block`; 1: none are."""
        return 1

    def block(self, places: Sequence[Any]) -> "NDArray[Any] | None":  # noqa: ARG002  # of others
        """Return the arrays of several samples as one: shape (samples, …).

        None if :meth:`read` has to give one by one, or to tell what is wrong with one.
        """
        return None


class Container(Protocol):
    """Recipe for opening the files, archive or table that hold samples; picklable."""

    def open(self) -> AbstractContextManager[Reader]:
        """Open it where samples are read: once for a shard."""

    def path(self, sample: Sample) -> str | None:
        """Path of the local file that a sample is in; None if it is elsewhere."""


@runtime_checkable
class Fetched(Protocol):
    """A container whose samples take a while to come, and may be asked for before they are due."""

    def expect(self, samples: tuple[Sample, ...]) -> None:
        """Take note of the samples that are read next, in another opening of it."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A unit of work: consecutive samples of one split; plain, picklable, ordered.

    Attributes
    ----------
    split : name of the split.
    container : holds the samples.
    names : names of the samples, in the order of their source.
    places : of the samples in the container; empty where names say it.
    versions : of the samples, opaque, where somebody asked for them: equal means the same payload,
        empty that it is not known, or may still change.
    unreadable : what the source itself could not enter on the way.
    start : how many images of the split come before the first, where somebody has counted.
    positions : of the samples in the walk over all images, where these are a part of them.

    Examples
    --------
    >>> from normstat.images import LocalFiles
    >>> shard = Shard("train", LocalFiles("data"), ("a.png", "b.png", "c.png"), start=10)
    >>> [sample.name for sample in shard.only([1, 2])], shard.only([1, 2]).start
    (['b.png', 'c.png'], 11)
    """

    split: str
    container: Container
    names: tuple[str, ...]
    places: tuple[Any, ...] = ()
    versions: tuple[bytes, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    start: int = 0
    positions: tuple[int, ...] = ()

    def __iter__(self) -> Iterator[Sample]:
        places = self.places or (None,) * len(self.names)
        for name, place in zip(self.names, places, strict=True):
            yield Sample(self.split, name, place)

    def __len__(self) -> int:
        return len(self.names)

    def ahead(self, reader: Reader, most: int | None = None) -> Iterator[Sample]:
        """The samples, each when a reader has it, as :meth:`Reader.ahead` says."""
        return reader.ahead(self, most)

    def expect(self) -> None:
        """Let the container fetch the samples as soon as those before them are there."""
        if isinstance(self.container, Fetched):
            self.container.expect(tuple(self))

    def only(self, chosen: Sequence[int]) -> "Shard":
        """Some of the samples, by their indices in ascending order; records are left out."""
        return replace(
            self,
            names=_at(chosen, self.names),
            places=_at(chosen, self.places),
            versions=_at(chosen, self.versions),
            unreadable=(),
            positions=_at(chosen, self.positions),
            start=self.start + (chosen[0] if chosen else 0),
        )

    def parts(self, samples: int) -> Iterator["Shard"]:
        """The same samples, so many at a time; records are left out.

        >>> from normstat.images import LocalFiles
        >>> [len(part) for part in Shard("train", LocalFiles("data"), ("a", "b", "c")).parts(2)]
        [2, 1]
        """
        for first in range(0, len(self), samples):
            yield self.only(range(first, min(first + samples, len(self))))

    def singles(self) -> Iterator["Shard"]:
        """The same work, one image at a time: adding the results gives the same result."""
        if self.unreadable:
            yield Shard(self.split, self.container, (), unreadable=self.unreadable)
        for index in range(len(self)):
            yield self.only((index,))

    def record(self, code: Code, detail: str) -> Unreadable:
        """The record of what happened to the one image of a single."""
        (name,) = self.names or ("",)
        return Unreadable(self.split, name, code, detail)


def _at(indices: Sequence[int], values: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple([values[index] for index in indices]) if values else ()
