"""Files of MNIST and its like keep the laws of all sources."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import stacks
from source_contract import SourceContract

from normstat.images import Payload
from normstat.sources import Source, open_source


class TestIdx(SourceContract):
    """The same images in an idx file for each split."""

    gone = ("changed_while_read",)
    ending = "images.idx3-ubyte"
    part = "train-images.idx3-ubyte"
    is_all = True

    def named(self, images: Iterable[str]) -> list[str]:
        splits = ("train", "val")
        return stacks.numbers(images, {split: f"{split}-{self.ending}" for split in splits})

    def payload(self, image: bytes) -> Payload:
        return np.array([[image[-1]]], np.uint8)

    def packed(self, content: bytes) -> bytes:
        return content

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        root.mkdir(exist_ok=True)
        for split, array in stacks.by_split(images).items():
            (root / f"{split}-{self.ending}").write_bytes(self.packed(stacks.idx(array)))
            labels = stacks.idx(np.arange(len(array), dtype=np.int32))
            (root / f"{split}-labels-idx1-int").write_bytes(labels)

    def opened(self, root: Path) -> Source:
        return open_source(root)


class TestGzip(TestIdx):
    """The same, compressed."""

    ending = "images-idx3-ubyte.gz"
    part = "train-images-idx3-ubyte.gz"

    def packed(self, content: bytes) -> bytes:
        return gzip.compress(content)
