"""The library as a program uses it: what it imports, says, takes and gives."""

import dataclasses
import importlib
import inspect
import json
import subprocess
import sys
import typing
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import make
import pytest
from command import environment
from PIL import Image
from told import Told

import normstat
from normstat.errors import EngineLost, NothingToRead, TooManyErrors, UsageError
from normstat.executors import Executor, InProcess, Job
from normstat.images import Shard
from normstat.lazy import Row
from normstat.statsfile import dumps

GRAY = Image.fromarray(make.pixels(1, 9, 14, channels=1))
RGB = Image.fromarray(make.pixels(2, 8, 11))
GRAY16 = make.encoded(make.pixels(3, 6, 8, channels=1, dtype="uint16"))
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose own name says nothing, with images in two splits and one that is cut."""
    for index in range(3):
        make.write(tmp_path / "data" / "train" / f"{index}.png", make.encoded(RGB))
    make.write(tmp_path / "data" / "train" / "cut.png", make.encoded(RGB)[:99])
    make.write(tmp_path / "data" / "val" / "gray.png", make.encoded(GRAY))
    make.write(tmp_path / "data" / "beside.png", make.encoded(GRAY))
    return tmp_path / "data"


def script(source: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a program of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", source, *map(str, arguments)],
        capture_output=True,
        env=environment(),
        timeout=60,
        text=True,
    )


def test_the_names_of_the_package() -> None:
    """Those in ``__all__`` are sorted, exist, are told by dir(); others are an error."""
    assert normstat.__all__ == sorted(set(normstat.__all__))
    assert set(normstat.__all__) <= set(dir(normstat))
    for name in normstat.__all__:
        assert getattr(normstat, name) is not None
    with pytest.raises(AttributeError, match="computer"):
        normstat.computer  # noqa: B018  # the access is what is tested
    everything: dict[str, Any] = {}
    exec("from normstat import *", everything)
    assert set(normstat.__all__) <= set(everything)


def test_type_hints_of_public_names_are_found() -> None:
    """Tools that read them at run time find every name, though most are imported lazily."""
    for name in normstat.__all__:
        public = getattr(normstat, name)
        if not callable(public):
            continue
        for each in (public, *vars(public).values()) if isinstance(public, type) else (public,):
            function = each.fget if isinstance(each, property) else each
            if isinstance(function, type) or inspect.isfunction(function):
                typing.get_type_hints(function)


@pytest.mark.parametrize(
    "name",
    [
        *("decode", "errors", "executors", "methods", "presets", "sources"),
        *("statsfile", "stats", "urls", "verbs.compute"),
    ],
)
def test_modules_import_on_their_own(name: str) -> None:
    """Every module can be the first, and those with ``__all__`` have what it says."""
    run = script(f"import normstat.{name}")
    assert (run.returncode, run.stderr) == (0, "")
    module = importlib.import_module(f"normstat.{name}")
    assert all(hasattr(module, public) for public in getattr(module, "__all__", ()))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            "raise ImportError('libx.so: cannot open', name=__name__)",
            "broken_row cannot be imported (libx.so: cannot open): uninstall it, then pip install",
        ),
        ("import no_such_library", 'no_such_library is not installed: pip install "normstat[x]"'),
        ("import normstat.no_such_module", ""),
        ("from normstat.lazy import no_such_name", ""),
    ],
)
def test_a_library_that_cannot_be_imported_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    """With what installs it; an import that fails within this package is a bug, and stays one."""
    (tmp_path / "broken_row.py").write_text(program)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError if words else ImportError) as raised:
        Row("broken_row:open", "x").load()
    assert words in str(raised.value)


def test_importing_is_light() -> None:
    """Neither NumPy nor Pillow nor the command line's packages come with the bare import."""
    run = script("import normstat, sys; dir(normstat); print(normstat.__version__, *sys.modules)")
    version, *modules = run.stdout.split()
    assert version == normstat.__version__
    assert not {"numpy", "PIL", "typer", "rich", "tqdm"} & set(modules)


