"""A row: all that is known of one image once it was counted."""

from typing import NamedTuple, TypeAlias

from normstat.images.pixels import Kind

_Bytes: TypeAlias = bytes
_Numbers: TypeAlias = tuple[float, ...]


class ImageRow(NamedTuple):
    """One image as a run has seen it; fields that nobody asked for may be None.

    Attributes
    ----------
    split, name : of the image, always there.
    code : reason why it could not be read, one of :class:`normstat.images.Code`; None if it was.
    kind : of its pixels.
    size : width and height, pixels.
    bytes : length of the file.
    digest : first 16 bytes of the SHA-256 of the file.
    key : 16 bytes, equal for images with equal pixels.
    mean, std, min, max : of each channel, stored units, ddof 0.
    notes : those of :data:`normstat.images.NOTES` that hold.

    Examples
    --------
    >>> ImageRow("train", "a.png", code="empty").key is None
    True
    """

    split: str
    name: str
    code: str | None = None
    kind: Kind | None = None
    size: tuple[int, int] | None = None
    bytes: int | None = None
    digest: _Bytes | None = None
    key: _Bytes | None = None
    mean: _Numbers | None = None
    std: _Numbers | None = None
    min: _Numbers | None = None
    max: _Numbers | None = None
    notes: tuple[str, ...] | None = None


#: Fields that may be asked for.
ROW_FIELDS = frozenset(ImageRow._fields) - {"split", "name", "code"}
#: Bytes of a row's digest.
DIGEST = 16
