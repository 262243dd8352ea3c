"""``apply`` writes what the normalizer gives for each image, and records the truth about it."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import applied
import make
import numpy as np
import pytest
from command import normstat as normstat_command
from numpy.typing import NDArray
from PIL import Image
from told import Told

import normstat
from normstat.errors import FlatImage, OutOfRange, Stopped, UsageError
from normstat.executors import InProcess
from normstat.methods import METHODS
from normstat.sources import Selection, Survey
from normstat.sources.tree_source import TreeSource
from normstat.verbs.apply.job import ShardResult

METHODS_BY_IMAGE = [name for name, method in METHODS.items() if method.per_image]
KEYS = """
schema normstat decoder settings method epsilon preset stats dtype layout store channels a b
normalizers complete range splits unreadable
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train and val with color, gray and turned images, damaged ones, and one of 16 bits."""
    data = applied.photos(tmp_path_factory.mktemp("mixed") / "data", {"train/a": 4, "val": 3})
    gray = make.pixels(1, 11, 8, channels=1)
    deep = make.pixels(2, 10, 9, channels=1, dtype="uint16")
    make.write(data / "train" / "a-1" / "gray.png", make.encoded(gray))
    make.write(data / "train" / "a.jpg", applied.sideways(make.pixels(3, 20, 31)))
    make.write(data / "train" / "b" / "deep.png", make.encoded(deep))
    make.write(data / "train" / "b" / "cut.png", make.encoded(gray)[:-30])
    make.write(data / "val" / "empty.png", b"")
    return data


@pytest.fixture(scope="module")
def stats(mixed: Path) -> normstat.Stats:
    """Of the mixed images, with all that a method may need."""
    return normstat.compute(mixed, covariance=True, workers=0)


def expected(
    data: Path, normalizer: normstat.Normalizer, layout: str = "chw"
) -> dict[str, NDArray[Any]]:
    """The arrays of all 8-bit images of a folder that are whole."""
    made = {}
    for path in sorted(data.rglob("*.*")):
        if path.stem in ("deep", "cut", "empty"):
            continue
        array = normalizer(applied.seen(path))
        name = str(path.relative_to(data).with_suffix(".npy"))
        made[name] = array if layout == "hwc" else np.moveaxis(array, 2, 0)
    return made


def assert_same(found: dict[str, NDArray[Any]], wanted: dict[str, NDArray[Any]]) -> None:
    """The same names, and bit for bit the same values."""
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == np.ascontiguousarray(array).tobytes(), name


# ------------------------------------------------------------------------ what is in the arrays


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("layout", ["chw", "hwc"])
def test_each_array_is_what_the_normalizer_gives(
    tmp_path: Path, mixed: Path, stats: normstat.Stats, method: str, layout: str
) -> None:
    """Every method, on images that Pillow read and turned by itself."""
    needs = None if METHODS[method].needs.name == "NOTHING" else stats
    # Without statistics the gray image of 16 bits has its array, too.
    exclude = () if needs else "deep.png"
    out = tmp_path / "out"
    done = normstat.apply(
        mixed, out, needs, method=method, layout=layout, exclude=exclude, workers=0
    )
    normalizer = normstat.normalizer(needs, method=method)
    assert_same(applied.arrays(out), expected(mixed, normalizer, layout))
    assert done.images == 9


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_each_dtype(tmp_path: Path, mixed: Path, stats: normstat.Stats, dtype: str) -> None:
    """Half, single and double precision."""
    normstat.apply(mixed, tmp_path / "out", stats, dtype=dtype, workers=0)
    assert_same(
        applied.arrays(tmp_path / "out"), expected(mixed, normstat.normalizer(stats, dtype=dtype))
    )


def test_the_order_that_is_stored(tmp_path: Path, mixed: Path) -> None:
    """With exif=False images stay as the file has them."""
    normstat.apply(mixed, tmp_path / "out", "unit", include="a.jpg", exif=False, workers=0)
    with Image.open(mixed / "train" / "a.jpg") as image:
        stored = np.moveaxis(np.array(image), 2, 0)
    (array,) = applied.arrays(tmp_path / "out").values()
    assert array.tobytes() == (stored / np.float32(255)).astype("float32").tobytes()
    assert applied.record(tmp_path / "out")["settings"]["exif"] is False


def test_presets_of_the_other_order(tmp_path: Path, mixed: Path) -> None:
    """A BGR preset writes BGR, and ``compute`` names the channels so."""
    options: dict[str, Any] = {"channels": "rgb", "workers": 0}
    normstat.apply(mixed, tmp_path / "out", "vgg", **options)
    image = applied.seen(mixed / "train" / "a" / "000.png").astype("float64")
    caffe = image[:, :, ::-1] - [103.939, 116.779, 123.68]
    array = np.load(tmp_path / "out" / "train" / "a" / "000.npy")
    assert np.abs(np.moveaxis(array, 0, 2) - caffe).max() < 1e-4
    found = applied.record(tmp_path / "out")
    assert (found["preset"], found["channels"], found["stats"]) == ("caffe", ["B", "G", "R"], None)
    assert normstat.compute(tmp_path / "out", workers=0).splits["train"].channels == tuple("BGR")


@pytest.mark.parametrize("own", [False, True])
def test_the_result_has_mean_0_and_std_1(
    tmp_path: Path, mixed: Path, stats: normstat.Stats, own: bool
) -> None:
    """What was normalized with its own statistics is normal, and what was not is not."""
    normstat.apply(mixed, tmp_path / "out", stats, own_split=own, workers=0)
    again = normstat.compute(tmp_path / "out", workers=0)
    for split in ("train", "val") if own else ("train",):
        mean, std = again.splits[split].mean, again.splits[split].std
        assert mean is not None
        assert std is not None
        assert np.abs(mean).max() < 1e-5
        assert np.abs(np.subtract(std, 1)).max() < 1e-5
    val = again.splits["val"].mean
    assert (np.abs(val or ()).max() > 1e-3) is not own
    names = {"train", "val"} if own else {"train"}
    assert set(applied.record(tmp_path / "out")["stats"]) == names


def test_from_another_split(tmp_path: Path, mixed: Path, stats: normstat.Stats) -> None:
    """The numbers of a named split normalize all, and the record has its fingerprints."""
    normstat.apply(mixed, tmp_path / "out", stats, from_split="val", workers=0)
    assert_same(
        applied.arrays(tmp_path / "out"), expected(mixed, normstat.normalizer(stats, split="val"))
    )
    prints = stats.splits["val"].fingerprint
    assert applied.record(tmp_path / "out")["stats"] == {
        "val": {name: f"{getattr(prints, name):032x}" for name in ("paths", "files", "pixels")}
    }


def test_whitened_channels_are_not_correlated(
    tmp_path: Path, mixed: Path, stats: normstat.Stats
) -> None:
    """Their covariance is the identity."""
    normstat.apply(mixed, tmp_path / "out", stats, method="whiten", workers=0)
    again = normstat.compute(tmp_path / "out", covariance=True, workers=0).splits["train"]
    assert np.abs(np.subtract(again.covariance or (), np.eye(3))).max() < 1e-4


def test_resized_as_the_statistics_were(tmp_path: Path, mixed: Path) -> None:
    """What the stats file records is done, so the result is normal again."""
    stats = normstat.compute(mixed, resize=9, crop=8, workers=0)
    normstat.apply(mixed, tmp_path / "out", stats, workers=0)
    found = applied.arrays(tmp_path / "out")
    assert {array.shape for array in found.values()} == {(3, 8, 8)}
    again = normstat.compute(tmp_path / "out", workers=0).splits["train"]
    assert np.abs(again.mean or ()).max() < 1e-5
    settings = applied.record(tmp_path / "out")["settings"]
    assert (settings["resize"], settings["crop"]) == (9, 8)


NPY = {
    "uint8": make.pixels(1, 7, 9),
    "uint16": make.pixels(2, 7, 9, channels=5, dtype="uint16"),
    "int16": (make.pixels(3, 7, 9, channels=2) * 100.0 - 9000).astype("int16"),
    "float32": (make.pixels(4, 7, 9, channels=5) / np.float32(51) + 1e4).astype("float32"),
    "float64": make.pixels(5, 7, 9, channels=4) / 3 - 1e6,
}


@pytest.mark.parametrize("array", NPY.values(), ids=NPY)
@pytest.mark.parametrize("method", ["standard", "min-max", "image-per-channel"])
def test_arrays_are_images(tmp_path: Path, array: NDArray[Any], method: str) -> None:
    """Any number of bands, bits and offsets in ``.npy`` files."""
    path = make.write(tmp_path / "data" / "train" / "x.npy", make.npy(array))
    stats = normstat.compute(path.parent.parent, layout="hwc", workers=0)
    source = None if METHODS[method].per_image else stats
    normstat.apply(
        tmp_path / "data", tmp_path / "out", source, method=method, input_layout="hwc", workers=0
    )
    normalizer = normstat.normalizer(source, method=method)
    wanted = np.moveaxis(normalizer(array), 2, 0)
    assert_same(applied.arrays(tmp_path / "out"), {"train/x.npy": wanted})


def test_a_folder_of_arrays_is_read_as_it_was_written(tmp_path: Path, mixed: Path) -> None:
    """The record in a folder of arrays says where their channels are, and what they are called."""
    normstat.apply(mixed, tmp_path / "one", "caffe", channels="rgb", workers=0)
    normstat.apply(tmp_path / "one", tmp_path / "two", "image-min-max", layout="hwc", workers=0)
    by_image = normstat.normalizer("image-min-max")
    wanted = {
        name: by_image(np.moveaxis(array, 0, 2))
        for name, array in applied.arrays(tmp_path / "one").items()
    }
    assert_same(applied.arrays(tmp_path / "two"), wanted)
    assert {tuple(line["channels"]) for line in applied.index(tmp_path / "two")} == {tuple("BGR")}


def test_where_the_layout_of_arrays_is_from(tmp_path: Path) -> None:
    """What is asked for, else the record beside the arrays, the statistics', or the shape."""
    array = make.pixels(1, 5, 6, channels=4).astype("float32")
    make.write(tmp_path / "bare" / "train" / "x.npy", make.npy(array))
    normstat.apply(tmp_path / "bare", tmp_path / "written", "unit", workers=0)
    of_chw = normstat.compute(tmp_path / "bare", layout="chw", workers=0)
    of_hwc = normstat.compute(tmp_path / "bare", workers=0)
    cases: list[tuple[str, Any, str | None, tuple[int, ...]]] = [
        ("bare", "unit", None, (4, 5, 6)),
        ("bare", "unit", "chw", (5, 6, 4)),
        ("bare", of_chw, None, (5, 6, 4)),
        ("written", of_hwc, None, (4, 5, 6)),
        ("written", "unit", "hwc", (6, 4, 5)),
    ]
    for place, (data, source, asked, shape) in enumerate(cases):
        out = tmp_path / f"out{place}"
        done = normstat.apply(tmp_path / data, out, source, input_layout=asked, workers=0)
        assert done.first[0].shape == shape


