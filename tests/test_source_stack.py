"""Stacks in .npy files keep the laws of all sources."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from source_contract import SourceContract
from stacks import by_split, numbers

from normstat.images import Payload
from normstat.sources import Source, SourceOptions, open_source


class TestStack(SourceContract):
    """The same images in a stack for each split."""

    gone = ("changed_while_read",)
    part = "train.npy"
    is_all = True

    def named(self, images: Iterable[str]) -> list[str]:
        return numbers(images, {"train": "train.npy", "val": "val.npy"})

    def payload(self, image: bytes) -> Payload:
        return np.array([[image[-1]]], np.uint8)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        root.mkdir(exist_ok=True)
        for split, array in by_split(images).items():
            np.save(root / f"{split}.npy", array)

    def opened(self, root: Path) -> Source:
        return open_source(root / "*.npy", SourceOptions(layout="nhwc"))
