"""``normstat check`` where data and record are not quite of one shape, through the command."""

import json
import os
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import checked
import command
import make
import pytest
from checked import SPLITS, VAL, case_of, check, findings, verdict


def record(data: str | Path = "data", *options: str) -> None:
    assert command.here("compute", data, "-q", "-o", "stats.json", *options).returncode in (0, 3)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``data`` and its ``stats.json``, which is the current one."""
    monkeypatch.chdir(tmp_path)
    checked.write(Path("data"))
    record()
    return tmp_path


# --- leakage ---


def test_leakage_in_data_encoded_anew(here: Path) -> None:
    """Under the names that were recorded it is a warning in compatible; it can be made to fail."""
    shutil.copy("data/train/0.jpg", "data/val/new.jpg")
    record()
    checked.reencoded(Path("data"))
    document = verdict("--mode", "compatible")
    assert (document["exit_code"], findings(document)) == (0, {"leakage": "warn"})
    case = case_of(document, "leakage")
    assert (case["split"], case["other_split"]) == ("val", "train")
    assert "so it may have been when recorded: the file names are the same" in case["message"]
    assert verdict("--mode", "compatible", "--rule", "leakage=fail")["exit_code"] == 1
    document = verdict()
    assert (document["exit_code"], findings(document)["leakage"]) == (1, "fail")


def test_leakage_beside_a_split_that_changed(here: Path) -> None:
    """Only the two splits that it is about have to be as recorded."""
    checked.leaked(Path("data"))
    record()
    Path("data/test/201.png").unlink()
    assert findings(verdict("--mode", "compatible"))["leakage"] == "warn"
    shutil.copy("data/train/3.png", "data/test/new.png")
    for mode in ("same", "compatible"):
        document = verdict("--mode", mode)
        cases = [case for case in document["cases"] if case["rule"] == "leakage"]
        levels = {(case["other_split"], case["split"]): case["level"] for case in cases}
        assert document["exit_code"] == 1
        assert levels["train", "test"] == "fail"
        assert levels["train", "val"] == "warn"


def test_a_hundred_pairs(here: Path) -> None:
    """Text names ten and says where the others are; every report has them all."""
    for number in range(15):
        content = make.encoded(make.pixels(number, 5, 6))
        for split in ("train", "val"):
            make.write(Path("data", split, f"twice {number:02}.png"), content)
    run = check("--report", "a.json", "--report", "a.xml", "--report", "a.md")
    assert run.returncode == 1
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("leakage val/train: ")]
    assert "15 of 27 images of val are in train, too" in line
    assert line.count("twice") == 20
    assert line.endswith(", and 5 more; 5 more pairs are named in a.json")
    paths = case_of(json.loads(Path("a.json").read_text("utf-8")), "leakage")["paths"]
    assert len(paths) == 30
    (failure,) = [
        test.find("failure")
        for test in ET.parse("a.xml").iter("testcase")
        if test.get("name") == "leakage [val/train]"
    ]
    markdown = Path("a.md").read_text("utf-8")
    for path in paths:
        assert path in str(failure is not None and failure.text)
        assert path in markdown


# --- splits ---


def test_a_recorded_split_is_gone(here: Path) -> None:
    """It fails, asked for or not, alone or not; what it is compared with is open."""
    Path("train.json").write_text('{"mean": 0.5, "std": 0.5}')
    shutil.rmtree("data/val")
    for options in ((), ("--split", "val"), ("--split", "val", "--split", "train")):
        document = verdict("--config", "train.json", *options)
        assert document["exit_code"] == 1
        case = case_of(document, "unknown-split")
        assert (case["split"], case["expected"], case["observed"]) == ("val", "there", "not there")
    assert check("--split", "dev").returncode == 2


def test_a_folder_given_to_a_split_is_gone_or_empty(here: Path) -> None:
    """As any other recorded split."""
    os.rename("data/val", "data/2023")
    record("data", "--split-dir", "val=2023", "--split-dir", "train=train")
    for path in Path("data/2023").iterdir():
        path.unlink()
    for options in ((), ("--split", "val")):
        assert findings(verdict(*options))["unknown-split"] == "fail"
    os.rmdir("data/2023")
    assert findings(verdict())["unknown-split"] == "fail"


def test_nothing_can_be_read(here: Path) -> None:
    """Every image is damaged: a finding with a number for each code, and a report of it."""
    for index, path in enumerate(sorted(Path("data").rglob("*.*"))):
        os.truncate(path, 0 if index % 2 else 700)
    options = ("--config", "preset:imagenet", "--report", "a.json")
    for more in ((), ("--split", "val")):
        run = check(*options, *more)
        assert (run.returncode, run.stderr.count("Traceback")) == (1, 0)
        document = json.loads(Path("a.json").read_text("utf-8"))
        (val,) = (
            case
            for case in document["cases"]
            if (case["rule"], case["split"]) == ("unreadable", "val")
        )
        assert (val["level"], val["observed"]) == ("fail", SPLITS["val"])
        assert "12 images cannot be read (6 truncated, 6 empty)" in val["message"]
        assert findings(document)["config"] == "inconclusive"


def test_nothing_can_be_read_and_that_is_no_failure(here: Path) -> None:
    """Nobody may call that fine: there is no answer."""
    for path in Path("data").rglob("*.*"):
        os.truncate(path, 0)
    for level in ("warn", "off"):
        run = check("--rule", f"unreadable={level}")
        assert (run.returncode, run.stdout) == (2, "")
        assert "none of 42 images can be read (42 empty" in run.stderr


def test_there_is_nothing_to_read(here: Path) -> None:
    """No folder, or no image in it, is no answer, also where a split is asked for."""
    make.write(Path("empty/train/notes.txt"), b"")
    for data in ("empty", "missing"):
        for options in ((), ("--split", "val")):
            run = check("--report", "a.json", *options, data=data)
            assert (run.returncode, run.stdout, os.path.exists("a.json")) == (2, "", False)
            assert data in run.stderr


# What the folder was called when it was recorded, and what it is called now.
@pytest.mark.parametrize(("then", "now"), [("train", "copy"), ("copy", "train"), ("a", "b")])
def test_a_folder_that_is_a_split_itself(here: Path, then: str, now: str) -> None:
    """Copied to another name it is the same data."""
    os.rename("data/train", then)
    record(then)
    os.rename(then, now)
    (split,) = json.loads(Path("stats.json").read_text("utf-8"))["splits"]
    for options in ((), ("--split", split), ("--mode", "compatible")):
        document = verdict(*options, data=now)
        assert (document["exit_code"], findings(document)) == (0, {})
    checked.picture(999).save(Path(now, "1.png"))
    assert findings(verdict(data=now)) == {"data-changed": "fail"}


def test_a_folder_that_is_another_split(here: Path) -> None:
    """What both names say counts, and so does a split folder, then or now."""
    os.rename("data/train", "train")
    record("train")
    os.rename("train", "val")
    assert findings(verdict(data="val")) == {"unknown-split": "fail"}
    os.makedirs("other")
    os.rename("val", "other/test")
    assert findings(verdict(data="other")) == {"unknown-split": "fail"}
    record("other")
    assert findings(verdict(data="other/test"))["data-changed"] == "fail"
    os.rename("other/test", "flat")
    assert findings(verdict(data="flat")) == {"unknown-split": "fail"}


# --- unreadable images that were recorded ---


def test_a_recorded_unreadable_image_is_gone(here: Path) -> None:
    """In mode same it fails, and so do other bytes and another code; as it was, nothing."""
    os.truncate(f"data/{VAL}", 900)
    record()
    document = verdict()
    assert (document["exit_code"], findings(document)) == (0, {})
    os.truncate(f"data/{VAL}", 800)
    assert findings(verdict()) == {"data-changed": "fail"}
    assert verdict("--mode", "compatible")["exit_code"] == 0
    Path("data", VAL).unlink()
    document = verdict()
    assert (document["exit_code"], findings(document)) == (1, {"data-changed": "fail"})
    case = case_of(document, "data-changed")
    assert (case["split"], case["paths"]) == ("val", [VAL])
    assert "1 image recorded as unreadable is gone" in case["message"]
    assert verdict("--mode", "compatible")["exit_code"] == 0
    Path("data", VAL).write_bytes(b"")
    assert findings(verdict()) == {"unreadable": "fail"}


# --- what it is told ---


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_project_that_cannot_be_read(here: Path) -> None:
    """A link to nowhere, or a config without a name, is no answer, and names file and key."""
    os.symlink("gone.toml", "pyproject.toml")
    run = check()
    assert (run.returncode, run.stdout) == (2, "")
    assert "pyproject.toml: cannot be read (No such file or directory)" in run.stderr
    Path("gone.toml").write_text('[tool.normstat.check]\nconfig = [""]\n')
    run = check()
    assert (run.returncode, run.stdout) == (2, "")
    assert "pyproject.toml: /tool/normstat/check/config/0: is empty; give" in run.stderr
    os.unlink("pyproject.toml")
    run = check("--config", "")
    assert (run.returncode, run.stdout) == (2, "")
    assert "config '': is empty" in run.stderr


# --- the stats file ---


def test_a_number_edited_in_the_stats_file(here: Path) -> None:
    """What stands before the state must follow from it: else there is no answer."""
    original = Path("stats.json").read_text("utf-8")
    for member in ("mean", "stderr/std", "per_image/mean", "quantiles/0.5", "max"):
        stats = json.loads(original)
        *way, last = member.split("/")
        place = stats["splits"]["val"]
        for key in way:
            place = place[key]
        place[last][1] += 0.01
        Path("stats.json").write_text(json.dumps(stats), "utf-8")
        run = check("--mode", "compatible", "--report", "a.json")
        assert (run.returncode, run.stdout, os.path.exists("a.json")) == (2, "", False)
        assert f"stats.json: /splits/val/{member}/1: is {place[last][1]!r}, but " in run.stderr
