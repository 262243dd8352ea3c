"""Arrays in .npz files keep the laws of all sources."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from source_contract import SourceContract
from stacks import by_split, numbers
from test_sources import surveyed

from normstat.errors import Message
from normstat.images import Payload
from normstat.sources import Source, SourceOptions, open_source


class TestStored(SourceContract):
    """The same images in an array for each split."""

    below = "data.npz/"
    name = "data.npz"
    gone = ("changed_while_read",)
    part = "x_train"
    is_all = True

    def named(self, images: Iterable[str]) -> list[str]:
        return numbers(images, {"train": "data.npz/x_train", "val": "data.npz/x_val"})

    def payload(self, image: bytes) -> Payload:
        return np.array([[image[-1]]], np.uint8)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        np.savez(root, **{f"x_{split}": array for split, array in by_split(images).items()})  # type: ignore[arg-type]  # its stubs know allow_pickle only

    def opened(self, root: Path) -> Source:
        return open_source(root, SourceOptions(layout="nhwc"))


class TestCompressed(TestStored):
    """The same, read forward."""

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        arrays = {f"x_{split}": array for split, array in by_split(images).items()}
        np.savez_compressed(root, **arrays)  # type: ignore[arg-type]  # as above


def test_rows_that_may_be_images_are_said_to_be_one(tmp_path: Path) -> None:
    """An array of two axes is a gray image; nobody has such a long one."""
    path = tmp_path / "flat.npz"
    np.savez(path, x_train=np.zeros((60, 784), np.uint8), small=np.zeros((28, 28), np.uint8))
    (remark,) = map(Message, surveyed(open_source(path)).remarks)
    assert remark.startswith("flat.npz/x_train: shape (60, 784) is one gray image; if rows are")


def test_an_array_may_have_others_below_its_name(tmp_path: Path) -> None:
    """Images of all of them come in the byte order of their names."""
    path = tmp_path / "a.npz"
    ones = np.ones((7, 8, 9), np.uint8)
    np.savez(path, **{"a": ones, "a/!b": ones, "a/z": ones})  # type: ignore[arg-type]  # its stubs know allow_pickle only
    source = open_source(path)
    names = [name for shard in source.shards(source.selection()) for name in shard.names]
    assert len(names) == 21
    assert names == sorted(names)
