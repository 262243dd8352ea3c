"""Laws of every list of files: those of all sources, and that it is as its folder is."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

import make
import pytest
from source_contract import SourceContract

import normstat
from normstat.images import path_bytes
from normstat.sources import Source, SourceOptions, open_source


def photos(root: Path) -> Path:
    """A folder of two splits with classes; one image is cut."""
    for split, images in (("train", 6), ("val", 4)):
        for number in range(images):
            content = make.encoded(make.pixels(number + images, 7, 9))
            if (split, number) == ("train", 3):
                content = content[:-40]
            make.write(root / split / "ab"[number % 2] / f"{number}.png", content)
    return root


def names_in(root: Path) -> list[str]:
    """Paths of all files below a folder."""
    return [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.*"))]


class ListedContract(SourceContract):
    """A list of files, which lie in a folder beside it.

    Attributes
    ----------
    options : to open the list with, besides ``root``.
    """

    options: dict[str, Any] = {}  # noqa: RUF012  # never changed

    @abstractmethod
    def put_list(self, path: Path, names: list[str]) -> None:
        """Write a list of names."""

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        folder = self.folder(root)
        for path in folder.rglob("*.pgm"):
            if path.relative_to(folder).as_posix() not in images:
                path.unlink()
        for name, content in images.items():
            path = folder / name
            if not path.exists() or path.read_bytes() != content:
                make.write(path, content)
        self.put_list(root, sorted(images, key=lambda name: path_bytes(name)[::-1]))

    def opened(self, root: Path) -> Source:
        return open_source(root, SourceOptions(root=str(self.folder(root)), **self.options))

    def folder(self, root: Path) -> Path:
        """Folder of the files in a list."""
        return root.parent / "files"

    @pytest.mark.sampled
    @pytest.mark.parametrize("workers", [0, 2])
    def test_it_is_as_its_folder(self, tmp_path: Path, workers: int) -> None:
        """Statistics, fingerprints and records; and each is what the other was."""
        root = tmp_path / self.name
        folder = photos(self.folder(root))
        self.put_list(root, names_in(folder)[::-1])
        given = {"root": folder, **self.options}
        expected = normstat.compute(folder, workers=workers)
        stats = normstat.compute(root, workers=workers, **given)
        assert stats.splits == expected.splits
        assert stats.unreadable == expected.unreadable != ()
        assert stats.settings.source["kind"] != "folder"
        levels = {"unreadable": "warn"}
        assert (
            normstat.check(root, expected, workers=workers, levels=levels, **given).exit_code == 0
        )
        assert normstat.check(folder, stats, workers=workers, levels=levels).exit_code == 0

    def test_it_is_normalized_as_its_folder(self, tmp_path: Path) -> None:
        """Arrays have the same names and bytes, and can be turned back."""
        root = tmp_path / self.name
        folder = photos(self.folder(root))
        self.put_list(root, names_in(folder))
        normstat.apply(folder, tmp_path / "a", "unit", workers=0)
        given = {"root": folder, **self.options}
        normstat.apply(root, tmp_path / "b", "unit", workers=0, **given)
        arrays = names_in(tmp_path / "a")
        assert names_in(tmp_path / "b") == arrays
        assert len(arrays) == 9 + 2
        for name in arrays:
            if name.endswith(".npy"):
                assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert normstat.invert(tmp_path / "b", tmp_path / "c").images == 9
