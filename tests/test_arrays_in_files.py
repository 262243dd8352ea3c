"""Arrays in files count as the same images in a folder; what is wrong with one is a record."""

import gzip
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
import stacks
from command import here, normstat
from numpy.typing import NDArray

import normstat as library
from normstat.errors import NothingToRead, UsageError
from normstat.statsfile import dumps

TRAIN, TEST = 21, 9


def images(channels: int = 1) -> NDArray[np.uint8]:
    """Images of both splits: shape (30, 11, 14[, C])."""
    return np.stack([make.pixels(n, 11, 14, channels) for n in range(TRAIN + TEST)])


def folder(root: Path, array: NDArray[Any], format: str = "PNG") -> Path:
    """The same images as files."""
    for number, each in enumerate(array):
        split = "train" if number < TRAIN else "test"
        content = make.npy(each) if format == "NPY" else make.encoded(each, format)
        make.write(root / split / f"{number:03}.{format.lower()}", content)
    return root


def npy(root: Path, array: NDArray[Any]) -> str:
    root.mkdir()
    np.save(root / "x_train.npy", array[:TRAIN])
    np.save(root / "x_test.npy", array[TRAIN:])
    return f"{root}/*.npy"


def planes(root: Path, array: NDArray[Any]) -> str:
    return npy(root, array if array.ndim == 3 else np.moveaxis(array, 3, 1).copy())


def fortran(root: Path, array: NDArray[Any]) -> str:
    root.mkdir()
    np.save(root / "train.npy", np.asfortranarray(array[:TRAIN]))
    np.save(root / "test.npy", np.asfortranarray(array[TRAIN:]))
    return f"{root}/*.npy"


def npz(root: Path, array: NDArray[Any], save: Callable[..., None] = np.savez) -> str:
    root.mkdir()
    labels = {"y_train": np.arange(TRAIN), "y_test": np.ones((TEST, 1), int), "who": np.array("me")}
    save(root / "data.npz", x_train=array[:TRAIN], x_test=array[TRAIN:], **labels)
    return f"{root}/data.npz"


def compressed(root: Path, array: NDArray[Any]) -> str:
    return npz(root, array, np.savez_compressed)


def idx(root: Path, array: NDArray[Any]) -> str:
    root.mkdir()
    make.write(root / "train-images-idx3-ubyte", stacks.idx(array[:TRAIN]))
    make.write(root / "train-labels-idx1-ubyte", stacks.idx(np.zeros(TRAIN, np.uint8)))
    make.write(root / "t10k-images-idx3-ubyte.gz", gzip.compress(stacks.idx(array[TRAIN:])))
    return str(root)


GRAY: dict[str, Callable[[Path, NDArray[Any]], str]] = {
    each.__name__: each for each in (npy, fortran, npz, compressed, idx)
}
COLOR: dict[str, Callable[[Path, NDArray[Any]], str]] = {
    each.__name__: each for each in (npy, planes, fortran, npz, compressed, idx)
}


def numbers(text: str) -> dict[str, Any]:
    """All that a stats file says besides names, formats and the kind of DATA."""
    stats: dict[str, Any] = json.loads(text)
    stats["settings"].pop("source")
    for split in stats["splits"].values():
        kinds = split["state"]["kinds"]
        for part in (split, *kinds):
            for name in ("formats", "modes", "first"):
                part.pop(name, None)
            for name in ("paths", "files", "pixels"):
                part["fingerprint"].pop(name)
    return stats


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("kind", "channels"), [*((kind, 1) for kind in GRAY), *((kind, 3) for kind in COLOR)]
)
def test_arrays_count_as_the_same_images(tmp_path: Path, kind: str, channels: int) -> None:
    """Every number and key of pixels is that of the folder, for any number of workers."""
    array = images(channels)
    same = here("compute", folder(tmp_path / "same", array), "-o", "-")
    data = {**GRAY, **COLOR}[kind](tmp_path / "data", array)
    found = [normstat("compute", data, "-o", "-", "-j", jobs) for jobs in ("0", "2")]
    assert [run.returncode for run in found] == [0, 0], found[0].stderr
    assert found[0].stdout == found[1].stdout
    splits = json.loads(found[0].stdout)["splits"]
    assert {name: split["images"] for name, split in splits.items()} == {"train": 21, "test": 9}
    left = {name: split.pop("skipped", 0) for name, split in splits.items()}
    assert not any(left.values())
    expected = numbers(same.stdout)
    got = numbers(found[0].stdout)
    assert got["splits"] == expected["splits"]


