"""Arrays in buckets: the bytes of those in a folder, whole objects, runs that go on."""

from itertools import count
from pathlib import Path
from typing import Any

import archived
import make
import parquet_files
import pytest
import same_as_folder
from buckets import Buckets
from command import here
from command import normstat as command

import normstat
from normstat.errors import NormstatError, OutputError, UsageError
from normstat.sources.apply_record import RECORD
from normstat.writers.index import INDEX
from normstat.writers.journal import PLANNED
from normstat.writers.run_record import STARTED

pytestmark = pytest.mark.matrix  # they start servers

OUT = "s3://out/arrays"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    return same_as_folder.folder(root / "images", same_as_folder.images())


@pytest.fixture
def bucket(s3: Buckets) -> Buckets:
    s3.buckets["out"] = {}
    return s3


@pytest.fixture(scope="module")
def stats(data: Path) -> normstat.Stats:
    return normstat.compute(data, workers=0)


def _objects(bucket: Buckets, below: str = "arrays/") -> dict[str, bytes]:
    objects = bucket.buckets["out"]
    return {key.removeprefix(below): objects[key] for key in objects if key.startswith(below)}


def _files(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("workers", [0, 2])
def test_the_arrays_of_a_folder(
    bucket: Buckets, data: Path, stats: normstat.Stats, tmp_path: Path, workers: int
) -> None:
    """Index and record, too; nothing else is left."""
    normstat.apply(data, tmp_path / "out", stats, workers=0)
    applied = normstat.apply(data, OUT, stats, workers=workers)
    assert _objects(bucket) == _files(tmp_path / "out")
    assert applied.images == 72
    bucket.put("data", data)
    normstat.apply("s3://data", f"{OUT}-too", stats, workers=workers)
    found = _objects(bucket, "arrays-too/")
    assert {**found, RECORD: b""} == {**_files(tmp_path / "out"), RECORD: b""}


def test_images_come_back_from_a_bucket(
    bucket: Buckets, data: Path, stats: normstat.Stats, tmp_path: Path
) -> None:
    """As from a folder; and a bucket of arrays is DATA, as its record says."""
    for out in (OUT, tmp_path / "out"):
        normstat.apply(data, out, stats, workers=0)
    normstat.invert(OUT, tmp_path / "seen")
    normstat.invert(tmp_path / "out", tmp_path / "other")
    assert _files(tmp_path / "seen") == _files(tmp_path / "other")
    there, here = (normstat.compute(out, workers=0) for out in (OUT, tmp_path / "out"))
    assert there.splits["train"].mean == here.splits["train"].mean


def test_an_interrupted_run_goes_on(
    bucket: Buckets, data: Path, stats: normstat.Stats, tmp_path: Path
) -> None:
    """What is there is kept, nothing else is written; what no image has any more is removed."""
    numbers = count()

    def fails(method: str, key: str, before: int) -> int | None:
        is_array = method == "PUT" and key.endswith(".npy")
        return 403 if is_array and next(numbers) >= 30 else None

    bucket.fault = fails
    with pytest.raises(OutputError, match="access is denied"):
        normstat.apply(data, OUT, stats, workers=0)
    there = {name for name in _objects(bucket) if name.endswith(".npy")}
    assert 16 <= len(there) <= 30
    assert {STARTED, PLANNED} <= _objects(bucket).keys()
    assert not {RECORD, INDEX} & _objects(bucket).keys()
    bucket.fault = lambda method, key, before: None
    bucket.reset()
    with pytest.raises(UsageError, match="skip_existing"):
        normstat.apply(data, OUT, stats, workers=0)
    with pytest.raises(UsageError, match="other settings"):
        normstat.apply(data, OUT, stats, workers=0, dtype="float16", skip_existing=True)
    bucket.reset()
    applied = normstat.apply(data, OUT, stats, workers=0, skip_existing=True)
    assert applied.kept == len(there)
    assert bucket.requests["PUT"] == 72 - len(there) + 4  # with lists and records
    normstat.apply(data, tmp_path / "out", stats, workers=0)
    assert _objects(bucket) == _files(tmp_path / "out")
    normstat.apply(data, OUT, stats, workers=0, skip_existing=True, exclude="train/1")
    assert not any(name.startswith("train/1/") for name in _objects(bucket))


def test_an_earlier_run_is_replaced(bucket: Buckets, data: Path, stats: normstat.Stats) -> None:
    """All of it; what is of somebody else stays."""
    normstat.apply(data, OUT, stats, workers=0)
    bucket.buckets["out"]["arrays/notes.txt"] = b"mine"
    normstat.apply(data, OUT, stats, workers=0, overwrite=True, split="val")
    found = _objects(bucket)
    assert found.pop("notes.txt") == b"mine"
    assert {name.split("/")[0] for name in found} == {"val", RECORD, INDEX}


def test_a_server_that_stumbles_changes_nothing(
    bucket: Buckets, data: Path, stats: normstat.Stats, tmp_path: Path
) -> None:
    """Each object is written at the second time."""
    bucket.fault = lambda method, key, before: 503 if not before and method == "PUT" else None
    normstat.apply(data, OUT, stats, workers=0)
    normstat.apply(data, tmp_path / "out", stats, workers=0)
    assert _objects(bucket) == _files(tmp_path / "out")


@pytest.mark.parametrize(
    ("out", "options", "words", "code"),
    [
        ("s3://data/images/arrays", {}, "is inside s3://data", 2),
        ("s3://data", {}, "arrays belong elsewhere", 2),
        ("s3://nowhere/arrays", {}, "no such bucket", 4),
        (OUT, {"store": "stack"}, "written in parts, which objects cannot be", 2),
        ("http://127.0.0.1:9/arrays", {}, "no answer", 4),
    ],
)
def test_what_cannot_be_written_is_refused(
    bucket: Buckets,
    data: Path,
    stats: normstat.Stats,
    out: str,
    options: Any,
    words: str,
    code: int,
) -> None:
    """With the way out, and before any array is made."""
    bucket.put("data", data.parent)
    with pytest.raises(NormstatError, match=words) as caught:
        normstat.apply("s3://data/images", out, stats, workers=0, **options)
    assert caught.value.exit_code == code
    assert bucket.buckets["out"] == {}


def test_a_dry_run_writes_nothing(bucket: Buckets, data: Path) -> None:
    """And knows of no end of the room."""
    broken = ("cut*", "empty*", "text*")
    excluded = [word for glob in broken for word in ("--exclude", glob)]
    run = here("apply", data, OUT, "--method", "unit", "--dry-run", *excluded)
    assert run.returncode == 0, run.stderr
    assert "to s3://out/arrays\n" in run.stdout
    assert bucket.requests["PUT"] == 0


def test_files_of_all_commands_may_be_objects(bucket: Buckets, tmp_path: Path) -> None:
    """Stats files, parts, lists and reports are read and written by URL; a cache is not."""
    for number in range(8):
        make.write(tmp_path / f"d/train/{number}.png", make.encoded(make.pixels(number, 9, 8)))
    data, url = tmp_path / "d", "s3://out"
    for words in (
        ("compute", data, "-o", f"{url}/whole.json", "--files", f"{url}/whole.files"),
        ("compute", data, "--shard", "1/2", "-o", f"{url}/1.json"),
        ("compute", data, "--shard", "2/2", "-o", f"{url}/2.json"),
        ("merge", f"{url}/1.json", f"{url}/2.json", "-o", f"{url}/merged.json"),
        ("subtract", f"{url}/whole.json", f"{url}/1.json", "-o", f"{url}/rest.json"),
        ("show", f"{url}/whole.json"),
        ("export", f"{url}/whole.json", "--to", "albumentations"),
        ("report", f"{url}/whole.json", "-o", f"{url}/page.html"),
        ("check", data, "--stats", f"{url}/whole.json", "--report", f"{url}/check.html"),
        ("check", data, "--stats", f"{url}/whole.json", "--files", f"{url}/whole.files"),
        ("apply", data, f"{url}/arrays", "--stats", f"{url}/whole.json"),
    ):
        run = here(*words)
        assert run.returncode == 0, (words, run.stderr)
    objects = bucket.buckets["out"]
    assert objects["page.html"].startswith(b"<!")
    assert {"whole.files", "rest.json", "check.html", "arrays/index.jsonl"} <= objects.keys()
    run = command("compute", data, "--cache", f"{url}/cache")
    assert run.returncode == 2
    assert "a file of this machine" in run.stderr


@pytest.mark.parametrize("kind", ["tar", "zip", "parquet"])
def test_apply_reads_archives_of_a_bucket(bucket: Buckets, tmp_path: Path, kind: str) -> None:
    """The arrays of the same archive here; of a tar only headers are read twice."""
    root, images = tmp_path / "data", same_as_folder.images()
    large = make.encoded(make.pixels(1, 200, 300), compress_level=0)
    images |= {f"train/1/large-{number}.png": large for number in range(12)}
    if kind == "parquet":
        contents = [{"bytes": content, "path": None} for content in images.values()]
        parquet_files.write(root / "a.parquet", {"image": contents}, groups=[30, 30])
    else:
        archived.KINDS[kind](root / f"a.{kind}", images)
    bucket.put("data", root)
    normstat.apply(f"s3://data/a.{kind}", OUT, "unit", workers=0)
    sent = bucket.sent
    normstat.apply(root / f"a.{kind}", tmp_path / "out", "unit", workers=0)
    found, expected = _objects(bucket), _files(tmp_path / "out")
    del found[RECORD], expected[RECORD]
    lines = [each.pop(INDEX).splitlines() for each in (found, expected)]
    assert found == expected
    assert sorted(lines[0]) == sorted(lines[1])  # those of an archive are as they lie in it
    if kind == "tar":
        assert sent < 1.5 * (root / "a.tar").stat().st_size
