"""Archives and lists in buckets: the bytes of the stats file of the same files here, each once."""

import json
import shlex
import zlib
from collections.abc import Generator, Iterable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import unquote

import archived
import make
import parquet_files
import pytest
import same_as_folder
from buckets import KEY, SECRET, Buckets
from command import here

import normstat
from normstat import files
from normstat.errors import UsageError
from normstat.executors.executor import Job, R
from normstat.executors.inprocess import InProcess
from normstat.images import Code, ReadOptions, Shard
from normstat.sources.object_ranges import AT_ONCE, MOST, ObjectRanges
from normstat.sources.stores import Object
from normstat.sources.tar_stream import TarStream
from normstat.statsfile import ROWS, dumps
from normstat.verbs.compute.job import Count
from normstat.verbs.compute.kept_streams import dumps as dumps_row
from normstat.verbs.compute.kept_streams import loads as loads_row
from normstat.verbs.compute.streamed import CountStream, Streamed

pytestmark = pytest.mark.matrix  # they start servers

_TARS = ["tar", "tar.gz", "tar.bz2", "txz"]


@pytest.fixture(scope="module")
def images() -> dict[str, bytes]:
    return same_as_folder.images()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, images: dict[str, bytes]) -> Path:
    """The images in archives of each kind, in lists and in tables."""
    root = tmp_path_factory.mktemp("data")
    first, rest = dict(list(images.items())[:40]), dict(list(images.items())[40:])
    for kind in (*_TARS, "zip"):
        archived.KINDS[kind](root / f"{kind}s" / f"part-0.{kind}", first)
        archived.KINDS[kind](root / f"{kind}s" / f"part-1.{kind}", rest)
    for number, some in enumerate((first, rest)):
        contents = [{"bytes": content, "path": None} for content in some.values()]
        path = root / "parquets" / f"part-{number}.parquet"
        parquet_files.write(path, {"image": contents}, groups=[15, 15])
    archived.folder(root / "img", images)
    names = [*images, "train/gone.png"]
    make.write(root / "img/a.txt", "\n".join(names).encode())
    make.write(root / "lists/a.txt", "\n".join(f"../img/{name}" for name in names).encode())
    rows = [f"{name},{name.split('/')[0]}" for name in names]
    make.write(root / "img/a.csv", "\n".join(["file_name,split", *rows]).encode())
    coco = {"images": [{"id": number, "file_name": name} for number, name in enumerate(names)]}
    make.write(root / "img/a.json", json.dumps(coco).encode())
    return root


@pytest.fixture
def bucket(s3: Buckets, data: Path) -> Buckets:
    s3.put("data", data)
    return s3


def _text(data: Any, **options: Any) -> str:
    return dumps(normstat.compute(data, **{"workers": 0} | options))


@pytest.mark.parametrize(
    "name",
    [
        *(f"{kind}s/part-{{0..1}}.{kind}" for kind in (*_TARS, "zip", "parquet")),
        *("tars/part-1.tar", "tars/*.tar", "tars", "zips", "parquets", "parquets/part-?.parquet"),
        *("img/a.txt", "lists/a.txt", "img/a.csv", "img/a.json"),
    ],
)
def test_the_bytes_of_the_same_files_here(bucket: Buckets, data: Path, name: str) -> None:
    """Broken images are the same records; the kind of DATA is the same, too."""
    assert _text(f"s3://data/{name}") == _text(data / name)


@pytest.mark.parametrize("name", ["tars", "zips/*.zip", "parquets"])
def test_worker_processes_read_archives(bucket: Buckets, data: Path, name: str) -> None:
    """They find the names of a tar, and tell them."""
    assert _text(f"s3://data/{name}", workers=2) == _text(data / name)


@pytest.mark.parametrize("kind", _TARS)
def test_each_byte_of_a_tar_is_fetched_once(bucket: Buckets, kind: str) -> None:
    """No listing pass: one request finds the archives, and one reads a small one."""
    _text(f"s3://data/{kind}s/part-{{0..1}}.{kind}")
    assert bucket.requests == {"LIST": 1, "GET": 2}
    objects = bucket.buckets["data"]
    assert bucket.sent == sum(len(objects[key]) for key in objects if key.startswith(f"{kind}s/"))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", ["tar", "zip", "parquet"])