# ------------------------------------------------------------------------------- what is recorded


def test_the_record(tmp_path: Path, mixed: Path, stats: normstat.Stats) -> None:
    """Counts, range and the unreadable are those of the arrays that are there."""
    out = tmp_path / "out"
    done = normstat.apply(mixed, out, stats, workers=0)
    found = applied.record(out)
    assert list(found) == KEYS.split()
    everything = np.concatenate([array.ravel() for array in applied.arrays(out).values()])
    assert found["range"] == [everything.min(), everything.max()] == list(done.range or ())
    assert found["complete"] is False
    assert found["splits"] == {
        "train": {"listed": 8, "images": 6, "unreadable": 2},
        "val": {"listed": 4, "images": 3, "unreadable": 1},
    }
    assert (done.listed, done.images) == (12, 9)
    codes = {
        "train/b/cut.png": "truncated",
        "train/b/deep.png": "other_depth",
        "val/empty.png": "empty",
    }
    assert {line["path"]: line["code"] for line in found["unreadable"]} == codes
    assert {record.path: record.code for record in done.unreadable} == codes
    assert {line["split"] for line in found["unreadable"]} == {"train", "val"}
    normalizer = normstat.normalizer(stats)
    assert (tuple(found["a"]), tuple(found["b"])) == (normalizer.a, normalizer.b)
    assert sorted(path.name for path in out.iterdir()) == [
        "index.jsonl", "normstat.json", "train", "val",
    ]  # fmt: skip


