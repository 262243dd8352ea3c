"""The YAML file of a data set keeps the laws of all sources, and is read as YOLO reads it."""

from pathlib import Path

import make
import pytest
import yaml
from command import normstat as command
from listed_contract import ListedContract, photos
from opened import opened
from test_sources import found, surveyed, tree

import normstat
from normstat.errors import UsageError
from normstat.sources import Source, open_source


class TestFolders(ListedContract):
    """A folder for each split."""

    name = "data.yaml"

    def put_list(self, path: Path, names: list[str]) -> None:
        path.write_text("path: files\ntrain: train\nval: [val]\nnc: 1\nnames: [x]\n")


class TestLists(ListedContract):
    """A list for each split, whose paths begin at the folder of the data set."""

    name = "data.yml"

    def put_list(self, path: Path, names: list[str]) -> None:
        for split in ("train", "val"):
            lines = [f"./{name}\n" for name in names if name.startswith(f"{split}/")]
            make.write(self.folder(path) / "lists" / f"{split}.txt", "".join(lines).encode())
        path.write_text("train: [lists/train.txt]\nval: lists/val.txt\n")


def described(folder: Path, text: str, name: str = "data.yaml", **options: str) -> Source:
    """A YAML file in a folder."""
    return opened(make.write(folder / name, text.encode()), **options)


_IMAGES = ["images/a/1.jpg", "images/a/x/2.jpg", "images/b/3.jpg"]
_FOUND = {"train": _IMAGES[:2], "val": _IMAGES[2:]}
FILES = {
    "folders": "train: images/a\nval: images/b\n",
    "path": "path: .\ntrain: images/a\nval: images/b\n",
    "roboflow": "train: ../images/a\nval: ../images/b\ntest: ../images/t\n",
    "several": "train: [images/a/x, images/a]\nval: [images/b]\ntest:\n",
    "lists": "train: a.txt\nval: lists/b.txt\n",
    "of-another-machine": "path: /content/data\ntrain: images/a\nval: images/b\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_files_as_people_have_them(tmp_path: Path, text: str) -> None:
    """Folders, lists, several of them, and paths that were right on another machine."""
    tree(tmp_path, *_IMAGES, "labels/a/1.txt", "images/other/4.jpg", "images/a/.5.jpg")
    make.write(tmp_path / "a.txt", b"./images/a/1.jpg\nimages/a/x/2.jpg\n")
    make.write(tmp_path / "lists/b.txt", b"images/b/3.jpg\n")
    source = described(tmp_path, text)
    assert found(source) == _FOUND
    survey = surveyed(source)
    assert survey.rules == {"train": {"train in data.yaml"}, "val": {"val in data.yaml"}}
    said = " ".join(survey.remarks)
    assert ("/content/data is not there, so paths are seen from" in said) == ("/content" in text)
    assert ("test: ../images/t is not there" in said) == ("images/t" in text)


def test_paths_begin_beside_the_file_or_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one beside the file is the first; a root stands for both."""
    tree(tmp_path, *(f"here/set/{name}" for name in _IMAGES))
    tree(tmp_path / "config")
    text = "path: set\ntrain: images/a\nval: images/b\n"
    monkeypatch.chdir(tmp_path / "here")
    assert found(described(tmp_path / "config", text)) == _FOUND
    tree(tmp_path, "config/set/images/a/7.jpg", "config/set/images/b/8.jpg")
    assert set(found(described(tmp_path / "config", text))["train"]) == {"images/a/7.jpg"}
    root = str(tmp_path / "here/set")
    assert found(described(tmp_path / "config", text, root=root)) == _FOUND


def test_absolute_paths_and_others_outside(tmp_path: Path) -> None:
    """They are read where they are."""
    tree(tmp_path, "in/", "out/a/1.jpg", "out/b/2.jpg")
    source = described(tmp_path / "in", f"train: {tmp_path}/out/a\nval: ../out/b\n")
    assert found(source)["val"] == ["out/b/2.jpg"]
    assert [name.endswith("out/a/1.jpg") for name in found(source)["train"]] == [True]


REFUSED = {
    "empty": ("", "should say train, val or test"),
    "no-yaml": ("train: [images", "is no YAML"),
    "another": ("learning_rate: 3\n", "says no train, val or test.*its keys: learning_rate"),
    "no-text": ("train: 3\n", "train should be a folder, a list or several"),
    "gone": ("train: images/gone\n", "train: images/gone is not there, seen from.*root=FOLDER"),
    "no-path": ("path: gone\ntrain: images/gone\n", "path: gone is not there, seen from.*root="),
    "no-images": ("train: labels\n", "names no images"),
    "only-test": ("test: images/gone\n", "names no images"),
    "a-tag": ("train: !!python/object/apply:os.system ['true']\n", "is no YAML"),
    "long": (f"train: images/a\nnames: [{'a, ' * (1 << 21)}]\n", "too large"),
    "zero": ('train: "a\\0b"\n', "is not there"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_describes_no_images_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With what was found, and what to do about it; nothing in it is run."""
    tree(tmp_path, "images/a/1.jpg", "labels/")
    with pytest.raises(UsageError, match=said) as caught:
        described(tmp_path, text)
    assert str(caught.value).isprintable()


def test_a_line_of_its_lists_without_a_file_is_a_record(tmp_path: Path) -> None:
    """So is a folder that cannot be listed."""
    photos(tmp_path / "images")
    make.write(tmp_path / "val.txt", b"images/val/a/0.png\nimages/gone.png\n")
    closed = tree(tmp_path / "images/train/closed")
    closed.chmod(0)
    data = make.write(tmp_path / "data.yaml", b"train: images/train\nval: val.txt\n")
    run = command("compute", data, "-o", tmp_path / "s.json", anyone=True)
    closed.chmod(0o700)
    assert run.returncode == 3, run.stderr
    records = {record.path: record.code for record in normstat.load(tmp_path / "s.json").unreadable}
    assert records == {
        "images/gone.png": "vanished",
        "images/train/b/3.png": "truncated",
        "images/train/closed": "permission_denied",
    }


def test_a_file_of_ten_million_aliases_is_small(tmp_path: Path) -> None:
    """References are not copied."""
    tree(tmp_path, "images/a/1.jpg")
    laughs = "a: &a [x, x]\n"
    for one, other in zip("abcdefghijklmnopqrstuvw", "bcdefghijklmnopqrstuvwx", strict=True):
        laughs += f"{other}: &{other} [*{one}, *{one}]\n"
    assert yaml.safe_load(laughs)
    assert found(described(tmp_path, f"{laughs}train: images/a\n")) == {"train": ["images/a/1.jpg"]}


def test_an_image_is_no_list(tmp_path: Path) -> None:
    """Its bytes are no names of files."""
    make.write(tmp_path / "a.png", make.encoded(make.pixels(0, 9, 7)))
    data = make.write(tmp_path / "data.yaml", b"train: a.png\n")
    with pytest.raises(UsageError, match=r"train: a\.png is an image; say its folder, or a list"):
        open_source(data)