def test_hardly_more_is_fetched_than_there_is(
    s3: Buckets, tmp_path: Path, kind: str, workers: int
) -> None:
    """At most 1.02 times the set, whoever reads which part of it."""
    noise = make.encoded(make.pixels(1, 260, 300), compress_level=0)
    images = {f"train/{number:03}.png": noise for number in range(40)}
    if kind == "parquet":
        contents = [{"bytes": content, "path": None} for content in images.values()]
        columns = {"image": contents, "more": [b"." * 9 for _ in contents]}
        path = tmp_path / "a.parquet"
        options = {"use_dictionary": False, "compression": "none"}
        parquet_files.write(path, columns, groups=[9, 9, 9, 9], **options)
    else:
        archived.KINDS[kind](tmp_path / f"a.{kind}", images)
    s3.put("data", tmp_path)
    _text(f"s3://data/a.{kind}", workers=workers)
    (content,) = s3.buckets["data"].values()
    assert s3.sent <= 1.02 * len(content)


def test_a_large_object_comes_in_many_requests_at_a_time(s3: Buckets) -> None:
    """Sixteen, and no more than 64 MiB are there at once."""
    assert AT_ONCE >= 16
    assert MOST <= 64 << 20
    size = 48 << 20
    s3.buckets["data"] = {"a.tar": bytes(size)}
    s3.fault = lambda method, key, before: 0.02 if method == "GET" else None
    ranges = ObjectRanges("s3://data/a.tar", size)
    ranges.plan_all()
    assert len(ranges.read_at(0, 1000)) == 1000
    assert s3.most == 16
    assert s3.sent < size
    ranges.close()


def test_what_tars_hold_decides_as_it_does_here(s3: Buckets, tmp_path: Path) -> None:
    """Masks, images of several splits, names that occur again, parts of a sample, hidden files."""
    root = tmp_path / "data"
    png = [make.encoded(make.pixels(number, 9, 8)) for number in range(12)]
    archived.tar(
        root / "a.tar",
        {
            "train/x.png": png[0], "train/x_mask.png": png[1], "val/y.png": png[2],
            "train/masks/x.png": png[3], ".hidden.png": png[4], "train/note.txt": b"text",
            "train/k.jpg": png[5], "train/k.left.png": png[6], "../out.png": png[7],
        },
    )  # fmt: skip
    archived.tar(root / "b.tar", {"more/z.png": png[8], "w.png": png[9]})
    doubled = archived.tar(root / "c.tar", {"val/y.png": png[10]})
    end = doubled.read_bytes()
    doubled.write_bytes(end[: len(end) - 10240 + 512 * 3] + end)
    s3.put("data", root)
    for options in ({}, {"exclude": ["x*"]}, {"labels": "count"}, {"split": ["val"]}):
        same: Any = {**options}
        assert _text("s3://data", **same) == _text(root, **same), options


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip", "parquet"])
def test_damaged_archives_are_the_same_records(s3: Buckets, tmp_path: Path, kind: str) -> None:
    """Cut off, overwritten, empty, and something else by that name."""
    root = tmp_path / "data"
    root.mkdir()
    images = {f"{n:02}.png": make.encoded(make.pixels(n, 40, 30)) for n in range(20)}
    if kind == "parquet":
        contents = [{"bytes": content, "path": None} for content in images.values()]
        parquet_files.write(root / "whole.parquet", {"image": contents}, groups=[8])
    else:
        archived.KINDS[kind](root / f"whole.{kind}", images)
    whole = (root / f"whole.{kind}").read_bytes()
    half = len(whole) // 2
    damaged = {
        "cut": whole[:half],
        "zero": whole[:half] + bytes(600) + whole[half + 600 :],
        "empty": b"",
        "other": b"<html>" + bytes(600),
    }
    for name, content in damaged.items():
        make.write(root / f"{name}.{kind}", content)
    s3.put("data", root)
    assert _text("s3://data") == _text(root)


@pytest.mark.fault(73)
@pytest.mark.parametrize("name", ["tars", "zips", "parquets", "img/a.txt"])
def test_a_server_that_stumbles_changes_nothing(bucket: Buckets, data: Path, name: str) -> None:
    """One request of twenty fails, and is asked again."""

    def stumbles(method: str, key: str, before: int) -> int | None:
        return 503 if zlib.crc32(f"{key} {before}".encode()) % 20 == 1 else None

    bucket.fault = stumbles
    assert _text(f"s3://data/{name}") == _text(data / name)
    bucket.fault = lambda method, key, before: 500 if method == "GET" and not before else None
    assert _text(f"s3://data/{name}") == _text(data / name)


