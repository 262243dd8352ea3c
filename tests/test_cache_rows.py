"""What a row of a cache may say, and that what it says is still what would be counted."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from cached import read, settle
from opened import opened

from normstat.accumulators.exact_sums import COLUMNS
from normstat.accumulators.tally import STATE
from normstat.cache import Cache, contents, sample_digest
from normstat.images import LocalFiles, ReadOptions, Shard
from normstat.statsfile import ROWS, dumps_counts, loads_counts
from normstat.verbs.compute.job import Count
from normstat.verbs.compute.row_validation import validated

GOLDEN = Path(__file__).parent / "golden" / "tally.json"
FLOATS = np.arange(30, dtype="float32").reshape(5, 2, 3) / 8
#: Bytes written out, that no encoder's new version changes; all whose sums of floats are exact.
FILES = {
    "a.pgm": b"P5 3 2 255\n\0\1\2\3\4\xff",
    "b.ppm": b"P6 2 1 255\n\0\1\2\3\4\5",
    "c.pgm": b"P5 2 1 65535\n\0\1\xff\xff",
    "d.npy": make.npy(FLOATS),
    "e.png": b"",
    "f.png": b"<html>",
    "g.npy": make.npy(FLOATS)[:-4],
    "h.npy": make.npy(np.full((1, 2), np.nan)),
    "i.png": b"P5 1 1 255\n\7",
}


def counted(folder: Path) -> bytes:
    """What a cache would keep of these files."""
    for name, content in FILES.items():
        make.write(folder / name, content)
    shard = Shard("val", LocalFiles(str(folder)), tuple(FILES))
    return dumps_counts(Count(ReadOptions(), True, ROWS)(shard))


def readable(value: bytes) -> str:
    """The same, so that a difference can be seen: counts by their value."""
    content = json.loads(value)
    tally = loads_counts(value).tally.splits["val"]
    for kind, state in zip(content["splits"]["val"]["kinds"], tally.kinds.values(), strict=True):
        found = [{int(v): int(c[v]) for v in np.flatnonzero(c)} for c in state.values.counts]
        if "min" in {*kind["values"]}:
            kind["values"]["counts"] = found
        else:
            kind["values"] = found
    return json.dumps(content, indent=1) + "\n"


def test_whoever_changes_what_is_counted_raises_STATE(tmp_path: Path) -> None:  # noqa: N802
    """The tally of the same files is the recorded one, or caches of before would be believed."""
    found = readable(counted(tmp_path))
    # After a change that is meant: python -c "from test_cache_rows import *; record()"
    assert found == GOLDEN.read_text("utf-8"), (
        f"the same files come to another tally than before: raise STATE ({STATE}) in "
        "normstat/accumulators/tally.py, then record the new one as the comment here says"
    )


def record() -> None:
    """Make the recorded tally anew, after a change that is meant."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        GOLDEN.write_text(readable(counted(Path(folder))), "utf-8")


def kind(number: int, **changes: Any) -> Callable[[Any], None]:
    """A change of one of the kinds of images."""
    return lambda content: content["splits"]["val"]["kinds"][number].update(changes)


def per_image(number: int, **changes: Any) -> Callable[[Any], None]:
    """A change of the sums over the images of a kind."""
    return lambda content: content["splits"]["val"]["kinds"][number]["per_image"].update(changes)


def record_of(**changes: Any) -> Callable[[Any], None]:
    """A change of what the first damaged image is said to be."""
    return lambda content: content["splits"]["val"]["unreadable"][0].update(changes)


def a_sum(content: Any) -> None:
    """A change of one image's sum."""
    content["splits"]["val"]["kinds"][0]["per_image"]["channels"][0]["s"] = "1"


def summed(column: str, value: str) -> Callable[[Any], None]:
    """A change of a sum over the images of floats, which no pixel confirms."""

    def change(content: Any) -> None:
        content["splits"]["val"]["kinds"][3]["per_image"]["channels"][0][column] = value

    return change


