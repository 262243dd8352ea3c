"""Rows: what a run learns of each image, for whoever asks for it."""

from pathlib import Path

import make
import numpy as np
import pytest
import strategies
from arrays import ArrayPixels
from hypothesis import given
from hypothesis import strategies as st
from opened import opened

import normstat
from normstat.accumulators.rows import row_of
from normstat.images import DIGEST, ROW_FIELDS, ImageRow, Sample
from normstat.verbs.compute.count import count
from normstat.verbs.engine import Engine

SAMPLE = Sample("train", "a.png")


class Rows:
    """A sink that keeps what it is given."""

    def __init__(self, *fields: str) -> None:
        self.fields = frozenset(fields)
        self.rows: list[ImageRow] = []

    def add(self, row: ImageRow) -> None:
        self.rows.append(row)


@given(
    image=strategies.kinds.flatmap(strategies.images),
    fields=st.sets(st.sampled_from(sorted(ROW_FIELDS))),
)
def test_a_row_has_what_is_asked_for(image, fields):
    """The fields that are wanted, and of an array's numbers those that NumPy gives; no others."""
    pixels = ArrayPixels(image)
    row = row_of(SAMPLE, 99, pixels, fields)._asdict()
    assert {name for name, value in row.items() if value is not None} == {"split", "name", *fields}
    values = np.asarray(pixels.array(), np.float64).reshape(-1, image.shape[2])
    known = {
        "kind": pixels.kind,
        "size": (image.shape[1], image.shape[0]),
        "bytes": 99,
        "digest": pixels.digest[:DIGEST],
        "key": pixels.key,
        "notes": pixels.notes,
        "min": tuple(values.min(axis=0)),
        "max": tuple(values.max(axis=0)),
    }
    for name in fields & known.keys():
        assert row[name] == known[name]
    scale = np.abs(values).max()
    for name in fields & {"mean", "std"}:
        expected = getattr(values, name)(axis=0)
        assert row[name] == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)


def test_every_image_has_a_row_in_the_order_of_the_walk(tmp_path: Path) -> None:
    """Readable or not, whoever reads it, and whether a cache has it; fields as they were asked."""
    data = tmp_path / "data"
    for number in range(300):
        content = b"P5 1 1 255\n" + bytes([number % 256]) if number % 50 else b""
        make.write(data / ("val" if number % 3 else "train") / f"{number:03}.pgm", content)
    found = []
    for engine in (Engine.of(0), Engine.of(2), *(Engine.of(0, cache=tmp_path / "c"),) * 2):
        one, other = Rows("key", "bytes"), Rows("min", "size")
        count(opened(data), normstat.Settings(), engine, [one, other])
        wanted = [(row.split, row.name, row.code, row.key, row.bytes) for row in one.rows]
        found.append((wanted, [(row.split, row.name, row.min, row.size) for row in other.rows]))
    rows, others = one.rows, other.rows
    assert all(again == found[0] for again in found)
    names = [(row.split, row.name) for row in rows]
    assert names == sorted(names) == [(row.split, row.name) for row in others]
    assert len(names) == 300
    assert [row.code for row in rows] == [None if row.bytes else "empty" for row in rows]
    assert {row.min for row in others if not row.code} == {
        (float(n % 256),) for n in range(300) if n % 50
    }
