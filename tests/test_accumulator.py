"""An accumulator comes to the statistics of all arrays that it was given, by whatever way."""

import pickle
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import make
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import kinds, sets

import normstat
from normstat import Accumulator
from normstat.errors import NothingToRead, UnreadableImage, UsageError
from normstat.statsfile import dumps


def added(images: Sequence[NDArray[Any]], numbers: Sequence[int], **options: Any) -> Accumulator:
    """Some of the images, by number."""
    accumulator = Accumulator(layout="hwc", **options)
    for number in numbers:
        split = "train" if number % 3 else "val"
        accumulator.add(images[number], split, str(number))
    return accumulator


@settings(deadline=None)  # the statistics of 16 bits are half a megabyte
@given(images=kinds.flatmap(lambda kind: sets(kind, 1, 8)), data=st.data())
def test_order_and_grouping_change_no_bit(images: list[NDArray[Any]], data: Any) -> None:
    """One after the other, in another order, in groups that are added, and as compute has them."""
    numbers = range(len(images))
    expected = dumps(added(images, numbers).stats())
    order = data.draw(st.permutations(numbers))
    assert dumps(added(images, order).stats()) == expected
    cut = data.draw(st.integers(0, len(images)))
    one, other = added(images, order[:cut]), added(images, order[cut:])
    assert dumps((one + other).stats()) == dumps((other + one).stats()) == expected
    splits = {
        split: [(str(n), images[n]) for n in numbers if (n % 3 > 0) == (split == "train")]
        for split in ("train", "val")
    }
    there = {split: named for split, named in splits.items() if named}
    assert dumps(normstat.compute(there, layout="hwc")) == expected


@settings(deadline=None)
@given(images=kinds.flatmap(lambda kind: sets(kind, 2, 6)), data=st.data())
def test_images_without_names_are_known_by_their_pixels(
    images: list[NDArray[Any]], data: Any
) -> None:
    """So neither order nor grouping shows in a fingerprint."""
    accumulators = [Accumulator(layout="hwc") for _ in range(3)]
    whole = Accumulator(layout="hwc")
    for image in images:
        whole.add(image)
    for image in data.draw(st.permutations(images)):
        data.draw(st.sampled_from(accumulators)).add(image)
    one, two, three = accumulators
    assert dumps((one + (two + three)).stats()) == dumps(whole.stats())


def test_many_are_as_few() -> None:
    """More than are added up at a time; and what was added stays what it was."""
    images = [make.pixels(seed, 5, 6) for seed in range(20)]
    accumulator = Accumulator(covariance=True)
    for number in range(600):
        accumulator.add(images[number % 20], "train", f"train/{number:06}")
        if number == 299:
            half = pickle.loads(pickle.dumps(accumulator))
    repeated = {"train": images * 30}
    assert dumps(accumulator.stats()) == dumps(normstat.compute(repeated, covariance=True))
    both = half + half
    half.add(images[0], "train")
    assert both.stats().splits["train"].images == 600
    assert half.stats().splits["train"].images == 301


def _counted(seeds: range) -> Accumulator:
    accumulator = Accumulator()
    for seed in seeds:
        accumulator.add(make.pixels(seed, 5, 6))
    return accumulator


def test_processes_have_their_own() -> None:
    """And send them back."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        one, other = pool.map(_counted, [range(5), range(5, 9)])
    assert dumps((one + other).stats()) == dumps(_counted(range(9)).stats())


def test_what_cannot_be_counted_is_raised_and_adds_nothing() -> None:
    """Or it is a record, if that was asked for."""
    sound, broken = np.zeros((2, 3)), np.full((2, 3), np.nan)
    accumulator, recording = Accumulator(), Accumulator(on_error="record")
    for each in (accumulator, recording):
        each.add(sound, name="a")
    before = dumps(accumulator.stats())
    with pytest.raises(UnreadableImage, match=r"^non_finite: has NaN or infinite values$"):
        accumulator.add(broken, name="b")
    for split, name in ((5, "a"), ("a/b", "a"), ("all", 5), ("all", "")):
        with pytest.raises(UsageError, match="is no name"):
            accumulator.add(sound, split, name)  # type: ignore[arg-type]  # that is asked
    assert dumps(accumulator.stats()) == before
    recording.add(broken, name="b")
    records = recording.stats().unreadable
    assert [(record.path, record.code) for record in records] == [("b", "non_finite")]
    assert pickle.loads(pickle.dumps(recording)).stats() == recording.stats()
    with pytest.raises(UsageError, match="str is no image"):
        recording.add("a.png")


def test_batches_count_image_by_image() -> None:
    """With a layout of stacks, as a DataLoader gives them."""
    batch = np.stack([make.pixels(seed, 5, 6) for seed in range(6)]).transpose(0, 3, 1, 2)
    accumulator = Accumulator(layout="nchw")
    accumulator.add(batch)
    batched = accumulator.stats().splits["all"]
    assert batched.images == 6
    alone = _counted(range(6)).stats().splits["all"]
    assert (batched.mean, batched.std, batched.per_image) == (
        alone.mean,
        alone.std,
        alone.per_image,
    )


def test_what_does_not_add_is_refused() -> None:
    """Other settings, other things, no images, options out of range."""
    with pytest.raises(UsageError, match="other settings"):
        Accumulator() + Accumulator(channels="gray")
    with pytest.raises(TypeError):
        Accumulator() + 3  # type: ignore[operator]
    with pytest.raises(NothingToRead, match="no image was added"):
        Accumulator().stats()
    with pytest.raises(UsageError, match='channels="cmyk"'):
        Accumulator(channels="cmyk")
    with pytest.raises(UsageError, match='on_error="skip"'):
        Accumulator(on_error="skip")


def test_batches_of_gray_images_are_stacks() -> None:
    """With a layout of stacks three axes are a batch without an axis of channels."""
    batch = np.stack([make.pixels(seed, 6, 5, channels=1).reshape(6, 5) for seed in range(4)])
    one_by_one, batched = normstat.Accumulator(), normstat.Accumulator(layout="nhwc")
    for image in batch:
        one_by_one.add(image)
    batched.add(batch)
    computed = normstat.compute([batch], layout="nchw").splits["all"]
    for split in (batched.stats().splits["all"], computed):
        expected = one_by_one.stats().splits["all"]
        assert (split.images, split.mean, split.std) == (4, expected.mean, expected.std)
