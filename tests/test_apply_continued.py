"""Runs that are interrupted, continued and repeated: at the end the same bytes are there."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import applied
import make
import numpy as np
import pytest
from command import environment, here
from test_workers import children
from test_writers import Then

import normstat
from normstat.errors import UsageError
from normstat.statsfile import dumps
from normstat.verbs.listeners import Silent
from normstat.writers import journal

IMAGES = 40
KILLS_IN_A_ROW = 3
RUN = """
import sys, normstat
data, out, store, again = sys.argv[1:]
normstat.apply(data, out, "image", store=store, skip_existing=again == "again", workers=2)
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images enough for several shards, a damaged one among them."""
    data = tmp_path_factory.mktemp("photos") / "data"
    for place in range(IMAGES):
        ppm = make.encoded(make.pixels(place, 300, 301), "PPM")
        make.write(data / "train" / f"{place % 3}" / f"{place}.ppm", ppm)
    make.write(data / "train" / "1" / "cut.ppm", ppm[:9999])
    return data


@pytest.fixture(scope="module", params=["npy", "stack"])
def undisturbed(photos: Path, request: pytest.FixtureRequest) -> Path:
    """What a run leaves that nobody interrupts; named for its store."""
    out = photos.parent / request.param
    normstat.apply(photos, out, "image", store=request.param, workers=0)
    return out


def interrupt() -> None:
    """As Ctrl-C does."""
    raise KeyboardInterrupt


def files_in(out: Path) -> int:
    """How much there is, finished or not."""
    return sum(len(names) for _, _, names in os.walk(out))


def run_and_kill(data: Path, out: Path, store: str, again: bool, moment: int) -> None:
    """Kill a run with all its workers as soon as there are more files than that."""
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, data, out, store, "again" if again else "first"],
        env=environment(),
        start_new_session=True,
    )
    target = files_in(out) + moment
    end = time.monotonic() + 60
    while run.poll() is None and files_in(out) < target and time.monotonic() < end:
        time.sleep(0.0005)
    with suppress(ProcessLookupError):  # it was faster
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()


@pytest.mark.sampled
@pytest.mark.fault(61)
@pytest.mark.skipif(sys.platform != "linux", reason="workers end with their parent there")
def test_killed_and_continued(tmp_path: Path, photos: Path, undisturbed: Path) -> None:
    """At any moment all arrays are whole, and in the end everything is as if nothing had been."""
    store, out = undisturbed.name, tmp_path / "out"
    moments = random.Random(store)
    for number in range(KILLS_IN_A_ROW):
        moment = moments.randrange(1, 4 if store == "stack" else IMAGES // 2)
        run_and_kill(photos, out, store, bool(number), moment)
        whole = applied.arrays(undisturbed)
        for name, array in applied.arrays(out).items():
            assert (array == whole[name]).all()
    normstat.apply(photos, out, "image", store=store, skip_existing=True, workers=2)
    assert applied.tree(out) == applied.tree(undisturbed)


@pytest.mark.sampled
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_killed_workers(tmp_path: Path, photos: Path, undisturbed: Path) -> None:
    """Whoever ends the workers now and then: their shards are written again, to the same rows."""

    class Killing(Silent):
        killed = 0

        def advance(self, images: int) -> None:
            for worker in children(os.getpid()) if self.killed < 4 else ():
                with suppress(ProcessLookupError):  # it may just have been found dead
                    os.kill(worker, signal.SIGKILL)
                    self.killed += 1

    killing = Killing()
    normstat.apply(
        photos, tmp_path / "out", "image", store=undisturbed.name, workers=2, progress=killing
    )
    assert killing.killed >= 2
    assert applied.tree(tmp_path / "out") == applied.tree(undisturbed)


def test_killed_before_anything_was_decided(
    tmp_path: Path, photos: Path, undisturbed: Path
) -> None:
    """A folder that only holds the place for unfinished files can be continued in, too."""
    (tmp_path / "out" / ".normstat").mkdir(parents=True)
    make.write(tmp_path / "out" / ".normstat" / "123", b"half a file")
    normstat.apply(
        photos, tmp_path / "out", "image",
        store=undisturbed.name, skip_existing=True, workers=0,
    )  # fmt: skip
    assert applied.tree(tmp_path / "out") == applied.tree(undisturbed)


# ------------------------------------------------------------------------------- skip what is there


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    """A finished run, repeated: the arrays are the same files, the records the same bytes."""
    data = applied.photos(tmp_path / "data", {"train": 3, "val": 2})
    out = tmp_path / "out"
    first = normstat.apply(data, out, "image", workers=0)
    before = applied.tree(out)
    files = {path: path.stat().st_ino for path in out.rglob("*.npy")}
    again = normstat.apply(data, out, "image", skip_existing=True, workers=2)
    assert {path: path.stat().st_ino for path in out.rglob("*.npy")} == files
    assert applied.tree(out) == before
    assert (again.range, again.first, again.images) == (first.range, first.first, first.images)
    assert (first.kept, again.kept) == (0, 5)


def test_new_images_are_added(tmp_path: Path) -> None:
    """The result is that of a run over all of them."""
    data = applied.photos(tmp_path / "data", {"train": 2})
    normstat.apply(data, tmp_path / "out", "unit", skip_existing=True, workers=0)
    make.write(data / "train" / "000-new.png", make.encoded(make.pixels(9, 8, 7)))
    done = normstat.apply(data, tmp_path / "out", "unit", skip_existing=True, workers=0)
    normstat.apply(data, tmp_path / "fresh", "unit", workers=0)
    assert (done.images, done.kept) == (3, 2)
    assert applied.tree(tmp_path / "out") == applied.tree(tmp_path / "fresh")


def test_what_was_there_is_not_said_to_be_written(tmp_path: Path) -> None:
    """The line says how many arrays were written, and how many an earlier run had left."""
    data = applied.photos(tmp_path / "data", {"train": 2})
    command = ("apply", data, tmp_path / "out", "--method", "unit", "--skip-existing", "-j", "1")
    assert here(*command).stdout.startswith("2 arrays written to ")
    make.write(data / "train" / "new.png", make.encoded(make.pixels(9, 8, 7)))
    line = here(*command).stdout.splitlines()[0]
    assert line.startswith("1 arrays written to ")
    assert "(2 more were there already)" in line


@pytest.mark.parametrize("method", ["unit", "image"])
def test_an_image_that_was_replaced_is_written_again(tmp_path: Path, method: str) -> None:
    """By another of the same size, under its own name or with another extension."""
    data = applied.photos(tmp_path / "data", {"train": 3})
    out = tmp_path / "out"
    normstat.apply(data, out, method, workers=0)
    kept = (out / "train" / "002.npy").stat().st_ino
    make.write(data / "train" / "000.png", make.encoded(make.pixels(77, 9, 13)))
    (data / "train" / "001.png").unlink()
    make.write(data / "train" / "001.bmp", make.encoded(make.pixels(78, 10, 14), "BMP"))
    normstat.apply(data, out, method, skip_existing=True, workers=0)
    normstat.apply(data, tmp_path / "fresh", method, workers=0)
    assert applied.tree(out) == applied.tree(tmp_path / "fresh")
    assert (out / "train" / "002.npy").stat().st_ino == kept


@pytest.mark.parametrize("part", [1, 50, 1 << 24])
@pytest.mark.parametrize("store", ["npy", "stack"])
def test_other_images_may_be_selected(
    tmp_path: Path, store: str, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays of those that no longer are would count in the statistics of the result: they go."""
    monkeypatch.setattr(journal, "_PART", part)
    data = applied.photos(tmp_path / "data", {"train": 6, "val": 3})
    out = tmp_path / "out"
    make.write(data / "val" / "cut.png", make.encoded(make.pixels(1, 9, 13))[:-30])
    options: dict[str, Any] = {"store": store, "crop": 7, "workers": 0}
    normstat.apply(data, out, "unit", exclude="000.png", **options)
    make.write(data / "train" / "005.png", b"no image any more")
    for selected in ({"include": ["00[012].png", "005.png", "cut.png"]}, {"exclude": "001.png"}):
        normstat.apply(data, out, "unit", skip_existing=True, **selected, **options)
        normstat.apply(data, tmp_path / "fresh", "unit", overwrite=True, **selected, **options)
        assert applied.tree(out) == applied.tree(tmp_path / "fresh")