def covered(**changes: Any) -> Callable[[Any], None]:
    """A change of the products of channels."""
    return lambda content: content["splits"]["val"]["kinds"][3]["covariance"].update(changes)


def wrapped(content: Any) -> None:
    """Counts whose sum, in 64 bits, is the same as before."""
    values = content["splits"]["val"]["kinds"][3]["values"]
    counts = np.frombuffer(base64.b64decode(values["counts"]), [("place", "<u4"), ("count", "<i8")])
    more = np.zeros(4, counts.dtype)
    more["place"], more["count"] = range(40000, 40004), 2**62
    counts = np.concatenate([counts, more])
    values["counts"] = base64.b64encode(counts.tobytes()).decode()


@pytest.mark.parametrize(
    "change",
    [
        kind(0, first=[]),
        kind(0, first=["a.pgm"]),
        kind(0, first=["a.pgm", "a.pgm"]),
        kind(0, first=["a.pgm", "b.ppm"]),
        kind(0, first=["a.pgm", "z.pgm"]),
        kind(0, modes={"L": 1}),
        kind(0, formats={"PPM": 3}),
        kind(0, notes={"alpha_dropped": 3}),
        kind(0, width={"min": None, "max": None}),
        kind(0, sizes=None),
        kind(0, sizes={"width": [0], "height": [0], "images": [1]}),
        kind(3, values={"count": 9, "min": [0.0] * 3, "max": [0.0] * 3}),
        per_image(0, images=3),
        per_image(0, images=0),
        per_image(0, pixels="8"),
        per_image(3, pixels="0"),
        a_sum,
        *(summed(column, "9" * 4000) for column in COLUMNS[2:]),
        *(summed(column, "-1") for column in ("ss", "qq", "ms", "mq", "sq", "std")),
        covered(sums=["9" * 4000] * 3),
        covered(products=[["9" * 4000] * row for row in (3, 2, 1)]),
        covered(count=2),
        per_image(0, pixels2="-1"),
        per_image(3, pixels2="9" * 4000),
        wrapped,
        record_of(path="z.png"),
        record_of(path="a.pgm"),
        record_of(split="train"),
        record_of(code="vanished"),
        lambda content: content["splits"].update(train=content["splits"]["val"]),
        lambda content: content["splits"].pop("val"),
        lambda content: content["rows"].pop(),
        lambda content: content["rows"].reverse(),
        lambda content: content["rows"].clear(),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_not_believed(
    tmp_path: Path, change: Callable[[Any], None]
) -> None:
    """Whatever would stop a run, or does not add up, is as if it were not there."""
    value = counted(tmp_path)
    paths = [*FILES]
    assert validated(value, "val", paths) == loads_counts(value)
    content = json.loads(value)
    change(content)
    assert content != json.loads(value)
    assert validated(json.dumps(content).encode(), "val", paths) is None


def test_a_run_counts_again_what_is_not_believed(tmp_path: Path) -> None:
    """A row of images without their names, which a checksum confirms, does not stop a run."""
    data = tmp_path / "data"
    for name, content in FILES.items():
        make.write(data / name, content)
    settle(data)
    read(data, tmp_path / "c")
    source = opened(data)
    (shard,) = source.shards(source.selection(), versions=True)
    (content,) = contents(str(tmp_path / "c"))
    assert content.context
    digests = list(map(sample_digest, shard.names, shard.versions))
    tally = json.loads(
        dumps_counts(
            Count(ReadOptions(), fields=ROWS)(Shard("all", LocalFiles(str(data)), ("a.pgm",)))
        )
    )
    tally["splits"]["all"]["kinds"][0]["first"] = []
    cache = Cache(str(tmp_path / "c"), pytest.fail)
    cache.store(content.context, digests[:1], json.dumps(tally).encode())
    cache.close()
    make.write(data / "zz.pgm", b"P5 1 1 255\n\7")
    (data / "b.ppm").unlink()
    settle(data)
    assert read(data, tmp_path / "c") == sorted({*FILES, "zz.pgm"} - {"b.ppm"})
