"""Images that were left out on purpose: why, how many, and the first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from normstat.images.paths import path_bytes


class Reason(StrEnum):
    """Reasons to leave an image out, as a stats file names them."""

    BESIDE_SPLITS = "beside_splits"
    LABELS = "labels"
    UNKNOWN_EXTENSION = "unknown_extension"
    NO_IMAGE = "no_image"
    NOT_REGULAR = "not_regular"
    UNSAFE_NAME = "unsafe_name"
    REPEATED = "repeated"
    NOT_LISTED = "not_listed"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Images left out for one reason.

    Attributes
    ----------
    images : how many.
    first : relative path of the first, in byte order; empty if there are none.

    Examples
    --------
    >>> Skipped(2, "b/mask.png") + Skipped() + Skipped(1, "a/mask.png")
    Skipped(images=3, first='a/mask.png')
    """

    images: int = 0
    first: str = ""

    def __add__(self, other: "Skipped") -> "Skipped":
        firsts = [skipped.first for skipped in (self, other) if skipped.images]
        return Skipped(self.images + other.images, min(firsts, key=path_bytes, default=""))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """All images of a folder that were left out.

    Attributes
    ----------
    splits : split → reason → images left out in the folders of that split.
    beside : reason → images left out that are in no split's folder.
    """

    splits: Mapping[str, Mapping[str, Skipped]] = field(default_factory=dict)
    beside: Mapping[str, Skipped] = field(default_factory=dict)

    def numbers(self, split: str) -> dict[str, int]:
        """Reason → images left out in the folders of a split."""
        return {reason: skipped.images for reason, skipped in self.splits.get(split, {}).items()}
