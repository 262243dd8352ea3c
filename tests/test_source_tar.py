"""Tar archives keep the laws of all sources, packed or not."""

import tarfile
from io import BytesIO
from pathlib import Path

from source_contract import SourceContract, image

from normstat.sources import Source, open_source


class TestTar(SourceContract):
    """The same files in a tar archive."""

    below = "data.tar/"
    name = "data.tar"
    gone = ("changed_while_read",)
    packing = ""

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        with tarfile.open(root, f"w:{self.packing}") as archive:
            for name, content in images.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, BytesIO(content))

    def opened(self, root: Path) -> Source:
        return open_source(root)


class TestTarGz(TestTar):
    """The same in an archive that can only be read forward."""

    below = "data.tar.gz/"
    name = "data.tar.gz"
    packing = "gz"


class TestTarBz2(TestTar):
    """Packed with bzip2."""

    below = "data.tbz2/"
    name = "data.tbz2"
    packing = "bz2"


class TestTarXz(TestTar):
    """Packed with xz."""

    below = "data.tar.xz/"
    name = "data.tar.xz"
    packing = "xz"


def test_the_folder_of_a_file_may_say_its_split(tmp_path: Path) -> None:
    """Where neither the archive nor what is in it says one: the whole name, as ``train``."""
    for folder, split in (("train", "train"), ("train_station", "all")):
        (tmp_path / folder).mkdir()
        TestTar().put(tmp_path / folder / "0000.tar", {"a.pgm": image(1)})
        assert open_source(tmp_path / folder / "0000.tar").selection().splits == (split,)
