"""DATA that cannot be opened: what it is, and the one command that helps."""

import io
import pickle
import tarfile
from pathlib import Path

import make
import numpy as np
import pytest
from command import here

import normstat
from normstat.errors import NormstatError, NothingToRead, UsageError

IMAGE = make.encoded(make.pixels(1, 5, 7))
TEXT = b"some text\n"
FILES = {
    "photo.jpg": (IMAGE, "a single image; give its folder", "--include photo.jpg"),
    "x.foo": (TEXT, "neither its name nor its first bytes", "DATA is a folder of images"),
    "none.foo": (b"", "is empty", "DATA is a folder of images"),
    "x.rar": (TEXT, "a RAR archive", "`unrar x"),
    "rar.foo": (b"Rar!\x1a\x07\0", "a RAR archive", "`unrar x"),
    "x.7z": (TEXT, "a 7z archive", "`7z x"),
    "x.tar.zst": (TEXT, "compressed by Zstandard", "`zstd -d"),
    "x.xz": (TEXT, "compressed by xz", "`xz -dk"),
    "x.BZ2": (TEXT, "compressed by bzip2", "`bzip2 -dk"),
    "x.arrow": (TEXT, "an Arrow table", 'x.parquet")` makes Parquet of it'),
    "x.tfrecord": (TEXT, "a file of TFRecords", "tf.io.write_file"),
    "model.pt": (TEXT, "never opened", "numpy.save"),
    "model.safetensors": (TEXT, "weights of a model", "numpy.save"),
    "data.pkl": (TEXT, "never opened", "numpy.save"),
    "scan.nii.gz": (TEXT, "a NIfTI volume", "nibabel.load"),
    "x.mp4": (TEXT, "a video", "`ffmpeg -i"),
    "x.pdf": (TEXT, "a PDF", "`pdftoppm -png"),
    "photos.dvc": (TEXT, "a pointer of DVC", "`dvc pull"),
    "pointer.foo": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs pull"),
}


@pytest.mark.parametrize(("name", "row"), FILES.items(), ids=FILES)
@pytest.mark.parametrize("command", ["compute", "apply", "check"])
def test_a_file_is_named_with_what_helps(
    tmp_path: Path, name: str, row: tuple[bytes, str, str], command: str
) -> None:
    """In one line, by each of the commands that read images."""
    data, what, cure = row
    make.write(tmp_path / "photos" / "a.png", IMAGE)
    here("compute", tmp_path / "photos", "-o", tmp_path / "s.json")
    file = make.write(tmp_path / name, data)
    after = {
        "compute": ["-o", tmp_path / "t.json"],
        "apply": [tmp_path / "out", "--method", "unit"],
        "check": ["--stats", tmp_path / "s.json"],
    }
    result = here(command, file, *after[command])
    assert result.returncode == 2, result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"normstat: {file}: ")
    assert (what in line, cure in line) == (True, True), line
    assert not (tmp_path / "out").exists()


def test_python_has_keywords(tmp_path: Path) -> None:
    """In place of flags."""
    file = make.write(tmp_path / "[1].png", IMAGE)
    with pytest.raises(UsageError, match=r'with include="\[\[\]1\]\.png" for this one alone'):
        normstat.compute(file)


def test_what_helps_does(tmp_path: Path) -> None:
    """The folder of a single image, with the option that is named, counts it alone."""
    for name in ("a b.png", "c.png"):
        make.write(tmp_path / name, IMAGE)
    result = here("compute", "a b.png", cwd=tmp_path)
    assert "its folder (.) as DATA, with --include 'a b.png'" in result.stderr
    stats = normstat.compute(tmp_path, include="a b.png", workers=0)
    assert [split.images for split in stats.splits.values()] == [1]


def test_another_name_is_told(tmp_path: Path) -> None:
    """A tar archive that is called something else is one that only needs its ending."""
    with tarfile.open(tmp_path / "shard.foo", "w") as tar:
        info = tarfile.TarInfo("a.png")
        info.size = len(IMAGE)
        tar.addfile(info, io.BytesIO(IMAGE))
    with pytest.raises(UsageError, match=r"by its first bytes: rename it to shard\.foo\.tar"):
        normstat.compute(tmp_path / "shard.foo", workers=0)


MISSING = {
    "nowhere": "nowhere: there is no such file or folder; DATA is",
    "phots": "phots: there is no such file or folder; photos is there; DATA is",
    "there/photos": "there/photos: there is no such file or folder; DATA is",
    "photos/*.jpg": "give the folder as DATA, with --include '*.jpg'",
    "": "'': the name of DATA is empty",
}


@pytest.mark.parametrize(("name", "words"), MISSING.items())
def test_data_that_is_not_there(tmp_path: Path, name: str, words: str) -> None:
    """With a name that is, if it is much like it."""
    make.write(tmp_path / "photos" / "a.png", IMAGE)
    result = here("compute", name, cwd=tmp_path)
    assert result.returncode == 2
    assert words in result.stderr


FOLDERS: dict[str, tuple[list[str], str]] = {
    "empty": ([], "found no files"),
    "videos": (["a.mp4", "b.mp4", "c.md"], "found 2 .mp4, 1 .md. .mp4 is a video; `ffmpeg -i"),
    "archives": (["x.rar"], "found 1 .rar. .rar is a RAR archive; `unrar x FILE` unpacks it"),
    "no-extension": (["IM0001", "IM0002"], "if they are DICOM, `find . -type f"),
    "texts": (["x.foo", "y.foo"], "found 2 .foo"),
}


@pytest.mark.parametrize(("names", "words"), FOLDERS.values(), ids=FOLDERS)
def test_a_folder_without_images(tmp_path: Path, names: list[str], words: str) -> None:
    """What was looked for, what is there, and what makes images of it."""
    for name in names:
        make.write(tmp_path / name, TEXT)
    with pytest.raises(NothingToRead, match=r"no images; looked for \.jpg") as caught:
        normstat.compute(tmp_path, workers=0)
    assert words in str(caught.value)


def test_names_are_safe_on_a_terminal(tmp_path: Path) -> None:
    """Whatever they hold."""
    file = make.write(tmp_path / "a\x1b[31m\n.rar", TEXT)
    with pytest.raises(NormstatError) as caught:
        normstat.compute(file)
    assert str(caught.value).isprintable()


def test_a_file_without_images_says_what_is_in_it(tmp_path: Path) -> None:
    """Extensions have not been looked for in it."""
    np.savez(tmp_path / "a.npz", scale=np.array(5))
    make.write(tmp_path / "b.zip", b"PK\5\6" + bytes(18))
    with pytest.raises(NothingToRead, match=r"no images in it; 1 other member.*: a\.npz/scale$"):
        normstat.compute(tmp_path / "a.npz", workers=0)
    with pytest.raises(NothingToRead, match=r"no images in it; it is empty$"):
        normstat.compute(tmp_path / "b.zip", workers=0)


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_pickle_is_known_by_its_first_bytes(tmp_path: Path, protocol: int) -> None:
    """As the files of CIFAR-100 are, whatever they are called."""
    file = make.write(tmp_path / "train", pickle.dumps({}, protocol=protocol))
    with pytest.raises(UsageError, match="a Python pickle, which is never opened"):
        normstat.compute(file)