def test_an_array_that_is_damaged_is_written_again(tmp_path: Path) -> None:
    """Cut, empty, or of another shape."""
    data = applied.photos(tmp_path / "data", {"train": 4})
    out = tmp_path / "out"
    normstat.apply(data, out, "unit", workers=0)
    before = applied.tree(out)
    whole = (out / "train" / "000.npy").read_bytes()
    make.write(out / "train" / "000.npy", whole[:-1])
    make.write(out / "train" / "001.npy", b"")
    make.write(out / "train" / "002.npy", make.npy(np.zeros((3, 1, 2), "float32")))
    make.write(out / "train" / "003.npy", make.npy(np.zeros((3, 12, 13), "float64")))
    normstat.apply(data, out, "unit", skip_existing=True, workers=0)
    assert applied.tree(out) == before


OTHER: dict[str, dict[str, Any]] = {
    "method": {"source": "symmetric"},
    "dtype": {"dtype": "float64"},
    "layout": {"layout": "hwc"},
    "store": {"store": "stack"},
    "settings": {"crop": 5},
    "exif": {"exif": False},
}


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("options", OTHER.values(), ids=OTHER)
def test_other_settings_are_not_continued(
    tmp_path: Path, options: dict[str, Any], finished: bool
) -> None:
    """What differs is named, and nothing is changed."""
    data = applied.photos(tmp_path / "data", {"train": 1})
    out = tmp_path / "out"
    if finished:
        normstat.apply(data, out, "unit", workers=0)
    else:
        with pytest.raises(KeyboardInterrupt):
            normstat.apply(data, out, "unit", engine=Then(interrupt, 1))
    before = applied.tree(out)
    source = options.get("source", "unit")
    rest = {name: value for name, value in options.items() if name != "source"}
    with pytest.raises(UsageError, match=r"other settings .*overwrite=True"):
        normstat.apply(data, out, source, skip_existing=True, workers=0, **rest)
    assert applied.tree(out) == before


