"""Words that users met and did not understand, about each kind of DATA."""

import zipfile
from pathlib import Path

import archived
import make
import numpy as np
import pytest
from command import here

import normstat
from normstat.errors import NothingToRead


def test_a_damaged_archive_says_its_split(tmp_path: Path) -> None:
    """As an image that is counted, and not as DATA without images."""
    picture = make.encoded(make.pixels(1, 4, 5), "PPM")
    archived.tar(tmp_path / "good.tar", {"a.ppm": picture})
    (tmp_path / "bad.zip").write_bytes(b"PK\3\4" + bytes(100))
    run = here("compute", tmp_path / "bad.zip", "-o", "-")
    assert "all: 1 image (no folder says a split" in run.stderr
    run = here("compute", tmp_path / "good.tar", tmp_path / "bad.zip", "-o", "-")
    assert run.returncode == 3
    assert "all: 2 images" in run.stderr
    assert "has no images" not in run.stderr


def test_a_file_is_not_called_a_folder(tmp_path: Path) -> None:
    """What says the split is the name of the file, or a folder in it."""
    picture = make.encoded(make.pixels(1, 4, 5), "PPM")
    archived.tar(tmp_path / "train.tar", {"a.ppm": picture})
    archived.tar(tmp_path / "x.tar", {"val/a.ppm": picture})
    run = here("compute", tmp_path, "-o", "-")
    assert "train: 1 image (file train.tar)" in run.stderr
    assert "val: 1 image (folder x.tar/val)" in run.stderr


def test_an_archive_in_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    """It is not in a folder, so it cannot be given in place of one."""
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("inner.zip", b"PK")
    with pytest.raises(NothingToRead, match="in a file is not looked into: unpack it"):
        normstat.compute(tmp_path / "outer.zip", workers=0)


def test_a_folder_of_stacks_says_how_they_are_data(tmp_path: Path) -> None:
    """The cure is what works."""
    np.save(tmp_path / "train.npy", np.zeros((3, 8, 9, 3), np.uint8))
    with pytest.raises(NothingToRead, match=r"give the file, or 'FOLDER/\*\.npy', in place"):
        normstat.compute(tmp_path, workers=0)
    assert normstat.compute(tmp_path / "*.npy", workers=0).splits["train"].images == 3
