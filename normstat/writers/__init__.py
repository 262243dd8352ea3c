"""Arrays to disk: one file per image, or one per split."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from normstat.lazy import Row

if TYPE_CHECKING:
    from normstat.writers.writer import Writer

#: Value of ``store`` → writer.
WRITERS: Mapping[str, Row] = {
    "npy": Row("normstat.writers.npy:Npy"),
    "stack": Row("normstat.writers.stack:Stack"),
}

__all__ = ["WRITERS", "writer_of"]


def writer_of(store: str) -> "type[Writer]":
    """Import the writer of a store.

    >>> writer_of("npy").file_per_image, writer_of("stack").file_per_image
    (True, False)
    """
    found: type[Writer] = WRITERS[store].load()
    return found