def test_other_versions_are_continued(tmp_path: Path) -> None:
    """A newer Pillow does not force anybody to begin again."""
    data = applied.photos(tmp_path / "data", {"train": 1})
    normstat.apply(data, tmp_path / "out", "unit", workers=0)
    path = tmp_path / "out" / "normstat.json"
    text = path.read_text("utf-8")
    pillow = applied.record(tmp_path / "out")["decoder"]["pillow"]
    make.write(path, text.replace(f'"{pillow}"', '"1.1.7"').encode())
    normstat.apply(data, tmp_path / "out", "unit", skip_existing=True, workers=0)
    assert path.read_text("utf-8") == text


# ---------------------------------------------------------------------------------- write it again


@pytest.mark.parametrize("second", [{"include": "000.png"}, {"store": "stack", "crop": 8}])
def test_overwriting_leaves_nothing_of_the_run_before(
    tmp_path: Path, second: dict[str, Any]
) -> None:
    """Arrays that the new run does not write go; files of others stay."""
    data = applied.photos(tmp_path / "data", {"train": 3, "val": 1})
    normstat.apply(data, tmp_path / "out", "unit", workers=0)
    mine = make.write(tmp_path / "out" / "train" / "my.npy", b"mine")
    normstat.apply(data, tmp_path / "out", "unit", overwrite=True, workers=0, **second)
    assert mine.read_bytes() == b"mine"
    mine.unlink()
    normstat.apply(data, tmp_path / "fresh", "unit", workers=0, **second)
    left, fresh = (
        {name: data for name, data in applied.tree(tmp_path / where).items() if name[-1] != "/"}
        for where in ("out", "fresh")
    )
    assert left == fresh


def interrupted(data: Path, out: Path, source: str, before: int = 1, **options: Any) -> None:
    """A run that is interrupted when so many shards are written, and fewer in the index."""
    with pytest.raises(KeyboardInterrupt):
        normstat.apply(data, out, source, engine=Then(interrupt, before), **options)


def test_overwriting_an_interrupted_run(tmp_path: Path, photos: Path) -> None:
    """Arrays go that the index of a run that never ended does not have."""
    out = tmp_path / "out"
    interrupted(photos, out, "unit", 3)
    (out / "index.jsonl").write_bytes(b"")  # killed before a word of it was on the disk
    assert applied.arrays(out)
    interrupted(photos, out, "unit", 2, skip_existing=True)
    (out / "index.jsonl").write_bytes(b"")
    normstat.apply(photos, out, "unit", overwrite=True, include="0.ppm", workers=0)
    assert list(applied.arrays(out)) == ["train/0/0.npy"]
    assert sorted(os.listdir(out)) == ["index.jsonl", "normstat.json", "train"]


def test_overwriting_a_finished_run_that_was_to_be_continued(tmp_path: Path, photos: Path) -> None:
    """The arrays of the finished run are known, although its index is gone."""
    out = tmp_path / "out"
    normstat.apply(photos, out, "unit", workers=0)
    interrupted(photos, out, "unit", 1, skip_existing=True)
    normstat.apply(photos, out, "unit", overwrite=True, include="0.ppm", workers=0)
    assert list(applied.arrays(out)) == ["train/0/0.npy"]


