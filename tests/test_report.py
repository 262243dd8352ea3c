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
from normstat.accumulators.sizes import Sizes
from normstat.accumulators.tally import Extent
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


def test_reasons_are_words(data: Path, tmp_path: Path) -> None:
    """As on the terminal, with the first image that was left out."""
    folder = Path(shutil.copytree(data, tmp_path / "data"))
    make.write(folder / "winter" / "a.png", make.encoded(make.pixels(1, 9, 8)))
    text = Page(normstat.report(normstat.compute(folder, workers=0))).text
    assert "left out: 1 in no split's folder, such as winter/a.png" in text


def test_a_split_has_one_color(stats: normstat.Stats) -> None:
    """The same in every legend, whatever it is held against."""
    splits = {**stats.splits, "test": stats.splits["val"]}
    text = normstat.report(replace(stats, splits=splits))
    keys = re.findall(r'<path class="line (c\d)" d="M0 4H26"/></svg>(\w+)</span>', text)
    assert len(keys) == 3 + 2 + 2
    assert set(keys) == {("c0", "train"), ("c1", "val"), ("c2", "test")}


def test_gray_images_among_color_are_told(data: Path, tmp_path: Path) -> None:
    """As they are stored, with their part in the statistics; there is an option where all are."""
    gray = make.pixels(9, 9, 8, channels=1)
    make.write(tmp_path / "a.png", make.encoded(gray))
    for name in "bc":
        make.write(tmp_path / f"{name}.png", make.encoded(np.stack([gray] * 3, axis=-1)))
    make.write(tmp_path / "d.png", make.encoded(make.pixels(1, 9, 8)))
    text = Page(normstat.report(normstat.compute(tmp_path, workers=0))).text
    assert (
        "1 image is gray, and 2 images are gray but stored as color, in three equal channels: such "
        "an image has the same values in all channels, which draws their means and stds together"
    ) in text
    assert "normstat compute DATA --files FILE also writes a list of the files" in text
    for name in "ad":
        (tmp_path / f"{name}.png").unlink()
    text = Page(normstat.report(normstat.compute(tmp_path, workers=0))).text
    assert "these are all, so the channels have the same statistics; --channels gray" in text
    assert "gray" not in Page(normstat.report(normstat.compute(data, workers=0))).words


def test_pairs_of_a_finding_are_told_as_pairs(stats: normstat.Stats) -> None:
    """Files that the message does not name itself stand two and two."""
    paths = tuple(f"{split}/{number}" for number in range(30) for split in ("train", "val"))
    case = normstat.Case("leakage", normstat.Level.WARN, "twice", paths=paths, named=2)
    text = Page(normstat.report(stats, verdict=normstat.Verdict("same", (case,)))).text
    assert "train/1, val/1, train/2" in text
    pairs = replace(case, in_pairs=True)
    text = Page(normstat.report(stats, verdict=normstat.Verdict("same", (pairs,)))).text
    assert "train/1 = val/1, train/2 = val/2" in text
    assert "train/10 = val/10; and 19 more" in text


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


def sized(stats: normstat.Stats, **splits: dict[tuple[int, int], int] | None) -> normstat.Stats:
    """The statistics, with splits of images of these widths and heights."""
    made = {
        name: replace(
            stats.splits["train"],
            sizes=images and Sizes.of(images),
            width=Extent(*(f([width for width, _ in images or {(1, 1): 1}]) for f in (min, max))),
            height=Extent(
                *(f([height for _, height in images or {(1, 1): 1}]) for f in (min, max))
            ),
        )
        for name, images in splits.items()
    }
    return replace(stats, splits=made)


