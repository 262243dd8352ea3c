"""Statistics as a page: whole, by itself, harmless, and with the numbers that were counted."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from command import here

import normstat
from normstat.errors import UsageError
from normstat.stats.curves import curves, ends
from normstat.svg import Curve, chart

_EMPTY = {"meta", "link", "path", "rect", "circle", "br"}
EVIL = "<img src=x>&\u202egnp\x1b.png"


class Page(HTMLParser):
    """The elements of a page; every one is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str | None]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def number(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def drawn(self) -> int:
        """Drawings but for those of a legend, which its words tell."""
        svg = [attributes for tag, attributes in self.elements if tag == "svg"]
        return sum(attributes.get("role") == "img" for attributes in svg)


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
    other = normstat.compute(write_one(tmp_path / "other"), workers=0)
    with pytest.raises(UsageError, match="no split in common"):
        normstat.report(stats, against=other)


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


def test_curves_are_shares(stats: normstat.Stats) -> None:
    """Of all pixels, whatever the ends; a cumulative one ends at 1."""
    train = stats.splits["train"]
    made = curves(train, *ends([train]))
    assert made
    for channel, cumulative in zip(made.shares, made.cumulative(), strict=True):
        assert sum(channel) == pytest.approx(1)
        assert cumulative[-1] == pytest.approx(1)
        middles = (np.arange(len(channel)) + 0.5) / len(channel)
        assert train.mean
    means = [float(np.dot(channel, middles)) for channel in made.shares]
    assert means == pytest.approx(train.mean, abs=0.01)


def test_a_chart_tells_those_who_do_not_see_it() -> None:
    """By its first two elements, without identifiers that another drawing could have, too."""
    page = Page(chart([Curve([0.0, 0.0])], EVIL, "nothing"))
    assert [tag for tag, _ in page.elements[:3]] == ["svg", "title", "desc"]
    assert page.text.startswith(f"{EVIL}nothing")
    assert page.drawn() == 1
    assert not page.ids()


def test_a_notebook_shows_them(stats: normstat.Stats, data: Path) -> None:
    """Statistics, one split of them, and a verdict: as HTML that ends what it begins."""
    shown: list[Any] = [stats, stats.splits["train"], normstat.check(data, stats, workers=0)]
    shown.append(normstat.Stats("0", {}, normstat.Settings(), {}))
    for each in shown:
        Page(each._repr_html_())
    assert "<svg" in stats._repr_html_()


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
