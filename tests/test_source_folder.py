"""A folder of files keeps the laws of all sources."""

import os
from pathlib import Path

import make
import pytest
from command import here
from source_contract import SourceContract

from normstat.sources import Source, open_source


class TestFolder(SourceContract):
    """A folder of files."""

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        for path in root.rglob("*.pgm"):
            if path.relative_to(root).as_posix() not in images:
                path.unlink()
        for name, content in images.items():
            path = root / name
            if not path.exists() or path.read_bytes() != content:
                make.write(path, content)

    def opened(self, root: Path) -> Source:
        return open_source(root)

    @pytest.mark.parametrize("change", ["bytes", "time", "file", "status"])
    def test_every_change_shows_in_the_version(self, tmp_path: Path, change: str) -> None:
        """Also one that leaves size and time of the file as they were."""
        path = make.write(tmp_path / "a.pgm", b"1")
        before = self._settled(tmp_path)["a.pgm"]
        status = path.stat()
        if change == "bytes":
            path.write_bytes(b"2")
        elif change == "file":
            os.replace(make.write(tmp_path / "b", b"2"), path)
        if change == "status":
            path.chmod(0o600)
        else:
            os.utime(path, ns=(0, 0 if change == "time" else status.st_mtime_ns))
        assert before
        assert self._settled(tmp_path)["a.pgm"] not in (before, b"")


def test_archives_beside_images_are_said(tmp_path: Path) -> None:
    """They are not opened, and may hold most of the images."""
    make.write(tmp_path / "train" / "a.png", make.encoded(make.pixels(0, 9, 7)))
    make.write(tmp_path / "train-0.tar", bytes(1024))
    make.write(tmp_path / "notes.md", b"")
    run = here("compute", tmp_path, "-o", "-")
    assert run.returncode == 0
    assert "beside the images, and not opened: 1 .tar; each is DATA by itself" in run.stderr
