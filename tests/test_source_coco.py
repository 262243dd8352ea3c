"""Lists of images in JSON keep the laws of all sources; those of COCO are found as they lie."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import make
import pytest
from command import environment
from hypothesis import given
from hypothesis import strategies as st
from listed_contract import ListedContract
from opened import opened
from test_sources import found, surveyed, tree

import normstat
from normstat.errors import Message, UsageError
from normstat.sources import Source, json_items


def coco(names: list[str]) -> dict[str, Any]:
    """The content of a COCO file."""
    images = [{"id": n, "file_name": name, "width": 3} for n, name in enumerate(names)]
    annotations = [{"id": n, "bbox": [1, 2.5], "note": '[{"'} for n in range(len(names))]
    return {"info": {"images": []}, "annotations": annotations, "images": images, "licenses": []}


class TestCoco(ListedContract):
    """A file with annotations."""

    name = "data.json"

    def put_list(self, path: Path, names: list[str]) -> None:
        path.write_text(json.dumps(coco(names)))


class TestObjects(ListedContract):
    """A list of objects, and nothing else."""

    name = "data.json"

    def put_list(self, path: Path, names: list[str]) -> None:
        words = {"train": "TRAIN", "val": "Validation"}
        rows = [{"split": words[name.split("/")[0]], "path": name} for name in names]
        path.write_text(json.dumps(rows, indent=1))


def listed(path: Path, content: Any, **options: Any) -> Source:
    """A file in JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return opened(make.write(path, text.encode()), **options)


PLACES = {
    "beside": ("instances_train2017.json", "a.jpg", ""),
    "beside-in-a-folder": (
        "instances_train2017.json",
        "train2017/a.jpg",
        "images are in train2017",
    ),
    "one-up": ("annotations/instances_train2017.json", "train2017/a.jpg", "images are in"),
    "images": ("annotations/instances_train2017.json", "images/train2017/a.jpg", "images are in"),
    "all-images": ("annotations/person_train.json", "images/a.jpg", "images are in"),
    "same-name": ("train.json", "train/a.jpg", "images are in"),
}


@pytest.mark.parametrize(("file", "image", "said"), PLACES.values(), ids=PLACES)
def test_images_are_found_where_people_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, image: str, said: str
) -> None:
    """It is said where, and the name of the file says the split; with a root, only below it."""
    data = tree(tmp_path / "data", image)
    monkeypatch.chdir(data)
    source = listed(Path(file), coco(["a.jpg", "gone.jpg"]))
    assert found(source) == {"train": ["a.jpg", "gone.jpg"]}
    remarks = [Message(remark) for remark in surveyed(source).remarks]
    assert remarks[0] == "columns: file_name is the path; path_column chooses another"
    assert [remark.startswith(said) for remark in remarks[1:]] == ([True] if said else [])
    below = str((data / image).parent)
    assert found(listed(data / file, coco(["a.jpg"]), root=below)) == {"train": ["a.jpg"]}
    with pytest.raises(UsageError, match=r"its path is not there.*root=FOLDER says where"):
        listed(data / file, coco(["a.jpg"]), root=str(tree(tmp_path / "empty")))


def test_exports_name_files_in_several_ways(tmp_path: Path) -> None:
    """The name of COCO is the path; of others, a user says it; a list of names is enough."""
    tree(tmp_path, "a.jpg", "b.jpg")
    both = [{"file_name": name, "path": f"/old/{name}"} for name in ("a.jpg", "b.jpg")]
    expected = {"all": ["a.jpg", "b.jpg"]}
    assert found(listed(tmp_path / "x.json", {"images": both})) == expected
    assert found(listed(tmp_path / "y.json", ["a.jpg", "b.jpg"])) == expected
    assert found(listed(tmp_path / "z.json", {"images": ["a.jpg", "b.jpg"]})) == expected
    karpathy = [{"filepath": "val", "filename": "a.jpg", "split": "restval"}]
    with pytest.raises(UsageError, match="filepath or filename may be the path; path_column=NAME"):
        listed(tmp_path / "k.json", {"images": karpathy})
    source = listed(tmp_path / "k.json", {"images": karpathy}, path_column="filename")
    assert found(source) == {"restval": ["a.jpg"]}


def test_exports_of_roboflow_have_a_file_in_each_split(tmp_path: Path) -> None:
    """Always of the same name: the folder says the split, and a column before it."""
    for folder, split in (("train", "train"), ("valid", "val"), ("other", "all")):
        tree(tmp_path, f"{folder}/a.jpg")
        source = listed(tmp_path / folder / "_annotations.coco.json", coco(["a.jpg"]))
        assert found(source) == {split: ["a.jpg"]}
    rows = [{"file_name": "a.jpg", "split": "test"}]
    assert found(listed(tmp_path / "train/_annotations.coco.json", rows)) == {"test": ["a.jpg"]}


