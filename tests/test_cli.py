"""What the command line says, writes and exits with."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import make
import pytest
from command import environment, here, normstat

import normstat as library
from normstat.errors import UsageError

posix = pytest.mark.skipif(sys.platform == "win32", reason="no such names, modes or signals there")
RGB = make.pixels(1, 30, 40)
PNG = make.encoded(RGB)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder ``data`` with two sound images in ``train`` and ``val``; commands run beside it."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "val"):
        for index in range(2):
            make.write(Path("data", split, f"{index}.png"), PNG)
    return Path("data")


def damage(data: Path, number: int = 1) -> None:
    """Add files that cannot be read."""
    for index in range(number):
        make.write(data / "train" / f"cut-{index}.png", PNG[: len(PNG) // 2])


def outputs(folder: Path = Path()) -> list[str]:
    """All files that are no input."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_sound_folder(data: Path) -> None:
    """Exit code 0, the table on stdout, notices on stderr, and the stats file."""
    run = normstat("compute", data)
    assert run.returncode == 0
    assert run.stderr.splitlines() == [
        "train: 2 images (folder train)",
        "val: 2 images (folder val)",
        "written to stats.json",
    ]
    stats = json.loads(Path("stats.json").read_text(encoding="utf-8"))
    sums = RGB.sum(axis=(0, 1)).tolist()
    assert stats["splits"]["train"]["mean"] == [total / (30 * 40 * 255) for total in sums]
    assert "train" in run.stdout
    assert "mean = [" in run.stdout
    assert outputs() == ["stats.json"]


USAGE = {
    "unknown-option": (["compute", "data", "--wrong"], "--wrong"),
    "unknown-command": (["computer", "data"], "computer"),
    "no-data": (["compute"], "DATA"),
    "negative-workers": (["compute", "data", "-j", "-1"], "'--workers'"),
    "channels": (["compute", "data", "--channels", "cmyk"], "cmyk"),
    "unknown-split": (["compute", "data", "--split", "tset"], "'tset'; found: train, val"),
    "split-dir": (["compute", "data", "--split-dir", "train"], "NAME=FOLDER"),
    "split-dir-missing": (["compute", "data", "--split-dir", "train=x"], "no such folder"),
    "data-missing": (["compute", "nowhere"], "nowhere: there is no such file or folder"),
    "data-is-a-file": (["compute", "data/val/0.png"], "0.png: a single image; give its folder"),
    "output-is-a-folder": (["compute", "data", "-o", "data"], "data: is a folder"),
    "output-is-an-image": (["compute", "data", "-o", "data/val/0.png"], "an image that exists"),
    "show-missing": (["show", "nowhere.json"], "nowhere.json: cannot be read"),
    "show-an-image": (["show", "data/val/0.png"], "is no stats file, or cut short"),
}


