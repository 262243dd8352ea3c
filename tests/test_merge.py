"""Parts of a data set add up to what one run counts, to the byte; and can be taken out again."""

import gc
import itertools
import json
import random
import re
import shutil
import weakref
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from cached import settle
from command import here
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from told import Told

import normstat
from normstat.errors import UsageError
from normstat.sources import open_source
from normstat.sources.part import Part, part_asked
from normstat.statsfile import dumps, loads, shared_keys
from normstat.statsfile.shared_keys import SharedKeys

SPLITS = ("train", "val")


def write(data: Path) -> Path:
    """Images of all kinds: gray among color, 16 bits, floats; damaged ones; labels; no image."""
    for split in SPLITS:
        for number in range(24):
            channels = 1 if number % 5 == 0 else 3
            pixels = make.pixels(number + len(split), 9 + number % 3, 8, channels=channels)
            make.write(data / split / f"{number:02}.png", make.encoded(pixels))
        for number in range(6):
            pixels = make.pixels(number, 7, 5, channels=1).astype(np.uint16) * 257
            make.write(data / split / f"deep{number}.png", make.encoded(pixels[..., 0]))
            np.save(data / split / f"float{number}.npy", pixels / 7)
        make.write(data / split / "cut.png", make.encoded(pixels[..., 0])[:60])
        make.write(data / split / "a_mask.png", make.encoded(pixels[..., 0]))
        make.write(data / split / "a.png", make.encoded(make.pixels(1, 4, 4)))
    make.write(data / "notes.txt", b"")
    make.write(data / "beside.png", make.encoded(make.pixels(2, 4, 4)))
    return data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("parts") / "data")


@pytest.fixture(scope="module")
def whole(data: Path) -> normstat.Stats:
    return normstat.compute(data, covariance=True, workers=0)


def parts(data: Path, of: int, **options: object) -> list[normstat.Stats]:
    numbers = range(1, of + 1)
    return [
        normstat.compute(data, shard=f"{number}/{of}", workers=0, covariance=True, **options)
        for number in numbers
    ]


@pytest.mark.parametrize("of", [1, 2, 7, 100])
def test_parts_are_the_whole(data: Path, whole: normstat.Stats, of: int) -> None:
    """In any order, through files, and one by one: the bytes of a single run."""
    counted = [loads(dumps(part)) for part in parts(data, of)]
    random.Random(of).shuffle(counted)
    assert dumps(normstat.merge(counted)) == dumps(whole)
    assert sum(part.splits["train"].listed for part in counted) == whole.splits["train"].listed


def test_some_parts_say_that_others_are_missing(data: Path, whole: normstat.Stats) -> None:
    """Statistics of parts are not complete, and no part is taken for the whole."""
    one, two, three = parts(data, 3)
    assert not one.complete
    with pytest.raises(UsageError, match=r"of 3 parts 2 is missing; count them, or"):
        normstat.merge([one, three])
    some = loads(dumps(normstat.merge([three, one], allow_missing=True)))
    assert some.parts
    assert (some.parts.of, some.parts.have, some.complete) == (3, (1, 3), False)
    assert dumps(normstat.merge([two, some])) == dumps(whole)
    with pytest.raises(UsageError, match="is part 1 of 3, as"):
        normstat.merge([one, some], allow_missing=True)


@pytest.mark.fault(81)
def test_parts_of_something_else_are_refused(data: Path, tmp_path: Path) -> None:
    """Of another number, other settings, other names, or no parts at all; each is named."""
    one, two = parts(data, 2)
    (other,) = parts(data, 3)[1:2]
    resized = normstat.compute(data, shard="2/2", workers=0, covariance=True, resize=4)
    renamed = write(tmp_path / "data")
    (renamed / "train" / "00.png").rename(renamed / "train" / "new.png")
    (elsewhere,) = parts(renamed, 2)[1:]
    normal = normstat.compute(data, workers=0, covariance=True)
    for wrong, words in (
        (other, "is a part of 3, statistics 1 of 2"),
        (resized, "was made with resize 4, statistics 1 with None"),
        (elsewhere, "is a part of other images than statistics 1"),
        (normal, "is no part"),
        (one, "is part 1 of 2, as statistics 1 is"),
    ):
        with pytest.raises(UsageError, match=re.escape(f"statistics 2: {words}")):
            normstat.merge([one, wrong])
    with pytest.raises(UsageError, match="no statistics"):
        normstat.merge([])
    assert normstat.merge([one, two]).complete is False  # of the unreadable image


