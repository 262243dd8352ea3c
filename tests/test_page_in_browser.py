"""Pages in a real browser: silent, by themselves, readable on any screen, by ear and on paper.

``NORMSTAT_CHROMIUM`` names another browser, ``NORMSTAT_AXE`` another ``axe.min.js``.
"""

import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from browser import Browser, found

import normstat

PROGRAM = found()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium")
EVIL = "<script>alert(1)</script>&\u202egnp\x1b[31m '\" a very long name without an end.png"
WIDTHS = (1280, 390)
# Between the margins of A4, at 96 pixels an inch.
PAPER = 680


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert PROGRAM
    with Browser(PROGRAM) as browser:
        yield browser


def photos(folder: Path, shift: int) -> Path:
    for split in ("train", "val", "test"):
        for seed in range(4):
            pixels = make.pixels(seed + len(split), 40, 30) // 2 + shift
            make.write(folder / split / f"{seed}.png", make.encoded(pixels.astype(np.uint8)))
    make.write(folder / "val" / "again.png", (folder / "train" / "0.png").read_bytes())
    return folder


def of_photos(folder: Path) -> str:
    """All that a page can have."""
    files, verdict = folder / "files", folder / "check.json"
    stats = normstat.compute(photos(folder / "a", 0), covariance=True, files=files, workers=0)
    other = normstat.compute(photos(folder / "b", 60), workers=0)
    normstat.save(stats, folder / "stats.json")
    found = normstat.check(other, stats, mode="compatible")
    evil = normstat.Case("leakage", normstat.Level.WARN, "twice", "val", paths=(EVIL,) * 40)
    found = normstat.Verdict(found.mode, (*found.cases, evil))
    assert not verdict.exists()
    return normstat.report(stats, against=other, verdict=found, files=files, title=EVIL)


def of_bands(folder: Path) -> str:
    folder.mkdir()
    for number in range(3):
        array = make.pixels(number, 9, 8, channels=13) / 90 - 0.4
        np.save(folder / f"{number}.npy", array.astype(np.float32))
    return normstat.report(normstat.compute(folder, workers=0, layout="hwc", covariance=True))


def of_gray(folder: Path) -> str:
    make.write(folder / "a.png", make.encoded(np.zeros((5, 6), np.uint8)))
    return normstat.report(normstat.compute(folder, workers=0))


def of_bad_files(folder: Path) -> str:
    make.write(folder / "train" / "a.png", make.encoded(make.pixels(1, 9, 8)))
    for number in range(300):
        name = f"{number} {EVIL}".replace("/", "|")
        make.write(folder / "train" / name, b"" if number % 3 else b"<b>no image</b>")
    return normstat.report(normstat.compute(folder, workers=0))


KINDS = {"photos": of_photos, "bands": of_bands, "gray": of_gray, "bad": of_bad_files}
# One kind has all that a page can have.
every = pytest.mark.parametrize(
    "kind",
    [kind if kind == "photos" else pytest.param(kind, marks=pytest.mark.matrix) for kind in KINDS],
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {}


@pytest.fixture
def page(kind: str, pages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    if kind not in pages:
        folder = tmp_path_factory.mktemp(kind)
        pages[kind] = folder / "page.html"
        pages[kind].write_text(KINDS[kind](folder / "data"), encoding="utf-8")
    return pages[kind]


@every
def test_nothing_is_said_asked_for_or_cut_off(browser: Browser, page: Path) -> None:
    """No message on the console, no request, and no scrolling sideways, in both schemes."""
    assert page.stat().st_size < 400_000
    for width in WIDTHS:
        for dark in (False, True):
            browser.open(page, width, dark)
            assert browser.said == []
            assert browser.asked == [page.as_uri()]
            assert browser.value("document.documentElement.scrollWidth") <= width


@pytest.mark.matrix
@pytest.mark.parametrize("kind", KINDS)
def test_axe_has_no_objection(browser: Browser, page: Path) -> None:
    """Contrast, names, roles and order, on both widths and in both schemes."""
    run = "axe.run().then(found => found.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    for width, dark in zip(WIDTHS, (False, True), strict=True):
        browser.open(page, width, dark)
        browser.value(f"{axe()}; 0")
        assert browser.value(run) == []


def axe() -> str:
    """The library; that of a Python package, unless another is named."""
    package = importlib.util.find_spec("axe_core_python")
    assert package
    assert package.origin
    usual = Path(package.origin).with_name("axe.min.js")
    return Path(os.environ.get("NORMSTAT_AXE", usual)).read_text(encoding="utf-8")


@every
def test_drawings_are_told(browser: Browser, page: Path) -> None:
    """Each has a name and a description for those who hear it; what repeats words is hidden."""
    browser.open(page)
    nodes = browser("Accessibility.getFullAXTree")["nodes"]
    images = [node for node in nodes if role(node) in ("image", "img", "graphics-document")]
    drawn = browser.value("document.querySelectorAll('svg[role=img]').length")
    assert len(images) == drawn > 0
    for node in images:
        assert node["name"]["value"]
        assert node["description"]["value"]


def role(node: dict[str, Any]) -> str:
    return "" if node["ignored"] else node["role"]["value"].lower()


@every
def test_paper_shows_all(browser: Browser, page: Path) -> None:
    """On A4, with dark words on white, nothing runs out of the page or stays folded away."""
    browser.open(page, PAPER, dark=True, media="print")
    wide = "[...document.querySelectorAll('.wide, pre')].filter(e => e.scrollWidth > e.clientWidth)"
    assert browser.value(f"{wide}.length") == 0
    hidden = "[...document.querySelectorAll('details li')].filter(e => !e.checkVisibility())"
    assert browser.value(f"{hidden}.length") == 0
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", browser.printed())
    assert {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842)}