def test_sizes_are_drawn_where_they_differ(stats: normstat.Stats, text: str) -> None:
    """Two drawings and a sentence; nothing of images of one size, or of sizes not counted."""
    assert "Sizes and aspect ratios" not in Page(text).text
    photos = {(640, 427): 90, (427, 640): 9, (4000, 4000): 1}
    pages = [
        Page(normstat.report(sized(stats, **splits)))
        for splits in (
            {"train": photos, "old": None},
            {"train": {(640, 427): 9}},
            {"train": None},
            {"train": {(16, 16): 3}, "val": {(32, 32): 4}},
        )
    ]
    words = [page.text for page in pages]
    assert (
        "90 % of the images are landscape, 9 % portrait and 1 % square or nearly so; the most "
        "frequent aspect ratio is about 3:2. Nine in ten have a shorter side of at least 427 and "
        "under 431 pixels."
    ) in words[0]
    assert "Not among them, as their sizes were not counted: old." in words[0]
    assert "train: 90 % landscape, 9 % portrait, 1 % square or nearly so" in words[0]
    usual = "most often at least 427 and under 431 pixels"
    assert f"train: at least 427 and at most 4,000 pixels, {usual}" in words[0]
    assert {"portrait", "square", "landscape", "3:4", "4:3"} <= {*pages[0].words}
    assert ["Sizes and aspect ratios" in text for text in words] == [True, False, False, True]
    assert (
        "All images are square or nearly so. All have a shorter side of at least 16 and at most 32"
        in words[3]
    )
    # Ratios are not drawn where they do not differ.
    assert [page.drawn() - pages[1].drawn() for page in pages] == [2, 0, 0, 1]


def test_ends_of_bins_are_not_told_as_sides(stats: normstat.Stats) -> None:
    """A true extreme is said to be one; the end of a bin, that none is beyond."""
    for images, words in (
        ({(640, 375): 9, (480, 640): 4}, "at least 375 and under 512 pixels"),
        ({(640, 375): 9, (640, 480): 4}, "at least 375 and at most 480 pixels"),
        ({(640, 480): 9, (700, 480): 4}, "480 pixels"),
        ({(640, 3): 9, (700, 3): 4}, "3 pixels"),
    ):
        text = Page(normstat.report(sized(stats, train=images))).text
        assert f"All have a shorter side of {words}." in text


def test_numbers_of_a_list_have_equally_many_decimals(stats: normstat.Stats) -> None:
    """Zeros at the end are digits like others, in lists, in tables and of errors."""
    train = replace(stats.splits["train"], mean=(0.47501, 0.444968, 0.5), std=(0.1, 0.25, 0.2))
    errors = replace(train.stderr, mean=(0.02, 0.001, 0.01), std=(0.01, 0.01, 0.02))
    text = Page(normstat.report(replace(stats, splits={"train": replace(train, stderr=errors)})))
    assert "mean = [0.475010, 0.444968, 0.500000]" in text.text
    assert "std  = [0.100000, 0.250000, 0.200000]" in text.text
    for words in ("0.475010 ± 0.020", "0.444968 ± 0.0010", "0.250000 ± 0.010"):
        assert words in text.text
    small = replace(train, std=(0.1, 0.25, 0.0625))
    text = Page(normstat.report(replace(stats, splits={"train": small})))
    assert "std  = [0.1000000, 0.2500000, 0.0625000]" in text.text
    assert "0.2500000 ±" in text.text


@pytest.mark.parametrize("side", [1, 7, 300, 10**6, 2**62])
def test_any_sizes_can_be_drawn(stats: normstat.Stats, side: int) -> None:
    """However long and thin, without extents, and in any number of bins."""
    many = {(1 + side * n % 99991, 1 + n * n): 1 for n in range(4000)}
    images = {(1, side): 4, (side, 2): 3, **many}
    drawn = sized(stats, train=images, val={(3, 5): 1})
    unknown = replace(drawn.splits["train"], width=Extent(), height=Extent())
    for each in (drawn, replace(drawn, splits={**drawn.splits, "train": unknown})):
        text = normstat.report(each)
        assert "Sizes and aspect ratios" in Page(text).text
        assert len(text.encode()) < 400_000


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
    assert "1 image of val is also in train: train/0.png = val/again.png" in listed
    assert "Sizes of the files of train" not in Page(plain).text
    assert "normstat report STATS --files list shows sizes of files, and" in Page(plain).text
    assert "normstat compute DATA --files FILE" not in listed
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
