"""Every kind of source keeps the laws of all sources."""

import os
from pathlib import Path

import make
import pytest
from source_contract import SourceContract

from normstat.errors import UsageError
from normstat.sources import Source, open_source
from normstat.sources.folder import Folder
from normstat.sources.source import Selection


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
        return Folder(root)

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


def test_data_is_opened_in_one_way(tmp_path: Path) -> None:
    """With the options of a run, which the source records; and what is no DATA is refused."""
    make.write(tmp_path / "x" / "a.png", b"")
    source = open_source(tmp_path, {"val": "x"}, ["*.png"], ("b",), "count")
    assert source.selection() == Selection(("val",))
    assert source.record() == {
        "split_dirs": {"val": "x"},
        "include": ("*.png",),
        "exclude": ("b",),
        "labels": "count",
    }
    with pytest.raises(UsageError, match="cannot be read"):
        open_source(tmp_path / "nowhere")