@pytest.mark.sampled
@pytest.mark.parametrize("dtype", [">u2", "int16", "float32", "float64", "bool", "int64"])
@pytest.mark.parametrize("kind", ["npy", "fortran", "npz", "compressed"])
def test_each_array_is_as_its_file(tmp_path: Path, kind: str, dtype: str) -> None:
    """Modes, formats and kinds are those of a folder of .npy files."""
    array = (images() > 99) if dtype == "bool" else images().astype(dtype)
    expected = json.loads(
        dumps(library.compute(folder(tmp_path / "same", array, "NPY"), workers=0))
    )
    data = GRAY[kind](tmp_path / "data", array)
    found = json.loads(dumps(library.compute(data, workers=0)))
    for stats in (found, expected):
        for split in stats["splits"].values():
            for part in (split, *split["state"]["kinds"]):
                part["fingerprint"] = part["fingerprint"]["content"]
                part.pop("first", None)
    assert found["splits"] == expected["splits"]


@pytest.mark.sampled
@pytest.mark.parametrize("kind", [*GRAY])
def test_a_run_goes_on_with_what_a_cache_has(tmp_path: Path, kind: str) -> None:
    """And gives the same bytes, also if a part of the images is left for the second run."""
    data = GRAY[kind](tmp_path / "data", images())
    cache = tmp_path / "cache"
    whole = here("compute", data, "-o", "-")
    part = here("compute", data, "-o", "-", "--split", "test", "--cache", cache)
    again = [here("compute", data, "-o", "-", "--cache", cache) for _ in range(2)]
    assert part.returncode == 0
    assert [run.stdout for run in again] == [whole.stdout] * 2


@pytest.mark.sampled
@pytest.mark.parametrize("kind", [*GRAY])
def test_apply_check_and_invert_take_arrays(tmp_path: Path, kind: str) -> None:
    """Arrays of outputs are those of the folder, in their order; and back."""
    array = images()
    data, same = GRAY[kind](tmp_path / "data", array), folder(tmp_path / "same", array)
    stats, out, out2 = tmp_path / "stats.json", tmp_path / "out", tmp_path / "out2"
    assert here("compute", data, "-o", stats).returncode == 0
    assert here("check", data, "--stats", stats).returncode == 0
    for given, to in ((data, out), (same, out2)):
        run = here("apply", given, to, "--stats", stats)
        assert run.returncode == 0, run.stderr
    found = [sorted(filter(Path.is_file, root.rglob("*.npy"))) for root in (out, out2)]
    assert [path.read_bytes() for path in found[0]] == [path.read_bytes() for path in found[1]]
    assert len(found[0]) == TRAIN + TEST
    back = here("invert", out, tmp_path / "back")
    assert back.returncode == 0, back.stderr
    assert len(list((tmp_path / "back").rglob("*.png"))) == TRAIN + TEST


@pytest.mark.parametrize(
    ("shape", "options", "count"),
    [
        ((9, 8, 7), {}, 9),
        ((9, 8, 3), {}, 1),
        ((3, 9, 8), {}, 1),
        ((9, 8, 3), {"layout": "nhwc"}, 9),
        ((9, 8, 7), {"layout": "hwc"}, 1),
        ((9, 8, 7), {"layout": "zhw"}, 1),
        ((9, 8, 7, 3), {}, 9),
        ((9, 3, 8, 7), {}, 9),
        ((9, 8, 7, 6), {"layout": "nchw"}, 9),
        ((9, 8, 7, 6), {"layout": "hwc"}, 9),
        ((9, 8), {}, 1),
    ],
)
def test_a_shape_says_how_many_images_there_are(
    tmp_path: Path, shape: tuple[int, ...], options: dict[str, Any], count: int
) -> None:
    """By the rules for images; an array that may be one is one, unless the layout is a stack's."""
    np.save(tmp_path / "x.npy", np.zeros(shape, np.uint8))
    stats = library.compute(tmp_path / "x.npy", workers=0, **options)
    assert stats.splits["all"].images == count