@pytest.mark.fault(72)
def test_an_archive_that_is_another_now_is_a_record(bucket: Buckets) -> None:
    """So is one that is gone or forbidden, and one that braces name and nobody has."""
    objects = bucket.buckets["data"]

    def fault(method: str, key: str, before: int) -> int | None:
        if method == "GET" and key.endswith("part-0.tar"):
            objects[key] = objects["tars/part-1.tar"]
        return 403 if method == "GET" and key.endswith("part-1.tar") else None

    bucket.fault = fault
    with pytest.raises(UsageError) as caught:
        normstat.compute("s3://data/tars/part-{0..2}.tar", workers=0)
    assert "changed_while_read" in str(caught.value)
    assert "permission_denied" in str(caught.value)
    assert "vanished" in str(caught.value)


def test_a_list_on_this_machine_may_name_urls(
    bucket: Buckets, data: Path, tmp_path: Path, images: dict[str, bytes]
) -> None:
    """Whole ones, or paths below a URL."""
    expected = normstat.compute(data / "img/a.txt", workers=0)
    urls = make.write(tmp_path / "u.txt", "\n".join(f"s3://data/img/{n}" for n in images).encode())
    found = normstat.compute(urls, workers=0)
    assert found.splits["train"].mean == expected.splits["train"].mean
    names = make.write(tmp_path / "n.txt", "\n".join(images).encode())
    found = normstat.compute(names, root="s3://data/img", workers=0)
    assert found.splits["train"].mean == expected.splits["train"].mean


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.tar", "there is no such"),
        ("gone-{0..1}.tar", "vanished"),
        ("gone/*.tar", "there are no such files"),
        ("gone.txt", "there is no such"),
        ("a.h5", "copy it to this machine"),
        ("a.npy", "copy it to this machine"),
    ],
)
def test_what_is_not_there_is_refused(bucket: Buckets, name: str, words: str) -> None:
    run = here("compute", f"s3://data/{name}")
    assert run.returncode == 2
    assert words in run.stderr


def test_commands_of_the_documentation_on_archives(
    s3: Buckets, images: dict[str, bytes], tmp_path: Path
) -> None:
    """All of them read the same photos."""
    page = (Path(__file__).parent.parent / "docs" / "buckets.md").read_text("utf-8")
    block = page.split("```sh\n")[2].partition("```")[0].splitlines()
    root, broken = tmp_path / "bucket", ("train/0/cut.png", "train/0/empty.png", "val/1/text.png")
    whole = {name: content for name, content in images.items() if name not in broken}
    archived.folder(root / "photos", whole)
    first, rest = dict(list(whole.items())[:30]), dict(list(whole.items())[30:])
    for number, some in enumerate((first, rest)):
        archived.tar(root / f"shards/part-{number}.tar", some)
        contents = [{"bytes": content, "path": name} for name, content in some.items()]
        parquet_files.write(root / f"tables/{number}.parquet", {"image": contents})
    archived.zipped(root / "zips/photos.zip", whole)
    make.write(root / "lists/all.txt", "\n".join(f"../photos/{name}" for name in whole).encode())
    s3.put("bucket", root)
    stats = normstat.compute(root / "photos", workers=0)
    s3.buckets["bucket"]["stats.json"] = dumps(stats).encode()
    commands = [shlex.split(line) for line in block]
    assert [words[1] for words in commands] == ["compute"] * 5 + ["apply", "invert"]
    for words in commands:
        run = here(*words[1:], cwd=tmp_path)
        assert run.returncode == 0, (words, run.stderr)
    means = set()
    for path in tmp_path.glob("*.json"):
        splits = json.loads(path.read_text("utf-8"))["splits"].values()
        means.add(sum(split["pixels"] for split in splits))
    assert len(means) == 1
    assert len(list((tmp_path / "seen").rglob("*.png"))) == len(whole)


class _WithRanges(BaseHTTPRequestHandler):
    """Files of a folder, whole or in parts."""

    protocol_version = "HTTP/1.1"

    def __init__(self, root: Path, sent: list[int], *arguments: Any) -> None:
        self._root, self._sent = root, sent
        super().__init__(*arguments)

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        path = self._root / unquote(self.path.partition("?")[0]).lstrip("/")
        data = path.read_bytes() if path.is_file() else b""
        status, size, wanted = 200, len(data), self.headers.get("Range")
        if not path.is_file():
            status = 404
        elif wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            data, status = data[int(first) : int(last or size) + 1], 206
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(data) - 1}/{size}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self._sent.append(len(data))
            self.wfile.write(data)

    do_HEAD = do_GET  # noqa: N815  # name of the base class


@pytest.fixture
def web(data: Path) -> Iterator[tuple[str, list[int]]]:
    """A web server that gives parts of files, and no lists of folders."""
    sent: list[int] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_WithRanges, data, sent)) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()


