"""Stats files that cannot be used: refused, with the place in the file, and never a crash."""

import copy
import io
import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arrays import tally
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from normstat.accumulators.tally import Tally
from normstat.errors import StatsFileError
from normstat.images import Unreadable
from normstat.stats import Settings, Stats, summarize
from normstat.statsfile import dumps, load, loads
from normstat.tables import print_stats

VERSIONS = {"normstat": "0", "pillow": "0", "libjpeg_turbo": "0"}
RAMP = np.arange(6, dtype="uint8").reshape(2, 3, 1)


def text_of_all_kinds() -> str:
    """A small file with counts of 8 and 16 bits, moments, RGB and records."""
    total = sum(
        (
            tally(np.repeat(RAMP, 3, axis=2), RAMP, RAMP.astype("uint16")),
            tally(RAMP.astype("uint16"), RAMP.astype("uint16") + 9, split="16/bit"),
            tally(RAMP.astype("float32") / 7, RAMP.astype("float32"), split="float"),
            Tally.of_unreadable(Unreadable("float", "float/x.tif", "corrupt", "why")),
        ),
        Tally.empty(),
    )
    return dumps(summarize(total, total.splits, Settings(), VERSIONS))


TEXT = text_of_all_kinds()
CONTENT = json.loads(TEXT)
Pointer = tuple[str | int, ...]
TRAIN: Pointer = ("splits", "train")
KIND: Pointer = (*TRAIN, "state", "kinds", 1)
SIXTEEN: Pointer = ("splits", "16/bit", "state", "kinds", 0)
FLOAT: Pointer = ("splits", "float", "state", "kinds", 0)