def test_what_an_array_is_taken_for_is_said(tmp_path: Path) -> None:
    """One image, with the option that makes it many; or so many of a shape."""
    np.save(tmp_path / "one.npy", np.zeros((9, 8, 3), np.uint8))
    np.save(tmp_path / "many.npy", np.zeros((9, 8, 7), np.uint8))
    one, many = (here("compute", tmp_path / f"{name}.npy", "-o", "-") for name in ("one", "many"))
    assert "one.npy: shape (9, 8, 3) is one image; --layout nhwc takes it for" in one.stderr
    assert "many.npy: a stack of 9 images, shape (8, 7) of uint8 each" in many.stderr


def test_a_folder_of_npy_files_is_one_of_images(tmp_path: Path) -> None:
    """Each file is an image, as ever."""
    for name in ("a", "b"):
        make.write(tmp_path / "data" / f"{name}.npy", make.npy(np.zeros((9, 8, 3), np.uint8)))
    stats = library.compute(tmp_path / "data", workers=0)
    assert stats.splits["all"].images == 2
    assert stats.settings.source == {"kind": "folder"}


def test_a_stack_in_a_folder_says_that_it_is_data_by_itself(tmp_path: Path) -> None:
    """Of gray images as of others; so given, it is one."""
    np.save(tmp_path / "train.npy", np.zeros((90, 28, 28), np.uint8))
    run = here("compute", tmp_path, "-o", "-")
    assert run.returncode == 2
    assert "with a stack of gray images is DATA by itself, in place of its folder" in run.stderr
    assert library.compute(tmp_path / "train.npy", workers=0).splits["train"].images == 90


def test_a_shape_that_does_not_tell_its_axes_names_the_option(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((9, 8, 7, 6), np.uint8))
    run = here("compute", tmp_path / "x.npy", "-o", "-")
    assert run.returncode == 2
    assert "does not tell its axes: --layout hwc or chw of compute, --input-layout" in run.stderr


def test_keys_are_chosen_by_globs(tmp_path: Path) -> None:
    """And recorded; a glob that finds nothing is refused with the keys that are there."""
    np.savez(tmp_path / "x.npz", a=images(), b_train=images()[:9], b_val=images()[:7])
    stats = library.compute(tmp_path / "x.npz", workers=0, key="b_*")
    assert {name: split.images for name, split in stats.splits.items()} == {"train": 9, "val": 7}
    assert stats.settings.source == {"kind": "npz", "key": ("b_*",)}
    with pytest.raises(UsageError, match=r"has no such array; found: a, b_train, b_val"):
        library.compute(tmp_path / "x.npz", workers=0, key=["c"])


def test_labels_in_an_npz_are_ignored_and_counted(tmp_path: Path) -> None:
    run = here("compute", npz(tmp_path / "data", images()), "-o", "-")
    assert "3 other members, which are no images, were ignored" in run.stderr


CUT: dict[str, Callable[[Path, NDArray[Any]], str]] = {"npy": npy, "npz": npz, "idx": idx}


@pytest.mark.sampled
@pytest.mark.parametrize("kind", ["npy", "idx"])
def test_what_is_whole_counts(tmp_path: Path, kind: str) -> None:
    """One record for all that is missing."""
    array = images()
    data = GRAY[kind](tmp_path / "data", array)
    name = {"npy": "x_train.npy", "idx": "train-images-idx3-ubyte"}[kind]
    path = tmp_path / "data" / name
    path.write_bytes(path.read_bytes()[: -array[0].nbytes * 3 - 1])
    stats = library.compute(data, workers=0)
    assert stats.splits["train"].images == TRAIN - 4
    (record,) = stats.unreadable
    assert (record.path, record.code) == (f"{name}/{TRAIN - 4:06}", "truncated")
    assert "4 of 21 images are missing" in record.detail


