"""The nouns of a run: samples, shards of samples, pixels, and images that cannot be read."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from normstat.errors import UnreadableImage

if TYPE_CHECKING:  # the command line needs names and limits from here, and no NumPy
    import numpy as np
    from numpy.typing import NDArray

#: Width × height above which an image is not read; Pillow warns of a "bomb" from here on.
MAX_PIXELS = 89_478_485

#: File name extensions (lower case) that are read, with the format each stands for.
FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".apng": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pbm": "PPM",
    ".pnm": "PPM",
    ".pfm": "PPM",
    ".avif": "AVIF",
    ".npy": "NPY",
}


class Code(StrEnum):
    """Why an image gave no pixels. The list is closed; the words are an interface."""

    EMPTY = "empty"
    LFS_POINTER = "lfs_pointer"
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_LARGE = "too_large"
    BIT_DEPTH_LOST = "bit_depth_lost"
    UNSUPPORTED_PIXELS = "unsupported_pixels"
    OTHER_DEPTH = "other_depth"
    NON_FINITE = "non_finite"
    VANISHED = "vanished"
    PERMISSION_DENIED = "permission_denied"
    NOT_REGULAR = "not_regular"
    CHANGED_WHILE_READ = "changed_while_read"
    IO_ERROR = "io_error"
    WORKER_CRASH = "worker_crash"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"


#: What to do about a code, where there is something to do.
HINTS = {
    Code.LFS_POINTER: "run `git lfs pull`",
    Code.TRUNCATED: "download it again",
    Code.CORRUPT: "download it again",
    Code.TOO_LARGE: "raise --max-pixels",
    Code.BIT_DEPTH_LOST: "convert it to 8 bits, to 16-bit gray or to .npy",
    Code.UNSUPPORTED_PIXELS: "convert it, for example to .npy",
    Code.OTHER_DEPTH: "convert it, or leave it out with --exclude",
    Code.TIMEOUT: "raise --image-timeout",
}


#: Codes that an image's bytes decide, and the settings: reading it again would say the same.
LASTING = frozenset(
    {
        Code.EMPTY,
        Code.LFS_POINTER,
        Code.NOT_AN_IMAGE,
        Code.TRUNCATED,
        Code.CORRUPT,
        Code.TOO_LARGE,
        Code.BIT_DEPTH_LOST,
        Code.UNSUPPORTED_PIXELS,
        Code.OTHER_DEPTH,
        Code.NON_FINITE,
    }
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The record of one image (or folder, with a trailing ``/``) that gave no pixels.

    Attributes
    ----------
    split, path : of the image, the path relative to DATA.
    code : one of :class:`Code`.
    detail : what was seen.
    sha256 : of the file's bytes, hexadecimal; None if they could not be read either. No
        fingerprint covers an image without pixels.
    """

    split: str
    path: str
    code: str
    detail: str = ""
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One image to read.

    Attributes
    ----------
    split : name of the split it belongs to.
    path : path relative to DATA, with ``/`` between its parts.
    location : what to open.
    """

    split: str
    path: str
    location: str

    def unreadable(self, error: UnreadableImage) -> Unreadable:
        """Its record, from what was wrong with it.

        >>> Sample("train", "a.png", "data/a.png").unreadable(UnreadableImage(Code.EMPTY)).code
        <Code.EMPTY: 'empty'>
        """
        return Unreadable(self.split, self.path, error.code, error.detail, error.sha256)


class Stamp(NamedTuple):
    """What tells a file from what was in its place before, without opening it.

    Attributes
    ----------
    size : bytes.
    mtime_ns, ctime_ns : when its content, and anything about it, last changed; nanoseconds.
    inode : its number on its disk; 0 where there is none. A folder that is renamed, or a link that
        is led elsewhere, changes no time of the files inside.
    settled : any later change would show in the other four. It does not where the clock of the
        file system may not have moved on since the last one.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Shard:
    """A unit of work: consecutive samples of one split; plain, picklable, ordered.

    Attributes
    ----------
    split : name of the split.
    root : the folder that the paths are relative to.
    paths : relative paths of the samples, in the byte order of the whole walk.
    unreadable : what the walk itself could not enter on the way.
    start : how many images of the split come before the first, where somebody has counted.
    stamps : of the samples, where somebody asked for them. Workers have no use for them.

    Examples
    --------
    >>> [sample.location for sample in Shard("train", "data", ("a.png", "b.png"))]
    ['data/a.png', 'data/b.png']
    """

    split: str
    root: str
    paths: tuple[str, ...]
    unreadable: tuple[Unreadable, ...] = ()
    start: int = 0
    stamps: tuple[Stamp, ...] = ()

    def __iter__(self) -> Iterator[Sample]:
        for path in self.paths:
            yield Sample(self.split, path, f"{self.root}/{path}")

    def __len__(self) -> int:
        return len(self.paths)

    def singles(self) -> Iterator["Shard"]:
        """The same work, one image at a time: adding the results gives the same result."""
        if self.unreadable:
            yield Shard(self.split, self.root, (), self.unreadable)
        for place, path in enumerate(self.paths, self.start):
            yield Shard(self.split, self.root, (path,), start=place)

    def record(self, code: Code, detail: str) -> Unreadable:
        """The record of what happened to the one image of a single."""
        (path,) = self.paths or ("",)
        return Unreadable(self.split, path, code, detail)


