"""HDF5 files keep the laws of all sources."""

import json
import os
import time
from pathlib import Path
from typing import Any

import h5py
import make
import numpy as np
import pytest
import same_as_folder
from command import here, normstat
from opened import opened
from source_contract import SourceContract, image

from normstat import compute
from normstat.errors import UnreadableImage, UsageError
from normstat.images import Reason
from normstat.sources import Source, open_source
from normstat.sources.hdf5_storage import refuse_unwritten
from normstat.sources.versions import version_of

_BYTES = h5py.vlen_dtype(np.uint8)


def file(path: Path, sets: dict[str, Any], **options: Any) -> Path:
    """An HDF5 file; a list of bytes is a data set of encoded images."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as made:
        for key, values in sets.items():
            if isinstance(values, bytes):
                made[key] = np.frombuffer(values, np.uint8)
            elif isinstance(values, list):
                found = made.create_dataset(key, (len(values),), _BYTES)
                for row, value in enumerate(values):
                    found[row] = np.frombuffer(value, np.uint8)
            else:
                made.create_dataset(key, data=values, **options)
    return path


def names(source: Source) -> dict[str, list[str]]:
    """Split → names of images, as the shards deliver them."""
    found: dict[str, list[str]] = {}
    for shard in source.shards(source.selection()):
        found.setdefault(shard.split, []).extend(shard.names)
    return dict(sorted(found.items()))


class TestHdf5(SourceContract):
    """The same files, each in a data set."""

    below = "data.h5/"
    name = "data.h5"
    gone = ("changed_while_read",)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        file(root, images)

    def opened(self, root: Path) -> Source:
        return open_source(root)


@pytest.mark.matrix
def test_numbers_and_verbs_of_encoded_images_are_those_of_a_folder(tmp_path: Path) -> None:
    """And the records, for any workers."""
    images = same_as_folder.images()
    same = same_as_folder.folder(tmp_path / "folder", images)
    data = file(tmp_path / "data.h5", images)
    same_as_folder.check_compute(data, same, below="data.h5/")
    same_as_folder.check_verbs(data, same, tmp_path, below="data.h5/")
    same_as_folder.check_interrupted(data, tmp_path / "cache")


@pytest.mark.matrix
def test_rows_of_encoded_images_are_those_of_a_folder(tmp_path: Path) -> None:
    """In data sets whose names say the splits."""
    images = same_as_folder.images()
    same = same_as_folder.folder(tmp_path / "folder", images)
    sets = {
        f"{split}_images": [images[name] for name in images if name.startswith(split)]
        for split in ("train", "val")
    }
    data = file(tmp_path / "data.h5", sets)
    runs = [normstat("compute", data, "-o", "-", "-j", jobs) for jobs in ("0", "2")]
    assert runs[0].stdout == runs[1].stdout
    of_data = same_as_folder.numbers(runs[0].stdout)
    of_folder = same_as_folder.numbers(here("compute", same, "-o", "-").stdout)
    assert of_data["splits"] == of_folder["splits"]
    assert [each["code"] for each in of_data["unreadable"]] == [
        each["code"] for each in of_folder["unreadable"]
    ]


@pytest.mark.matrix
@pytest.mark.parametrize("options", [{}, {"chunks": True, "compression": "gzip"}])
@pytest.mark.parametrize("shape", [(30, 9, 14, 3), (30, 3, 9, 14), (30, 9, 14)])
def test_stacks_are_those_of_a_folder_of_arrays(
    tmp_path: Path, shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    """With channels last, first, or none; in chunks, compressed, or not."""
    stack = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for split in ("train", "test"):
        for number, picture in enumerate(stack):
            make.write(tmp_path / "folder" / split / f"{number:06}.npy", make.npy(picture))
    data = file(
        tmp_path / "d.h5", {"x_train": stack, "x_test": stack, "y_train": np.arange(30)}, **options
    )
    runs = [normstat("compute", data, "-o", "-", "-j", jobs) for jobs in ("0", "2")]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    expected = here("compute", tmp_path / "folder", "-o", "-").stdout
    of_data, of_folder = (same_as_folder.numbers(each) for each in (runs[0].stdout, expected))
    for split in ("train", "test"):
        for name in ("mean", "std", "quantiles", "per_image", "fingerprint", "images"):
            assert of_data["splits"][split][name] == of_folder["splits"][split][name]
    assert names(opened(data))["train"][0] == "d.h5/x_train/000000"


def test_data_sets_that_are_no_images_are_ignored_and_counted(tmp_path: Path) -> None:
    """Globs choose in their place; what they do not find is said with what there is."""
    stack = np.zeros((5, 8, 9), np.uint8)
    sets = {
        "a/images": stack,
        "a/labels": np.arange(5),
        "a/features": np.zeros((5, 40)),
        "names": np.array([b"x", b"y", b"z"]),
        "b/more": stack.astype(np.float32),
    }
    data = file(tmp_path / "data.h5", sets)
    source = opened(data)
    rows = [f"{row:06}" for row in range(5)]
    found = [f"data.h5/{key}/{row}" for key in ("a/images", "b/more") for row in rows]
    assert names(source) == {"all": found}
    survey = source.survey(source.selection())
    assert survey.all_skipped(Reason.NO_IMAGE).images == 3
    chosen = opened(data, key=("a/im*",))
    assert names(chosen) == {"all": found[:5]}
    assert chosen.record()["source"] == {"kind": "hdf5", "key": ("a/im*",)}
    with pytest.raises(UsageError, match="no such data set; found: a/features, a/images"):
        opened(data, key=("x",))


def test_each_data_set_may_be_one_image(tmp_path: Path) -> None:
    """Of two axes, or of three with channels; folders of them say the splits."""
    sets = {
        "train/1": np.zeros((8, 9), np.uint8),
        "val/2": np.zeros((8, 9), np.uint8),
    }
    assert names(opened(file(tmp_path / "gray.h5", sets))) == {
        "train": ["gray.h5/train/1"],
        "val": ["gray.h5/val/2"],
    }
    rgb = {"a": np.zeros((8, 9, 3), np.uint8)}
    assert names(opened(file(tmp_path / "rgb.h5", rgb))) == {"all": ["rgb.h5/a"]}


def test_links_in_a_circle_and_to_nowhere(tmp_path: Path) -> None:
    """The one ends, the other is a record."""
    data = file(tmp_path / "data.h5", {"a/1": np.zeros((8, 9), np.uint8)})
    with h5py.File(data, "a") as made:
        made["a/again"] = made["a"]
        made["gone"] = h5py.SoftLink("/nowhere")
        made["other"] = h5py.ExternalLink("nofile.h5", "/x")
    run = here("compute", data, "-o", "-")
    stats = json.loads(run.stdout)
    assert stats["splits"]["all"]["images"] == 1
    assert [each["path"] for each in stats["unreadable"]] == ["data.h5/gone", "data.h5/other"]


def test_values_in_another_file_have_no_version(tmp_path: Path) -> None:
    """That may become another one, and a cache would not see it."""
    images = {"x": np.zeros((3, 8, 9), np.uint8)}
    file(tmp_path / "there.h5", images)
    data = file(tmp_path / "data.h5", images)
    with h5py.File(data, "a") as made:
        made["linked"] = h5py.ExternalLink("there.h5", "/x")
        layout = h5py.VirtualLayout((3, 8, 9), np.uint8)
        layout[:] = h5py.VirtualSource(tmp_path / "there.h5", "x", (3, 8, 9))
        made.create_virtual_dataset("virtual", layout)
    while not version_of(data.stat()):
        time.sleep(0.01)
    source = open_source(data)
    versions = {
        name: version
        for shard in source.shards(source.selection(), versions=True)
        for name, version in zip(shard.names, shard.versions, strict=True)
    }
    assert len(versions) == 3
    assert {name.split("/")[1] for name, version in versions.items() if version} == {"x"}


BROKEN = {
    "empty": "empty",
    "text": "not_an_image",
    "half": "truncated",
    "header": "truncated",
}


@pytest.mark.parametrize(("kind", "code"), BROKEN.items(), ids=BROKEN)
def test_a_broken_file_is_one_record(tmp_path: Path, kind: str, code: str) -> None:
    """Beside others, which count."""
    data = tmp_path / "d"
    stack = np.random.default_rng(0).integers(0, 256, (9, 50, 60), np.uint8)
    whole = file(data / "val.h5", {"images": stack}).read_bytes()
    broken = {
        "empty": b"",
        "text": b"x,y\n1,2\n",
        "half": whole[: len(whole) // 2],
        "header": whole[:200],
    }
    make.write(data / "train.h5", broken[kind])
    run = here("compute", data, "-o", "-")
    assert run.returncode == 3, run.stderr
    stats = json.loads(run.stdout)
    found = [(each["path"], each["code"]) for each in stats["unreadable"]]
    assert found == [("train.h5/", code)]
    assert stats["splits"]["val"]["images"] == 9
    assert str(tmp_path) not in run.stdout


def test_a_damaged_chunk_is_records_of_its_images(tmp_path: Path) -> None:
    """The others count."""
    stack = np.random.default_rng(0).integers(0, 256, (20, 50, 60), np.uint8)
    data = file(tmp_path / "data.h5", {"images": stack}, chunks=(1, 50, 60), compression="gzip")
    with h5py.File(data) as made:
        chunk = made["images"].id.get_chunk_info(7)
    content = bytearray(data.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\xff" * chunk.size
    data.write_bytes(content)
    run = here("compute", data, "-o", "-")
    stats = json.loads(run.stdout)
    found = [(each["path"], each["code"]) for each in stats["unreadable"]]
    assert found == [("data.h5/images/000007", "corrupt")]


def test_a_file_that_is_gone_is_a_record(tmp_path: Path) -> None:
    """Between listing and reading."""
    data = file(tmp_path / "data.h5", {"a": image(1)})
    source = opened(data)
    (shard,) = source.shards(source.selection())
    os.unlink(data)
    with shard.container.open() as reader, pytest.raises(UnreadableImage) as caught:
        reader.read(next(iter(shard)))
    assert caught.value.code == "vanished"


def test_a_damaged_group_is_a_record(tmp_path: Path) -> None:
    """The others count; of the file, if it is the first."""
    stack = np.zeros((5, 8, 9), np.uint8)
    data = file(tmp_path / "data.h5", {"train/images": stack, "val/images": stack})
    whole = data.read_bytes()
    starts = [at for at in range(len(whole)) if whole.startswith(b"SNOD", at)]
    damaged = [whole[:at] + b"SNOW" + whole[at + 4 :] for at in starts]
    data.write_bytes(damaged[0])
    run = here("compute", data, "-o", "-")
    assert run.returncode == 2, run.stderr
    assert "data.h5/: corrupt (the file cannot be read" in run.stderr
    for content, lost, left in zip(damaged[1:], ("train", "val"), ("val", "train"), strict=True):
        data.write_bytes(content)
        run = here("compute", data, "-o", "-")
        assert run.returncode == 3, run.stderr
        stats = json.loads(run.stdout)
        found = [(each["path"], each["code"]) for each in stats["unreadable"]]
        assert found == [(f"data.h5/{lost}/", "corrupt")]
        assert stats["splits"][left]["images"] == 5


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_need_not_be_text(tmp_path: Path) -> None:
    """Of the file, and in it."""
    stack = np.zeros((5, 8, 9), np.uint8)
    path = file(tmp_path / "data.h5", {})
    with h5py.File(path, "a") as made:
        made[b"im\xff"] = stack
    odd = path.rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.h5"))
    run = here("compute", odd, "-o", "-", "--cache", tmp_path / "cache")
    assert run.returncode == 0, run.stderr
    assert names(open_source(odd))["all"][0] == "\udcff.h5/im\udcff/000000"


def test_labels_that_a_glob_takes_in_are_no_images(tmp_path: Path) -> None:
    """``train/*`` means the images in it; a label that is named alone is a record."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train/images"] = np.zeros((3, 9, 8, 3), np.uint8)
        file["train/labels"] = np.arange(3)
    split = compute(tmp_path / "a.h5", key="train/*", workers=0).splits["train"]
    assert (split.images, split.unreadable) == (3, 0)


def test_values_that_were_never_written_are_told(tmp_path: Path) -> None:
    """The library gives zeros: a program that ended early leaves black images."""
    images = np.stack([make.pixels(n, 9, 7) for n in range(6)])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("train/images", images.shape, "u1", chunks=(2, 9, 7, 3))[:4] = images[
            :4
        ]
        file.create_dataset("val/images", images.shape, "u1", chunks=(2, 9, 7, 3))
    run = here("compute", tmp_path / "a.h5", "-o", "-")
    assert run.returncode == 3, run.stderr
    assert "train/images: a part of it was never written, and counts as 0" in run.stderr
    (record,) = json.loads(run.stdout)["unreadable"]
    assert (record["split"], record["code"]) == ("val", "empty")
    assert record["detail"] == "none of its values was ever written"


@pytest.mark.parametrize("gone", ["file", "data set"])
def test_a_virtual_data_set_without_its_source_is_a_record(tmp_path: Path, gone: str) -> None:
    """The library gives the value for what is not there."""
    images = np.stack([make.pixels(n, 9, 7) for n in range(6)])
    layout = h5py.VirtualLayout(images.shape, "u1")
    layout[:] = h5py.VirtualSource("b.h5", "x", shape=images.shape)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_virtual_dataset("train", layout, fillvalue=7)
        file["val"] = images
    if gone == "data set":
        with h5py.File(tmp_path / "b.h5", "w") as file:
            file["y"] = images
    run = here("compute", tmp_path / "a.h5", "-o", "-")
    assert run.returncode == 3, run.stderr
    (record,) = json.loads(run.stdout)["unreadable"]
    assert (record["split"], record["code"]) == ("train", "vanished")
    assert record["detail"] == "its values are those of x in b.h5, which is missing"
    with h5py.File(tmp_path / "b.h5", "a") as file:
        file["x"] = images
    assert here("compute", tmp_path / "a.h5", "-o", "-").returncode == 0


def test_damage_of_where_values_are_is_a_record() -> None:
    """The library has an error of its own for it."""

    class Damaged:
        is_virtual, external, size, dtype = False, None, 1, np.dtype("u1")

        @property
        def id(self) -> "Damaged":
            return self

        def get_space_status(self) -> int:
            raise RuntimeError("Unable to get space status (bad coordinate offset)")

    with pytest.raises(UnreadableImage, match="corrupt: where its values are cannot be read"):
        refuse_unwritten(Damaged(), "a.h5")
