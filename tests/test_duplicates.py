"""Identical images: found by their keys, confirmed by all their pixels, named by their paths."""

import shutil
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from opened import opened
from PIL import Image
from told import Told

import normstat
from normstat.accumulators import duplicate_keys
from normstat.accumulators.duplicate_keys import Common, common, repeated
from normstat.accumulators.keys import NO_KEY, KeyCollector
from normstat.accumulators.rows import Counts
from normstat.executors import Executor, InProcess, Job
from normstat.images import Code, ImageRow, LocalFiles, ReadOptions, Shard, Unreadable
from normstat.statsfile import dumps
from normstat.verbs.check.duplicates import Overlap, cases, identical
from normstat.verbs.check.verify_pixels import Reread, Rereading
from normstat.verbs.compute.count import Counted, count
from normstat.verbs.compute.job import Count
from normstat.verbs.engine import Engine
from normstat.verbs.listeners import heard
from normstat.verdict import Level

PHOTO = make.pixels(1, 90, 70)
SMALL = make.pixels(2, 9, 14)
GRAY = make.pixels(3, 9, 14, channels=1)
GRAY16 = make.pixels(4, 9, 14, channels=1, dtype="uint16")
BANDS = np.arange(8 * 9 * 4, dtype="float32").reshape(8, 9, 4)


def swapped(array: NDArray[Any]) -> NDArray[Any]:
    """Other pixels with the same counts, and the same ones where a key samples them."""
    other = array.copy()
    other[0, 0], other[0, 1] = array[0, 1], array[0, 0]
    assert (other != array).any()
    return other


def filled(folder: Path, **images: bytes) -> Path:
    """A data set with two different images in each of two splits, and these."""
    for number, name in enumerate(("train/m.png", "train/n.png", "val/m.png", "val/n.png")):
        make.write(folder / name, make.encoded(make.pixels(100 + number, 20, 30)))
    for name, data in images.items():
        make.write(folder / name, data)
    return folder


def counted(folder: Path, workers: int = 0, **settings: Any) -> tuple[Counted, KeyCollector]:
    """Images that were counted, and the keys that came with them."""
    keys = KeyCollector()
    engine = Engine.of(workers)
    return count(opened(folder), normstat.Settings(**settings), engine, [keys]), keys


def found(folder: Path, workers: int = 0, **settings: Any) -> dict[tuple[str, str], Overlap]:
    """The overlaps in which there is something."""
    overlaps = identical(*counted(folder, workers, **settings), Engine.of(workers))
    assert not any(overlap.lost for overlap in overlaps)
    return {overlap.splits: overlap for overlap in overlaps if overlap.images}


class Unused(Executor):
    """An executor that must not be asked."""

    def map(self, job: Job[Any], shards: Iterable[Shard]) -> Generator[Any, None, None]:
        raise AssertionError("nothing was to be read again")


def test_different_images_are_not_read_again(tmp_path: Path) -> None:
    """Nothing is alike: every split and every two splits pass, at no further cost."""
    images, keys = counted(filled(tmp_path))
    overlaps = identical(images, keys, Engine(Unused()))
    assert [(case.rule, case.split, case.level, case.observed) for case in cases(overlaps)] == [
        ("duplicate", "train", "pass", 0),
        ("leakage", "val", "pass", 0),
        ("duplicate", "val", "pass", 0),
    ]


SAME = {
    "same-file": ("a.png", make.encoded(PHOTO), "b.png", make.encoded(PHOTO)),
    "other-format": ("a.png", make.encoded(PHOTO), "b.bmp", make.encoded(PHOTO, "BMP")),
    "other-compression": (
        "a.png",
        make.encoded(PHOTO),
        "b.png",
        make.encoded(PHOTO, optimize=True),
    ),
    "array": ("a.png", make.encoded(SMALL), "b.npy", make.npy(SMALL)),
    "gray": ("a.png", make.encoded(GRAY), "b.pgm", make.encoded(GRAY, "PPM")),
    "16-bit": ("a.png", make.encoded(GRAY16), "b.npy", make.npy(GRAY16)),
    "bands": ("a.npy", make.npy(BANDS), "b.npy", make.npy(np.asfortranarray(BANDS))),
    "alpha": (
        "a.png",
        make.encoded(SMALL),
        "b.png",
        make.encoded(Image.fromarray(SMALL).convert("RGBA")),
    ),
}