#: Types of stored pixels, from few bits to many.
DTYPES = ("uint8", "uint16", "float16", "int32", "float32", "float64")
_BINS = {"uint8": 256, "uint16": 65536}
_GRAY = ("gray",)
_COLORS = (("R", "G", "B"), ("B", "G", "R"))


def channel_names(number: int) -> tuple[str, ...]:
    """What channels are called where nothing else names them.

    >>> channel_names(1), channel_names(3), channel_names(2)
    (('gray',), ('R', 'G', 'B'), ('band1', 'band2'))
    """
    if number in (1, 3):
        return _GRAY if number == 1 else _COLORS[0]
    return tuple(f"band{band}" for band in range(1, number + 1))


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What the pixels of an image are: its channels and the type of a value.

    Attributes
    ----------
    dtype : one of :data:`DTYPES`.
    channels : ``("gray",)``, ``("R", "G", "B")``, or other names, see :func:`channel_names`.

    Examples
    --------
    >>> GRAY8.scale, GRAY16.scale, FLOAT.scale, GRAY16.bins
    (255, 65535, 1, 65536)
    >>> str(RGB8), str(Kind("float32", channel_names(5)))
    ('uint8 R/G/B', 'float32 band1/…/band5')
    """

    dtype: str
    channels: tuple[str, ...]

    @property
    def scale(self) -> int:
        """Stored value that is 1.0 in unit scale."""
        return self.bins - 1 if self.bins else 1

    @property
    def bins(self) -> int | None:
        """Number of different values where values are counted, else None."""
        return _BINS.get(self.dtype)

    def takes_in(self, other: "Kind") -> bool:
        """Whether images of the other kind count as this one: itself, and gray among color."""
        gray_in_color = self.channels in _COLORS and other.channels == _GRAY
        return self == other or (self.dtype == other.dtype and gray_in_color)

    def __str__(self) -> str:
        names = self.channels
        return f"{self.dtype} {'/'.join(names if len(names) < 5 else (names[0], '…', names[-1]))}"


GRAY8 = Kind("uint8", ("gray",))
RGB8 = Kind("uint8", ("R", "G", "B"))
GRAY16 = Kind("uint16", ("gray",))
FLOAT = Kind("float32", ("gray",))
INT32 = Kind("int32", ("gray",))

#: What is remarked about an image without changing how it counts.
NOTES = (
    "alpha_dropped",
    "equal_channels",
    "icc_profile",
    "exif_orientation",
    "multi_frame",
    "extension_mismatch",
)


class Pixels(Protocol):
    """A decoded image, seen from what counts it.

    Attributes
    ----------
    kind : what the pixels are.
    width, height : pixels.
    mode, format : as the file has them, before any conversion.
    notes : those of :data:`NOTES` that hold.
    digest : SHA-256 of the file's bytes.
    key : 16 bytes, equal for images with equal pixels.
    """

    @property
    def kind(self) -> Kind: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def mode(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def digest(self) -> bytes: ...
    @property
    def key(self) -> bytes: ...

    def counts(self) -> "NDArray[np.int64]":
        """How often each value occurs: shape (C, bins), int64; for counted kinds only."""

    def array(self) -> "NDArray[Any]":
        """The pixels themselves: shape (H, W, C), the kind's dtype, stored units."""


#: Orders of the axes in arrays: height, width, channels, or channels first.
LAYOUTS = ("hwc", "chw")


@dataclass(frozen=True, slots=True)
class Reading:
    """How images are read: the part of the settings that a decoder needs.

    Attributes
    ----------
    channels : ``auto`` keeps an image's own; ``gray`` and ``rgb`` convert 8-bit images.
    max_pixels : width × height above which an image is ``too_large``, also once resized.
    resize : pixels that the shorter side is resized to; None leaves the size.
    crop : width and height of the square taken out of the center; None takes all.
    layout : order of the axes in ``.npy`` images, ``hwc`` or ``chw``.
    names : names of the channels in ``.npy`` images, where a record tells them.
    upright : turn by the EXIF orientation, last of all. Statistics do not need it.
    """

    channels: str = "auto"
    max_pixels: int = MAX_PIXELS
    resize: int | None = None
    crop: int | None = None
    layout: str = "hwc"
    names: tuple[str, ...] | None = None
    upright: bool = False


def path_text(path: str) -> str:
    """A relative path as it is written to files: the same whatever the locale.

    >>> path_text("Größe/a.png")
    'Größe/a.png'
    """
    return path_bytes(path).decode("utf-8", "surrogateescape")


def path_from_text(text: str) -> str:
    """What :func:`path_text` was made of."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def path_bytes(path: str) -> bytes:
    r"""A relative path as POSIX bytes: what is sorted and hashed.

    >>> path_bytes("a/b\udcff.png")
    b'a/b\xff.png'
    """
    return os.fsencode(path)


def path_from_bytes(data: bytes) -> str:
    """What :func:`path_bytes` was made of."""
    return os.fsdecode(data)