@pytest.mark.matrix
@pytest.mark.sampled
@pytest.mark.parametrize("kind", ["compressed", "idx"])
def test_a_stream_counts_until_it_ends(tmp_path: Path, kind: str) -> None:
    """All images before the damage count, those behind it are records."""
    array = np.random.default_rng(1).integers(0, 255, (TRAIN + TEST, 99, 50), np.uint8)
    data = GRAY[kind](tmp_path / "data", array)
    if kind == "idx":
        path = tmp_path / "data" / "t10k-images-idx3-ubyte.gz"
        path.write_bytes(path.read_bytes()[: -array[0].nbytes * 3])
        code, split = "truncated", "test"
    else:
        path, code, split = tmp_path / "data" / "data.npz", "corrupt", "train"
        content = bytearray(path.read_bytes())
        at = content.index(b"x_train") + array[0].nbytes * 10
        content[at : at + 3000] = bytes(3000)
        path.write_bytes(content)
    runs = [normstat("compute", data, "-o", "-", "-j", jobs) for jobs in ("0", "2")]
    assert [run.returncode for run in runs] == [3, 3], runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    stats = json.loads(runs[0].stdout)
    assert {record["code"] for record in stats["unreadable"]} == {code}
    assert stats["splits"][split]["images"] >= 5
    assert stats["splits"][split]["listed"] == {"train": TRAIN, "test": TEST}[split]


BAD_ENDS = {
    "cut": (lambda data: data[:-5], "truncated"),
    "checksum": (lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:], "corrupt"),
    "garbage": (lambda data: data + b"garbage", "corrupt"),
    "twice": (lambda data: data + data, "corrupt"),
    "zeros": (lambda data: data + bytes(512), None),
}


@pytest.mark.parametrize("end", BAD_ENDS)
def test_the_end_of_a_stream_is_looked_at(tmp_path: Path, end: str) -> None:
    """Images before may be damaged, too, so it is the record of the last one."""
    changed, code = BAD_ENDS[end]
    path = tmp_path / "train-images-idx3-ubyte.gz"
    make.write(path, changed(gzip.compress(stacks.idx(images()[:9]), mtime=0)))
    run = here("compute", path, "-o", "-")
    assert run.returncode == (3 if code else 0), run.stderr
    stats = json.loads(run.stdout)
    assert stats["splits"]["train"]["images"] == (8 if code else 9)
    assert [(each["path"][-6:], each["code"]) for each in stats["unreadable"]] == (
        [("000008", code)] if code else []
    )


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("save", "order"), [(np.savez, "C"), (np.savez, "F"), (np.savez_compressed, "C")]
)
def test_the_checksum_of_an_array_is_compared(
    tmp_path: Path, save: Callable[..., None], order: str
) -> None:
    """When its last image is read: it stands for all that may be damaged."""
    array = np.random.default_rng(1).integers(0, 255, (60, 40, 30, 3), np.uint8)
    path = tmp_path / "train.npz"
    save(path, images=np.asarray(array, order=order))  # type: ignore[call-overload]  # any order
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    runs = [normstat("compute", path, "-o", "-", "-j", jobs) for jobs in ("0", "2")]
    assert [run.returncode for run in runs] == [3, 3], runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    records = json.loads(runs[0].stdout)["unreadable"]
    assert {record["code"] for record in records} == {"corrupt"}
    assert records[-1]["path"] == "train.npz/images/000059"
    if save is np.savez:
        assert len(records) == 1