def test_data_sets_add(tmp_path: Path, data: Path, whole: normstat.Stats) -> None:
    """Splits by name; settings of where images are may differ, others not."""
    halves = [normstat.compute(data, workers=0, covariance=True, split=name) for name in SPLITS]
    added = halves[0] + halves[1]
    for name in SPLITS:
        assert added.splits[name] == whole.splits[name]
    with pytest.raises(UsageError, match="covariance"):
        normstat.merge([whole, normstat.compute(data, workers=0)])


def test_what_is_subtracted_is_gone(data: Path, whole: normstat.Stats) -> None:
    """What remains has the numbers of a run without these images, but for what cannot be known."""
    some = normstat.compute(data, workers=0, covariance=True, include="*[02468].*", labels="count")
    rest = normstat.compute(data, workers=0, covariance=True, exclude="*[02468].*")
    found = loads(dumps(normstat.subtract(whole, some)))
    for name in SPLITS:
        remains, expected = found.splits[name], rest.splits[name]
        for field in ("mean", "std", "stderr", "per_image", "min", "max", "images", "covariance"):
            assert getattr(remains, field) == getattr(expected, field)
        assert remains.quantiles == expected.quantiles
        assert remains.fingerprint == expected.fingerprint
        assert remains.width == (None, None)
    assert (whole - whole).splits["train"].images == 0
    with pytest.raises(UsageError, match="not a part of the others"):
        normstat.subtract(some, whole)


