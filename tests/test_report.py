"""Statistics as a page: whole, by itself, harmless, and with the numbers that were counted."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from command import here
from html_page import Page

import normstat
from normstat.errors import UsageError
from normstat.files import shown

EVIL = "<img src=x>&\u202egnp\x1b.png"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "data"
    for split, shift in (("train", 0), ("val", 60)):
        for seed in range(4):
            pixels = make.pixels(seed + len(split), 9, 8) // 2 + shift
            make.write(folder / split / f"{seed}.png", make.encoded(pixels.astype(np.uint8)))
    make.write(folder / "train" / EVIL, b"no image")
    return folder


@pytest.fixture(scope="module")
def stats(data: Path) -> normstat.Stats:
    return normstat.compute(data, workers=0, covariance=True)


@pytest.fixture(scope="module")
def text(stats: normstat.Stats) -> str:
    return normstat.report(stats, title=EVIL)


def test_the_page_stands_by_itself(text: str) -> None:
    """Sound HTML in one file: nothing is fetched, nothing runs, and it is the same each time."""
    page = Page(text)
    assert len(page.ids()) == len(set(page.ids()))
    for tag, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on")}
        assert tag not in ("img", "iframe", "object", "embed")
        assert attributes.get("src") is None
        assert (attributes.get("href") or "data:").startswith("data:")
        assert tag != "script" or attributes["type"] == "application/json"
    assert "url(" not in text
    assert "@import" not in text
    assert len(text.encode()) < 400_000


def test_the_same_statistics_are_the_same_page(stats: normstat.Stats, text: str) -> None:
    assert normstat.report(stats, title=EVIL) == text


def test_names_are_harmless(text: str) -> None:
    """Markup, controls and characters that turn the direction are shown as what they are."""
    assert "<img src" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "&lt;img src=x&gt;&amp;\\u202egnp\\x1b.png" in text


def test_long_lists_are_cut_and_say_so(tmp_path: Path) -> None:
    """Channels, unreadable images and findings: a page stays one that is read."""
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        np.save(data / f"{number}.npy", make.pixels(number, 9, 8, channels=40))
    for number in range(30):
        make.write(data / f"empty-{number}.png", b"")
    stats = normstat.compute(
        data, workers=0, layout="hwc", covariance=True, files=tmp_path / "list"
    )
    cases = [
        normstat.Case("drift", normstat.Level.WARN, f"finding {number}", paths=("a",) * 25)
        for number in range(50)
    ]
    verdict = normstat.Verdict("same", tuple(cases))
    normstat.save(stats, tmp_path / "stats.json")
    text = normstat.report(
        tmp_path / "stats.json", against=stats, verdict=verdict, files=tmp_path / "list"
    )
    page = Page(text)
    for words in (
        "Incomplete: 30 of 33 images could not be read",
        "and 10 more, which the stats file names.",
        "and 8 more channels, which are in the stats file.",
        "24 more channels are not drawn.",
        "40 × 40 numbers, which are in the stats file.",
        "47 more of drift, warn",
        "and 7 more, which the JSON report of the check has.",
        "; and 5 more",
        "None, within the splits and across them.",
    ):
        assert words in page.text, words
    assert "covariance" not in json.loads(text.partition('id="normstat">')[2].partition("<")[0])


def test_parts_and_nothing_are_said(data: Path) -> None:
    part = normstat.compute(data, workers=0, shard="1/2")
    assert "Incomplete: part 1 of 2 of the data set" in Page(normstat.report(part)).text
    nothing = normstat.Stats("0", {}, normstat.Settings(), {})
    assert "No image was counted." in Page(normstat.report(nothing)).text


def test_splits_and_channels_may_have_any_name(stats: normstat.Stats) -> None:
    """In tables, drawings, legends, sentences and the block of JSON, on pages and in notebooks."""
    channels = (EVIL, f"{EVIL}2", "</script>")
    named = {
        name: replace(stats.splits[split], channels=channels)
        for name, split in (("train", "train"), (EVIL, "val"), ("</title></svg>", "val"))
    }
    evil = replace(stats, splits=named)
    case = normstat.Case(
        "drift", normstat.Level.FAIL, shown(EVIL), EVIL, EVIL, 0.0, 0.5, 0.1, "σ", (EVIL,)
    )
    verdict = normstat.Verdict("same", (case,))
    page = normstat.report(evil, verdict=verdict, against=evil, title=EVIL)
    for text in (page, evil._repr_html_(), verdict._repr_html_()):
        assert len(Page(text).elements) > 30
        assert all(line.isprintable() for line in text.split("\n"))
        assert "<img" not in text
        assert text.count("</script>") == text.count("<script ")
        assert text.count("</svg>") == text.count("<svg ")
    block = re.search(r'id="normstat">(.*?)</script>', page)
    assert block
    assert list(json.loads(block[1])["splits"]) == list(named)


def test_the_numbers_are_there(stats: normstat.Stats, text: str) -> None:
    """To be read, to be pasted, and for programs, without the state."""
    page = Page(text)
    train = stats.splits["train"]
    assert train.mean
    pasted = ", ".join(f"{value:.6g}" for value in train.mean)
    assert f"mean = [{pasted}]" in page.text
    block = re.search(r'<script type="application/json" id="normstat">(.*?)</script>', text)
    assert block
    summary = json.loads(block[1])
    assert summary["splits"]["train"]["mean"] == list(train.mean)
    assert "state" not in summary["splits"]["train"]
    assert "not_an_image" in page.text
    assert "val against train" in page.text
    assert "How the channels vary together" in page.text
    # A curve of each split in each channel, all shifts of mean and std, the large shift's curves.
    assert page.drawn() == 3 + 2 + 3
    assert page.number("title") == page.drawn() + 1
    assert page.number("desc") == page.drawn()


def test_two_files_are_held_against_each_other(stats: normstat.Stats, tmp_path: Path) -> None:
    """Split by split; the shift is the one that a check finds."""
    normstat.save(stats, tmp_path / "now.json")
    text = normstat.report(tmp_path / "now.json", against=tmp_path / "now.json")
    page = Page(text)
    assert "train of now.json against train of now.json" in page.text
    assert page.text.count("Both are the same images, with the same statistics.") == 2
    other = normstat.compute(write_one(tmp_path / "other"), workers=0)
    with pytest.raises(UsageError, match="no split in common"):
        normstat.report(stats, against=other)


def test_the_same_images_may_have_other_statistics(data: Path, stats: normstat.Stats) -> None:
    """As of another size: they are shown, and are said to be no matter of chance."""
    smaller = normstat.compute(data, workers=0, resize=4, crop=4)
    text = Page(normstat.report(smaller, against=stats)).text
    assert "Both are the same images, so no difference is by chance. More than" in text


def test_only_what_is_alike_is_normalized_alike(stats: normstat.Stats) -> None:
    """Splits of other channels or depth are not said to be; nor is a constant channel."""
    text = Page(normstat.report(stats)).text
    assert "Pixels, divided by 255, are normalized with the numbers of train, and so are" in text
    deep = replace(stats.splits["val"], scale=65535)
    text = Page(normstat.report(replace(stats, splits={**stats.splits, "val": deep}))).text
    assert "are normalized with the numbers of train:" in text
    flat = replace(stats.splits["train"], std=(0.1, 0.0, 0.2))
    text = Page(normstat.report(replace(stats, splits={"train": flat}))).text
    assert "Every pixel is the same in G: a std of 0 normalizes nothing." in text


def write_one(folder: Path) -> Path:
    make.write(folder / "a.png", make.encoded(make.pixels(3, 5, 5)))
    return folder


@pytest.mark.parametrize("kind", ["gray", "float", "many", "deep", "flat", "nothing"])
def test_every_kind_has_a_page(kind: str, tmp_path: Path) -> None:
    """Whatever is known of it; many channels are not all drawn."""
    folder = tmp_path / "data"
    folder.mkdir()
    gray = make.pixels(1, 7, 6, channels=1).reshape(7, 6)
    arrays: dict[str, Any] = {
        "gray": gray,
        "float": gray / 7 - 3,
        "many": np.stack([gray] * 40, axis=-1).astype(np.uint16),
        "deep": gray.astype(np.uint16) * 200,
        "flat": np.zeros((4, 4), np.uint8),
        "nothing": gray,
    }
    for number in range(2):
        np.save(folder / f"{number}.npy", arrays[kind])
    if kind == "nothing":
        (folder / "0.npy").unlink()
        make.write(folder / "1.npy", b"")
        make.write(tmp_path / "data" / "a.png", make.encoded(gray))
    page = Page(normstat.report(normstat.compute(folder, workers=0, layout="hwc")))
    assert page.drawn() <= 16
    assert "mean = [" in page.text


def test_curves_may_be_beyond_each_other(stats: normstat.Stats) -> None:
    """Splits with other channels, or other values, are said and not drawn together."""
    gray = normstat.compute([np.zeros((4, 5), np.uint8)], workers=0).splits["all"]
    mixed = replace(stats, splits={**stats.splits, "test": gray})
    text = Page(normstat.report(mixed)).text
    assert "Not drawn, as they have other channels: test." in text
    assert "test against train" in text
    assert "They cannot be compared: the channels are gray and R, G, B." in text


def test_a_verdict_and_a_list_of_files(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A saved verdict gives the page that the check writes; a list adds sizes and duplicates."""
    monkeypatch.chdir(tmp_path)
    data = Path(shutil.copytree(data, "data"))
    make.write(data / "val" / "again.png", (data / "train" / "0.png").read_bytes())
    assert here("compute", data, "-o", "stats.json", "--files", "list", "-q").returncode == 3
    run = here(
        "check", data, "--stats", "stats.json", "-q", "--report", "a.html", "--report", "a.json"
    )
    assert "passed" in run.stdout
    here("report", "stats.json", "--verdict", "a.json", "-o", "b.html")
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()
    assert "leakage" in Page(Path("b.html").read_text()).text
    plain = normstat.report("stats.json")
    listed = Page(normstat.report("stats.json", files="list")).text
    assert "1 image of val also in train: train/0.png = val/again.png" in listed
    assert "Sizes of the files of train" not in Page(plain).text
    Path("other").write_text("normstat files 1\n")
    for wrong in (
        ("--verdict", "stats.json"), ("--verdict", "nowhere"), ("--files", "other"),
        ("--files", "list", "-o", "list"), ("--verdict", "a.json", "-o", "a.json"),
    ):  # fmt: skip
        run = here("report", "stats.json", *wrong)
        assert (run.returncode, run.stdout) == (2, ""), run
    with pytest.raises(UsageError, match="no list of files; compute files=FILE writes both"):
        normstat.report(normstat.compute(data, workers=0), files="list")


