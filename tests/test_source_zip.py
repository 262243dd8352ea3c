"""Zip archives keep the laws of all sources."""

import zipfile
from pathlib import Path

from source_contract import SourceContract

from normstat.sources import Source, open_source


class TestZip(SourceContract):
    """The same files in a zip archive, stored."""

    below = "data.zip/"
    name = "data.zip"
    gone = ("changed_while_read",)
    method = zipfile.ZIP_STORED

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        with zipfile.ZipFile(root, "w", self.method) as archive:
            for name, content in images.items():
                archive.writestr(zipfile.ZipInfo(name), content, self.method)

    def opened(self, root: Path) -> Source:
        return open_source(root)


class TestDeflated(TestZip):
    """The same, packed as usual."""

    method = zipfile.ZIP_DEFLATED


class TestBzip2(TestZip):
    """Packed with bzip2."""

    method = zipfile.ZIP_BZIP2


class TestLzma(TestZip):
    """Packed with LZMA."""

    method = zipfile.ZIP_LZMA
