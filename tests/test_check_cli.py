"""``normstat check`` as a build runs it: real folders, command lines and exit codes."""

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import checked
import command
import make
import pytest
from checked import SPLITS, VAL, Change, case_of, check, findings, verdict
from PIL import Image, ImageOps

import normstat
from normstat.reports.document import render

posix = pytest.mark.skipif(sys.platform == "win32", reason="no such names or modes there")
VAL_FILE = f"data/{VAL}"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data`` and its ``stats.json``."""
    folder = tmp_path_factory.mktemp("original")
    data = checked.write(folder / "data")
    assert command.here("compute", data, "-q", "-o", folder / "stats.json").returncode == 0
    return folder


@pytest.fixture
def here(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to be changed, which is the current folder."""
    shutil.copytree(original, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


CHANGED, COUNTED = {"data-changed": "fail"}, {"data-changed": "fail", "count-changed": "fail"}
# What happened, mode, exit code, and exactly what is found; words of what changed, all in val.
ONE: dict[str, tuple[Change, str, int, dict[str, str], str]] = {
    "unchanged": (lambda data: None, "same", 0, {}, ""),
    "unchanged, compatible": (lambda data: None, "compatible", 0, {}, ""),
    "copied, touched, reordered": (checked.rewritten, "same", 0, {}, ""),
    "replaced": (checked.replaced, "same", 1, CHANGED, "contents of files changed"),
    "removed": (lambda data: (data / VAL).unlink(), "same", 1, COUNTED, "were removed"),
    "added": (checked.added, "same", 1, COUNTED, "were added"),
    "renamed": (
        lambda data: (data / VAL).rename(data / "val/x.png"), "same", 1, CHANGED, "were renamed"
    ),
    "comment": (checked.comment, "same", 1, CHANGED, "the pixels did not"),
    "one pixel": (checked.one_pixel, "same", 1, CHANGED, "contents of files changed"),
    "leaked": (checked.leaked, "same", 1, COUNTED | {"leakage": "fail"}, "were added"),
    "leaked, compatible": (checked.leaked, "compatible", 1, {"leakage": "fail"}, ""),
    "mirrored": (checked.mirrored, "same", 1, COUNTED, "were added"),
    "mirrored, compatible": (checked.mirrored, "compatible", 0, {}, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_one_change(here: Path, name: str) -> None:
    """Exit code, rules, split and kind of change are those of what happened, and no others."""
    change, mode, code, found, words = ONE[name]
    change(Path("data"))
    document = verdict("--mode", mode)
    assert (document["exit_code"], document["mode"], findings(document)) == (code, mode, found)
    assert {case["split"] for case in document["cases"] if case["level"] != "pass"} <= {"val"}
    if "data-changed" in found:
        assert words in case_of(document, "data-changed")["message"]
    if "leakage" in found:
        assert case_of(document, "leakage")["paths"] == ["train/1.png", "val/new.png"]


# What was done to every image, and what it has to be called in mode compatible.
ALL: dict[str, tuple[Change, dict[str, str]]] = {
    "BGR": (
        checked.everywhere(lambda image: Image.merge("RGB", image.split()[::-1])),
        {"channel-order": "fail"},
    ),
    "gray": (checked.everywhere(ImageOps.grayscale), {"gray-as-rgb": "fail"}),
    "gray as RGB": (
        checked.everywhere(lambda image: ImageOps.grayscale(image).convert("RGB")),
        {"gray-as-rgb": "fail"},
    ),
    "gamma": (checked.curve(lambda value: 255 * (value / 255) ** 2.2), {"drift": "fail"}),
    "contrast 0.8": (checked.contrast(0.8), {"drift": "fail"}),
    "brightness": (checked.curve(lambda value: value + 30), {"drift": "fail"}),
    "16-235": (checked.curve(lambda value: 16 + value * 219 / 255), {"value-range": "fail"}),
    "floats": (checked.floats, {"bit-depth": "fail", "value-range": "fail"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_every_image_changed(here: Path, name: str) -> None:
    """What was done to all images fails under its name, in every split."""
    change, expected = ALL[name]
    change(Path("data"))
    document = verdict("--mode", "compatible")
    assert document["exit_code"] == 1
    assert expected.items() <= findings(document).items()
    for rule, level in expected.items():
        cases = [c for c in document["cases"] if c["rule"] == rule and c["level"] == level]
        assert {case["split"] for case in cases} == set(SPLITS)


def test_contrast_a_little_less(here: Path) -> None:
    """Contrast × 0.9 is at least a warning of drift."""
    checked.contrast(0.9)(Path("data"))
    assert findings(verdict("--mode", "compatible"))["drift"] in ("warn", "fail")


def test_encoded_anew(here: Path) -> None:
    """Another JPEG quality is other data, of the same mean and std."""
    checked.reencoded(Path("data"))
    document = verdict()
    assert (document["exit_code"], findings(document)) == (1, CHANGED)
    document = verdict("--mode", "compatible")
    assert (document["exit_code"], findings(document)) == (0, {})


def test_other_data(here: Path) -> None:
    """Other images of the same source are compatible; too few of them are inconclusive."""
    checked.write(Path("other"), 30)
    document = verdict("--mode", "compatible", data="other")
    assert (document["exit_code"], findings(document)) == (0, {})
    options = ("--mode", "compatible", "--split", "val", "--margin", "0.001")
    document = verdict(*options, data="other")
    assert (document["exit_code"], findings(document)["drift"]) == (0, "inconclusive")
    assert "only a shift above" in str(document["cases"])
    assert verdict(*options, "--require-conclusive", data="other")["exit_code"] == 1


def test_without_statistics_it_says_how_to_make_them(here: Path) -> None:
    """Before anything is read."""
    for data in ((), ("data",), ("a", "b")):
        run = command.here("check", *data)
        assert (run.returncode, run.stdout) == (2, "")
        words = " ".join(run.stderr.split())
        assert "Missing option '--stats'. normstat compute DATA -o stats.json makes a" in words


# What became of the files; what the message says.
BAD_FILES: dict[str, tuple[Change, str]] = {
    "57 cut": (
        lambda folder: os.truncate("stats.json", 5000),
        "stats.json: is no stats file, or cut short",
    ),
    "57 NaN": (checked.edited(lambda s: s.update(splits=float("nan"))), "/splits: NaN"),
    "57 schema": (checked.edited(lambda s: s.update(schema="other/9")), "/schema: "),
    "57 no split": (checked.edited(lambda s: s.update(splits={})), "/splits: "),
    "57 half": (checked.edited(lambda s: s["splits"]["val"].pop("mean")), "/splits/val: 'mean'"),
    "57 twice": (checked.broken(b'{"schema": 1, "schema": 2}'), "/schema: "),
    "57 nested": (checked.broken(b'{"a":' * 50_000 + b"}" * 50_000), "nested too deeply"),
    "57 huge": (
        lambda folder: os.truncate("stats.json", 500 << 20),
        "stats.json: is no stats file, or cut",
    ),
    "foreign": (
        checked.broken(b'{"mean": [0.5]}'),
        "'schema' is missing, so this is no stats file",
    ),
    "missing": (lambda folder: os.unlink("stats.json"), "normstat compute makes"),
    "40 no images": (
        lambda folder: shutil.rmtree("data/"),
        "data: there is no such file or folder",
    ),
    "pyproject": (
        lambda folder: Path("pyproject.toml").write_text("[tool.normstat.check]\nmargn = 1"),
        "pyproject.toml: /tool/normstat/check/margn: no such key",
    ),
    "no name": (
        lambda folder: Path("pyproject.toml").write_text(
            '[tool.normstat.check]\nconfig = ["a\\u0000b.json"]'
        ),
        "cannot be read",
    ),
}
# Options; what the message says.
BAD_OPTIONS: dict[str, str] = {
    "--rule leek=off": "leek: no such rule; there are unknown-split",
    "--rule drift=error": "--rule drift=error: should be one of off, warn, fail",
    "--margin 0": "--margin 0.0: should be a number above 0",
    "--margin nan": "--margin nan: should be a number above 0",
    "--split dev": "split 'dev'",
    "--config no.json": "no.json: cannot be read",
    "--config stats.json": "stats.json: /: no mean and std",
    "--config preset:nobody": "nobody",
    "--report check.pdf": "check.pdf: a report's name ends in .json, .xml (JUnit), .md",
    "--report ./stats.json": "is read by this check",
}


def refused(words: str, *options: str) -> None:
    before = sorted(os.listdir())
    time = Path("stats.json").exists() and os.stat("stats.json").st_mtime_ns
    run = check("--report", "new.xml", *options)
    assert (run.returncode, run.stdout) == (2, "")
    assert words in run.stderr
    assert "images (" not in run.stderr
    assert "Traceback" not in run.stderr
    assert sorted(os.listdir()) == before
    assert (Path("stats.json").exists() and os.stat("stats.json").st_mtime_ns) == time


@pytest.mark.parametrize("name", BAD_FILES)
def test_files_that_cannot_be_used_exit_2(here: Path, name: str) -> None:
    """No verdict, report or traceback; the cause is named."""
    change, words = BAD_FILES[name]
    change(here)
    refused(words)


@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_options_that_cannot_be_used_exit_2(here: Path, options: str) -> None:
    """The same, before an image is read; the stats file is as it was."""
    refused(BAD_OPTIONS[options], *options.split())


UNREADABLE = {"unreadable": "fail", "data-changed": "inconclusive"}


def test_unreadable_images(here: Path) -> None:
    """A damaged image fails, is a warning if that is asked for, and no news once recorded."""
    os.truncate(VAL_FILE, 900)
    document = verdict()
    assert (document["exit_code"], findings(document)) == (1, UNREADABLE)
    case = case_of(document, "unreadable")
    assert (case["split"], case["observed"], case["paths"]) == ("val", 1, [VAL])
    document = verdict("--rule", "unreadable=warn")
    assert (document["exit_code"], findings(document)["unreadable"]) == (0, "warn")
    assert command.here("compute", "data", "-q", "-o", "stats.json").returncode == 3
    assert findings(verdict()) == {}
    os.truncate(VAL_FILE, 0)  # another code
    assert findings(verdict())["unreadable"] == "fail"


def test_a_split_of_which_nothing_can_be_read(here: Path) -> None:
    """40: it fails, and whatever could not be seen is inconclusive rather than fine."""
    for path in Path("data/val").iterdir():
        path.write_bytes(b"")
    document = verdict("--mode", "compatible")
    assert case_of(document, "unreadable")["observed"] == SPLITS["val"]
    cases = [case for case in document["cases"] if case["split"] == "val"]
    assert {c["rule"] for c in cases if c["level"] == "pass"} == {"unknown-split"}


def test_one_pixel_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """40: the same single pixel passes; another one is not known to be compatible."""
    monkeypatch.chdir(tmp_path)
    for folder, value in (("data", 51), ("other", 52)):
        make.write(Path(folder, f"{folder}.png"), make.encoded(Image.new("L", (1, 1), value)))
    command.here("compute", "data", "-q", "-o", "stats.json")
    assert findings(verdict()) == {}
    assert verdict(data="other")["exit_code"] == 1


def test_leakage_that_was_recorded(here: Path) -> None:
    """42: nothing has changed, so it is a warning, of whichever splits; it can be made to fail."""
    checked.leaked(Path("data"))
    command.here("compute", "data", "-q", "-o", "stats.json")
    for options in ((), ("--split", "train", "--split", "val")):
        document = verdict(*options)
        assert (document["exit_code"], findings(document)["leakage"]) == (0, "warn")
    assert verdict("--rule", "leakage=fail")["exit_code"] == 1
    assert findings(verdict("--rule", "leakage=off", "--rule", "duplicate=off")) == {}


CRASH = b"""
import normstat.stats

def summarize(*arguments):
    raise ZeroDivisionError("broken")

normstat.stats.summarize = summarize
"""


def test_a_crash_is_no_verdict(here: Path) -> None:
    """Exit code 70, never 1: nothing on stdout, and an old report stays."""
    make.write(Path("broken/sitecustomize.py"), CRASH)
    Path("old.json").write_text("old")
    options = ("--format", "json", "--report", "old.json")
    run = check(*options, env={"PYTHONPATH": str(Path("broken").resolve())})
    assert (run.returncode, run.stdout) == (70, "")
    assert Path("old.json").read_text() == "old"


@pytest.mark.matrix
@posix
def test_reports_that_cannot_be_written(here: Path) -> None:
    """Exit code 4 before the images are read, whatever the data; nothing is left behind."""
    checked.replaced(Path("data"))
    make.write(Path("closed/old.md"), b"old")
    Path("closed").chmod(0o555)
    for file in ("missing/a.xml", "closed/old.md"):
        run = check("--report", "first.json", "--report", file, anyone=True)
        assert (run.returncode, run.stdout) == (4, "")
        assert "images (" not in run.stderr
    assert os.listdir("closed") == ["old.md"]
    assert Path("closed/old.md").read_bytes() == b"old"
    assert sorted(os.listdir()) == ["closed", "data", "stats.json"]


# Each is a copy of an image of train, and so a finding.
ODD = (
    b"new\nline.png", b"\n::error::boo.png", b"esc\x1b[31m.png", b"<b>&amp;.png", b"100%0A,x:.png",
    b"bad\xff.png", b"-q.png", b"##[error] | `x`.png", b"tab\t'\".png", b"]]>.png",
    b"\xe2\x80\xae.png",
)  # fmt: skip


@posix
@pytest.mark.sampled
@pytest.mark.parametrize("format", ["text", "json", "github"])
def test_odd_names_and_every_report(here: Path, format: str) -> None:
    """32: no name breaks a format, and all of them agree with the exit code."""
    for index, name in enumerate(ODD):
        folder = f"data/{('val', 'test')[index % 2]}".encode()
        shutil.copy("data/train/1.png", os.path.join(folder, name))
    Path("summary").write_text("before\n")
    files = ("a.json", "a.xml", "a.md")
    reports = [f"--report={file}" for file in files]
    run = check("--format", format, *reports, env={"GITHUB_STEP_SUMMARY": "summary"})
    texts = {file: Path(file).read_bytes().decode() for file in files}
    assert run.returncode == 1
    for text in (run.stdout, run.stderr, *texts.values()):
        assert all(line.isprintable() for line in text.split("\n"))
    document = json.loads(texts["a.json"])
    assert (document["exit_code"], findings(document)["leakage"]) == (1, "fail")
    root = ET.fromstring(texts["a.xml"])
    failed = sum(case["level"] == "fail" for case in document["cases"])
    assert len(list(root.iter("failure"))) == int(root.get("failures", "")) == failed
    assert texts["a.md"].startswith("### normstat check: FAILED\n")
    assert f"exit code 1)\\: {failed} fail" in texts["a.md"]
    assert not re.search(r"(?<!\\)[<`]", texts["a.md"])
    summary = Path("summary").read_text("utf-8")
    if format == "json":
        assert run.stdout == texts["a.json"]
    elif format == "github":
        lines = run.stdout.splitlines()
        commands = [line for line in lines if line.startswith("::")]
        assert len(commands) <= 10
        assert all(re.match(r"::(error|warning) title=normstat[^:]*::[^:]", c) for c in commands)
        assert lines == [*commands, lines[-1]]
        assert summary == "before\n" + texts["a.md"]
    else:
        assert not re.search(r"^\s*::|##\[", run.stdout, re.MULTILINE)
    if format != "json":
        assert run.stdout.splitlines()[-1].startswith("FAILED (mode same, exit code 1)")
    if format != "github":
        assert summary == "before\n"


def cut(data: Path) -> None:
    whole = (data / "train" / "3.png").read_bytes()
    make.write(data / "train" / "3.png", whole[:99])


CHANGES: dict[str, Change] = {
    "none": lambda data: None,
    "contrast": checked.contrast(0.8),
    "leaked": checked.leaked,
    "one-pixel": checked.one_pixel,
    "comment": checked.comment,
    "added": checked.added,
    "cut": cut,
    "no-val": lambda data: shutil.rmtree(data / "val"),
}


@pytest.mark.parametrize("mode", ["same", "compatible"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_python_says_the_same(here: Path, change: Change, mode: str) -> None:
    """The verdict of the command line is the library's, with flags for parameters."""
    change(Path("data"))
    found = normstat.check("data", "stats.json", mode=mode, workers=0)
    document = json.loads(render(found.on_command_line()))
    assert verdict("--mode", mode) == document


PROJECT = """
[tool.normstat.check]
mode = "compatible"
margin = 0.5
config = ["train.toml"]
rules = {duplicate = "off", leakage = "warn", value-range = "off"}
"""


@pytest.mark.matrix
def test_defaults_of_a_project(here: Path) -> None:
    """Those of the nearest pyproject.toml hold, also from above; options go before them."""
    checked.contrast(0.8)(Path("data"))
    shutil.copy("data/train/1.png", "data/val/new.png")
    shutil.copy("data/train/1.png", "data/train/new.png")
    Path("pyproject.toml").write_text(PROJECT)
    Path("train.toml").write_text("[normalize]\nmean = 0.44\nstd = 0.44\n")
    os.makedirs("below")
    options: dict[str, Any] = {"data": "../data", "cwd": "below"}
    document = verdict("--stats", "../stats.json", **options)
    assert document["mode"] == "compatible"
    assert findings(document) == {"config": "fail", "leakage": "warn"}
    given = ("--rule=config=off", "--rule=leakage=off", "--rule=duplicate=warn", "--margin=0.1")
    document = verdict("--stats", "../stats.json", *given, **options)
    assert findings(document) == {"drift": "fail", "duplicate": "warn"}
    document = verdict("--stats", "../stats.json", "--mode", "same", **options)
    assert document["mode"] == "same"


UNREAD = {"leakage": "inconclusive", "split-shift": "inconclusive"}


def test_bytes_of_an_image_that_cannot_be_read(here: Path) -> None:
    """Any change after recording is seen, also in a file that never gave pixels."""
    bad = Path("data/train/page.png")
    make.write(bad, b"<html>one</html>")
    assert command.here("compute", "data", "-o", "stats.json", "-q").returncode == 3
    assert command.here("check", "data", "--stats", "stats.json", "-q").returncode == 0
    make.write(bad, b"<html>two</html>")
    result = command.here("check", "data", "--stats", "stats.json", "-q")
    assert result.returncode == 1
    assert "another file now, and still unreadable: train/page.png" in result.stdout


def test_the_splits_that_were_asked_for(here: Path) -> None:
    """Of statistics of one split, that one is checked, and the others are not unknown ones."""
    command.here("compute", "data", "--split", "train", "-o", "train.json", "-q")
    assert command.here("check", "data", "--stats", "train.json", "-q").returncode == 0
    make.write(Path("data/train/more.png"), make.encoded(checked.picture(7)))
    result = command.here("check", "data", "--stats", "train.json", "-q")
    assert result.returncode == 1
    assert "count-changed train" in result.stdout


def test_one_split_quietly(here: Path) -> None:
    """Only the splits asked for are read, which is said; -q leaves words and verdict."""
    checked.replaced(Path("data"))
    document = verdict("--split", "train", "--split", "test")
    assert (document["exit_code"], findings(document)) == (0, UNREAD)
    assert {case["split"] for case in document["cases"]} == {"train", "test", None}
    run = check("--split", "val", "-q")
    data_changed, *unread, _ = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (1, "")
    assert data_changed.startswith("data-changed val: the contents of files changed")
    words = "not looked at between val and train{}: only val was read; leave out --split"
    assert unread[0].startswith("leakage: " + words.format(", test"))
    assert unread[1].startswith("split-shift: " + words.format(""))


def test_constants_of_a_training_run(here: Path) -> None:
    """Each kind of file, right and wrong; the mistake is named, and fails the build."""
    train = json.loads(Path("stats.json").read_text("utf-8"))["splits"]["train"]
    mean, std = train["mean"], train["std"]
    hf = {"image_mean": mean, "image_std": std}
    timm = {"architecture": "vit", "pretrained_cfg": {"mean": mean[::-1], "std": std[::-1]}}
    contents = {
        "hf.json": json.dumps(hf),
        "unscaled.json": json.dumps(hf | {"do_rescale": False}),
        "config.json": json.dumps(timm),
        "variance.toml": f"[n]\nmean = {mean}\nstd = {[value**2 for value in std]}\n",
    }
    for name, text in contents.items():
        Path(name).write_text(text)
    options = [f"--config={name}" for name in (*contents, "preset:clip")]
    cases = [case for case in verdict(*options)["cases"] if case["rule"] == "config"]
    assert [case["level"] for case in cases] == ["pass", "fail", "fail", "fail", "pass"]
    words = ("mean and std of the data", "0–1 numbers", "BGR", "variance", "preset clip")
    assert all(word in case["message"] for word, case in zip(words, cases, strict=True))
    assert verdict("--config=hf.json", "--config=preset:clip")["exit_code"] == 0