def written(pointer: Pointer) -> str:
    """The JSON pointer of a place (RFC 6901)."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in pointer)


def changed(pointer: Pointer, change: Callable[[Any, Any], object]) -> Any:
    """The content, with something done to the last container on the way and the last key."""
    content = copy.deepcopy(CONTENT)
    *way, last = pointer
    place = content
    for key in way:
        place = place[key]
    change(place, last)
    return content


def replaced(pointer: Pointer, value: Any) -> Any:
    """The content with another value in one place."""
    return changed(pointer, lambda place, key: place.__setitem__(key, value))


WRONG = [
    (("schema",), "normstat/stats/2"),
    (("schema",), "normstat/stats/10"),
    (("schema",), 1),
    (("splits",), []),
    (TRAIN, None),
    ((*TRAIN, "mean"), [0.5]),
    ((*TRAIN, "mean"), [0.5] * 4),
    ((*TRAIN, "mean"), 0.5),
    ((*TRAIN, "mean", 1), "0.5"),
    ((*TRAIN, "mean", 1), None),
    ((*TRAIN, "mean", 1), True),
    ((*TRAIN, "std", 2), 10**400),
    ((*TRAIN, "stderr", "mean"), [0.1]),
    ((*TRAIN, "per_image", "std", 0), "x"),
    ((*TRAIN, "quantiles", "0.5"), []),
    ((*TRAIN, "images"), -1),
    ((*TRAIN, "images"), 1.5),
    ((*TRAIN, "listed"), "3"),
    ((*TRAIN, "channels"), "RGB"),
    ((*TRAIN, "dtype"), "uint9"),
    ((*TRAIN, "scale"), 0),
    ((*TRAIN, "covariance"), [[1.0]]),
    ((*TRAIN, "width", "min"), "3"),
    ((*TRAIN, "modes", "test"), -1),
    ((*TRAIN, "notes", "icc_profile"), None),
    ((*TRAIN, "fingerprint", "files"), "F" * 32),
    ((*TRAIN, "fingerprint", "files"), "0" * 31),
    ((*KIND, "dtype"), "uint32"),
    ((*KIND, "values"), []),
    ((*KIND, "values", 0), [0] * 255),
    ((*KIND, "values", 0, 7), -1),
    ((*KIND, "values", 0, 7), 2**63),
    ((*KIND, "values", 0, 7), 0.5),
    ((*KIND, "values"), [[2**62] * 4 + [0] * 252] * 3),
    ((*KIND, "per_image", "pixels"), 6),
    ((*KIND, "per_image", "pixels"), "6.0"),
    ((*KIND, "per_image", "pixels"), "1" * 5000),
    ((*KIND, "per_image", "channels"), []),
    ((*KIND, "sizes"), {"width": [12], "height": [8], "images": [2]}),
    ((*KIND, "sizes", "height"), [12, 13]),
    ((*KIND, "sizes", "height", 0), 63 * 8),
    ((*KIND, "sizes", "images", 0), 0),
    ((*KIND, "first", 0), 1),
    ((*SIXTEEN, "values", 0, "value", 0), 65536),
    ((*SIXTEEN, "values", 0, "count"), [1]),
    ((*FLOAT, "values", "max"), [1.0, 2.0]),
    ((*FLOAT, "values", "max", 0), 10**400),
    ((*FLOAT, "values", "count"), -1),
    (("unreadable", 0, "code"), "broken"),
    (("unreadable", 0, "path"), "lone \ud800 surrogate"),
    (("settings", "channels"), "cmyk"),
    (("settings", "resize"), [256, 256]),
    (("settings", "resize"), 2**63),
    (("settings", "max_value"), 10**400),
    (("settings", "max_pixels"), 0),
    (("settings", "include"), "*.png"),
    (("decoder", "pillow"), 13),
]


@pytest.mark.parametrize(
    ("pointer", "value"), WRONG, ids=[f"{written(p)}-{v!a:.12}" for p, v in WRONG]
)
def test_a_wrong_value_is_refused_where_it_stands(pointer: Pointer, value: Any) -> None:
    """The message starts with the pointer, or that of the list whose length is wrong."""
    with pytest.raises(StatsFileError) as caught:
        loads(json.dumps(replaced(pointer, value)))
    assert str(caught.value).startswith(written(pointer))


def summaries(value: Any, way: Pointer) -> list[Pointer]:
    """All places with a number, a word or null that were made from a state."""
    if isinstance(value, dict):
        return [
            place
            for key, item in value.items()
            if key != "state"
            for place in summaries(item, (*way, key))
        ]
    if isinstance(value, list):
        return [
            place for index, item in enumerate(value) for place in summaries(item, (*way, index))
        ]
    return [way]


SUMMARIES = [
    place
    for name, split in CONTENT["splits"].items()
    for place in summaries(split, ("splits", name))
]


def edited(value: Any) -> Any:
    """Something near it, as a typing error may be."""
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    if value is None:
        return 0.5
    return value + 1 if isinstance(value, int) else value * (1 + 1e-6) + 1e-6


def test_every_number_edited_by_hand_is_refused() -> None:
    """Whatever stands in front of a state is what the state gives: pointer and both values."""
    names = {place[2] for place in SUMMARIES}
    assert {"listed", "std", "stderr", "per_image", "quantiles", "max", "covariance"} <= names
    for place in SUMMARIES:
        content = copy.deepcopy(CONTENT)
        *way, last = place
        parent = content
        for key in way:
            parent = parent[key]
        old = parent[last]
        parent[last] = new = edited(old)
        with pytest.raises(StatsFileError) as caught:
            loads(json.dumps(content))
        assert str(caught.value).startswith(f"{written(place)}: "), place
        assert repr(new) in str(caught.value)
        assert repr(old) in str(caught.value)


def test_what_belongs_to_no_image_is_refused() -> None:
    """A mode or format that no image has, and a set that is not as complete as it says."""
    for pointer in ((*TRAIN, "modes", "CMYK"), (*TRAIN, "formats", "GIF")):
        with pytest.raises(StatsFileError, match=f"{written(pointer)}: is in no image"):
            loads(json.dumps(replaced(pointer, 1)))
    with pytest.raises(StatsFileError, match="/complete: should be true if and only if"):
        loads(json.dumps(replaced(("complete",), not CONTENT["complete"])))


def test_other_digits_of_the_same_numbers_are_read() -> None:
    """A program that writes JSON with 15 digits, or 0 for 0.0, changes nothing that is counted."""
    text = json.dumps(json.loads(TEXT, parse_float=lambda digits: float(f"{float(digits):.15g}")))
    assert text != json.dumps(CONTENT)
    read = loads(text.replace("[0.0,", "[0,"))
    for name in ("train", "16/bit"):
        assert read.splits[name] == loads(TEXT).splits[name]


IMPOSSIBLE = [
    ((*KIND, "per_image", "images"), 0),
    ((*KIND, "per_image", "channels", 0, "qq"), "-1" + "0" * 90),
    ((*KIND, "per_image", "channels", 0, "mean"), "9" * 4000),
    ((*SIXTEEN, "values", 0, "count"), [0] * 12),
    ((*FLOAT, "per_image", "channels", 0, "q"), "-1"),
    ((*FLOAT, "values", "count"), 0),
]


@pytest.mark.parametrize(
    ("pointer", "value"), IMPOSSIBLE, ids=[f"{written(p)}-{v!a:.12}" for p, v in IMPOSSIBLE]
)
def test_a_state_of_no_images_is_refused(pointer: Pointer, value: Any) -> None:
    """Sums that no images have end in a refusal that points to the state or what it gives."""
    with pytest.raises(StatsFileError) as caught:
        loads(json.dumps(replaced(pointer, value)))
    assert str(caught.value).startswith(written(pointer[:2]))


MISSING = [("schema",), ("splits",), (*TRAIN, "mean"), (*TRAIN, "state"), (*TRAIN, "stderr", "std")]
MISSING += [(*KIND, "per_image"), (*SIXTEEN, "values", 0, "count"), ("unreadable", 0, "code")]


NO_STATS = ", so this is no stats file; normstat compute writes them"


@pytest.mark.parametrize("pointer", MISSING, ids=map(written, MISSING))
def test_a_missing_key_is_refused_where_it_should_be(pointer: Pointer) -> None:
    """The message has the pointer of the object and the key."""
    content = changed(pointer, lambda place, key: place.pop(key))
    with pytest.raises(StatsFileError) as caught:
        loads(json.dumps(content))
    words = f"{written(pointer[:-1]) or '/'}: {pointer[-1]!r} is missing"
    # Without this one it is another kind of file.
    assert str(caught.value).removesuffix(NO_STATS if pointer == ("schema",) else "") == words


MEAN = '"mean": ['
NO_NUMBER = {
    "nan": (MEAN, MEAN + "NaN, ", "/splits/train/mean/0"),
    "infinity": (MEAN, MEAN + "-Infinity, ", "/splits/train/mean/0"),
    "beyond-double": (MEAN, MEAN + "1e999, ", "/splits/train/mean"),
    "twice": (MEAN, f"{MEAN}], {MEAN}", "/splits/train/mean"),
    "twice-at-the-top": ('"complete"', '"schema": "normstat/stats/1", "complete"', "/schema"),
    "digits": ('"pixels": ', '"pixels": ' + "9" * 5000, "/splits/train/pixels"),
}


@pytest.mark.parametrize(("old", "new", "pointer"), NO_NUMBER.values(), ids=NO_NUMBER)
def test_what_json_parsers_differ_in_is_refused_where_it_stands(
    old: str, new: str, pointer: str
) -> None:
    """NaN, numbers without an end and keys that stand twice: with the pointer as well."""
    with pytest.raises(StatsFileError) as caught:
        loads(TEXT.replace(old, new, 1))
    assert str(caught.value).startswith(pointer)


NO_FILE = {
    "empty": b"",
    "cut": TEXT.encode()[: len(TEXT) // 2],
    "two": TEXT.encode() * 2,
    "list": b"[]",
    "null": b"null",
    "string": b'"normstat/stats/1"',
    "not-utf-8": TEXT.encode().replace(b"corrupt", b"corrup\xff"),
    "utf-16": TEXT.encode("utf-16"),
    "byte-order-mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "deep-list": b"[" * 100_000,
    "deep-object": b'{"schema":' * 100_000,
    "deep-below": TEXT.replace('"notes": {', '"notes": {"x": ' + "[" * 50_000, 1).encode(),
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("content", NO_FILE.values(), ids=NO_FILE)
def test_what_is_no_stats_file(tmp_path: Path, content: bytes) -> None:
    """The message has the file's name and is one line that a terminal can show."""
    file = tmp_path / "a\x1bb.json" if sys.platform != "win32" else tmp_path / "ab.json"
    file.write_bytes(content)
    with pytest.raises(StatsFileError) as caught:
        load(file)
    assert "b.json: " in str(caught.value)
    assert str(caught.value).isprintable()