@pytest.mark.parametrize("store", ["npy", "stack"])
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_complete_without_damage(tmp_path: Path, store: str, dtype: str) -> None:
    """A set in which every image has its array, and how many bytes these are."""
    data = applied.photos(tmp_path / "data", {"train": 3, "val": 2})
    out = tmp_path / "out"
    done = normstat.apply(data, out, "unit", store=store, dtype=dtype, crop=6, workers=0)
    found = applied.record(tmp_path / "out")
    assert (found["complete"], found["unreadable"], done.unreadable) == (True, [], ())
    assert done.bytes == sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.npy"))


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_bytes_are_of_what_was_written(tmp_path: Path, store: str) -> None:
    """Images with a whole header and damaged pixels have none."""
    data = applied.photos(tmp_path / "data", {"train": 3, "val": 2})
    make.write(data / "train" / "cut.png", make.encoded(make.pixels(1, 9, 13))[:-30])
    done = normstat.apply(data, tmp_path / "out", "unit", store=store, crop=6, workers=0)
    assert done.bytes == sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.npy"))


@pytest.mark.parametrize("name", ["imagenet", "TorchVision", "vgg"])
def test_presets_are_recorded_under_their_own_name(tmp_path: Path, name: str) -> None:
    """Also where a program asked for one by an alias."""
    data = applied.photos(tmp_path / "data", {"train": 1})
    normstat.apply(data, tmp_path / "out", name, workers=0)
    own = "caffe" if name == "vgg" else "imagenet"
    assert applied.record(tmp_path / "out")["preset"] == own


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_the_index(tmp_path: Path, store: str) -> None:
    """A line for each array, in the order of the walk, that leads from the image to its array."""
    data = applied.photos(tmp_path / "data", {"train/a": 3, "train/a-1": 2, "val": 2})
    make.write(data / "train" / "a.jpg", applied.sideways(make.pixels(3, 20, 31)))
    make.write(data / "train" / "b.png", make.encoded(make.pixels(4, 9, 8, channels=1)))
    options: dict[str, Any] = {"channels": "rgb", "resize": 8, "crop": 7}
    out = tmp_path / "out"
    normstat.apply(data, out, "image", store=store, workers=0, **options)
    lines = applied.index(out)
    assert [line["input"] for line in lines] == [
        "train/a-1/000.png", "train/a-1/001.png", "train/a.jpg",
        "train/a/000.png", "train/a/001.png", "train/a/002.png", "train/b.png",
        "val/000.png", "val/001.png",
    ]  # fmt: skip
    keys = ["input", "output", *(["row"] if store == "stack" else []), "split", "shape", "dtype"]
    for line in lines:
        assert list(line) == [*keys, "channels", "a", "b"]
        assert (line["dtype"], line["channels"]) == ("uint8", ["R", "G", "B"])
        array = np.load(out / line["output"], mmap_mode="r")
        array = array[line["row"]] if store == "stack" else array
        assert list(array.shape) == line["shape"] == [3, 7, 7]
        assert abs(float(array.mean())) < 1e-5
        assert line["split"] == line["input"].split("/")[0]