@pytest.mark.parametrize(("arguments", "said"), USAGE.values(), ids=USAGE)
def test_what_cannot_start_exits_2(data: Path, arguments: list[str], said: str) -> None:
    """The message has the cause; nothing is written and no traceback shown."""
    run = here(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert outputs() == []
    assert Path("data/val/0.png").read_bytes() == PNG


@pytest.mark.parametrize(
    ("folder", "names", "offered"),
    [
        ("train_val", "train or val", {"train", "val", "train_val"}),
        ("train/val", "train or val", {"train-val"}),
        ("test-dev", "test or val", {"test", "val", "test-dev"}),
    ],
)
def test_an_ambiguous_folder_is_named_with_its_cure(
    tmp_path: Path, folder: str, names: str, offered: set[str]
) -> None:
    """Two splits in one name, or one inside another: exit code 2 and what to type."""
    make.write(tmp_path / "data" / folder / "a.png", PNG)
    run = here("compute", "data", cwd=tmp_path)
    assert run.returncode == 2
    assert f"{folder}: could be {names};" in run.stderr
    assert offered == set(re.findall(rf"--split-dir ([-\w]+)={folder}", run.stderr))
    for name in offered:
        cured = here("compute", "data", "--split-dir", f"{name}={folder}", cwd=tmp_path)
        assert cured.returncode == 0


def test_no_images_says_what_was_looked_for(tmp_path: Path) -> None:
    """The extensions looked for, and those found with their numbers."""
    for name in ("a.txt", "b.txt", "c.mat", "README"):
        make.write(tmp_path / "data" / name, b"text")
    run = here("compute", "data", cwd=tmp_path)
    assert run.returncode == 2
    assert all(
        part in run.stderr for part in ("data: no images", ".jpg", ".png", "2 .txt", "1 .mat")
    )
    empty = here("compute", "data", "--exclude", "*", cwd=tmp_path)
    assert (empty.returncode, outputs(tmp_path)) == (2, [])


def test_only_lfs_pointers(tmp_path: Path) -> None:
    """Nothing to read, and what to do about it."""
    for index in range(3):
        make.write(tmp_path / "data" / f"{index}.jpg", LFS)
    run = here("compute", "data", cwd=tmp_path)
    assert (run.returncode, outputs(tmp_path)) == (2, [])
    assert "3 lfs_pointer: run `git lfs pull`" in run.stderr


def test_a_damaged_file_exits_3(data: Path) -> None:
    """The run is finished, the file is named in the table and in the stats."""
    damage(data)
    run = here("compute", data)
    assert run.returncode == 3
    assert "train/cut-0.png: truncated" in run.stdout
    stats = json.loads(Path("stats.json").read_text(encoding="utf-8"))
    assert stats["complete"] is False
    assert [record["path"] for record in stats["unreadable"]] == ["train/cut-0.png"]


def test_unreadable_images_can_be_allowed(data: Path) -> None:
    """Exit code 0 up to the number given, and the output says so; 3 beyond it."""
    damage(data)
    run = here("compute", data, "--allow-unreadable", "1")
    assert (run.returncode, "1 unreadable accepted" in run.stderr) == (0, True)
    damage(data, 2)
    run = here("compute", data, "--allow-unreadable", "1")
    assert run.returncode == 3
    assert "exit code 3: 2 unreadable" in run.stderr
    assert "--allow-unreadable 2 accepts" in run.stderr


@pytest.mark.fault(49)
def test_too_many_errors_stop_the_run(data: Path) -> None:
    """Exit code 4, the most frequent codes, and no stats file; the limit itself is allowed."""
    damage(data, 2)
    run = here("compute", data, "--max-errors", "0")
    assert (run.returncode, run.stdout, outputs()) == (4, "", [])
    assert "truncated: download it again" in run.stderr
    assert here("compute", data, "--max-errors", "2").returncode == 3


def test_an_output_folder_that_is_missing(data: Path) -> None:
    """Exit code 4, before the images are read."""
    run = here("compute", data, "-o", "missing/stats.json")
    assert (run.returncode, run.stdout) == (4, "")
    assert "create the folder first" in run.stderr
    assert "images (" not in run.stderr


@pytest.mark.fault(47)
@posix
def test_an_output_folder_that_is_read_only(data: Path) -> None:
    """Exit code 4, before the images are read."""
    Path("closed").mkdir(mode=0o555)
    run = normstat("compute", data, "-o", "closed/stats.json", anyone=True)
    assert (run.returncode, run.stdout) == (4, "")
    assert "Permission denied" in run.stderr
    assert "images (" not in run.stderr


@pytest.mark.fault(37)
@posix
def test_files_and_folders_without_permission_are_records(data: Path) -> None:
    """What may not be opened is unreadable, a folder too; the rest is counted."""
    Path("data/train/0.png").chmod(0)
    Path("data/val/closed").mkdir(mode=0)
    run = normstat("compute", data, anyone=True)
    Path("data/val/closed").chmod(0o700)  # for whoever cleans up
    assert run.returncode == 3
    stats = json.loads(Path("stats.json").read_text(encoding="utf-8"))
    records = {record["path"]: record["code"] for record in stats["unreadable"]}
    assert records == dict.fromkeys(("train/0.png", "val/closed/"), "permission_denied")
    assert [split["images"] for split in stats["splits"].values()] == [1, 2]


def test_stats_on_stdout(data: Path) -> None:
    """``-o -`` is the same bytes, and only these: what else there is to say goes to stderr."""
    damage(data)
    run = here("compute", data, "-o", "-", "--allow-unreadable", "1")
    assert (run.returncode, outputs()) == (0, [])
    assert "1 unreadable accepted" in run.stderr
    here("compute", data)
    assert run.stdout == Path("stats.json").read_text(encoding="utf-8")


def test_quiet(data: Path) -> None:
    """With -q nothing is printed but one line that says why the exit code is not 0."""
    assert here("compute", data, "-q").stdout == ""
    damage(data)
    for options in ([], ["--allow-unreadable", "1"]):
        run = here("compute", data, "-q", *options)
        assert (run.returncode, run.stdout) == (0 if options else 3, "")
        assert len(run.stderr.splitlines()) == (0 if options else 1)


def test_show(data: Path) -> None:
    """FILE and - give the same table, with histograms; ASCII where the terminal has no more."""
    here("compute", data)
    run = here("show", "stats.json")
    assert (run.returncode, run.stderr) == (0, "")
    assert "±" in run.stdout
    assert "█" in run.stdout
    piped = normstat("show", "-", input=Path("stats.json").read_text(encoding="utf-8"))
    assert (piped.returncode, piped.stdout) == (0, run.stdout)
    plain = normstat("show", "stats.json", env={"PYTHONIOENCODING": "ascii"})
    assert (plain.returncode, plain.stderr) == (0, "")
    assert plain.stdout.isascii()
    assert "+/-" in plain.stdout


@pytest.mark.fault(50)
@posix
@pytest.mark.parametrize(
    "arguments", [["show", "stats.json"], ["compute", "data"], ["compute", "data", "-o", "-"]]
)
def test_a_closed_pipe_ends_quietly(data: Path, arguments: list[str]) -> None:
    """Nobody reads stdout: exit code 141 and not a word of it."""
    here("compute", data)
    reader, writer = os.pipe()
    os.close(reader)
    run = normstat(*arguments, stdout=writer)
    os.close(writer)
    assert run.returncode == 141
    assert set(run.stderr.splitlines()) <= {
        "train: 2 images (folder train)",
        "val: 2 images (folder val)",
        "written to stats.json",
    }


def test_a_baseline_that_is_replaced(data: Path) -> None:
    """Of the same images it is no news; of others, or with other settings, -q alone is silent."""

    def said(*options: str) -> str:
        run = here("compute", data, *options)
        return next(line for line in run.stderr.splitlines() if line.startswith("written to"))

    assert said() == said() == "written to stats.json"
    make.write(data / "train" / "new.png", make.encoded(make.pixels(9, 5, 6)))
    assert said() == "written to stats.json, replaced: was of other images (train: 2, now 3)"
    assert said("--channels", "gray").endswith("with other settings (channels)")
    assert said("--split", "train", "--channels", "gray").endswith("(val: 2, now not there)")
    make.write(data / "train" / "new.png", make.encoded(make.pixels(8, 5, 6)))
    assert said("--split", "train", "--channels", "gray").endswith("(train: 3, now 3)")
    assert here("compute", data, "-q").stderr == ""
    before = json.loads(Path("stats.json").read_text())
    for split in before["splits"].values():  # as written before there was one more
        del split["fingerprint"]["content"]
        for kind in split["state"]["kinds"]:
            del kind["fingerprint"]["content"]
    Path("stats.json").write_text(json.dumps(before))
    assert said() == "written to stats.json"
    Path("stats.json").write_text("{}")
    assert said() == "written to stats.json"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--resize", "256x256"], "256 is the shorter side, and --resize 256 --crop 256 makes"),
        (["--resize", "256,224"], "224 is the shorter side"),
        (["--resize", "9", "--crop", "8 × 8"], "8 is the side of a square: --crop 8"),
        (["--resize", "0"], "0 should be an integer, 1 or more"),
        (["--crop", "1.5"], "1.5 should be an integer, 1 or more"),
        (["--crop", "9" * 5000], "should be an integer, 1 or more"),
        (["--resize", "two\n"], "two\\n should be an integer"),
        (["--split", "train,tset"], "no split 'tset'; found: train, val"),
        (["--split", "train,"], "no split ''"),
        (["--split-dir", "a,b=train"], "a split's name should have no comma"),
    ],
)
def test_options_as_others_write_them(data: Path, options: list[str], words: str) -> None:
    """Two sizes, or a name that is none, are refused with what to write instead."""
    run = here("compute", data, *options)
    assert run.returncode == 2
    assert words in " ".join(run.stderr.split())


