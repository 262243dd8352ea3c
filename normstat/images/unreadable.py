"""Images that cannot be read: why, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from normstat.errors import Message, option


class Code(StrEnum):
    """Reason why an image gave no pixels. The list is closed; the words are an interface."""

    EMPTY = "empty"
    LFS_POINTER = "lfs_pointer"
    ANNEX_POINTER = "annex_pointer"
    DVC_POINTER = "dvc_pointer"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
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


#: The cure of a code, where there is one.
HINTS = {
    Code.LFS_POINTER: "run `git lfs pull`",
    Code.ANNEX_POINTER: "run `git annex get`",
    Code.DVC_POINTER: "run `dvc pull`",
    Code.UNSUPPORTED_FORMAT: "convert it",
    Code.TRUNCATED: "download it again",
    Code.CORRUPT: "download it again",
    Code.TOO_LARGE: f"raise {option('max_pixels')}",
    Code.BIT_DEPTH_LOST: "convert it to 8 bits, to 16-bit gray or to .npy",
    Code.UNSUPPORTED_PIXELS: "convert it, for example to .npy",
    Code.OTHER_DEPTH: f"convert it, or leave it out with {option('exclude')}",
    Code.TIMEOUT: f"raise {option('image_timeout')}",
}
_OF_FILE_SYSTEM = {
    Code.VANISHED,
    Code.PERMISSION_DENIED,
    Code.NOT_REGULAR,
    Code.CHANGED_WHILE_READ,
    Code.IO_ERROR,
}
_OF_MACHINE = {Code.WORKER_CRASH, Code.TIMEOUT, Code.OUT_OF_MEMORY}
#: Codes that an image's bytes decide, and the settings: reading it again would say the same.
LASTING = frozenset(Code) - _OF_FILE_SYSTEM - _OF_MACHINE

# An array is what others are converted to.
_HINT_OF_ARRAYS = "save an array of integers or floats for each image"


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

    @property
    def hint(self) -> Message:
        """The cure; empty where there is nothing to do, or the detail has said it.

        >>> Unreadable("all", "a.png", "truncated").hint
        'download it again'
        >>> Unreadable("all", "a.npy", "unsupported_pixels", "pixels are complex64").hint
        'save an array of integers or floats for each image'
        >>> Unreadable("all", "a.png", "unsupported_pixels", "smaller than --crop 512").hint
        ''
        """
        hint = Message(HINTS.get(Code(self.code), ""))
        if self.code == Code.UNSUPPORTED_PIXELS and ".np" in self.path[-4:]:
            hint = Message(_HINT_OF_ARRAYS)
        says_it = any(
            cure in self.detail for cure in (" --", " np.", "pip install", "unpack it", hint)
        )
        return Message("") if says_it else hint