DAMAGE: dict[str, Callable[[bytearray, int], None]] = {
    # Of the first entry of the directory: flag and name, place, or the packed data itself.
    "name": lambda data, at: data.__setitem__(slice(at + 8, at + 50), _in_bad_utf8(data, at)),
    "place": lambda data, at: data.__setitem__(slice(at + 42, at + 46), b"\xff\xff\xff\x7f"),
    "data": lambda data, at: data.__setitem__(slice(at // 2, at // 2 + 9), b"\xff" * 9),
}


def _in_bad_utf8(data: bytearray, at: int) -> bytes:
    entry = bytearray(data[at + 8 : at + 50])
    entry[1] |= 8
    entry[38:42] = b"\xa4\xa4\xa4\xa4"
    return bytes(entry)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_of_any_packing_is_a_record(tmp_path: Path, damage: str, method: int) -> None:
    """Whatever error the libraries have for it."""
    with zipfile.ZipFile(tmp_path / "train.npz", "w", method) as archive:
        archive.writestr("images.npy", make.npy(images(3)))
    content = bytearray((tmp_path / "train.npz").read_bytes())
    DAMAGE[damage](content, content.index(b"PK\1\2"))
    (tmp_path / "train.npz").write_bytes(content)
    run = here("compute", tmp_path / "train.npz", "-o", "-")
    assert run.returncode in (2, 3), run.stderr
    assert "corrupt" in run.stdout + run.stderr


def test_arrays_of_one_name_are_both_read(tmp_path: Path) -> None:
    """Each as it is, also where they are compressed."""
    array = images(3)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", make.npy(array[:10]))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x_train.npy", make.npy(array[10:]))
    found = library.compute(tmp_path / "a.npz", workers=0).splits["train"]
    expected = library.compute({"train": array}).splits["train"]
    assert found.fingerprint.content == expected.fingerprint.content


def test_a_shape_that_no_stream_can_fill_takes_no_time(tmp_path: Path) -> None:
    """As many images are asked for as the bytes of the file may come to."""
    data = bytearray(stacks.idx(images()[:3]))
    data[4:8] = b"\xff" * 4
    packed = gzip.compress(data, mtime=0)
    make.write(tmp_path / "train-images-idx3-ubyte.gz", packed)
    run = here("compute", tmp_path, "-o", "-")
    assert run.returncode == 3, run.stderr
    train = json.loads(run.stdout)["splits"]["train"]
    assert train["images"] == 3
    assert train["listed"] <= 1032 * len(packed) / images()[0].nbytes + 1


BAD = {
    "empty.npy": (b"", "empty"),
    "text.npy": (b"hello there, I am text\n", "not_an_image"),
    "pointer.npy": (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\n", "lfs_pointer"),
    "cut.npy": (make.npy(images())[:60], "truncated"),
    "none.npy": (make.npy(np.zeros((0, 28, 28), np.uint8)), "not_an_image"),
    "long.npy": (make.npy(images()) + b"x", "corrupt"),
    "complex.npy": (make.npy(images().astype(complex)), "unsupported_pixels"),
    "objects.npy": (make.npy(np.array([1, None], object)), "unsupported_pixels"),
    "five.npy": (make.npy(np.zeros((2, 2, 2, 2, 2))), "unsupported_pixels"),
    "empty.npz": (b"", "empty"),
    "text.npz": (b"hello there, I am text\n", "not_an_image"),
    "cut.npz": (b"PK\x03\x04 and so on", "truncated"),
    "empty-idx3-ubyte": (b"", "empty"),
    "text-idx3-ubyte": (b"hello there, I am text\n", "not_an_image"),
    "cut-idx3-ubyte": (stacks.idx(images())[:9], "truncated"),
    "none-idx3-ubyte": (stacks.idx(np.zeros((0, 9, 9), np.uint8)), "not_an_image"),
    "type-idx3-ubyte": (b"\0\0\x07\x03" + bytes(12), "corrupt"),
    "long-idx3-ubyte": (stacks.idx(images()) + b"x", "corrupt"),
    "text-idx3-ubyte.gz": (b"\x1f\x8bhello there, I am text\n", "corrupt"),
    "cut-idx3-ubyte.gz": (gzip.compress(stacks.idx(images()), mtime=0)[:11], "truncated"),
    "data_batch_1.bin": (b"hello there, I am text\n", "not_an_image"),
    "data_batch_2.bin": (b"", "empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_array_is_a_record(tmp_path: Path, name: str) -> None:
    """With its code; if there is nothing else, the run says so and is over."""
    content, code = BAD[name]
    make.write(tmp_path / name, content)
    run = here("compute", tmp_path / name, "-o", "-")
    assert run.returncode == 2
    assert re.search(f"{name}/?: {code}", run.stderr)


ONE_BROKEN: dict[str, tuple[str, dict[str, bytes], str]] = {
    "npy": ("*.npy", {"train.npy": make.npy(images()), "val.npy": b""}, "val.npy/"),
    "text": ("*.npy", {"train.npy": make.npy(images()), "val.npy": b"<html>"}, "val.npy/"),
    "no split": ("*.npy", {"train.npy": make.npy(images()), "other.npy": b""}, "other.npy/"),
    "npz": ("", {"train.npz": stacks.npz(a=images()), "val.npz": b"text"}, "val.npz/"),
    "idx": (
        "",
        {"train-idx3-ubyte": stacks.idx(images()), "t10k-idx3-ubyte.gz": b"text"},
        "t10k-idx3-ubyte.gz/",
    ),
    "cifar": ("", {"data_batch_1.bin": bytes(3073), "test_batch.bin": b""}, "test_batch.bin/"),
}


@pytest.mark.parametrize("kind", ONE_BROKEN)
def test_a_file_that_is_broken_among_others_is_a_record(tmp_path: Path, kind: str) -> None:
    """Of the split that its name says, or of the first: the others alone are not all there is."""
    pattern, contents, path = ONE_BROKEN[kind]
    for name, content in contents.items():
        make.write(tmp_path / "data" / name, content)
    run = here("compute", tmp_path / "data" / pattern, "-o", "-")
    assert run.returncode == 3, run.stderr
    (record,) = json.loads(run.stdout)["unreadable"]
    split = {"v": "val", "t": "test", "o": "train"}[path[0]]
    assert (record["path"], record["split"]) == (path, split)


@pytest.mark.parametrize("damage", ["encrypted", "checksum"])
def test_an_array_that_is_broken_among_others_is_a_record(tmp_path: Path, damage: str) -> None:
    """Of the split that its key says."""
    content = bytearray(stacks.npz(x_train=images(3)[:9], x_val=images(3)[9:12]))
    if damage == "encrypted":
        content[content.index(b"PK\1\2") + 8] |= 1
        content[6] |= 1
    else:
        content[content.index(images(3)[2].tobytes())] ^= 255
    run = here("compute", make.write(tmp_path / "data.npz", bytes(content)), "-o", "-")
    assert run.returncode == 3, run.stderr
    (record,) = json.loads(run.stdout)["unreadable"]
    assert (record["path"], record["split"]) == ("data.npz/x_train/", "train")


@pytest.mark.fault(70)
def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    """Whatever else is in the file counts; nothing is unpickled, and the safe way is named."""

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (open, (str(tmp_path / "trapped"), "w"))

    pickled = np.empty(2, object)
    pickled[:] = Trap()
    np.savez(tmp_path / "x.npz", images=pickled, y=pickled)
    with pytest.raises(NothingToRead, match=r"never unpickled; np\.stack of them"):
        library.compute(tmp_path / "x.npz", workers=0)
    np.savez(tmp_path / "x.npz", images=pickled, more=images(), y=pickled)
    stats = library.compute(tmp_path / "x.npz", workers=0)
    assert [(each.path, each.code) for each in stats.unreadable] == [
        ("x.npz/images", "unsupported_pixels")
    ]
    assert stats.splits["all"].images == TRAIN + TEST
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("name", ["cifar/data_batch_1", "x.pkl", "x.pickle", "x.pt"])
def test_pickles_are_refused_with_the_safe_way(tmp_path: Path, name: str) -> None:
    """Also a folder that has nothing else."""
    path = make.write(tmp_path / "data" / name, b"\x80\x04.")
    for data in (path, tmp_path / "data"):
        with pytest.raises(UsageError, match=r"never opened.*binary version.*numpy\.savez"):
            library.compute(data, workers=0)


@pytest.mark.parametrize(
    ("name", "labels"), [("data_batch_3.bin", 1), ("train.bin", 2), ("test.bin", 2)]
)
def test_cifar_is_read_by_its_records(tmp_path: Path, name: str, labels: int) -> None:
    """Planes of color behind one label, or two; the images are those of a folder."""
    array = np.stack([make.pixels(n, 32, 32) for n in range(7)])
    content = stacks.cifar(np.moveaxis(array, 3, 1), labels)
    make.write(tmp_path / name, content + content[:99])
    for number, each in enumerate(array):
        make.write(tmp_path / "same" / f"{number}.png", make.encoded(each))
    stats = library.compute(tmp_path / name, workers=0)
    (split,) = stats.splits
    assert split == ("test" if "test" in name else "train")
    same = library.compute(tmp_path / "same", workers=0).splits["all"]
    assert stats.splits[split].fingerprint.content == same.fingerprint.content
    assert stats.splits[split].std == same.std
    assert [record.code for record in stats.unreadable] == ["truncated"]


def test_stl_is_read_column_by_column(tmp_path: Path) -> None:
    """And its unlabeled images are a split of their own."""
    array = np.stack([make.pixels(n, 96, 96) for n in range(2)])
    content = array.transpose(0, 3, 2, 1).tobytes()
    for name in ("train_X.bin", "unlabeled_X.bin"):
        make.write(tmp_path / "stl" / name, content)
    make.write(tmp_path / "stl" / "train_y.bin", b"\1\2")
    for number, each in enumerate(array):
        make.write(tmp_path / "same" / f"{number}.png", make.encoded(each))
    stats = library.compute(tmp_path / "stl", workers=0)
    same = library.compute(tmp_path / "same", workers=0).splits["all"]
    assert stats.splits.keys() == {"train", "unlabeled"}
    for split in stats.splits.values():
        assert split.fingerprint.content == same.fingerprint.content


@pytest.mark.parametrize("code", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_every_type_of_idx_is_read(tmp_path: Path, code: str) -> None:
    array = (images() // 2).astype(code)
    make.write(tmp_path / "x-images-idx3-ubyte", stacks.idx(array))
    stats = library.compute(tmp_path / "x-images-idx3-ubyte", workers=0, max_value=1)
    mean = stats.splits["all"].mean
    assert mean is not None
    assert mean[0] == pytest.approx(array.astype(float).mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-images.idx3-ubyte", "train"),
        ("emnist-letters-test-images-idx3-ubyte.gz", "test"),
        ("t10k-images-idx3-ubyte", "test"),
        ("kmnist-images-idx3-ubyte", "all"),
    ],
)
def test_names_of_idx_files_say_splits(tmp_path: Path, name: str, split: str) -> None:
    content = stacks.idx(images())
    content = gzip.compress(content) if name.endswith(".gz") else content
    make.write(tmp_path / "data" / name, content)
    assert [*library.compute(tmp_path / "data", workers=0).splits] == [split]


def test_an_image_that_is_too_large_is_never_held(tmp_path: Path) -> None:
    """A compressed array says its shape before anything of it is read."""
    header = make.npy_of(b"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 40000, 40000)}\n")
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header + bytes(1000))
    with pytest.raises(NothingToRead, match="too_large"):
        library.compute(tmp_path / "x.npz", workers=0)


def test_a_file_that_is_another_now_is_a_record(tmp_path: Path) -> None:
    """Each image that was listed in it."""
    from normstat.errors import UnreadableImage
    from normstat.sources import open_source

    np.save(tmp_path / "x.npy", images())
    source = open_source(tmp_path / "x.npy")
    (shard, *_) = source.shards(source.selection())
    codes = []
    for change in (lambda: np.save(tmp_path / "x.npy", images()[1:]), (tmp_path / "x.npy").unlink):
        change()
        with shard.container.open() as reader, pytest.raises(UnreadableImage) as caught:
            reader.read(next(iter(shard)))
        codes.append(caught.value.code)
    assert codes == ["changed_while_read", "vanished"]


def test_hostile_members_are_ignored_and_counted(tmp_path: Path) -> None:
    """Names that lead out, what is no array; and two arrays of one name both count."""
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for name in ("../x.npy", "/x.npy", "a.txt"):
            archive.writestr(name, make.npy(images()))
        archive.writestr("a.npy", make.npy(images()[:7]))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", make.npy(images()[:6]))
    run = here("compute", tmp_path / "x.npz", "-o", "-")
    assert run.returncode == 0, run.stderr
    assert "2 members whose names lead out of the archive" in run.stderr
    assert json.loads(run.stdout)["splits"]["all"]["images"] == 13


@pytest.mark.matrix
def test_a_file_that_may_not_be_opened_is_a_record(tmp_path: Path) -> None:
    """And so is a link to nowhere."""
    names = ("a.npy", "b.npz", "c-idx3-ubyte", "data_batch_1.bin")
    for name in names:
        make.write(tmp_path / name, b"x").chmod(0)
        run = normstat("compute", tmp_path / name, "-o", "-", "-j", "0", anyone=True)
        assert run.returncode == 2
        assert f"{name}/: permission_denied" in run.stderr
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.npz").symlink_to(tmp_path / "nowhere")
    run = here("compute", tmp_path / "x", "-o", "-")
    assert run.returncode == 2
    assert "a.npz/: not_regular" in run.stderr


def test_names_have_as_many_digits_as_they_need(tmp_path: Path) -> None:
    """So that their byte order is that of the images."""
    from normstat.images import LocalFiles
    from normstat.sources.numbered import Stack

    for count in (1, 999_999, 1_000_001):
        names = list(Stack(LocalFiles(""), count, 1).names)
        assert len(names) == count
        assert names[-1] == f"{count - 1:06}"
        assert {len(name) for name in names} == {len(names[-1])}
        assert names[0] == "0" * len(names[0])


def test_layouts_are_no_matter_of_cifar(tmp_path: Path) -> None:
    make.write(tmp_path / "test_batch.bin", bytes(3073))
    with pytest.raises(UsageError, match='layout="hwc": these files have planes of color'):
        library.compute(tmp_path / "test_batch.bin", layout="hwc", workers=0)


def test_an_array_that_is_compressed_the_other_way_is_refused(tmp_path: Path) -> None:
    """It would have to be held whole; the record says what to do."""
    np.savez_compressed(tmp_path / "x.npz", x=np.asfortranarray(images()))
    with pytest.raises(NothingToRead, match=r"save np\.ascontiguousarray of it"):
        library.compute(tmp_path / "x.npz", workers=0)
    np.savez_compressed(tmp_path / "x.npz", one=np.asfortranarray(images()[0]))
    assert library.compute(tmp_path / "x.npz", workers=0).splits["all"].images == 1


def test_an_index_that_is_none_is_refused(tmp_path: Path) -> None:
    """A line, a stack that is gone, a stack of another shape, and one that is cut."""
    data = folder(tmp_path / "data", images())
    out = tmp_path / "out"
    library.apply(data, out, "unit", store="stack", workers=0)
    index, stack = out / "index.jsonl", out / "train.npy"
    lines, content = index.read_bytes(), stack.read_bytes()
    row = 4 * 11 * 14
    stack.write_bytes(content[: -row * 2])
    stats = library.compute(out, workers=0)
    assert [(each.path, each.code) for each in stats.unreadable] == [
        ("train/019.npy", "truncated"),
        ("train/020.npy", "truncated"),
    ]
    np.save(stack, images()[:TRAIN].astype("f4"))
    assert {each.code for each in library.compute(out, workers=0).unreadable} == {"corrupt"}
    stack.unlink()
    assert {each.code for each in library.compute(out, workers=0).unreadable} == {"vanished"}
    for line in (b"x", b"{}", b"[]", lines.split(b"\n")[0].replace(b'put": "', b'put": "../', 1)):
        index.write_bytes(line + b"\n")
        with pytest.raises(UsageError, match=r"line 1 is not one that apply writes"):
            library.compute(out, workers=0)
    index.unlink()
    with pytest.raises(UsageError, match=r"index\.jsonl: cannot be read .*; run apply again"):
        library.compute(out, workers=0)


def test_a_file_beside_its_compressed_form_counts_once(tmp_path: Path) -> None:
    """As torchvision leaves them."""
    content = stacks.idx(images())
    make.write(tmp_path / "data" / "train-images-idx3-ubyte", content)
    make.write(tmp_path / "data" / "train-images-idx3-ubyte.gz", gzip.compress(content))
    run = here("compute", tmp_path / "data", "-o", "-")
    assert "train-images-idx3-ubyte.gz: lies beside train-images-idx3-ubyte" in run.stderr
    assert json.loads(run.stdout)["splits"]["train"]["images"] == TRAIN + TEST


def test_pickles_beside_arrays_are_no_matter(tmp_path: Path) -> None:
    """A folder with a model beside its data."""
    np.savez(tmp_path / "x.npz", x=images())
    make.write(tmp_path / "model.pt", b"\x80\x04.")
    assert library.compute(tmp_path, workers=0).settings.source == {"kind": "npz"}


def test_apply_reads_a_stack_as_its_statistics_were(tmp_path: Path) -> None:
    """Also where the shape alone would not tell."""
    array = np.random.default_rng(1).integers(0, 255, (9, 8, 7, 6), np.uint8)
    np.save(tmp_path / "x.npy", array)
    stats = library.compute(tmp_path / "x.npy", workers=0, layout="nchw")
    library.apply(tmp_path / "x.npy", tmp_path / "out", stats, from_split="all", workers=0)
    found = np.stack([np.load(path) for path in sorted((tmp_path / "out" / "x.npy").iterdir())])
    assert found.shape == array.shape
    assert np.allclose(found.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    assert np.allclose(found.std(axis=(0, 2, 3)), 1, atol=1e-6)