def test_the_library_needs_no_package_of_the_command_line(data: Path) -> None:
    """Computing imports neither typer nor rich nor tqdm."""
    source = "import normstat, sys; normstat.compute(sys.argv[1], workers=0); print(*sys.modules)"
    modules = script(source, data).stdout.split()
    assert "numpy" in modules
    assert not {"typer", "rich", "tqdm"} & set(modules)


SCRIPT = """
import sys
import normstat
stats = normstat.compute(sys.argv[1], workers={workers})
normstat.save(stats, sys.argv[2])
print(stats.splits["train"].images, len(stats.unreadable))
"""


@pytest.mark.sampled
@pytest.mark.parametrize("workers", [0, 1, 2, None])
def test_a_plain_script_works_and_nothing_else_is_printed(
    data: Path, tmp_path: Path, workers: int | None
) -> None:
    """Without ``if __name__ == "__main__"``; stdout and stderr are the script's own."""
    (tmp_path / "script.py").write_text(SCRIPT.format(workers=workers))
    run = subprocess.run(
        [sys.executable, "-W", "error", "script.py", "data", "stats.json"],
        capture_output=True,
        cwd=tmp_path,
        env=environment(),
        timeout=60,
        text=True,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "3 1\n", "")
    assert normstat.load(tmp_path / "stats.json") == normstat.compute(data, workers=0)


@pytest.mark.parametrize("workers", [0, 2])
def test_progress(data: Path, workers: int) -> None:
    """The total comes once, the advances sum up to it, unreadable ones included; notices too."""
    told = Told()
    stats = normstat.compute(data, workers=workers, progress=told)
    assert told.totals == [5] == [sum(split.listed for split in stats.splits.values())]
    assert sum(told.advances) == 5
    assert told.notices == [
        "train: 4 images (folder train)",
        "val: 1 image (folder val)",
        (
            "1 image is in no split's folder and was skipped, the first: beside.png; "
            'split_dir={"NAME": "FOLDER"} takes a folder in'
        ),
    ]


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"channels": "cmyk"}, 'channels="cmyk": should be one of auto, gray, rgb'),
    ({"channels": "GRAY"}, 'channels="GRAY"'),
    ({"workers": -1}, "workers=-1: should be 0 or more"),
    ({"max_errors": -1}, "max_errors=-1"),
    ({"max_pixels": 0}, "max_pixels=0: should be 1 or more"),
    ({"max_value": 10**400}, "max_value=...: should be below 2**63"),
    ({"image_timeout": -0.5}, "image_timeout=-0.5"),
    ({"image_timeout": float("nan")}, "image_timeout=nan"),
    ({"split": ["tset"]}, "no split 'tset'; found: train, val"),
    ({"split_dir": {"train": "nowhere"}}, "no such folder"),
]


@pytest.mark.parametrize(("options", "said"), OPTIONS, ids=[said for _, said in OPTIONS])
def test_options_out_of_range(data: Path, options: dict[str, Any], said: str) -> None:
    """Refused before anything is read, in the words of Python."""
    with pytest.raises(UsageError) as caught:
        normstat.compute(data, **{"workers": 0} | options)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["split", "include", "exclude"])
def test_one_name_is_not_taken_letter_by_letter(data: Path, name: str) -> None:
    """A string where several are expected is one, or refused; never a list of its letters."""
    text = {"split": "val", "include": "g*.png", "exclude": "cut*"}[name]
    options: dict[str, Any] = {"workers": 0}
    expected = normstat.compute(data, **options, **{name: [text]})
    try:
        stats = normstat.compute(data, **options, **{name: text})
    except (UsageError, TypeError) as error:
        if "list" in str(error):
            return
        raise
    assert stats == expected


class Backwards(Executor):
    """An executor that notes its shards; ``workers`` has no say beside it."""

    def __init__(self) -> None:
        self.seen: list[Shard] = []

    def map(self, job: Job[Any], shards: Iterable[Shard]) -> Generator[Any, None, None]:
        self.seen = list(shards)
        for number, shard in reversed([*enumerate(self.seen)]):
            yield number, job(shard)


def test_an_executor_of_one_s_own(data: Path) -> None:
    """It gets all the work, and the result is the same, whatever comes first."""
    executor = Backwards()
    stats = normstat.compute(data, engine=executor, workers=1000)
    assert sum(map(len, executor.seen)) == 5
    assert stats == normstat.compute(data, workers=0)