def test_no_secret_of_a_url_is_in_a_page(
    stats: normstat.Stats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page goes to colleagues; a signed address would let them in."""
    monkeypatch.setattr("normstat.verbs.report.load", lambda url: stats)
    url = "https://me:secret@example.org/a.json?signature=secret"
    text = normstat.report(url, against=url)
    assert "train of a.json against train of a.json" in text
    assert "secret" not in text


def test_the_command_line(
    data: Path, stats: normstat.Stats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page in a file or on stdout; of a check with the verdict on top."""
    monkeypatch.chdir(tmp_path)
    normstat.save(stats, "stats.json")
    run = here("report", "stats.json")
    assert (run.returncode, run.stdout) == (0, "")
    assert Path("report.html").read_text() == here("report", "stats.json", "-o", "-").stdout
    run = here("check", data, "--stats", "stats.json", "--report", "check.html", "-q")
    assert not run.stderr
    text = Path("check.html").read_text()
    assert f"<h2>Check: {'failed' if run.returncode else 'passed'}</h2>" in text
    assert text.index("Check:") < text.index("Mean and standard deviation")
    before = Path("stats.json").read_bytes()
    for arguments in (
        ("stats.json", "-o", "stats.json"),
        ("stats.json", "-o", "page.txt"),
        ("nowhere.json",),
        ("stats.json", "--against", "nowhere.json"),
    ):
        assert here("report", *arguments).returncode == 2
    assert Path("stats.json").read_bytes() == before
