"""Binary files of CIFAR keep the laws of all sources."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import stacks
from source_contract import SourceContract

from normstat import compute
from normstat.images import Payload
from normstat.sources import Source, SourceOptions
from normstat.sources.cifar import open_cifar


class TestCifar(SourceContract):
    """Images of one color in a binary file for each split."""

    gone = ("changed_while_read",)
    part = "train_data_batch_1.bin"
    is_all = True

    def named(self, images: Iterable[str]) -> list[str]:
        splits = ("train", "val")
        return stacks.numbers(images, {split: f"{split}_data_batch_1.bin" for split in splits})

    def payload(self, image: bytes) -> Payload:
        return np.full((3, 32, 32), image[-1], np.uint8)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        root.mkdir(exist_ok=True)
        for split, array in stacks.by_split(images, 32).items():
            planes = array[:, np.newaxis].repeat(3, axis=1)
            (root / f"{split}_data_batch_1.bin").write_bytes(stacks.cifar(planes))

    def opened(self, root: Path) -> Source:
        return open_cifar(str(root), SourceOptions())


def test_remarks_show_names_without_control_characters(tmp_path: Path) -> None:
    """A terminal does what they say otherwise."""
    folder = tmp_path / "\x1b[31m"
    folder.mkdir()
    (folder / "data_batch_1.bin").write_bytes(bytes(3073))
    source = open_cifar(str(tmp_path), SourceOptions())
    (remark,) = source.survey(source.selection()).remarks
    assert "\x1b" not in remark
    assert "1 images of 32" in remark


def test_a_record_that_is_cut_is_named(tmp_path: Path) -> None:
    """Nobody knows how many more there should be."""
    (tmp_path / "data_batch_1.bin").write_bytes(bytes(3073 + 99))
    (record,) = compute(tmp_path, workers=0).unreadable
    assert (record.path[-6:], record.detail) == ("000001", "the file ends within it")
