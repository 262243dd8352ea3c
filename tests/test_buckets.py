"""Data in buckets and behind other URLs: the same numbers, few requests, faults as records."""

import json
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import make
import pytest
import s3fs
from buckets import KEY, SECRET, Buckets
from command import environment, here
from command import normstat as command
from fsspec.asyn import sync

import normstat
from normstat import urls
from normstat.errors import UsageError
from normstat.executors.fitness import Ticket, problem_here
from normstat.images import Sample, Shard
from normstat.sources import open_source
from normstat.sources.first_answer import cure
from normstat.sources.remote_files import Fetching, Place, RemoteFiles
from normstat.sources.stores import store_of
from normstat.sources.stores.presigned import Presigned
from normstat.statsfile import dumps
from normstat.urls import FailedError, PassingError

pytestmark = pytest.mark.matrix  # they start servers


IMAGES = 60


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of two splits and some classes, and one that is none."""
    root = tmp_path_factory.mktemp("photos")
    for number in range(IMAGES):
        split = "val" if number % 5 == 0 else "train"
        name = f"{split}/{number % 3}/{number:02} ä+&.png"
        make.write(root / name, make.encoded(make.pixels(number, 20 + number % 4, 31)))
    make.write(root / "train/0/broken.png", b"\x89PNG\r\n\x1a\n")
    make.write(root / "train/notes.txt", b"no image")
    return root


@pytest.fixture
def bucket(s3: Buckets, photos: Path) -> Buckets:
    """A bucket that has them, under s3://data/photos."""
    s3.put("photos", photos)
    s3.buckets["data"] = {f"photos/{k}": v for k, v in s3.buckets.pop("photos").items()}
    return s3


DATA = "s3://data/photos"


def without_source(text: str) -> str:
    """A stats file without the kind of its source."""
    content = json.loads(text)
    assert content["settings"].pop("source")["kind"] in ("folder", "remote")
    return json.dumps(content)


def size_of(bucket: Buckets) -> int:
    objects = bucket.buckets["data"]
    return sum(len(objects[key]) for key in objects if key.endswith(".png"))


@pytest.mark.parametrize("workers", [0, 2])
def test_the_same_statistics_as_from_a_folder(bucket: Buckets, photos: Path, workers: int) -> None:
    """For the price of one listing, and each byte once."""
    local = dumps(normstat.compute(photos, workers=0))
    assert without_source(dumps(normstat.compute(DATA, workers=workers))) == without_source(local)
    assert bucket.requests == {"LIST": 1, "GET": IMAGES + 1}
    assert bucket.sent == size_of(bucket)


