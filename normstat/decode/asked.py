"""Channel names and the largest value, as a run gives them in place of an image's own."""

from dataclasses import replace
from functools import lru_cache

from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, ReadOptions


def kind_asked(kind: Kind, reading: ReadOptions) -> Kind:
    """The kind, with the names and the largest value that `reading` gives.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if there are not as many channels as names.

    Examples
    --------
    >>> str(kind_asked(Kind("uint16", ("gray",)), ReadOptions(names=("VV",), max_value=4095)))
    'uint16 (up to 4095) VV'
    """
    if reading.names is None and reading.max_value is None:
        return kind
    return _asked(kind, reading.names, reading.max_value)


@lru_cache(maxsize=64)  # a run folds images of the very same kind faster
def _asked(kind: Kind, names: tuple[str, ...] | None, max_value: int | None) -> Kind:
    if names and len(names) != len(kind.channels):
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS,
            f"{len(kind.channels)} channels, and --channel-names has {len(names)}",
        )
    return replace(kind, channels=names or kind.channels, scale=max_value or kind.scale)
