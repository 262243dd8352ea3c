"""Arrays to disk: one file per image, or one per split."""

from collections.abc import Mapping

from normstat.writers.npy import Npy
from normstat.writers.stack import Stack
from normstat.writers.writer import Nowhere, Row, Writer

#: Values of ``store``.
WRITERS: Mapping[str, type[Npy] | type[Stack]] = {"npy": Npy, "stack": Stack}

__all__ = ["WRITERS", "Nowhere", "Npy", "Row", "Stack", "Writer"]