@pytest.mark.parametrize(
    "name", ["tars/part-{0..1}.tar", "tar.gzs/part-0.tar.gz", "zips/part-0.zip", "img/a.txt"]
)
def test_archives_and_lists_of_a_web_server(
    web: tuple[str, list[int]], data: Path, name: str
) -> None:
    """They need no list of the folder, as braces say the names."""
    url, sent = web
    assert _text(f"{url}/{name}") == _text(data / name)
    if "tars" in name:
        assert sum(sent) == sum(path.stat().st_size for path in (data / "tars").iterdir())


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_a_second_run_with_a_cache_reads_no_archive(
    bucket: Buckets, data: Path, tmp_path: Path, kind: str
) -> None:
    """But one that is another now, by its ETag; a row that somebody made up is not believed."""
    cache = tmp_path / "cache"
    name, here_ = f"s3://data/{kind}s/part-{{0..1}}.{kind}", data / f"{kind}s" / f"part-?.{kind}"
    assert _text(name, cache=cache) == _text(here_)
    bucket.reset()
    told = _Told()
    assert _text(name, cache=cache, progress=told) == _text(here_)
    if kind == "zip":
        assert bucket.sent < 9_000  # its directories
    else:
        assert bucket.requests == {"LIST": 1}
    assert any("75 of 75 images from the cache" in notice for notice in told.notices)
    written = cache.read_bytes()
    assert SECRET.encode() not in written
    assert KEY.encode() not in written
    objects = bucket.buckets["data"]
    objects[f"{kind}s/part-1.{kind}"] = objects[f"{kind}s/part-0.{kind}"]
    told = _Told()
    changed = _text(name, cache=cache, progress=told)
    assert changed == _text(name)
    assert any("40 of 80 images from the cache" in notice for notice in told.notices)


class _Told:
    def __init__(self) -> None:
        self.notices: list[str] = []
        self.images = 0

    def total(self, images: int) -> None: ...

    def advance(self, images: int) -> None:
        self.images += images

    def notice(self, message: str) -> None:
        self.notices.append(message)


@pytest.mark.parametrize("seed", range(30))
def test_made_up_rows_of_archives_are_not_believed(seed: int) -> None:
    """They are no rows, or say nothing that could end a run."""
    png = make.encoded(make.pixels(1, 5, 4))
    whole = dumps_row(_streamed({"a/1.png": png, "a/2.png": png, "b/x.png": b"no"}))
    assert dumps_row(loads_row(whole)) == whole
    random = Random(seed)
    content = bytearray(whole)
    for _ in range(3):
        content[random.randrange(len(content))] = random.choice(b'0"[]{},:nx-')
    try:
        found = loads_row(bytes(content))
    except (ValueError, LookupError, TypeError, AttributeError):
        return
    assert sum(len(each.names) for each in found.sums) <= 3


def _streamed(members: dict[str, bytes]) -> Streamed:
    with TemporaryDirectory() as folder:
        data = archived.tar(Path(folder) / "a.tar", members).read_bytes()
    files.write("memory://made-up/a.tar", data)
    stream = TarStream("memory://made-up/a.tar", Object("a.tar", len(data), b"1"))
    return CountStream(Count(ReadOptions(), fields=ROWS))(stream.shard("a.tar"))


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_an_archive_that_ends_its_worker_is_listed(bucket: Buckets, data: Path, kind: str) -> None:
    """Its images are read one by one then, so that the one that did it is found."""

    class Loses(InProcess):
        def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[tuple[int, R], None, None]:
            for number, shard in enumerate(shards):
                is_lost = isinstance(shard.container, TarStream)
                record = shard.record(Code.WORKER_CRASH, "its decoder ended") if is_lost else None
                yield number, job.lost(record) if record else job(shard)

    name = f"{kind}s/part-0.{kind}"
    assert _text(f"s3://data/{name}", engine=Loses()) == _text(data / name)


def test_signatures_in_a_list_are_kept_nowhere(
    web: tuple[str, list[int]], tmp_path: Path, images: dict[str, bytes]
) -> None:
    """URLs that are signed are asked for as they are, and shown without what signs them."""
    url, _ = web
    lines = [f"{url}/img/{name}?sig=s3cr3t" for name in (*images, "train/gone.png")]
    names = make.write(tmp_path / "all.txt", "\n".join(lines).encode())
    run = here("compute", names, "-o", tmp_path / "s.json", "--files", tmp_path / "s.files")
    assert run.returncode == 3, run.stderr
    assert "train/gone.png" in (tmp_path / "s.json").read_text("utf-8")
    written = [path.read_bytes() for path in tmp_path.iterdir() if path != names]
    assert b"s3cr3t" not in b"".join(written) + (run.stdout + run.stderr).encode()
