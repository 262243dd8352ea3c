"""Drawings and notebooks: told to all, in colors that are seen, and the same as on pages."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from html_page import Page

import normstat
from normstat.markup import STYLE
from normstat.reports.page.style import PAGE
from normstat.stats.curves import curves, ends
from normstat.stats.drawings import distributions
from normstat.svg import COLORS, Curve, chart

EVIL = "<img src=x>&\u202egnp\x1b.png"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks") / "data"
    for split, shift in (("train", 0), ("val", 60)):
        for seed in range(3):
            pixels = make.pixels(seed + len(split), 9, 8) // 2 + shift
            make.write(folder / split / f"{seed}.png", make.encoded(pixels.astype(np.uint8)))
    return folder


@pytest.fixture(scope="module")
def stats(data: Path) -> normstat.Stats:
    return normstat.compute(data, workers=0, covariance=True)


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
    """As HTML that ends what it begins, with no identifier that another output could have."""
    verdict = normstat.check(data, stats, workers=0)
    outputs: list[Any] = [stats, stats.splits["train"], verdict]
    outputs.append(normstat.Stats("0", {}, normstat.Settings(), {}))
    methods = ("standard", "clip-standard", "whiten", "image")
    outputs.extend(normstat.normalizer(stats, method=method) for method in methods)
    outputs.append(normstat.normalizer("imagenet"))
    for each in outputs:
        assert not Page(each._repr_html_()).ids()


def test_pages_and_notebooks_have_the_same_drawings(stats: normstat.Stats) -> None:
    """Of statistics the distributions, of a verdict the drift."""
    for name in ("mean", "std"):
        before = stats.splits["train"]
        shifted = tuple(0.9 * value for value in getattr(before, name) or ())
        other = replace(stats, splits={"train": replace(before, **{name: shifted})})
        verdict = normstat.check(other, stats, mode="compatible")
        page = normstat.report(stats, verdict=verdict)
        for each in (stats, verdict):
            drawn = re.findall(r"<svg[^>]* role=.*?</svg>", each._repr_html_())
            assert drawn
            assert all(drawing in page for drawing in drawn)


def test_a_notebook_shows_the_line_of_a_normalizer(stats: normstat.Stats) -> None:
    """With the results at the ends, as calling it gives them; limits are drawn."""
    for method in ("standard", "clip-standard"):
        normalizer = normstat.normalizer(stats, method=method)
        ends = normalizer(np.array([[[0] * 3, [255] * 3]], np.uint8))[0].astype(float)
        cells = re.findall(r"<td>([^<]*)</td>", normalizer._repr_html_())
        told = np.array([float(cell.replace("−", "-")) for cell in cells]).reshape(3, 4)
        np.testing.assert_allclose(told[:, 2:], ends.T, rtol=1e-5)


@pytest.mark.parametrize("colors", [0, 1], ids=["light", "dark"])
def test_colors_can_be_told_from_the_ground(colors: int) -> None:
    """Contrast AA for words, so for lines as well: on pages and in notebooks."""
    css = PAGE + STYLE
    grounds = {"light": ("#ffffff",), "dark": ("#000000", "#1e1e1e")}
    values = re.findall(r"--(\w+):(#\w+)", css)
    of_scheme: list[dict[str, str]] = [{}, {}]
    for name, value in values:
        of_scheme[name in of_scheme[0] and of_scheme[0][name] != value][name] = value
    found = of_scheme[colors]
    assert {f"c{number}" for number in range(COLORS)} < set(found)
    behind = {found["back"], found["panel"], *list(grounds.values())[colors]}
    for name in set(found) - {"back", "panel", "rule"}:
        assert min(contrast(found[name], ground) for ground in behind) >= 4.5, name


def contrast(one: str, other: str) -> float:
    """Contrast of two colors, as WCAG 2 has it.

    >>> contrast("#ffffff", "#000")
    21.0
    """
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_pixels_beyond_the_axis_are_said() -> None:
    """As few as they are; a mean that they draw off the axis is not drawn."""
    values = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    for far, told, marks in ((2.0**40, "all 0.01 % of pixels above 1", 0), (1.0, "", 1)):
        values[0, 0] = far
        (drawing,) = distributions(normstat.compute([values], workers=0).splits, 1)
        assert drawing.beyond == told
        assert drawing.svg.count('class="mark') == marks
        shown = normstat.compute([values], workers=0)._repr_html_()
        assert ("(beyond the axis: all 0.01 %" in shown) == bool(told)


def test_bins_that_tower_are_cut_off_and_said(tmp_path: Path) -> None:
    """Else nothing but them is seen; where every value is alike, nothing is cut off."""
    pixels = np.concatenate([np.zeros(3000), np.arange(256).repeat(4)]).astype(np.uint8)
    make.write(tmp_path / "a" / "a.png", make.encoded(pixels.reshape(-1, 8)))
    make.write(tmp_path / "b" / "b.png", make.encoded(np.full((4, 4), 7, np.uint8)))
    of = [normstat.compute(tmp_path / name, workers=0).splits for name in "ab"]
    cut, whole = (next(distributions(splits, 1)).cut_off for splits in of)
    assert cut == "all 75 % of pixels from 0 to 0.0156"
    assert not whole