LARGE = {
    "no-end": (b"\0", "is no stats file, or cut short"),
    "too-large": (b"}\n", "larger than 1024 MiB"),
}


@pytest.mark.parametrize(("end", "words"), LARGE.values(), ids=LARGE)
def test_a_large_file_is_not_read_whole(tmp_path: Path, end: bytes, words: str) -> None:
    """Both ends and the size decide first; nothing of that size comes into memory."""
    file = tmp_path / "big.json"
    file.write_bytes(b'{"schema"')
    os.truncate(file, 1 << 30)
    with file.open("ab") as opened:
        opened.write(end)
    tracemalloc.start()
    with pytest.raises(StatsFileError, match=words):
        load(file)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["nowhere.json", "folder", "folder/nowhere.json"])
def test_what_cannot_be_opened(tmp_path: Path, name: str) -> None:
    """A missing file and a folder are refused by name, with the reason."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(StatsFileError, match="cannot be read") as caught:
        load(tmp_path / name)
    assert name in str(caught.value)
    assert "None" not in str(caught.value)


def shown(stats: Stats) -> None:
    """Print the table nowhere."""
    print_stats(stats, Console(file=io.StringIO(), width=200), "x.json", in_full=True)


def pointers(value: Any, way: Pointer = ()) -> list[Pointer]:
    """All places in the content, but only a few of the many equal counts."""
    places = [way] if way else []
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))[:3]
    return places + [place for key, item in items for place in pointers(item, (*way, key))]


ODD = [None, True, -1, 0, 1.5, 2**64, 10**400, 1e308, -1e308, 5e-324, "", "NaN", "\ud800", "\u0663"]
ODD += ["[/]", [], {}, [None], [[]], {"": 0}, [0.5] * 3, [-1.0] * 3, "9" * 4000, "uint8", "float32"]
mutated = st.builds(
    changed,
    st.sampled_from(pointers(CONTENT)),
    st.one_of(
        st.just(lambda place, key: place.pop(key)),
        st.sampled_from(ODD).map(lambda odd: lambda place, key: place.__setitem__(key, odd)),
    ),
)


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(content=mutated)
def test_anything_is_read_or_refused(content: Any) -> None:
    """Whatever a file says, reading it gives statistics or StatsFileError, and nothing else."""
    with suppress(StatsFileError):
        loads(json.dumps(content))


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(content=mutated)
def test_what_is_read_can_be_used(content: Any) -> None:
    """Statistics that were not refused can be written again and shown."""
    try:
        stats = loads(json.dumps(content))
    except Exception:  # noqa: BLE001  # the law above is about those
        return
    dumps(stats)
    shown(stats)


UNUSABLE = {
    "no-splits": (("splits",), {}),
    "no-such-kind": ((*TRAIN, "dtype"), "float32"),
    "no-kinds": ((*TRAIN, "state", "kinds"), []),
    "negative-error": ((*TRAIN, "stderr", "std", 0), -1.0),
    "markup": ((*TRAIN, "channels", 0), "[/]"),
}


@pytest.mark.parametrize(("pointer", "value"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_contradicts_itself_is_refused_or_shown(pointer: Pointer, value: Any) -> None:
    """A file that agrees with no state, or with no terminal, ends in no traceback."""
    with suppress(StatsFileError):
        shown(loads(json.dumps(replaced(pointer, value))))