@pytest.mark.parametrize("whose", ["apply", "others"])
def test_what_was_to_be_overwritten_is_not_taken_for_the_result(
    tmp_path: Path, photos: Path, whose: str
) -> None:
    """Old arrays look like new ones; a run that continues one with --overwrite takes none."""
    out = tmp_path / "out"
    interrupted(photos, out, "unit", 4)
    (out / "index.jsonl").write_bytes(b"")
    if whose == "others":
        for path in out.iterdir():
            if path.is_file():
                path.unlink()
    interrupted(photos, out, "symmetric", 1, overwrite=True)
    normstat.apply(photos, out, "symmetric", skip_existing=True, workers=0)
    normstat.apply(photos, tmp_path / "fresh", "symmetric", workers=0)
    assert applied.tree(out) == applied.tree(tmp_path / "fresh")


FOREIGN = {
    "not-ascii": "größe\n".encode(),
    "binary": bytes(range(256)),
    "other-json": b'{"input": 1}\n[]\n3\n',
    "leads-out": b'{"input": "a", "output": "../mine.npy", "split": "s", "shape": [1],'
    b' "dtype": "uint8", "channels": ["gray"]}\n',
    "zero-byte": b'{"input": "a", "output": "a\\u0000.npy", "split": "s", "shape": [1],'
    b' "dtype": "uint8", "channels": ["gray"]}\n',
    "number": b'{"input": 1, "output": 2, "split": "s", "shape": [1],'
    b' "dtype": "uint8", "channels": ["gray"]}\n',
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_an_index_of_somebody_else(tmp_path: Path, content: bytes) -> None:
    """It is replaced as asked for, and nothing is removed on its word."""
    data = applied.photos(tmp_path / "data", {"train": 1})
    mine = make.write(tmp_path / "mine.npy", b"mine")
    make.write(tmp_path / "out" / "index.jsonl", content)
    normstat.apply(data, tmp_path / "out", "unit", overwrite=True, workers=0)
    assert mine.read_bytes() == b"mine"
    assert len(applied.index(tmp_path / "out")) == 1


def test_an_interrupted_folder_is_no_data(tmp_path: Path, photos: Path) -> None:
    """Half of the arrays have no statistics; the message says how to get the rest."""
    interrupted(photos, tmp_path / "out", "unit", 2)
    with pytest.raises(UsageError, match=r"interrupted here; .*skip_existing=True"):
        normstat.compute(tmp_path / "out", workers=0)
    with pytest.raises(UsageError, match=r"interrupted here; .*skip_existing=True"):
        normstat.apply(tmp_path / "out", tmp_path / "x", "unit", workers=0)


NO_RECORD = {
    "other-schema": b'{"schema": "normstat/stats/1", "layout": "chw"}',
    "no-schema": b'{"layout": "chw"}',
    "list": b"[1]",
    "no-json": b"mine",
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("name", ["normstat.json", "normstat.partial.json"])
@pytest.mark.parametrize("content", NO_RECORD.values(), ids=NO_RECORD)
def test_files_in_data_that_are_only_called_so(tmp_path: Path, name: str, content: bytes) -> None:
    """They say nothing of the images there; in OUT they are still refused."""
    data = applied.photos(tmp_path / "data", {"train": 2})
    wanted = normstat.compute(data, workers=0)
    make.write(data / name, content)
    assert normstat.compute(data, workers=0) == wanted
    assert normstat.apply(data, tmp_path / "out", wanted, workers=0).images == 2
    if name == "normstat.json":
        with pytest.raises(UsageError, match=r"normstat\.json: "):
            normstat.invert(data, tmp_path / "x")
    with pytest.raises(UsageError, match=r"is not a record|cannot be read"):
        normstat.apply(tmp_path / "out", data, "unit", skip_existing=True, workers=0)


def test_stacks_are_images_like_arrays_of_their_own(tmp_path: Path) -> None:
    """Whatever the store, the arrays count alike, under the same names, in the same splits."""
    data = applied.photos(tmp_path / "data", {"train": 3, "val": 2})
    (data / "extra").mkdir()
    found = []
    for store in ("npy", "stack"):
        out = tmp_path / store
        split_dir = {"more": "train"}
        normstat.apply(data, out, "imagenet", store=store, crop=7, split_dir=split_dir, workers=0)
        stats = json.loads(dumps(normstat.compute(out, workers=0)))
        assert stats["settings"].pop("source") == {
            "kind": {"npy": "folder", "stack": "stored"}[store]
        }
        found.append(stats["splits"])
        normstat.apply(out, tmp_path / f"{store}2", "unit", workers=0)
    assert found[0].keys() == {"train", "val"}
    assert found[1].keys() == {"more", "val"}
    assert found[0]["train"] == found[1]["more"]
    assert found[0]["val"] == found[1]["val"]
    files = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*.npy")}
        for root in (tmp_path / "npy2", tmp_path / "stack2")
    ]
    assert files[0] == files[1]
    assert len(files[0]) == 5