@pytest.mark.parametrize(("one", "data", "other", "copy"), SAME.values(), ids=SAME)
def test_leakage(tmp_path: Path, one: str, data: bytes, other: str, copy: bytes) -> None:
    """An image of train in val is found, whatever its name and format there, with both paths."""
    make.write(tmp_path / "train" / one, data)
    make.write(tmp_path / "val" / other, copy)
    (leak,) = found(tmp_path).values()
    assert leak == Overlap(("train", "val"), (1, 1), 1, ((f"train/{one}", f"val/{other}"),))


@pytest.mark.parametrize(("one", "data", "other", "copy"), SAME.values(), ids=SAME)
def test_duplicate(tmp_path: Path, one: str, data: bytes, other: str, copy: bytes) -> None:
    """The same two images in one split are a duplicate, and no leakage."""
    make.write(tmp_path / "data" / one, data)
    make.write(tmp_path / "data" / other, copy)
    (twice,) = found(tmp_path / "data").values()
    assert twice == Overlap(("all", "all"), (2, 2), 1, ((one, other),))


ONE_PIXEL = PHOTO.copy()
ONE_PIXEL[40, 33, 1] ^= 1
DIFFERENT = {
    "mirrored": (PHOTO, PHOTO[:, ::-1]),
    "turned": (PHOTO, PHOTO.transpose(1, 0, 2)),
    "one-pixel": (PHOTO, ONE_PIXEL),
    "equal-keys": (PHOTO, swapped(PHOTO)),
    "equal-keys-16-bit": (GRAY16, swapped(GRAY16)),
    "cropped": (PHOTO, PHOTO[:-1]),
    "other-shape": (np.zeros((4, 6), "uint8"), np.zeros((6, 4), "uint8")),
    "gray-as-rgb": (GRAY, np.dstack([GRAY] * 3)),
    "other-channels": (PHOTO, PHOTO[:, :, ::-1]),
    "other-depth": (np.zeros((4, 6), "uint8"), np.zeros((4, 6), "uint16")),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_nearly_identical(tmp_path: Path, one: NDArray[Any], other: NDArray[Any]) -> None:
    """What differs in any pixel, in size or in kind is another image."""
    make.write(tmp_path / "train" / "a.png", make.encoded(np.ascontiguousarray(one)))
    make.write(tmp_path / "val" / "a.png", make.encoded(np.ascontiguousarray(other)))
    assert not found(tmp_path)


def test_encoded_again(tmp_path: Path) -> None:
    """A JPEG of other quality has other pixels."""
    make.write(tmp_path / "train" / "a.jpg", make.encoded(PHOTO, "JPEG", quality=90))
    make.write(tmp_path / "val" / "a.jpg", make.encoded(PHOTO, "JPEG", quality=80))
    assert not found(tmp_path)


@pytest.mark.parametrize("workers", [0, 2])
def test_equal_keys_of_different_images(tmp_path: Path, workers: int) -> None:
    """Images with one key are told apart by all their pixels, those really equal found."""
    for name, array in (("train/a", PHOTO), ("train/b", swapped(PHOTO)), ("val/c", swapped(PHOTO))):
        make.write(tmp_path / f"{name}.png", make.encoded(array))
    images, keys = counted(tmp_path)
    assert len(set(np.concatenate(list(keys.taken(images.splits).values()))[:, 0].tolist())) == 1
    (leak,) = found(tmp_path, workers).values()
    assert (leak.splits, leak.images) == (("train", "val"), 1)
    assert leak.pairs == (("train/b.png", "val/c.png"),)


AROUND = PHOTO.copy()
AROUND[:20] = 7
EQUAL_ONCE_READ: dict[str, tuple[dict[str, Any], NDArray[Any], NDArray[Any]]] = {
    "gray": (
        {"channels": "gray"},
        np.full((9, 8, 3), (255, 0, 0), "uint8"),
        np.full((9, 8, 3), (0, 130, 0), "uint8"),
    ),
    "rgb": ({"channels": "rgb"}, GRAY, np.dstack([GRAY] * 3)),
    "crop": ({"crop": 40}, PHOTO, AROUND),
}


@pytest.mark.parametrize(("options", "one", "other"), EQUAL_ONCE_READ.values(), ids=EQUAL_ONCE_READ)
def test_stored_pixels_are_compared(
    tmp_path: Path, options: dict[str, Any], one: NDArray[Any], other: NDArray[Any]
) -> None:
    """What is equal only once converted or cropped is not; what is equal as stored is."""
    make.write(tmp_path / "train" / "a.png", make.encoded(one))
    make.write(tmp_path / "val" / "a.png", make.encoded(other))
    stats = counted(tmp_path, **options)[0].stats()
    assert stats.splits["train"].histogram() == stats.splits["val"].histogram()
    assert not found(tmp_path, **options)
    make.write(tmp_path / "val" / "b.png", make.encoded(one))
    (leak,) = found(tmp_path, **options).values()
    assert leak.pairs == (("train/a.png", "val/b.png"),)


def test_names_among_unreadable_images_and_mixed_splits(tmp_path: Path) -> None:
    """Images keep their numbers when others cannot be read, and splits alternate in the walk."""
    for place in ("a", "b"):
        for split in ("train", "val"):
            make.write(tmp_path / place / split / "0.png", b"damaged")
            seed = len(list(tmp_path.rglob("*.png")))
            make.write(tmp_path / place / split / "5.png", make.encoded(make.pixels(seed, 8, 9)))
    make.write(tmp_path / "b" / "train" / "9.png", make.encoded(PHOTO))
    make.write(tmp_path / "a" / "val" / "9.png", make.encoded(PHOTO))
    (leak,) = found(tmp_path, 2).values()
    assert leak == Overlap(("train", "val"), (3, 3), 1, (("b/train/9.png", "a/val/9.png"),))


def test_unreadable_images_are_not_identical(tmp_path: Path) -> None:
    """Nothing is known of damaged images, equal bytes or not."""
    make.write(tmp_path / "fine.png", make.encoded(PHOTO))
    make.write(tmp_path / "a.png", b"damaged")
    make.write(tmp_path / "b.png", b"damaged")
    assert not found(tmp_path)


def test_many(tmp_path: Path) -> None:
    """Numbers are exact however many; a hundred pairs have names, a message the first ten."""
    for number in range(105):
        data = make.encoded(make.pixels(number, 5, 6))
        for name in (f"train/{number:03}.png", f"val/{number:03}.png", f"val/{number:03} copy.png"):
            make.write(tmp_path / name, data)
    overlaps = found(tmp_path)
    assert overlaps["train", "val"].images == 210
    assert overlaps["train", "val"].pairs == tuple(
        (f"train/{number:03}.png", f"val/{number:03}{ending}.png")
        for number in range(50)
        for ending in (" copy", "")
    )
    assert overlaps["val", "val"].images == 105
    assert len(overlaps["val", "val"].pairs) == 100
    assert ("train", "train") not in overlaps
    (leak,) = cases([overlaps["train", "val"]])
    assert (leak.split, leak.other_split, len(leak.paths), leak.named) == ("val", "train", 200, 20)
    assert leak.message.endswith("val/004.png is train/004.png, and 200 more")
    assert "val/005" not in leak.message


def test_every_repetition_is_named(tmp_path: Path) -> None:
    """An image that is there four times repeats three times: as many pairs, with the first."""
    for name in "abcd":
        make.write(tmp_path / f"{name}.png", make.encoded(PHOTO))
    (twice,) = found(tmp_path).values()
    assert twice.images == 3
    assert twice.pairs == tuple(("a.png", f"{name}.png") for name in "bcd")


def test_one_image_everywhere(tmp_path: Path) -> None:
    """All images are the same: each beyond the first is one too many."""
    for number in range(40):
        make.write(tmp_path / ("train", "test")[number % 2] / f"{number}.png", make.encoded(GRAY))
    overlaps = found(tmp_path, 2)
    assert {splits: overlap.images for splits, overlap in overlaps.items()} == {
        ("train", "train"): 19,
        ("train", "test"): 20,
        ("test", "test"): 19,
    }


def changed(folder: Path) -> None:
    make.write(folder / "val" / "z.png", make.encoded(SMALL))


def removed(folder: Path) -> None:
    (folder / "val" / "z.png").unlink()


def damaged(folder: Path) -> None:
    make.write(folder / "val" / "z.png", make.encoded(PHOTO)[:200])


@pytest.mark.parametrize("change", [changed, removed, damaged])
def test_changes_between_the_readings(tmp_path: Path, change: Any) -> None:
    """What is not there any more is not called identical, nor is it said to be fine."""
    make.write(tmp_path / "train" / "z.png", make.encoded(PHOTO))
    make.write(tmp_path / "val" / "z.png", make.encoded(PHOTO))
    make.write(tmp_path / "val" / "m.png", make.encoded(SMALL))
    images, keys = counted(tmp_path)
    change(tmp_path)
    overlaps = {overlap.splits: overlap for overlap in identical(images, keys, Engine.of(0))}
    assert {splits: overlap.images for splits, overlap in overlaps.items()} == {
        ("train", "train"): 0,
        ("train", "val"): 0,
        ("val", "val"): 0,
    }
    assert [overlap.lost for overlap in overlaps.values()] == [0, 1, 1]
    levels = [case.level for case in cases(overlaps.values())]
    assert levels == [Level.PASS, Level.INCONCLUSIVE, Level.INCONCLUSIVE]


def test_a_new_file_between_the_readings_moves_no_other(tmp_path: Path) -> None:
    """Images are known by the names that were listed, whatever comes to lie before them."""
    make.write(tmp_path / "train" / "z.png", make.encoded(PHOTO))
    make.write(tmp_path / "val" / "z.png", make.encoded(PHOTO))
    images, keys = counted(tmp_path)
    make.write(tmp_path / "val" / "a.png", make.encoded(SMALL))
    found = {overlap.splits: overlap for overlap in identical(images, keys, Engine.of(0))}
    assert found["train", "val"].pairs == (("train/z.png", "val/z.png"),)
    assert not any(overlap.lost for overlap in found.values())


def test_statistics_are_the_same_with_keys(tmp_path: Path) -> None:
    """Collecting keys changes neither a number nor the stats file."""
    filled(tmp_path, **{"train/broken.png": b"?"})
    stats = counted(tmp_path)[0].stats()
    assert stats == normstat.compute(tmp_path, workers=2)
    assert dumps(stats) == dumps(normstat.compute(tmp_path, workers=0))


def test_a_collector_is_for_one_run(tmp_path: Path) -> None:
    """Keys that were used, or are not of these statistics, are an error and no clean result."""
    images, keys = counted(filled(tmp_path))
    identical(images, keys, Engine.of(0))
    with pytest.raises(ValueError, match="used before"):
        identical(images, keys, Engine.of(0))
    with pytest.raises(ValueError, match="used before"):
        identical(images, KeyCollector(), Engine.of(0))


def test_a_collector_that_is_not_empty(tmp_path: Path) -> None:
    """Keys of two runs in one collector would name wrong images: refused."""
    images, keys = counted(filled(tmp_path))
    keys.add(ImageRow("train", "a.png"))
    with pytest.raises(ValueError, match="used before"):
        identical(images, keys, Engine.of(0))


def test_data_that_is_gone(tmp_path: Path) -> None:
    """Of a folder that is removed between the readings nothing is said to be fine."""
    filled(
        tmp_path / "data", **{"train/z.png": make.encoded(PHOTO), "val/z.png": make.encoded(PHOTO)}
    )
    images, keys = counted(tmp_path / "data")
    shutil.rmtree(tmp_path / "data")
    overlaps = identical(images, keys, Engine.of(0))
    assert [overlap.lost for overlap in overlaps] == [1, 2, 1]
    assert {case.level for case in cases(overlaps)} == {Level.INCONCLUSIVE}


def shard_of(folder: Path, *names: str) -> Shard:
    folders = (Unreadable("train", "closed/", Code.PERMISSION_DENIED),)
    return Shard("train", LocalFiles(str(folder)), names, unreadable=folders)


def test_a_key_for_each_image(tmp_path: Path) -> None:
    """A shard's keys are those of its images one by one; a folder has none."""
    make.write(tmp_path / "a.png", make.encoded(PHOTO))
    make.write(tmp_path / "b.png", b"damaged")
    shard = shard_of(tmp_path, "a.png", "b.png", "c.png", "a.png")
    job = Count(ReadOptions(), fields=frozenset({"key"}))
    rows = job(shard).rows
    assert [row.name for row in rows] == ["a.png", "b.png", "c.png", "a.png"]
    assert [row.key is None for row in rows] == [False, True, True, False]
    assert rows[0] == rows[3]
    assert sum((job(single) for single in shard.singles()), Counts()).rows == rows
    assert Reread(ReadOptions())(shard).keys == b"".join(row.key or NO_KEY for row in rows)
    assert Count(ReadOptions())(shard).rows == ()


def test_an_image_that_ended_its_worker() -> None:
    """It has a row, so that the next ones keep their places; no folder has."""
    image, folder = Unreadable("train", "a.png", "timeout"), Unreadable("train", "", "timeout")
    job = Count(ReadOptions(), fields=frozenset({"key"}))
    assert job.lost(image).rows == (ImageRow("train", "a.png", "timeout"),)
    assert job.lost(folder).rows == Count(ReadOptions()).lost(image).rows == ()
    assert Reread(ReadOptions()).lost(image) == Rereading(NO_KEY, NO_KEY)


def test_only_images_that_look_alike_are_read_again(tmp_path: Path) -> None:
    """The second reading has nothing but candidates in it, and says how many."""
    filled(tmp_path, **{"train/x.png": make.encoded(PHOTO), "val/y.png": make.encoded(PHOTO)})
    seen: list[str] = []

    class Seen(InProcess):
        def map(self, job: Job[Any], shards: Iterable[Shard]) -> Generator[Any, None, None]:
            shards = list(shards)
            seen.extend(path for shard in shards for path in shard.names)
            yield from super().map(job, shards)

    images, keys = counted(tmp_path)
    told = Told()
    identical(images, keys, Engine(Seen(), heard(told)))
    assert seen == ["train/x.png", "val/y.png"]
    (notice,) = told.notices
    assert notice.startswith("2 images look like others")


def test_cases() -> None:
    """Leakage fails, duplicates warn; numbers, paths as they are, and messages with safe names."""
    bad = "val/\x1b[31m\n::error::.png"
    leak, twice = cases(
        [
            Overlap(("train", "val"), (60, 9), 2, (("train/a.png", bad), ("train/b.png", "val/c"))),
            Overlap(("val", "val"), (9, 9), 1, (("val/c", "val/d"),), lost=3),
        ]
    )
    assert (leak.rule, leak.level, leak.split) == ("leakage", Level.FAIL, "val")
    assert (leak.expected, leak.observed, leak.tolerance, leak.unit) == (0, 2, 0, "images")
    assert leak.paths == ("train/a.png", bad, "train/b.png", "val/c")
    assert leak.message == (
        "2 of 9 images of val are in train, too: val/\\x1b[31m\\n::error::.png is train/a.png, "
        "val/c is train/b.png"
    )
    assert (twice.rule, twice.level, twice.observed) == ("duplicate", Level.WARN, 1)
    assert "3 images looked like others" in twice.message


def test_nothing_to_compare() -> None:
    """Where no image of a split can be read, none is known to be in another."""
    for splits, compared in ((("train", "val"), (0, 9)), (("val", "val"), (0, 0))):
        (case,) = cases([Overlap(splits, compared)])
        assert case.level is Level.INCONCLUSIVE
        assert f"no image of {splits[0]} can be read" in case.message


def test_one_split_has_no_other(tmp_path: Path) -> None:
    """There is no case of leakage where there is nothing to leak from."""
    make.write(tmp_path / "a.png", make.encoded(PHOTO))
    images, keys = counted(tmp_path)
    assert [case.rule for case in cases(identical(images, keys, Engine.of(0)))] == ["duplicate"]


def packed(values: list[tuple[int, int]]) -> NDArray[np.uint64]:
    return np.array(values, np.uint64).reshape(-1, 2)


# Halves of keys: few, so that they meet; some far apart, so that they fall into several parts.
halves = st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 1])
splits_of_keys = st.lists(st.lists(st.tuples(halves, halves), max_size=20), max_size=4)