def test_the_client_gives_what_a_plain_connection_does(
    bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is a proxy, all objects come through it."""
    plain = dumps(normstat.compute(DATA, workers=0))
    monkeypatch.setattr(Presigned, "fetch", lambda self, key, headers: None)
    bucket.reset()
    assert dumps(normstat.compute(DATA, workers=0)) == plain
    assert bucket.requests == {"LIST": 1, "GET": IMAGES + 1}
    assert bucket.sent == size_of(bucket)


def test_no_library_of_an_extra_is_loaded_for_a_folder(photos: Path) -> None:
    """Nor for any command on this machine alone."""
    program = (
        "import sys, normstat; normstat.compute(sys.argv[1], workers=0);"
        "sys.exit(any(name in sys.modules for name in ('fsspec', 's3fs', 'aiohttp', 'botocore')))"
    )
    done = subprocess.run([sys.executable, "-c", program, photos], env=environment())
    assert done.returncode == 0


def test_a_second_run_with_a_cache_reads_no_object(bucket: Buckets, tmp_path: Path) -> None:
    """But the shard of one that is another now, by its ETag."""
    run = partial(normstat.compute, DATA, workers=0, cache=tmp_path / "cache")
    first = run()
    bucket.reset()
    assert dumps(run()) == dumps(first)
    assert bucket.requests == {"LIST": 1}
    name = "photos/train/1/01 ä+&.png"
    bucket.buckets["data"][name] = make.encoded(make.pixels(99, 20, 31))
    assert dumps(run()) != dumps(first)
    assert bucket.requests["LIST"] == 2
    assert 0 < bucket.requests["GET"] < IMAGES
    kept = (tmp_path / "cache").read_bytes()
    assert SECRET.encode() not in kept
    assert KEY.encode() not in kept


def test_one_listing_for_a_thousand_names(s3: Buckets) -> None:
    """However they are spread over folders."""
    s3.buckets["data"] = {f"{n % 2}/{n // 9}/{n}.pgm": b"P5" for n in range(6500)}
    source = open_source("s3://data")
    selection = source.selection()
    assert source.survey(selection).images.total() == 6500
    assert sum(map(len, source.shards(selection, versions=True))) == 6500
    assert s3.requests["LIST"] in (7, 8)
    assert s3.requests.total() == s3.requests["LIST"]


def test_objects_are_fetched_ahead(s3: Buckets) -> None:
    """At least sixteen at a time, while others are decoded."""
    s3.buckets["data"] = {f"{n:03}.pgm": b"P5 1 1 255\n\x07" for n in range(300)}
    s3.fault = lambda method, key, before: 0.02 if method == "GET" else None
    normstat.compute("s3://data", workers=0)
    assert s3.most == 16


def test_what_is_on_its_way_has_a_limit() -> None:
    """64 MiB, whatever the size of an object; a larger one comes alone."""
    size = 9 << 20
    asked: list[str] = []

    class Store:
        def prepare(self, paths: Sequence[str]) -> None: ...

        def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes:
            asked.append(path)
            return b"." * 10

    class Pool:
        def submit(self, call: Any, *arguments: Any) -> Any:
            from concurrent.futures import Future

            done: Future[bytes] = Future()
            done.set_result(call(*arguments))
            return done

    store: Any = Store()
    pool: Any = Pool()
    samples = [
        Sample("all", str(n), Place(str(n), 100 << 20 if n == 20 else size)) for n in range(30)
    ]
    ahead = []
    for number, _ in enumerate(Fetching(store, pool).ahead(samples)):
        ahead.append(len(asked) - number)
    assert max(ahead) == 64 // 9
    assert ahead[20] == 1
    assert len(asked) == 30


def test_the_next_shard_is_fetched_before_it_is_due() -> None:
    """As soon as all of the present one is asked for; who reads it asks for nothing again."""
    asked: list[str] = []

    class Store:
        def prepare(self, paths: Sequence[str]) -> None: ...

        def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes:
            asked.append(path)
            return path.encode()

    store: Any = Store()
    shards = [
        tuple(Sample("all", f"{shard}{n}", Place(f"{shard}{n}", 2)) for n in range(3))
        for shard in "abc"
    ]
    container = RemoteFiles("memory://expected")
    with ThreadPoolExecutor(1) as pool:
        for shard in shards[:2]:
            container.expect(shard)
        first = Fetching(store, pool, container)
        seen = [(first.read(sample), len(asked)) for sample in first.ahead(shards[0])]
        assert [data for data, _ in seen] == [b"a0", b"a1", b"a2"]
        pool.submit(int).result()  # all before it is fetched
        assert asked == ["a0", "a1", "a2", "b0", "b1", "b2"]
        for shard in shards[1:]:
            reader = Fetching(store, pool, container)
            assert [reader.read(sample) for sample in reader.ahead(shard)] == [
                sample.name.encode() for sample in shard
            ]
    assert asked == [sample.name for shard in shards for sample in shard]


def test_no_more_than_headers_is_fetched_where_they_are_read() -> None:
    """Of the shard that was expected, too, and of the next: images are not wanted yet."""
    asked: list[tuple[str, int | None]] = []

    class Store:
        def prepare(self, paths: Sequence[str]) -> None: ...

        def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes:
            asked.append((path, end))
            return path.encode()[start:end]

    store: Any = Store()
    shards = [
        tuple(Sample("all", f"{shard}{n}", Place(f"{shard}{n}", 2)) for n in range(3))
        for shard in "ab"
    ]
    container = RemoteFiles("memory://headers")
    with ThreadPoolExecutor(1) as pool:
        for shard in shards:
            container.expect(shard)
        for shard in shards:
            assert tuple(Fetching(store, pool, container).ahead(shard, 1)) == shard
            pool.submit(int).result()  # all before it is fetched
        assert asked == [(sample.name, 1) for shard in shards for sample in shard]
        # Whoever reads them then gets what is there then.
        asked.clear()
        assert tuple(Fetching(store, pool, container).ahead(shards[1])) == shards[1]
    assert asked == [(sample.name, None) for sample in shards[1]]


def test_credentials_may_be_options_of_the_library(bucket: Buckets, tmp_path: Path) -> None:
    """Those that fsspec takes from its own variables, which the session of S3 does not know."""
    compute = partial(command, "compute", DATA, "--workers", "0", cwd=tmp_path)
    whole = compute()
    own = {"FSSPEC_S3_KEY": KEY, "FSSPEC_S3_SECRET": SECRET}
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    half = {"AWS_ACCESS_KEY_ID": "ANOTHER"}
    for more in ({}, half, half | {"AWS_SECRET_ACCESS_KEY": "other"}):
        bucket.reset()
        run = compute(env=none | own | more)
        assert run.stdout == whole.stdout, run.stderr
        assert bucket.requests == {"LIST": 1, "GET": IMAGES + 1}


@pytest.mark.parametrize(
    ("options", "searches"), [({"anon": True}, 0), ({"key": KEY, "secret": SECRET}, 1)]
)
def test_credentials_that_are_nowhere_are_searched_once(
    s3: Buckets, options: dict[str, Any], searches: int
) -> None:
    """A session would search for each batch, and wait for a metadata server that is not there."""
    system = s3fs.S3FileSystem(endpoint_url=s3.url, skip_instance_cache=True, **options)
    signs = Presigned(system, "data")
    sync(system.loop, system.set_session)
    searched = 0

    async def nowhere() -> None:
        nonlocal searched
        searched += 1

    system.session.get_credentials = nowhere
    for _ in range(3):
        found = sync(system.loop, signs._sign, ["a", "b"])
        assert [url.partition("?")[0] for url in found] == [f"{s3.url}/data/{k}" for k in "ab"]
    assert searched == searches


def test_a_connection_that_a_server_has_closed_is_opened_again(s3: Buckets) -> None:
    """Servers close those that are not used for some seconds: no reason to give up all of them."""
    s3.buckets["data"] = {"a": b"1"}
    signs = store_of("s3://data/")._presigned  # type: ignore[attr-defined]  # of S3
    for _ in range(20):
        assert signs.fetch("a", {}) == b"1"
        signs._mine.connection.sock.shutdown(socket.SHUT_RDWR)


def test_objects_that_are_announced_together_are_signed_together(
    s3: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of a shard whose next one is announced before the first is fetched."""
    s3.buckets["data"] = dict.fromkeys("abcdef", b".")
    store: Any = store_of("s3://data/")
    groups: list[list[str]] = []
    sign = Presigned._sign

    async def counted(self: Presigned, keys: Sequence[str]) -> list[str]:
        groups.append(list(keys))
        return await sign(self, keys)

    monkeypatch.setattr(Presigned, "_sign", counted)
    for group in ("abc", "def"):
        store.prepare(list(group))
    assert [store.fetch(name, "") for name in "adbecf"] == [b"."] * 6
    assert groups == [["a", "b", "c"], ["d", "e", "f"]]


def test_urls_are_signed_as_the_library_signs_them(s3: Buckets) -> None:
    """Whatever is in the name of an object."""
    s3.buckets["data"] = {"a": b""}
    signs = store_of("s3://data/x y")._presigned  # type: ignore[attr-defined]  # of S3
    keys = ["x y/a.png", "x y/ü+%41~&?#=;.png", "x y/b//c.png", "x y/'\"(1)*!.png"]
    keys += ["x y/./a/../b.png", "/x", "x y/\n\t.png", "x y/http://a:b@c/d"]

    def signed(keys: list[str]) -> list[str]:
        return list(sync(signs._system.loop, signs._sign, keys))

    def times(urls: list[str]) -> set[str]:
        return {url.partition("X-Amz-Date=")[2][:16] for url in urls}

    while len(times(found := signed(keys) + [signed([key])[0] for key in keys])) > 1:
        pass  # a second has ended in between
    assert found[: len(keys)] == found[len(keys) :]


@pytest.mark.fault(73)
@pytest.mark.parametrize("failure", [503, 429, 500, "cut"])
def test_a_server_that_stumbles_changes_nothing(bucket: Buckets, failure: int | str) -> None:
    """One request of twenty fails, and is asked again."""
    expected = dumps(normstat.compute(DATA, workers=0))

    def stumbles(method: str, key: str, before: int) -> int | str | None:
        return failure if zlib.crc32(f"{key} {before}".encode()) % 20 == 1 else None

    bucket.fault = stumbles
    bucket.reset()
    assert dumps(normstat.compute(DATA, workers=0)) == expected
    assert bucket.requests["GET"] > IMAGES + 1
    bucket.fault = lambda method, key, before: failure if before < 3 else None
    assert dumps(normstat.compute(DATA, workers=0)) == expected


@pytest.mark.fault(73)
def test_a_server_that_stumbles_before_worker_processes(bucket: Buckets) -> None:
    """They ask again, too."""
    expected = dumps(normstat.compute(DATA, workers=0))
    bucket.fault = lambda method, key, before: 503 if not before and "5" in key else None
    assert dumps(normstat.compute(DATA, workers=2)) == expected


@pytest.mark.fault(72)
def test_what_time_does_not_mend_is_a_record(bucket: Buckets, photos: Path) -> None:
    """An object that is gone, forbidden, cut off, another one, or behind a server that fails."""
    objects = bucket.buckets["data"]
    keys = [f"photos/train/1/{n:02} ä+&.png" for n in (1, 4, 7, 13, 16, 19)]
    codes = "vanished", "permission_denied", "io_error", "io_error", "changed_while_read"
    slow = keys[5]

    def fault(method: str, key: str, before: int) -> int | str | float | None:
        if method != "GET":
            return None
        objects.pop(keys[0], None)
        objects[keys[4]] = objects[slow]
        faults: dict[str, int | str | float] = {
            keys[1]: 403, keys[2]: "cut", keys[3]: 500, slow: 0.3
        }  # fmt: skip
        return faults.get(key)

    bucket.fault = fault
    stats = normstat.compute(DATA, workers=0)
    found = {record.path: record.code for record in stats.unreadable}
    assert found.pop("train/0/broken.png") == "truncated"
    names = [key.removeprefix("photos/") for key in keys]
    assert found == dict(zip(names[:5], codes, strict=True))
    assert stats.splits["train"].images + stats.splits["val"].images == IMAGES - 5
    for record in stats.unreadable:
        assert SECRET not in record.detail


@pytest.mark.fault(72)
def test_a_slow_server_is_not_the_fault_of_an_image(bucket: Buckets) -> None:
    """The clock of an image runs while it is decoded, not while it is waited for."""
    bucket.fault = lambda method, key, before: 1.5 if key.endswith("01 ä+&.png") else None
    stats = normstat.compute(DATA, workers=1, image_timeout=1)
    assert [record.code for record in stats.unreadable] == ["truncated"]


@pytest.mark.fault(74)
@pytest.mark.parametrize("key", ["AKIDANOTHER", ""])
def test_wrong_credentials_are_found_before_the_work(
    bucket: Buckets, tmp_path: Path, key: str
) -> None:
    """Exit code 2 with the cure, and the secret nowhere."""
    other = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "another-s3cr3t" if key else ""}
    cache, out = tmp_path / "cache", tmp_path / "stats.json"
    begun = time.monotonic()
    run = command("compute", DATA, "-o", out, "--cache", cache, env=other)
    assert time.monotonic() - begun < 10
    assert run.returncode == 2
    assert "AWS_ACCESS_KEY_ID" in run.stderr
    assert ("denied" if key else "no credentials") in run.stderr
    assert bucket.requests["GET"] == 0
    written = run.stdout + run.stderr + (cache.read_text("latin-1") if cache.exists() else "")
    assert "s3cr3t" not in written
    assert not out.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("s3://nowhere/photos", "there is no such bucket"),
        ("s3://data/slip", "nothing below it"),
        ("s3://data/photos/train/0/broken.png", "is one object"),
        ("s3://me:secret@data/photos", "the URL has a password"),
        ("nosuch://data/photos", "no such kind of URL"),
        ("gs://data/photos", 'pip install "normstat[gcs]"'),
    ],
)
def test_what_is_no_data_is_refused(bucket: Buckets, data: str, words: str) -> None:
    """With what was found, and the cure."""
    run = here("compute", data)
    assert run.returncode == 2
    assert words in run.stderr
    assert "secret" not in run.stderr