class Closing(InProcess):
    """An executor that works inside of its ``with`` block only, as pools of workers do."""

    closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def map(self, job: Job[Any], shards: Iterable[Shard]) -> Generator[Any, None, None]:
        assert not self.closed
        yield from super().map(job, shards)


def test_an_executor_of_one_s_own_is_not_closed(data: Path, tmp_path: Path) -> None:
    """Each verb uses it, and leaves it to the next."""
    with Closing() as executor:
        stats = normstat.compute(data, engine=executor)
        done = normstat.apply(data, tmp_path / "arrays", "unit", engine=executor)
        assert normstat.check(data, stats, engine=executor).exit_code == 0
    assert done.images
    assert executor.closed


class Lost(Executor):
    """An executor without workers."""

    def map(self, job: Job[Any], shards: Iterable[Shard]) -> Generator[Any, None, None]:
        raise EngineLost("no workers")


def test_an_executor_that_fails(data: Path) -> None:
    """Its error is the run's."""
    with pytest.raises(EngineLost, match="no workers; cache=FILE would let it go on"):
        normstat.compute(data, engine=Lost())


NOTHING = {
    "empty": ({}, "no images; looked for .jpg"),
    "no-images": ({"a.txt": b"", "b.txt": b"", "c.mat": b""}, "found 2 .txt, 1 .mat"),
    "damaged": ({"a.png": b"", "b.png": b"<html>", "c.png": b""}, "none of 3 images can be read"),
    "pointers": ({"a.png": LFS, "b.jpg": LFS}, "2 lfs_pointer: run `git lfs pull`"),
    "depths": ({"a.png": GRAY16}, "1 other_depth"),
}


@pytest.mark.parametrize(("files", "said"), NOTHING.values(), ids=NOTHING)
def test_nothing_to_read(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    """No statistics of nothing: an error with what was looked for and what was found."""
    (tmp_path / "data").mkdir()
    for name, content in files.items():
        make.write(tmp_path / "data" / name, content)
    with pytest.raises(NothingToRead) as caught:
        normstat.compute(tmp_path / "data", workers=0, channels="rgb")
    assert said in str(caught.value)


def test_too_many_errors(data: Path) -> None:
    """The limit is allowed, one more ends the run."""
    assert normstat.compute(data, workers=0, max_errors=1).splits["train"].unreadable == 1
    with pytest.raises(TooManyErrors, match="more than 0 images are unreadable"):
        normstat.compute(data, workers=0, max_errors=0)


def test_two_runs_are_equal(data: Path) -> None:
    """In value and in bytes, however the folder is written."""
    one, two = normstat.compute(data, workers=0), normstat.compute(f"{data}/", workers=1)
    assert one == two
    assert dumps(one) == dumps(two)
    assert str(data) not in dumps(one)


def test_statistics_are_values(data: Path) -> None:
    """They do not change, and tell what they are without the bulk of their states."""
    stats = normstat.compute(data, workers=0)
    for value, name in ((stats, "splits"), (stats.splits["val"], "mean"), (stats.settings, "crop")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, None)
    assert "state=" not in repr(stats)
    assert json.loads(dumps(stats))["splits"]["val"]["mean"] == list(stats.splits["val"].mean or ())


def test_two_threads_decode(data: Path) -> None:
    """Runs at the same time, with other settings, give what each gives alone."""
    for index, format in enumerate(("JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM")):
        content = make.encoded(make.pixels(index, 30, 40), format)
        make.write(data / "train" / f"{index}.{format.lower()}", content)
    runs: list[dict[str, Any]] = [
        {},
        {"max_pixels": 200},
        {"resize": 5, "crop": 4, "channels": "rgb"},
        {"frames": "all", "covariance": True},
    ]
    alone = [dumps(normstat.compute(data, workers=0, **options)) for options in runs]
    assert len(set(alone)) == len(runs)
    with ThreadPoolExecutor(2) as pool:
        threads = [
            pool.submit(normstat.compute, data, workers=0, **options) for options in runs * 5
        ]
        assert [dumps(thread.result()) for thread in threads] == alone * 5