def test_splits_by_comma(data: Path) -> None:
    """Several in one word are several options."""
    one = here("compute", data, "-o", "-", "--split", "val,train")
    two = here("compute", data, "-o", "-", "--split", "val", "--split", "train")
    assert (one.returncode, one.stdout) == (0, two.stdout)


def test_arguments_are_flags_on_the_command_line(data: Path) -> None:
    """A message that names an argument in Python names the flag here."""
    here("compute", data, "--split", "val")
    run = here("apply", data, "arrays", "--stats", "stats.json")
    assert run.returncode == 2
    assert "only val; name one of them, as in --from val (" in run.stderr
    stats = library.load("stats.json")
    with pytest.raises(UsageError, match=r'as in from_split="val" \('):
        library.apply(data, "arrays", stats)
    with pytest.raises(UsageError, match=r'as in split="val" \('):
        library.normalizer(stats)


def test_quietly_unreadable(data: Path) -> None:
    """With -q one line says why the exit code is 3, and none where that is accepted."""
    make.write(data / "train" / "bad.png", b"<html>")
    for command in (["compute"], ["apply", "--method", "unit"]):
        arguments = [command[0], str(data), *["arrays"] * (command[0] == "apply"), *command[1:]]
        quiet = here(*arguments, "-q")
        assert (quiet.returncode, quiet.stdout) == (3, "")
        (line,) = quiet.stderr.splitlines()
        assert line.startswith("exit code 3: 1 unreadable, see ")
    dry = here("apply", data, "dry", "--method", "unit", "-q", "--dry-run")
    assert "see what is printed without -q" in dry.stderr
    for command in (["compute"], ["apply", "--method", "unit"]):
        arguments = [command[0], str(data), *["arrays"] * (command[0] == "apply"), *command[1:]]
        more = ["--overwrite"] * (command[0] == "apply")
        accepted = here(*arguments, "-q", "--allow-unreadable", "1", *more)
        assert (accepted.returncode, accepted.stdout, accepted.stderr) == (0, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_on_stdout(data: Path) -> None:
    """Output that cannot be printed is exit code 4, and says so."""
    with open("/dev/full", "w") as full:
        run = normstat("compute", data, "-o", "-", stdout=full)
    assert (run.returncode, run.stderr.splitlines()[-1]) == (
        4,
        "normstat: standard output cannot be written (No space left on device)",
    )


BROKEN = """
import normstat.stats

def summarize(*arguments):
    raise ZeroDivisionError("the first line\\n\\x1b[31mthe last line")

normstat.stats.summarize = summarize
"""


@pytest.mark.matrix
def test_a_bug_exits_70(data: Path) -> None:
    """One line with the kind of error and where to report it; the traceback only when asked for."""
    make.write(Path("broken/sitecustomize.py"), BROKEN.encode())
    broken = {"PYTHONPATH": str(Path("broken").resolve())}
    run = normstat("compute", data, "-q", env=broken)
    assert (run.returncode, run.stdout, len(run.stderr.splitlines())) == (70, "", 1)
    assert "ZeroDivisionError" in run.stderr
    assert "https://" in run.stderr
    assert "\x1b" not in run.stderr
    run = normstat("compute", data, "-q", env={**broken, "NORMSTAT_DEBUG": "1"})
    assert (run.returncode, "Traceback" in run.stderr) == (70, True)
    assert outputs() == []


@pytest.mark.skipif(os.name == "nt", reason="keeps a folder that a process is in")
def test_a_current_folder_that_is_gone_is_said(data: Path) -> None:
    """Relative names mean nothing there; that is no bug."""
    gone = Path("gone")
    gone.mkdir()
    run = normstat(
        "compute", data.resolve(), "-q", cwd=gone, preexec_fn=lambda: os.rmdir("../gone")
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert "the current folder is gone" in run.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full disk")
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_cannot_be_printed_is_said(option: str) -> None:
    """Also for what Typer prints itself: exit code 4."""
    with Path("/dev/full").open("w") as full:
        run = normstat(option, stdout=full)
    assert run.returncode == 4
    assert "No space left" in run.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full disk")
def test_a_wrong_command_line_with_a_full_stderr(data: Path) -> None:
    """Exit code 2, though nothing can be said."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "normstat", "compute", data, "--unknown"]
        assert subprocess.run(command, env=environment(), stderr=full, check=False).returncode == 2


@pytest.mark.parametrize("option", ["--stats", "--preset"])
def test_an_empty_name_is_no_name_left_out(data: Path, option: str) -> None:
    """As from an unset variable of a shell: exit code 2, and nothing is written."""
    assert here("apply", data, "arrays", option, "", "--method", "unit").returncode == 2
    assert not Path("arrays").exists()


def test_no_name_is_no_folder(data: Path) -> None:
    """Results never go to the root of the file system because a variable was empty."""
    assert here("apply", data, "arrays", "--method", "unit", "-q").returncode in (0, 3)
    run = here("invert", "arrays", "")
    assert (run.returncode, run.stdout) == (2, "")
    assert here("apply", data, "", "--method", "unit").returncode == 2


def test_no_summary_of_a_command_is_cut() -> None:
    """On 80 columns each command's line in the help is a whole sentence."""
    text = normstat("--help", env={"COLUMNS": "80"}).stdout
    summaries = text.partition("Commands:\n")[2].splitlines()
    assert len(summaries) >= 7
    assert all(line.endswith(".") and not line.endswith("...") for line in summaries)


def test_a_pattern_that_the_shell_has_written_out_is_known(tmp_path: Path) -> None:
    """Where DATA is one; other commands have no more to say than that it is too much."""
    run = here("apply", "0.tar", "1.tar", "2.tar", tmp_path / "out")
    assert run.returncode == 2
    assert "a pattern goes in quotes, or the shell writes it out" in run.stderr
    assert not (tmp_path / "out").exists()
    assert "quotes" not in here("show", "a", "b", "c").stderr