def test_a_server_that_is_not_there_is_said_soon(s3: Buckets) -> None:
    """Also if a library would try for minutes."""
    begun = time.monotonic()
    run = command("compute", DATA, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert run.returncode == 2
    assert "no answer from the server" in run.stderr
    assert time.monotonic() - begun < 15  # with the start of the process


def test_results_go_to_urls(bucket: Buckets, photos: Path, tmp_path: Path) -> None:
    """Stats files, lists and reports; and the next command reads them there."""
    run = here("compute", DATA, "-o", "s3://data/out/s.json", "--files", "s3://data/out/s.files")
    assert run.returncode == 3, run.stderr
    shutil.copytree(photos, tmp_path / "photos")
    make.write(tmp_path / "photos/val/0/00 ä+&.png", make.encoded(make.pixels(77, 20, 31)))
    report = "s3://data/out/check.json"
    run = here(
        *("check", tmp_path / "photos", "--stats", "s3://data/out/s.json", "--report", report)
    )
    assert run.returncode == 1, run.stderr
    assert "val/0/00 ä+&.png" in run.stdout
    assert json.loads(bucket.buckets["data"]["out/check.json"])["verdict"] == "fail"
    assert {key for key in bucket.buckets["data"] if key.startswith("out/")} == {
        "out/s.json",
        "out/s.files",
        "out/check.json",
    }
    run = here("show", "s3://data/out/s.json")
    assert run.returncode == 0
    assert here("check", DATA, "--stats", "s3://data/out/s.json").returncode in (0, 1)


def test_what_cannot_be_written_is_found_before_the_work(bucket: Buckets, photos: Path) -> None:
    """Exit code 4, and no object read."""
    bucket.fault = lambda method, key, before: 403 if method == "PUT" else None
    run = here("compute", DATA, "-o", "s3://data/out/s.json")
    assert run.returncode == 4
    assert "cannot be written (access is denied)" in run.stderr
    assert bucket.requests["GET"] == 0


def test_apply_and_check_read_buckets(bucket: Buckets, photos: Path, tmp_path: Path) -> None:
    """As they read folders; arrays and a cache belong to this machine."""
    stats = normstat.compute(photos, workers=0)
    for data, out in ((photos, "local"), (DATA, "remote")):
        normstat.apply(data, tmp_path / out, stats, workers=0)
    for path in (tmp_path / "local").rglob("*.npy"):
        there = tmp_path / "remote" / path.relative_to(tmp_path / "local")
        assert there.read_bytes() == path.read_bytes()
    normstat.invert(tmp_path / "remote", tmp_path / "seen")
    assert normstat.check(DATA, stats, workers=0, levels={"unreadable": "off"}).exit_code == 0
    with pytest.raises(UsageError, match="a file of this machine"):
        normstat.compute(DATA, cache="s3://data/cache", workers=0)


def test_a_bucket_and_a_folder_count_as_one(bucket: Buckets, photos: Path) -> None:
    """Each below the name that it was given by."""
    stats = normstat.compute([DATA, photos], workers=0)
    alone = normstat.compute(photos, workers=0)
    assert stats.splits["train"].images == 2 * alone.splits["train"].images
    assert stats.splits["train"].mean == alone.splits["train"].mean
    paths = [record.path for record in stats.unreadable]
    assert any(path.endswith("data/photos/train/0/broken.png") for path in paths), paths


def test_files_in_memory_and_by_file_url(photos: Path) -> None:
    """Whatever fsspec opens: the same statistics."""
    expected = without_source(dumps(normstat.compute(photos, workers=0)))
    for path in photos.rglob("*"):
        if path.is_file():
            urls.write(f"memory://laws/{path.relative_to(photos).as_posix()}", path.read_bytes())
    assert without_source(dumps(normstat.compute("memory://laws", workers=0))) == expected
    assert without_source(dumps(normstat.compute(photos.as_uri(), workers=0))) == expected


@pytest.mark.parametrize("pool", [None, ThreadPoolExecutor], ids=["worker", "engine"])
def test_memory_is_of_one_process(photos: Path, pool: type[ThreadPoolExecutor] | None) -> None:
    """Workers would find nothing there, and what they write would be lost: both are refused."""
    urls.write("memory://one/a.png", (photos / "train/1/01 ä+&.png").read_bytes())
    words = r"is in the memory of this process, and no worker can .* use workers=0"
    place: dict[str, Any] = {"engine": pool(1)} if pool else {"workers": 1}
    out = f"memory://written-{bool(pool)}"
    with pytest.raises(UsageError, match=f"memory://one: {words}"):
        normstat.compute("memory://one", **place)
    with pytest.raises(UsageError, match=f"{out}: {words}"):
        normstat.apply(photos / "val", out, "unit", **place)


def test_memory_that_is_empty_is_that_of_this_process() -> None:
    """No slip in the name, but a command that cannot see what a program has written."""
    with pytest.raises(UsageError, match="nothing below it; only the process that wrote"):
        normstat.compute("memory://never-written")


def test_a_server_that_is_busy_is_no_slip_in_the_address() -> None:
    """One that answers with a failure is there; of one that says nothing neither is known."""
    busy, silent = FailedError(5, "the server failed: HTTP 503"), PassingError(5, "no answer")
    assert cure(busy, "s3") == "the server failed: HTTP 503; it is there, so try again later"
    assert "slip in the address" in cure(silent, "s3")


def test_a_worker_that_may_not_read_a_bucket(bucket: Buckets) -> None:
    """The object is named as the run names it, and the cure is one for buckets."""
    name = "train/1/01 ä+&.png"
    shard = Shard("train", RemoteFiles(DATA), (name,))
    ticket = Ticket.of("without-credentials", 60.0, shard, ()).dumps()
    bucket.fault = lambda method, key, before: 403
    assert problem_here(ticket) == (
        f"cannot read {name} (access is denied); give every worker the credentials and the "
        "network that the driver has"
    )


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def web(photos: Path) -> Iterator[str]:
    """A web server with an index page for each folder."""
    handler = partial(_Quiet, directory=str(photos))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_index_pages_of_a_web_server(web: str, photos: Path) -> None:
    """Their links are names, whatever letters are in them."""
    stats = normstat.compute(web, workers=0)
    assert without_source(dumps(stats)) == without_source(
        dumps(normstat.compute(photos, workers=0))
    )
    secret = f"{web}/nowhere/s.json?sig=secret"
    run = here("show", secret)
    assert run.returncode == 2
    assert "s.json: cannot be read (there is no such object)" in run.stderr
    assert "secret" not in run.stderr


def test_commands_of_the_documentation(s3: Buckets, photos: Path, tmp_path: Path) -> None:
    """They do what they are there for."""
    page = (Path(__file__).parent.parent / "docs" / "buckets.md").read_text("utf-8")
    block = page.partition("```sh\n")[2].partition("```")[0].splitlines()
    s3.put("bucket", photos)
    s3.buckets["bucket"] = {
        f"photos/{key}": data for key, data in s3.buckets["bucket"].items() if "broken" not in key
    }
    commands = [shlex.split(line) for line in block if line.startswith("normstat ")]
    assert len(commands) == 3
    for words in commands:
        run = here(*words[1:], cwd=tmp_path)
        assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "arrays").rglob("*.npy"))) == IMAGES


def test_no_container_has_credentials(bucket: Buckets) -> None:
    """All that goes to a worker is the URL."""
    assert RemoteFiles(DATA) == RemoteFiles(url=DATA)


@pytest.mark.fault(74)
def test_a_server_that_never_answers_is_not_waited_for(s3: Buckets) -> None:
    """Where a stats file is read, too: the library would try for a minute."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        run = command("show", "s3://data/s.json", env={"AWS_ENDPOINT_URL": url})
    assert run.returncode == 2
    assert "no answer from the server" in run.stderr
    assert time.monotonic() - begun < 15  # with the start of the process
