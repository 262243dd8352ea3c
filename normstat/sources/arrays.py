"""Arrays of a program: images in memory, or as an iterator gives them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from normstat.errors import NothingToRead, UnknownSplit, UsageError
from normstat.files import shown
from normstat.images import Payload, Reader, Sample, Shard
from normstat.sources.options import Images
from normstat.sources.program_images import (
    gray_stack,
    is_array,
    named_image,
    on_cpu,
    refuse_masked,
)
from normstat.sources.source import Selection
from normstat.sources.survey import Survey
from normstat.sources.tree.split_words import ALL, refuse_split

# A shard ends at so many images, or bytes.
_IMAGES = 128
_BYTES = 1 << 22
# Channels of an image whose shape tells that it is one.
_FEW = 4


class Arrays:
    """A source of images that a program has.

    Parameters
    ----------
    given : split → its images; or images of one split, which is called ``all``.

    Examples
    --------
    >>> source = Arrays({"train": [np.zeros((2, 3)), ("b.png", np.ones((2, 3)))]})
    >>> [shard.names for shard in source.shards(source.selection())]
    [('train/000000', 'b.png')]
    """

    root = "arrays"
    identity = "arrays"
    ordered = False
    tops = ("",)
    streams = None

    def __init__(self, given: Images | Mapping[str, Images], layout: str = "auto") -> None:
        self._layout = layout
        splits = given if isinstance(given, Mapping) else {ALL: given}
        if not splits:
            raise UsageError('arrays: the dict has no splits; give {"train": images}')
        for split in splits:
            refuse_split(split)
        self._splits = {split: _images_of(split, images) for split, images in splits.items()}
        self._is_named = isinstance(given, Mapping)
        self._used: set[str] = set()

    def selection(
        self,
        wanted: Collection[str] = (),
        presume: bool = False,  # noqa: ARG002  # all are known
    ) -> Selection:
        for split in wanted:
            if split not in self._splits:
                found = ", ".join(map(shown, sorted(self._splits))) or "none"
                raise UnknownSplit(f"arrays: have no split {shown(split)!r}; found: {found}")
        return Selection(tuple(wanted) or tuple(sorted(self._splits)), wanted=bool(wanted))

    def survey(
        self,
        selection: Selection,
        takes: Callable[[str], bool] | None = None,  # noqa: ARG002  # no names are known
    ) -> Survey:
        """The number of images in those splits that know it; none of an iterator."""
        survey = Survey()
        for split in selection.splits:
            images = self._splits[split]
            if (number := _number_of(images)) is not None:
                survey.images[split] = number
                survey.rules[split] = {"arrays"}
        return survey

    def shards(self, selection: Selection, versions: bool = False) -> Iterator[Shard]:
        """The images as work; those of an iterator once only.

        Raises
        ------
        UsageError
            One is no image, there are none, or an iterator is at its end since an earlier call.
        """
        for split in selection.splits:
            held: list[_Held] = []
            size = 0
            is_any = False
            for image in self._held(split):
                is_any = True
                held.append(image)
                size += image.size
                if len(held) == _IMAGES or size >= _BYTES:
                    yield _shard(split, held, versions)
                    held, size = [], 0
            if held:
                yield _shard(split, held, versions)
            elif not is_any:
                raise NothingToRead(f"split {shown(split)}: there are no images in it")

    def side_file(self, name: str) -> bytes | None:  # noqa: ARG002  # arrays lie beside nothing
        return None

    def record(self) -> Mapping[str, Any]:
        return {"source": {"kind": "arrays"}}

    def with_split_dirs(self, split_dirs: Mapping[str, str]) -> "Arrays":
        if split_dirs:
            raise UsageError("arrays are in no folders; a dict gives them to splits")
        return self

    def _held(self, split: str) -> "Iterator[_Held]":
        images = self._splits[split]
        if isinstance(images, Iterator):
            if split in self._used:
                raise UsageError("arrays of an iterator can be read once only; give a list of them")
            self._used.add(split)
        for number, item in enumerate(_each(images)):
            where = f"{split}/{number:06}" if self._is_named else f"{number:06}"
            name, payload = named_image(item, where, self._layout)
            yield _Held(name or where, gray_stack(payload, self._layout))


class _Held(NamedTuple):
    name: str
    payload: Payload

    @property
    def size(self) -> int:
        return len(self.payload) if isinstance(self.payload, bytes) else self.payload.nbytes


@dataclass(frozen=True, slots=True)
class HeldImages(Reader):
    """Images in memory as a container; the place of one is its index.

    Attributes
    ----------
    payloads : arrays, or the bytes of image files.
    """

    payloads: tuple[Payload, ...]

    def open(self) -> AbstractContextManager[Reader]:
        return nullcontext(self)

    def path(self, sample: Sample) -> None:  # noqa: ARG002  # it is in no file
        return None

    def read(self, sample: Sample) -> Payload:
        payload: Payload = self.payloads[sample.place]
        return payload

    def head(self, sample: Sample) -> AbstractContextManager[BinaryIO]:
        payload = self.payloads[sample.place]
        file = BytesIO(payload if isinstance(payload, bytes) else b"")
        if not isinstance(payload, bytes):
            np.save(file, payload, allow_pickle=False)
            file.seek(0)
        return file


def _shard(split: str, held: Sequence[_Held], versions: bool) -> Shard:
    return Shard(
        split,
        HeldImages(tuple(image.payload for image in held)),
        tuple(image.name for image in held),
        tuple(range(len(held))),
        (b"",) * len(held) if versions else (),
    )


def _images_of(split: str, images: Any) -> Images:
    """The images of a split; an array of them is a stack."""
    if isinstance(images, str | bytes) or not (
        is_array(images) or hasattr(images, "__iter__") or hasattr(images, "__getitem__")
    ):
        raise UsageError(
            f"split {shown(split)}: {type(images).__name__} is no collection of images; give a "
            "list, an iterator, a stack or a data set"
        )
    if isinstance(images, Mapping):
        raise UsageError(f"split {shown(split)}: is a dict; give an iterable of its images")
    if not is_array(images) or isinstance(images, list | tuple):
        return images  # type: ignore[no-any-return]  # one of the two, as far as can be known
    refuse_masked(images, f"split {shown(split)}")
    stack = np.asarray(on_cpu(images))
    shape, both = stack.shape, "[array] for one image, list(array) for a stack of them"
    if stack.dtype.hasobject and stack.ndim == 1:
        return list(stack)
    if stack.ndim < 3:
        raise UsageError(f"an array of shape {shape} is no stack of images; give [array] for one")
    if stack.ndim == 3 and min(shape[0], shape[2]) <= _FEW:
        raise UsageError(f"an array of shape {shape} may be an image or a stack; give {both}")
    return stack


def _each(images: Images) -> Iterator[Any]:
    if isinstance(images, Iterable) or not isinstance(images, Sized):
        return iter(images)
    return (images[index] for index in range(len(images)))


def _number_of(images: Images) -> int | None:
    """The number of images; None if it is not known yet, as of some data sets with a length."""
    try:
        return len(images) if isinstance(images, Sized) else None
    except TypeError:
        return None
