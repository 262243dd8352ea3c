"""Tar archives keep the laws of all sources."""

import tarfile
from io import BytesIO
from pathlib import Path

from source_contract import SourceContract

from normstat.sources import Source, open_source


class TestTar(SourceContract):
    """The same files in a tar archive."""

    below = "data.tar/"
    name = "data.tar"
    gone = ("changed_while_read",)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        with tarfile.open(root, "w") as archive:
            for name, content in images.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, BytesIO(content))

    def opened(self, root: Path) -> Source:
        return open_source(root)