def test_the_index_has_what_was_done_to_each_image(tmp_path: Path, mixed: Path) -> None:
    """a and b on stored pixels, for methods that take them from the image."""
    for method in METHODS_BY_IMAGE:
        out = tmp_path / method
        normstat.apply(mixed, out, method, workers=0)
        for line in applied.index(out):
            pixels = np.moveaxis(applied.seen(mixed / line["input"]).astype("float64"), 2, 0)
            a, b = (np.array(line[name]).reshape(-1, 1, 1) for name in "ab")
            assert np.abs(a * pixels + b - np.load(out / line["output"])).max() < 1e-5
    normstat.apply(mixed, tmp_path / "unit", "unit", workers=0)
    assert not any({"a", "b"} & set(line) for line in applied.index(tmp_path / "unit"))


@pytest.mark.sampled
@pytest.mark.parametrize("store", ["npy", "stack"])
def test_any_number_of_workers(tmp_path: Path, store: str) -> None:
    """Arrays, index and record are the same bytes."""
    data = tmp_path / "data"
    for place in range(24):
        make.write(
            data / "train" / f"{place}.ppm", make.encoded(make.pixels(place, 300, 301), "PPM")
        )
    make.write(data / "train" / "13-cut.ppm", make.encoded(make.pixels(1, 300, 301), "PPM")[:999])
    for workers in (0, 1, 2, 5):
        out = tmp_path / str(workers)
        done = normstat.apply(data, out, "image", store=store, workers=workers, crop=64)
        assert (done.images, len(done.unreadable)) == (24, 1)
        assert applied.tree(out) == applied.tree(tmp_path / "0")


