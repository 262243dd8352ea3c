"""Arrays in memory are images as their .npy files are."""

import io
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from told import Told

import normstat
from normstat.errors import NothingToRead, UnknownSplit, UsageError
from normstat.images import Shard
from normstat.sources.arrays import Arrays
from normstat.statsfile import dumps

IMAGES = [make.pixels(seed, 6, 5 + seed % 3) for seed in range(150)]


class Tensor:
    """As much of a tensor as is looked at."""

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array

    def __array__(self) -> NDArray[Any]:
        raise TypeError("on another device")

    def detach(self) -> "Tensor":
        return self

    def cpu(self) -> "Tensor":
        return self

    def numpy(self) -> NDArray[Any]:
        return self._array


class Dataset:
    """Items by index, and never an IndexError, as of PyTorch."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index % len(self._items)]


def same_memory() -> Iterator[NDArray[Any]]:
    """Each image in the memory of the one before."""
    memory = np.empty((6, 5, 3), np.uint8)
    for image in IMAGES[::3]:
        memory[:] = image
        yield memory


FORMS: dict[str, Callable[[], Any]] = {
    "list": lambda: IMAGES[::3],
    "iterator": lambda: iter(IMAGES[::3]),
    "stack": lambda: np.stack(IMAGES[::3]),
    "same-memory": same_memory,
    "data-set": lambda: Dataset(IMAGES[::3]),
    "with-labels": lambda: Dataset([(image, 7) for image in IMAGES[::3]]),
    "tensors": lambda: [(Tensor(image), "cat") for image in IMAGES[::3]],
    "a-tensor": lambda: Tensor(np.stack(IMAGES[::3])),
    "pillow": lambda: map(Image.fromarray, IMAGES[::3]),
    "other-order": lambda: [np.asfortranarray(image) for image in IMAGES[::3]],
    "names": lambda: [(f"{number:06}", image) for number, image in enumerate(IMAGES[::3])],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_images(form: str) -> None:
    """The same bytes of the stats file; an iterator is read once, as it comes."""
    stats = normstat.compute(FORMS[form](), covariance=True)
    assert dumps(stats) == dumps(normstat.compute(IMAGES[::3], covariance=True))
    assert stats.settings.source == {"kind": "arrays"}


DTYPES = ["bool", "uint8", "uint16", "int16", "float32", "float64", ">f4", "complex64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", [None, "hwc", "chw"])
def test_an_array_counts_as_its_file(tmp_path: Path, dtype: str, layout: str | None) -> None:
    """Numbers, fingerprints, records and all: of the arrays, and of .npy files of them."""
    arrays = {f"{n:06}.npy": make.pixels(n, 3, 6, channels=5).astype(dtype) for n in range(4)}
    for name, array in list(arrays.items())[:2]:
        arrays[name] = np.ascontiguousarray(array[:, :, 0])
    if dtype.startswith("float"):
        arrays["000004.npy"] = np.full((4, 4), np.nan, dtype)
    for name, array in arrays.items():
        np.save(tmp_path / name, array)
    if dtype == "complex64":
        with pytest.raises(NothingToRead) as of_files_error:
            normstat.compute(tmp_path, workers=0, layout=layout)
        with pytest.raises(NothingToRead) as of_arrays_error:
            normstat.compute(arrays.items(), layout=layout)
        said = (str(error.value).partition(":")[2] for error in (of_files_error, of_arrays_error))
        assert len({*said}) == 1
        return
    of_files = normstat.compute(tmp_path, workers=0, layout=layout, split_dir={"all": "."})
    stats = normstat.compute(arrays.items(), layout=layout)
    assert stats.splits == of_files.splits
    assert stats.unreadable == of_files.unreadable
    assert {**vars_of(stats), "split_dirs": {}} == {**vars_of(of_files), "split_dirs": {}}


def vars_of(stats: normstat.Stats) -> dict[str, Any]:
    """Settings without the source."""
    settings = replace(stats.settings, source={})
    return {name: getattr(settings, name) for name in settings.__slots__}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I", "F", "I;16"])
def test_a_pillow_image_counts_as_its_file(tmp_path: Path, mode: str) -> None:
    """Palettes, transparency and few bits mean what they mean in a file."""
    gray = Image.fromarray(make.pixels(1, 6, 7, channels=1))
    image = gray.convert("I").convert("I;16") if mode == "I;16" else gray.convert(mode)
    if mode in ("I", "F"):
        np.save(tmp_path / "x.npy", np.asarray(image))
    else:
        image.save(tmp_path / "x.png")
    (file,) = normstat.compute(tmp_path, workers=0, split_dir={"all": "."}).splits.values()
    (split,) = normstat.compute([("x", image)]).splits.values()
    assert (split.mean, split.std, split.channels) == (file.mean, file.std, file.channels)
    assert split.fingerprint.content == file.fingerprint.content
    assert split.per_image == file.per_image
    assert split.notes["alpha_dropped"] == file.notes["alpha_dropped"]


def test_a_dict_gives_splits() -> None:
    """Numbers begin in each; one split may be asked for; what there is not is an error."""
    given = {"train": IMAGES[:3], "val": [("a.png", IMAGES[4])]}
    told = Told()
    stats = normstat.compute(given, progress=told)
    assert [(name, split.images) for name, split in stats.splits.items()] == [
        ("train", 3),
        ("val", 1),
    ]
    assert told.notices == ["train: 3 images (arrays)", "val: 1 image (arrays)"]
    assert told.totals == [4]
    source = Arrays(given)
    names = [shard.names for shard in source.shards(source.selection())]
    assert names == [("train/000000", "train/000001", "train/000002"), ("a.png",)]
    assert list(normstat.compute(given, split="val").splits) == ["val"]
    with pytest.raises(UnknownSplit, match="no split 'test'; found: train, val"):
        normstat.compute(given, split="test")


def test_a_stream_is_not_held() -> None:
    """As many images as a shard has are in memory, whoever gives them; nothing says a total."""
    drawn = 0

    def images() -> Iterator[NDArray[Any]]:
        nonlocal drawn
        for _ in range(1000):
            drawn += 1
            yield IMAGES[0]

    told = Told()
    source = Arrays(images())
    next(source.shards(source.selection()))
    assert drawn == 128
    large = Arrays(np.zeros((1 << 10, 1 << 10), np.uint8) for _ in range(99))
    assert len(next(large.shards(large.selection()))) == 4
    assert normstat.compute(images(), progress=told).splits["all"].images == 1000
    assert (told.totals, told.notices) == ([], [])
    assert sum(told.advances) == 1000


def test_its_shards_keep_the_laws() -> None:
    """Repeatable where the images are; cut, sent to another process, read by head or whole."""
    source = Arrays(IMAGES)
    shards = list(source.shards(source.selection()))
    again = list(source.shards(source.selection(), versions=True))
    assert [shard.names for shard in shards] == [shard.names for shard in again]
    assert [len(shard.versions) for shard in again] == [len(shard) for shard in shards]
    assert source.survey(source.selection()).images == {"all": len(IMAGES)}
    for shard in shards:
        payloads = read(shard)
        assert [*map(np.array_equal, read(pickle.loads(pickle.dumps(shard))), payloads)]
        odd = shard.only(range(1, len(shard), 2))
        assert all(map(np.array_equal, read(odd), payloads[1::2]))
        with shard.container.open() as reader, reader.head(next(iter(shard))) as file:
            assert np.array_equal(np.load(file), payloads[0])
    once = Arrays(iter(IMAGES))
    list(once.shards(once.selection()))
    with pytest.raises(UsageError, match="can be read once"):
        list(once.shards(once.selection()))


def read(shard: Shard) -> list[Any]:
    """All payloads."""
    with shard.container.open() as reader:
        return [reader.read(sample) for sample in shard]


def test_some_that_cannot_be_counted_are_records() -> None:
    """By name or number, as of files; the run goes on."""
    images = [np.zeros((4, 5)), np.full((4, 5), np.inf), ("x", np.zeros((4, 5), complex))]
    stats = normstat.compute(images)
    assert [(record.path, record.code) for record in stats.unreadable] == [
        ("000001", "non_finite"),
        ("x", "unsupported_pixels"),
    ]


NO_IMAGES: dict[str, tuple[Any, str]] = {
    "text": ([np.zeros((3, 3)), "a.png"], "image 000001: str is no image"),
    "paths": (iter([Path("a.png")]), "PosixPath is no image"),
    "nothing": ([None], "NoneType is no image"),
    "number": ([np.float64(3)], "its shape is ()"),
    "row": ([np.zeros(3)], "its shape is (3,)"),
    "lists": ([[[1, 2], [3, 4]]], "list is no image; give a NumPy array"),
    "ragged": ([np.array([[1, 2], [3]], object)], "Python objects"),
    "empty-tuple": ([()], "tuple is no image"),
    "no-name": ([("", np.zeros((3, 3)))], "is no name"),
    "row-of-a-table": ([{"image": 1, "label": 2}], "it has 'image', 'label'"),
    "mode": ([Image.new("HSV", (2, 2))], "its mode is HSV"),
    "one-image": (np.zeros((5, 6)), "is no stack of images; give [array]"),
    "maybe-one": (np.zeros((50, 60, 3)), "may be an image or a stack"),
    "one-pillow": (Image.new("L", (2, 2)), "of shape (2, 2) is no stack"),
    "text-of-a-split": ({"train": "data"}, "split train: str is no collection"),
    "dict-in-a-dict": ({"train": {"a": 1}}, "split train: is a dict"),
    "none-at-all": (iter(()), "there are no images"),
    "no-splits": ({}, 'the dict has no splits; give {"train": images}'),
    "number-for-a-split": ({5: IMAGES[:1]}, "split 5: int is no name"),
    "path-for-a-split": ({"a/b": IMAGES[:1]}, "split 'a/b': is no name"),
    "surrogate": ([("\ud800", IMAGES[0])], "is no name"),
    "masked": ([np.ma.masked_less(IMAGES[0], 99)], "has masked values, which would count"),
    "masked-stack": (np.ma.masked_less(np.stack([IMAGES[0]] * 9), 99), "has masked values"),
    "an-empty-split": ({"val": [], "train": IMAGES[:1]}, "split val: there are no images"),
}


@pytest.mark.parametrize(("data", "said"), NO_IMAGES.values(), ids=NO_IMAGES)
def test_what_is_no_image_is_refused(data: Any, said: str) -> None:
    """With its name or number, and what to give."""
    with pytest.raises(UsageError) as caught:
        normstat.compute(data)
    assert said in str(caught.value)


def test_masks_that_mask_nothing_are_none() -> None:
    array = np.ma.masked_less(IMAGES[0], 0)
    assert dumps(normstat.compute([array])) == dumps(normstat.compute([IMAGES[0]]))


@pytest.mark.parametrize("layout", ["auto", "hwc", "chw", "nchw"])
def test_a_pillow_image_has_a_layout_of_its_own(layout: str) -> None:
    """However few rows it has, and whichever layout arrays beside it have."""
    pixels = make.pixels(0, 4, 9)
    stats = normstat.compute([Image.fromarray(pixels)], layout=layout).splits["all"]
    assert stats.images == 1
    assert stats.channels == ("R", "G", "B")
    assert stats.mean == pytest.approx(pixels.mean((0, 1)) / 255)


def test_a_pillow_image_whose_file_is_cut_is_named() -> None:
    image = Image.open(io.BytesIO(make.encoded(IMAGES[0])[:99]))
    with pytest.raises(UsageError, match="image 000000: cannot be loaded"):
        normstat.compute([image])


def test_a_data_set_may_have_no_length() -> None:
    """Or one that it does not know yet."""

    class Unknown:
        def __getitem__(self, index: int) -> NDArray[Any]:
            return IMAGES[:5][index]

    class Streamed:
        def __len__(self) -> int:
            raise TypeError("unknown")

        def __iter__(self) -> Iterator[NDArray[Any]]:
            return iter(IMAGES[:5])

    expected = dumps(normstat.compute(IMAGES[:5]))
    assert [dumps(normstat.compute(each)) for each in (Unknown(), Streamed())] == [expected] * 2


def test_a_check_of_arrays_is_one_of_their_statistics() -> None:
    """It says so; and these are compared as those of files are."""
    recorded = normstat.compute(IMAGES)
    with pytest.raises(UsageError, match="ndarray is no path; of arrays compute statistics"):
        normstat.check(IMAGES, recorded)
    assert normstat.check(normstat.compute(iter(IMAGES)), recorded).exit_code == 0
    assert normstat.check(normstat.compute(IMAGES[1:]), recorded).exit_code == 1


OPTIONS: dict[str, dict[str, Any]] = {
    "cache": {"cache": "x"},
    "include": {"include": "*.png"},
    "split_dir": {"split_dir": {"train": "x"}},
    "labels": {"labels": "count"},
    "key": {"key": ["x"]},
    "shard": {"shard": "1/2"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_files_are_refused(name: str) -> None:
    """They would do nothing."""
    with pytest.raises(UsageError, match=f"{name}: is for files"):
        normstat.compute(IMAGES[:2], **OPTIONS[name])
