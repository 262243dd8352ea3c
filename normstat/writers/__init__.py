"""Arrays to disk: one file per image, or one per split."""

from collections.abc import Mapping

from normstat.writers.npy import Npy
from normstat.writers.protocol import Nowhere, Row, Writer
from normstat.writers.stack import Stack

#: What ``--store`` may be.
WRITERS: Mapping[str, type[Npy] | type[Stack]] = {"npy": Npy, "stack": Stack}

__all__ = ["WRITERS", "Nowhere", "Npy", "Row", "Stack", "Writer"]