@pytest.mark.parametrize("change", ["nothing", "replaced", "other"])
def test_lists_tell_what_cannot_be_subtracted(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Equal sums would not: an image of another name, or with other bytes, was never counted."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(data, "data")
    here("compute", "data", "-q", "-o", "all.json", "--files", "all.files")
    image = Path("data/val/04.png")
    if change == "replaced":
        with Image.open(image) as opened:  # other bytes, and the same pixels
            opened.save(image, compress_level=0)
    if change == "other":
        image.rename("data/val/4.png")
    arguments = ("--files", "some.files", "--include", "*4.png")
    here("compute", "data", "-q", "-o", "some.json", *arguments)
    run = here("subtract", "all.json", "some.json", "-q", "-o", "rest.json")
    words = {
        "nothing": "",
        "replaced": "val/04.png: has another content there",
        "other": "val/4.png: is not among the images of the whole",
    }[change]
    assert (run.returncode, words in run.stderr) == (2 if words else 0, True), run.stderr


def test_a_part_is_subtracted_from_parts(data: Path, whole: normstat.Stats) -> None:
    """What remains are the other parts, which merge again; nothing else can be taken from parts."""
    one, two, three = parts(data, 3)
    some = normstat.merge([one, two], allow_missing=True)
    rest = normstat.subtract(some, one)
    assert rest.parts == two.parts
    assert rest.splits["train"].fingerprint == two.splits["train"].fingerprint
    merged = normstat.merge([rest, one, three])
    assert merged.splits["train"].mean == whole.splits["train"].mean
    left = normstat.subtract(whole, one)
    assert left.parts is None
    assert (
        left.splits["val"].mean
        == normstat.merge([two, three], allow_missing=True).splits["val"].mean
    )
    for part, words in (
        (three, "is part 3 of 3, and the whole has 1, 2"),
        (some, "is part 1, 2 of 3, and the whole has 1, 2; subtract some"),
        (whole, "is none of them; merge all parts first"),
        (parts(data, 2)[0], "is a part of 2, the whole of 3"),
    ):
        with pytest.raises(UsageError, match=words):
            normstat.subtract(some, part)


KINDS: dict[str, Any] = {
    "8-bit": lambda n: make.encoded(make.pixels(n, 9, 7)),
    "16-bit": lambda n: make.encoded(make.pixels(n, 9, 7, channels=1, dtype="uint16")),
    "float": lambda n: make.npy(make.pixels(n, 9, 7).astype("float32") / 7),
    "int32": lambda n: make.npy(make.pixels(n, 9, 7).astype("int32") * -999),
    "gray-among-color": lambda n: make.encoded(make.pixels(n, 9, 7, channels=1 + 2 * (n % 3 > 0))),
    "unreadable": lambda n: make.encoded(make.pixels(n, 9, 7))[: 80 if n % 2 else None],
}


@pytest.mark.parametrize(
    "of", [2, *(pytest.param(of, marks=pytest.mark.matrix) for of in (7, 100))]
)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pixels_adds(tmp_path: Path, kind: str, of: int) -> None:
    """To the bytes of a single run, whatever the pixels of most images are."""
    for number in range(24):
        content = KINDS[kind](number)
        ending = "npy" if content.startswith(b"\x93NUMPY") else "png"
        make.write(tmp_path / "data" / SPLITS[number % 2] / f"{number}.{ending}", content)
    counted = parts(tmp_path / "data", of)
    random.Random(of).shuffle(counted)
    whole = normstat.compute(tmp_path / "data", workers=0, covariance=True)
    assert dumps(normstat.merge(counted)) == dumps(whole)


@pytest.mark.fault(81)
def test_parts_that_another_decoder_read_are_named(data: Path) -> None:
    """Pixels may differ; so they do not add up to what one run counts."""
    one, two = parts(data, 2)
    other = replace(two, decoder={**two.decoder, "pillow": "1.1.7"})
    with pytest.raises(
        UsageError, match=r"statistics 2: was made with pillow 1\.1\.7, statistics 1"
    ):
        normstat.merge([one, other])


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1", "1/0", "-1/2", "a/b", "1/2/3", "1/x"])
def test_what_is_no_part(text: str) -> None:
    with pytest.raises(UsageError, match="should be I/N"):
        part_asked(text)


def test_a_part_is_a_source(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its survey counts what its shards have; together they are the whole, each image once."""
    source = open_source(data)
    wanted = source.selection()
    names = [
        name
        for number in (1, 2, 3)
        for shard in Part(source, number, 3).shards(wanted)
        for name in shard.names
    ]
    assert sorted(names) == sorted(name for shard in source.shards(wanted) for name in shard.names)
    for number in (1, 2, 3):
        part = Part(source, number, 3)
        counted = Counter[str]()
        for shard in part.shards(wanted):
            counted[shard.split] += len(shard)
        with monkeypatch.context() as patch:  # names are walked over once
            patch.delattr(type(source), "shards")
            assert part.survey(wanted).images == counted


def test_a_cache_of_parts_serves_the_whole(whole: normstat.Stats, tmp_path: Path) -> None:
    """Shards are those of the whole, so nothing is read again."""
    told = Told()
    copy = write(tmp_path / "copy")
    settle(copy)
    cache = tmp_path / "c"
    parts(copy, 2, cache=cache)
    again = normstat.compute(copy, covariance=True, workers=0, cache=cache, progress=told)
    assert again.splits == whole.splits
    assert any(re.match(r"[1-9]\d* of \d+ images from the cache", line) for line in told.notices)


def test_the_command_line_adds_and_subtracts(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell loop over parts, and the file of a single run."""
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 3):
        run = here("compute", data, "-q", "--shard", f"{number}/3", "-o", f"{number}.json")
        assert run.returncode in (0, 3)
    assert here("compute", data, "-q", "-o", "whole.json").returncode == 3
    run = here("merge", "3.json", "1.json", "2.json", "-o", "all.json")
    assert (run.returncode, Path("all.json").read_bytes()) == (0, Path("whole.json").read_bytes())
    run = here("merge", "1.json", "2.json", "-o", "-")
    assert (run.returncode, run.stdout) == (2, "")
    assert "of 3 parts 3 is missing" in run.stderr
    assert "--allow-missing does without" in run.stderr
    run = here("merge", "1.json", "2.json", "-o", "-", "--allow-missing")
    assert json.loads(run.stdout)["parts"]["have"] == [1, 2]
    run = here("subtract", "whole.json", "all.json", "-q", "-o", "none.json")
    assert run.returncode == 0
    for command in (("merge", "1.json"), ("subtract", "1.json", "2.json")):
        before = Path("1.json").read_bytes()
        assert here(*command, "-o", "1.json").returncode == 2
        assert Path("1.json").read_bytes() == before


def test_lists_of_files_merge(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of all is that of a single run; without one beside each part there is none."""
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        name = f"{number}.files"
        here(
            "compute", data, "-q", "--shard", f"{number}/2", "-o", f"{number}.json", "--files", name
        )
    here("compute", data, "-q", "-o", "whole.json", "--files", "whole.files")
    run = here("merge", "2.json", "1.json", "-o", "all.json", "--files", "all.files")
    assert (run.returncode, Path("all.files").read_bytes()) == (
        0,
        Path("whole.files").read_bytes(),
    )
    run = here("check", data, "--stats", "all.json", "-q", "--rule", "unreadable=off")
    assert run.returncode == 0
    Path("1.files").unlink()
    run = here("merge", "2.json", "1.json", "-o", "all.json", "--files", "all.files")
    assert (run.returncode, "1.json: has no list of files" in run.stderr) == (2, True)


def test_images_in_both_data_sets_are_said(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists beside stats files tell that two data sets share images; they count twice."""
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "copy" / "train"
    for number in range(3):
        content = (data / "train" / f"{number:02}.png").read_bytes()
        make.write(copy / f"other{number}.png", content)
    make.write(copy / "own.png", make.encoded(make.pixels(99, 9, 9)))
    here("compute", data, "-q", "-o", "a.json", "--files", "a.files")
    here("compute", "copy", "-q", "-o", "b.json", "--files", "b.files")
    run = here("merge", "a.json", "b.json", "-o", "both.json")
    assert "3 images have the pixels of one that is in another of these" in run.stderr
    assert "the first: train/other0.png" in run.stderr
    both = normstat.load("both.json")
    assert both.splits["train"].images == normstat.load("a.json").splits["train"].images + 4


_KEYS = st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=5)


@settings(deadline=None)  # a file is made, where there are many
@given(lists=_KEYS, most=st.integers(1, 9))
def test_shared_keys_are_those_of_a_set(lists: list[list[int]], most: int) -> None:
    """However few are sorted at once; memory holds no more than these, and a part of the others."""
    usual, shared_keys._MOST = shared_keys._MOST, most
    try:
        keys, seen, again = SharedKeys(), set[int](), list[tuple[int, int]]()
        for number, numbers in enumerate(lists):
            for line, key in enumerate(numbers):
                digest = blake2b(bytes([key]), digest_size=12).digest()
                keys.add(number, line, urlsafe_b64encode(digest).decode())
                assert len(keys._recent) < most * 24
            again += [(number, line) for line, key in enumerate(numbers) if key in seen]
            seen |= set(numbers)
        assert keys.shared() == (len(again), min(again, default=None))
    finally:
        shared_keys._MOST = usual


def test_statistics_are_let_go_one_by_one(data: Path) -> None:
    """Those of many parts need no more memory than those of two."""

    class Splits(dict[str, normstat.SplitStats]):
        """One that can be watched."""

    kept: list[weakref.ref[Splits]] = []

    def one_by_one() -> Iterator[normstat.Stats]:
        for part in range(1, 6):
            stats = normstat.compute(data, shard=f"{part}/5", workers=0)
            splits = Splits(stats.splits)
            kept.append(weakref.ref(splits))
            yield replace(stats, splits=splits)
            del splits
            gc.collect()
            assert sum(each() is not None for each in kept) <= 1

    normstat.merge(one_by_one())


def test_any_two_orders_give_one_sum(data: Path) -> None:
    counted = parts(data, 3)
    texts = {dumps(normstat.merge(order)) for order in itertools.permutations(counted)}
    assert len(texts) == 1


def test_the_same_images_twice_are_refused(whole: normstat.Stats) -> None:
    """A file that is given twice, or the same images in another place, would count twice."""
    with pytest.raises(UsageError, match="statistics 2: has the same images in train as"):
        normstat.merge([whole, whole])