def test_progress_is_told_of_every_image(tmp_path: Path, mixed: Path) -> None:
    """The steps add up to the total, and it is said which splits there are."""

    told = Told()
    normstat.apply(mixed, tmp_path / "out", "unit", workers=0, progress=told)
    assert (told.totals, sum(told.advances), len(told.notices)) == ([12], 12, 2)


def test_what_no_array_has_is_said(tmp_path: Path) -> None:
    """Further frames and alpha, as compute says it; there is nothing to say of channels."""
    first, second = (Image.fromarray(make.pixels(seed, 9, 12, channels=1)) for seed in (1, 2))
    pages = make.encoded(first, "TIFF", save_all=True, append_images=[second])
    make.write(tmp_path / "data" / "a.tif", pages)
    make.write(tmp_path / "alpha" / "a.png", make.encoded(first.convert("LA")))

    told = Told()
    options = {"from_split": "all", "workers": 0, "progress": told}
    normstat.apply(tmp_path / "data", tmp_path / "0", "unit", workers=0, progress=told)
    assert any("1 image has further frames or pages" in line for line in told.notices)
    normstat.apply(tmp_path / "alpha", tmp_path / "1", "unit", workers=0, progress=told)
    assert "1 image has alpha (transparency), which is left out" in told.notices
    told.notices.clear()
    stats = normstat.compute(tmp_path / "data", workers=0, frames="channels")
    normstat.apply(tmp_path / "data", tmp_path / "2", stats, **options)
    assert not any("further frames" in line for line in told.notices)


def test_names_are_surveyed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second pass over the images has nothing new to tell, so it does not look again."""
    surveys = []
    survey = TreeSource.survey

    def counted(self: TreeSource, selection: Selection) -> Survey:
        surveys.append(selection)
        return survey(self, selection)

    monkeypatch.setattr(TreeSource, "survey", counted)
    data = applied.photos(tmp_path / "data", {"train": 2})
    normstat.apply(data, tmp_path / "out", "unit", workers=0)
    assert len(surveys) == 1


# ------------------------------------------------------------------------------------------ names

ODD = [
    b"new\nline",
    b"not utf-8 \xff\xfe\xc3",
    b" spaces ",
    b"-o",
    b"back\\slash",
    b"a.tar",
    "\u202egnp".encode(),
    b"x" * 250,
]


@pytest.mark.skipif(sys.platform != "linux", reason="only there names are just bytes")
@pytest.mark.parametrize("workers", [0, 2])
def test_any_name(tmp_path: Path, workers: int) -> None:
    """Arrays have the bytes of their images' names, and the index tells them."""
    import os

    data, out = os.fsencode(tmp_path / "data"), os.fsencode(tmp_path / "out")
    png = make.encoded(make.pixels(1, 3, 4))
    for name in ODD:
        os.makedirs(data + b"/in " + name[:240])
        for path in (name + b".png", b"in " + name[:240] + b"/1.PNG"):
            with open(data + b"/" + path, "wb") as file:
                file.write(png)
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=workers)
    lines = applied.index(tmp_path / "out")
    assert {os.fsencode(line["input"]) for line in lines} == {
        path for name in ODD for path in (name + b".png", b"in " + name[:240] + b"/1.PNG")
    }
    for line in lines:
        path = os.fsencode(line["output"])
        assert path == os.path.splitext(os.fsencode(line["input"]))[0] + b".npy"
        assert os.path.getsize(out + b"/" + path) == 128 + 3 * 4 * 3 * 4


def test_names_that_only_look_as_if_they_met(tmp_path: Path) -> None:
    """Folders between the files of another, and one name in several folders."""
    paths = ["a-1/x.png", "a.png", "a/x.png", "a/x/y.png", "a0/x.png", "b/a.png", "ab/c/x.png"]
    for path in paths:
        make.write(tmp_path / "data" / path, make.encoded(make.pixels(1, 3, 4)))
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0)
    assert sorted(applied.arrays(tmp_path / "out")) == sorted(p[:-4] + ".npy" for p in paths)


# ----------------------------------------------------------------------------------- dry runs


