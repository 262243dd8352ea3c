"""Several frames of one file: as one image, or as the images of a stack."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from operator import add
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from normstat.decode.arrays import DecodedArray
from normstat.decode.pixels import DecodedImage
from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, Reading

Frame: TypeAlias = DecodedImage | DecodedArray
_EQUAL = "equal_channels"
_KEY = 16


class DecodedFrames:
    """Frames of one kind; see :class:`normstat.images.Pixels`.

    Parameters
    ----------
    frames : at least one.
    is_stack : each frame is an image of its own; else all of them are one.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if the frames are of different kinds.
    """

    def __init__(self, frames: Sequence[Frame], is_stack: bool = False) -> None:
        kinds = {frame.kind: number for number, frame in reversed([*enumerate(frames, 1)])}
        if len(kinds) > 1:
            (one, first), (other, second) = sorted(kinds.items(), key=lambda item: item[1])[:2]
            raise UnreadableImage(
                Code.UNSUPPORTED_PIXELS,
                f"frame {first} is {one}, frame {second} {other}: they are no one image",
            )
        self._frames = tuple(frames)
        self._is_stack = is_stack

    @property
    def kind(self) -> Kind:
        return self._frames[0].kind

    @kind.setter
    def kind(self, kind: Kind) -> None:
        for frame in self._frames:
            frame.kind = kind

    @property
    def width(self) -> int:
        return int(self._frames[0].width)

    @property
    def height(self) -> int:
        return int(self._frames[0].height)

    @property
    def area(self) -> int:
        return sum(frame.area for frame in self._frames)

    @property
    def images(self) -> "Sequence[Frame | DecodedFrames]":
        return self._frames if self._is_stack else (self,)

    @property
    def mode(self) -> str:
        return self._frames[0].mode

    @property
    def format(self) -> str:
        return self._frames[0].format

    @property
    def digest(self) -> bytes:
        return self._frames[0].digest

    @property
    def notes(self) -> tuple[str, ...]:
        found = [frame.notes for frame in self._frames]
        seen = dict.fromkeys(note for notes in found for note in notes)
        return tuple(n for n in seen if n != _EQUAL or all(_EQUAL in notes for notes in found))

    @cached_property
    def key(self) -> bytes:
        keys = b"".join(frame.key for frame in self._frames)
        return hashlib.blake2b(b"frames " + keys, digest_size=_KEY).digest()

    def counts(self) -> NDArray[np.int64]:
        """How often each value occurs in all frames: shape (C, bins), int64."""
        return reduce(add, (frame.counts() for frame in self._frames))

    def array(self) -> NDArray[Any]:
        """The pixels of all frames: shape (Σ H, W, C), or (1, area, C) where widths differ."""
        arrays = [frame.array() for frame in self._frames]
        if len({array.shape[1] for array in arrays}) > 1:
            arrays = [array.reshape(1, -1, array.shape[2]) for array in arrays]
            return np.concatenate(arrays, axis=1)
        return np.concatenate(arrays)

    def converted(self, channels: str) -> "DecodedFrames":
        """The same with its 8-bit pixels as ``gray`` or ``rgb``."""
        return self._of(frame.converted(channels) for frame in self._frames)

    def shaped(self, reading: Reading) -> "DecodedFrames":
        """The same resized, cropped and turned as asked for."""
        return self._of(frame.shaped(reading) for frame in self._frames)

    def _of(self, frames: Iterable[Frame]) -> "DecodedFrames":
        return DecodedFrames(tuple(frames), self._is_stack)
