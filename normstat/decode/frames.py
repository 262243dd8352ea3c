"""Several frames of one file: as one image, as the images of a stack, or as its channels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from normstat.decode.arrays import DecodedArray, decoded, kind_of_array
from normstat.decode.pixels import DecodedImage, DecodedPixels, Header, hash_of
from normstat.decode.refusals import unsupported
from normstat.images import ReadOptions, band_names

Frame: TypeAlias = DecodedImage | DecodedArray
_EQUAL = "equal_channels"


class DecodedFrames(DecodedPixels):
    """Frames of one kind.

    Each is decoded when its turn comes, so that one is in memory at a time; floating-point ones
    twice, and then all together.

    Parameters
    ----------
    frames : gives them from the first, whenever it is called; at least one.
    is_stack : each frame is an image of its own; else all of them are one.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if the frames are of different kinds; whatever is wrong with one.
    """

    def __init__(self, frames: Callable[[], Iterable[Frame]], is_stack: bool = False) -> None:
        self._frames = frames
        self._is_stack = is_stack
        first: Frame | None = None
        area = 0
        keys: list[bytes] = []
        counts: NDArray[np.int64] | None = None
        notes: dict[str, int] = {}
        for number, frame in enumerate(frames(), 1):
            first = first or frame
            if frame.kind != first.kind:
                raise unsupported(
                    f"frame {number} is {frame.kind}, the first {first.kind}: no one image",
                )
            area += frame.area
            keys.append(frame.key)
            for note in frame.notes:
                notes[note] = notes.get(note, 0) + 1
            if first.kind.bins:
                counts = frame.counts() if counts is None else counts + frame.counts()
        assert first
        self.kind, self.digest = first.kind, first.digest
        self.width, self.height, self._area = first.width, first.height, area
        told = tuple(n for n in notes if n != _EQUAL or notes[n] == len(keys))
        self.header = Header(first.format, first.mode, told)
        self.key = hash_of(b"frames ", *keys)
        self._counts = counts

    @property
    def area(self) -> int:
        return self._area

    @property
    def images(self) -> "Sequence[Frame | DecodedFrames]":
        return tuple(self._of_kind()) if self._is_stack else (self,)

    def _of_kind(self) -> Iterator[Frame]:
        for frame in self._frames():
            frame.kind = self.kind
            yield frame

    def counts(self) -> NDArray[np.int64]:
        """Number of pixels with each value in all frames: shape (C, bins), int64."""
        assert self._counts is not None
        return self._counts

    def array(self) -> NDArray[Any]:
        """The pixels of all frames: shape (Σ H, W, C), or (1, area, C) where widths differ."""
        arrays = [frame.array() for frame in self._of_kind()]
        if len({array.shape[1] for array in arrays}) > 1:
            arrays = [array.reshape(1, -1, array.shape[2]) for array in arrays]
            return np.concatenate(arrays, axis=1)
        return np.concatenate(arrays)

    def converted(self, channels: str) -> "DecodedFrames":
        """The same with its 8-bit pixels as ``gray`` or ``rgb``; the key stays."""
        return self._with(lambda frame: frame.converted(channels))

    def shaped(self, reading: ReadOptions) -> "DecodedFrames":
        """The same resized, cropped and turned as asked for; the key stays."""
        return self._with(lambda frame: frame.shaped(reading))

    def _with(self, change: Callable[[Frame], Frame]) -> "DecodedFrames":
        frames = self._frames
        changed = DecodedFrames(lambda: map(change, frames()), self._is_stack)
        changed.key = self.key
        return changed


def as_channels(frames: Iterable[Frame]) -> DecodedArray | DecodedImage:
    """An image with a channel for each frame.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if a frame has channels of its own, or they differ in size or kind.
    """
    planes: list[NDArray[Any]] = []
    first: Frame | None = None
    for number, frame in enumerate(frames, 1):
        first = first or frame
        if len(frame.kind.channels) > 1:
            raise unsupported(
                f"frame {number} has {len(frame.kind.channels)} channels, so frames are none",
            )
        size, expected = (frame.width, frame.height), (first.width, first.height)
        if (size, frame.kind) != (expected, first.kind):
            raise unsupported(
                f"frame {number} is {size[0]} × {size[1]} of {frame.kind}, the first "
                f"{expected[0]} × {expected[1]} of {first.kind}: no channels of one image",
            )
        planes.append(frame.array())
    assert first
    kind = replace(first.kind, channels=band_names(len(planes)))
    kind_of_array(np.dtype(kind.dtype), kind.channels)  # refuses too many
    return decoded(np.concatenate(planes, axis=2), kind, first.header, first.digest)