def test_an_image_without_a_file_is_a_record(tmp_path: Path) -> None:
    """By its number in the list."""
    make.write(tmp_path / "a.png", make.encoded(make.pixels(1, 4, 5)))
    names = ["a.png", "gone.png", "\ud800.png", "nul\0.png"]
    data = make.write(tmp_path / "x.json", json.dumps(coco(names)).encode())
    stats = normstat.compute(data, workers=0)
    assert {record.path: (record.code, record.detail) for record in stats.unreadable} == {
        "gone.png": ("vanished", "image 2: there is no such file"),
        "?.png": ("vanished", "image 3: there is no such file"),
        "nul\0.png": ("vanished", "image 4: a path with a zero byte"),
    }


REFUSED = {
    "empty": ("", "is neither a list nor an object|no JSON"),
    "no-json": ("file_name\na.jpg\n", "has no list of images; it is neither a list nor an object"),
    "no-images": ({"shapes": [], "imagePath": "a.jpg"}, 'no list "images".*; its keys: shapes, im'),
    "nothing": ({}, 'no list "images".*its keys: none'),
    "stats": ({"schema": "normstat/stats/1", "splits": {}}, "is a stats file, and no list"),
    "empty-list": ({"images": []}, "its list of images is empty"),
    "numbers": ({"images": [1, 2]}, "image 1 is no object, as in"),
    "no-names": ({"images": [{"id": 1}]}, "no column has paths of images.*its columns: id"),
    "no-text": ({"images": [{"file_name": [1]}]}, "image 1: file_name should be text, and is list"),
    "only-gone": ({"images": [{"file_name": "b.jpg"}]}, "its path is not there, seen from"),
    "cut": ('{"images": [{"file_name": "a.jpg"}, {"file_na', "is no JSON"),
    "cut-before": ('{"annotations": [[1, 2], [', r"is no JSON \(it ends within a value\)"),
    "cut-between": ('{"annotations": [] "images": []}', "is no JSON .* should be where"),
    "deep": ('{"images": [' + "[" * 100_000, "is no JSON"),
    "binary": ("\0\1\2", "neither a list nor an object"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_images_is_refused(tmp_path: Path, content: Any, said: str) -> None:
    """With what was found in their place."""
    tree(tmp_path, "a.jpg")
    with pytest.raises(UsageError, match=said) as caught:
        listed(tmp_path / "x.json", content)
    assert str(caught.value).isprintable()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=9,
)


@given(
    images=st.lists(_JSON, max_size=5),
    others=st.dictionaries(st.text(max_size=5).filter(lambda key: key != "images"), _JSON),
    block=st.integers(1, 40),
    indent=st.none() | st.integers(0, 2),
)
def test_a_list_is_found_wherever_blocks_end(
    images: list[Any], others: dict[str, Any], block: int, indent: int | None
) -> None:
    """Items are those that the whole file has, whatever stands before and after them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_items, "_BLOCK", block)
        for text in (
            json.dumps({**others, "images": images, "more": others}, indent=indent),
            json.dumps({"images": images, **others}, indent=indent, ensure_ascii=False),
            json.dumps(images, indent=indent),
        ):
            assert list(json_items.items(StringIO(text), "images")) == images


def test_annotations_are_not_held(tmp_path: Path) -> None:
    """Memory is that of the images, whatever else is in the file."""
    tree(tmp_path, "0.jpg")
    images = [{"id": n, "file_name": f"{n}.jpg", "height": 480} for n in range(1000)]
    polygon = json.dumps({"segmentation": [[510.66, 423.01] * 2000], "iscrowd": 0})
    with (tmp_path / "x.json").open("w") as file:
        file.write('{"annotations": [')
        for _ in range(1000):
            file.write(f"{polygon},")
        file.write(f'{polygon}], "images": {json.dumps(images)}}}')
    assert (tmp_path / "x.json").stat().st_size > 30e6
    script = (
        "import resource\n"
        "from normstat.sources import open_source\n"
        "import normstat.sources.coco\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"source = open_source({str(tmp_path / 'x.json')!r})\n"
        "print(source.survey(source.selection()).images.total())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment(), capture_output=True, check=True, text=True)
    counted, memory = map(int, done.stdout.split())
    assert counted == 1000
    assert memory < 20 << 10  # KiB