def common_by_counting(splits: list[list[tuple[int, int]]], one: int, other: int) -> Common:
    """What :func:`common` says, from dictionaries."""
    mine, its = (
        {
            key: [number for number, its_key in enumerate(splits[split]) if its_key == key]
            for key in splits[split]
            if key != (0, 0)
        }
        for split in (one, other)
    )
    if one == other:
        shared = {key: numbers for key, numbers in mine.items() if len(numbers) > 1}
        images = sum(len(numbers) - 1 for numbers in shared.values())
        pairs = [(numbers[0], later) for numbers in shared.values() for later in numbers[1:]]
    else:
        images = sum(len(numbers) for key, numbers in its.items() if key in mine)
        pairs = [(mine[key][0], n) for key, numbers in its.items() if key in mine for n in numbers]
    return Common(images, tuple(sorted(pairs, key=lambda pair: pair[1])[:10]))


@pytest.mark.parametrize(("bucket", "piece"), [(1 << 18, 1 << 20), (3, 4)], ids=["whole", "parts"])
@given(splits=splits_of_keys)
def test_common_against_dictionaries(
    bucket: int, piece: int, splits: list[list[tuple[int, int]]]
) -> None:
    """Numbers and pairs are those of counting in dictionaries, however the work is cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicate_keys, "_BUCKET", bucket)
        patch.setattr(duplicate_keys, "_SLICE", piece)
        patch.setattr(duplicate_keys, "NAMED", 10)  # fewer than there may be
        result = common([packed(keys) for keys in splits])
    expected = {
        (one, other): common_by_counting(splits, one, other)
        for one in range(len(splits))
        for other in range(one, len(splits))
    }
    assert result == expected


@pytest.mark.parametrize(("bucket", "piece"), [(1 << 18, 1 << 20), (3, 4)], ids=["whole", "parts"])
@given(splits=splits_of_keys)
def test_repeated_against_a_counter(
    bucket: int, piece: int, splits: list[list[tuple[int, int]]]
) -> None:
    """No image with a key that occurs twice is missed, and none with a half of its own is taken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicate_keys, "_BUCKET", bucket)
        patch.setattr(duplicate_keys, "_SLICE", piece)
        result = repeated([packed(keys) for keys in splits])
    number = Counter(key for keys in splits for key in keys if key != (0, 0))
    wanted = {first for (first, _), times in number.items() if times > 1}
    for keys, flags in zip(splits, result, strict=True):
        for key, flag in zip(keys, flags.tolist(), strict=True):
            if key == (0, 0):
                assert not flag
            elif number[key] > 1:
                assert flag
            elif key[0] not in wanted:
                assert not flag