def test_a_dry_run_writes_nothing_and_says_what_would_be(tmp_path: Path, mixed: Path) -> None:
    """What it says is what a run then does."""
    data = applied.photos(tmp_path / "data", {"train": 5})
    dry = normstat.apply(data, tmp_path / "out", "symmetric", dry_run=True, workers=0)
    assert not (tmp_path / "out").exists()
    wet = normstat.apply(data, tmp_path / "out", "symmetric", workers=0)
    assert (dry.images, dry.files, dry.bytes, dry.first, dry.outputs) == (
        wet.images, wet.files, wet.bytes, wet.first, wet.outputs,
    )  # fmt: skip
    assert dry.outputs == ("train/000.npy", "train/001.npy", "train/002.npy")
    three = [np.load(tmp_path / "out" / name) for name in dry.outputs]
    assert [row.shape for row in dry.first] == [array.shape for array in three]
    assert dry.range == (min(a.min() for a in three), max(a.max() for a in three))
    assert dry.free > 0


# ------------------------------------------------------------------- images without an answer


@pytest.mark.parametrize("what", ["rows", "unreadable"])
def test_an_image_that_is_lost_on_the_way_is_a_bug(tmp_path: Path, what: str) -> None:
    """A run whose images are not all arrays or records never looks finished."""

    class Losing(InProcess):
        def map(self, job: Any, shards: Any) -> Any:
            for number, result in super().map(job, shards):
                lost = isinstance(result, ShardResult)
                yield number, replace(result, **{what: ()}) if lost else result

    data = applied.photos(tmp_path / "data", {"train": 2, "val": 1})
    make.write(data / "train" / "cut.png", make.encoded(make.pixels(1, 9, 13))[:-30])
    with pytest.raises(RuntimeError, match="train: 3 images listed"):
        normstat.apply(data, tmp_path / "out", "unit", engine=Losing())
    assert not (tmp_path / "out" / "normstat.json").exists()


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("method", METHODS_BY_IMAGE)
def test_a_flat_image_ends_the_run(tmp_path: Path, method: str, workers: int) -> None:
    """It is named; what was whole before stays, and nothing says that the run is complete."""
    data = applied.photos(tmp_path / "data", {"train": 3})
    make.write(data / "train" / "001.png", make.encoded(np.full((5, 6, 3), 9, dtype=np.uint8)))
    with pytest.raises(FlatImage, match=r"^train/001\.png: .*epsilon=E") as caught:
        normstat.apply(data, tmp_path / "out", method, workers=workers)
    assert caught.value.exit_code == 4
    left = applied.tree(tmp_path / "out")
    assert "normstat.partial.json" in left
    assert not {"normstat.json", ".normstat/"} & set(left)
    with pytest.raises(UsageError, match="epsilon"):
        normstat.apply(data, tmp_path / "out", method, epsilon=0.1, skip_existing=True, workers=0)
    assert applied.tree(tmp_path / "out") == left
    normstat.apply(data, tmp_path / "out", method, epsilon=0.1, overwrite=True, workers=0)
    assert applied.record(tmp_path / "out")["splits"]["train"]["images"] == 3
    assert "normstat.partial.json" not in applied.tree(tmp_path / "out")


def test_a_value_beyond_float16_ends_the_run(tmp_path: Path) -> None:
    """Floats have no largest pixel, so it is found when it is met, before it is infinity."""
    for place, largest in enumerate((1.0, 1e6, 2.0)):
        make.write(
            tmp_path / "data" / "train" / f"{place}.npy",
            make.npy(np.array([[[0.0], [largest]]], dtype="float32")),
        )
    with pytest.raises(OutOfRange, match=r"^train/1\.npy: .*float16") as caught:
        normstat.apply(
            tmp_path / "data",
            tmp_path / "out",
            "unit",
            dtype="float16",
            input_layout="hwc",
            workers=0,
        )
    assert isinstance(caught.value, Stopped)
    found = applied.arrays(tmp_path / "out")
    assert list(found) == ["train/0.npy"]
    assert not (tmp_path / "out" / "normstat.json").exists()


@pytest.mark.matrix
def test_statistics_that_a_method_does_not_use(
    tmp_path: Path, mixed: Path, stats: normstat.Stats
) -> None:
    """A method of each image's own numbers says so; one that takes those of the statistics, not."""
    normstat.save(stats, tmp_path / "s.json")
    for method, number in (("image", 1), ("center", 0)):
        run = normstat_command(
            "apply", mixed, tmp_path / method, "--stats", tmp_path / "s.json", "--method", method
        )
        assert run.stderr.count(f"--method {method} uses no mean or std") == number
