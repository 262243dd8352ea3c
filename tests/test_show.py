"""A stats file on the screen and for programs; two of them side by side."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from command import here, normstat
from rich.console import Console

import normstat as library
from normstat.rules.effects import effects
from normstat.statsfile import dumps
from normstat.tables import print_histograms, print_lines, print_rows, print_stats
from normstat.verbs.show import FORMATS, SPARED, view

IMAGES = [make.pixels(seed, 12, 10) // (1 + seed % 3) for seed in range(8)]


def written(folder: Path, name: str, **splits: list[Any]) -> library.Stats:
    """The statistics of some images, which a file in the folder has, too."""
    for split, images in splits.items():
        for number, pixels in enumerate(images):
            make.write(folder / name / split / f"{number}.png", make.encoded(pixels))
    stats = library.compute(folder / name, workers=0)
    library.save(stats, folder / f"{name}.json")
    return stats


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[library.Stats, library.Stats]:
    monkeypatch.chdir(tmp_path)
    now = written(tmp_path, "now", train=IMAGES[:5], val=IMAGES[5:])
    return now, written(tmp_path, "old", train=IMAGES[2:7], test=IMAGES[:2])


def test_splits_are_chosen(both: Any) -> None:
    """One or several, repeated or with commas; an unknown one is told which there are."""
    for words in (["--split", "val"], ["--split", "val", "--format", "csv"]):
        run = here("show", "now.json", *words)
        assert run.returncode == 0
        assert "val" in run.stdout
        assert "train" not in run.stdout
    run = here("show", "now.json", "--split", "train,val", "--split", "train", "--format", "json")
    assert list(json.loads(run.stdout)["splits"]) == ["train", "val"]
    assert list(
        json.loads(here("show", "now.json", "--split", "val", "--format", "json").stdout)["splits"]
    ) == ["val"]
    run = here("show", "now.json", "--split", "test")
    assert (run.returncode, run.stdout) == (2, "")
    assert "split test: not there; there are train, val" in run.stderr
    assert here("show", "now.json", "old.json", "--split", "test").returncode == 0


def test_json_is_the_stats_file_without_its_states(both: Any) -> None:
    """Each key as the file names it, each number to its last digit."""
    run = here("show", "now.json", "--format", "json")
    content, file = json.loads(run.stdout), json.loads(dumps(both[0]))
    assert (content.pop("schema"), content.pop("file")) == ("normstat/show/1", "now.json")
    del file["schema"]
    for split in file["splits"].values():
        del split["state"]
    assert content == file


def test_csv_has_every_digit(both: Any) -> None:
    """A line for each channel; numbers are read back as they are."""
    lines = [*csv.DictReader(io.StringIO(here("show", "now.json", "--format", "csv").stdout))]
    assert [(line["split"], line["channel"]) for line in lines] == [
        (split, channel) for split in ("train", "val") for channel in "RGB"
    ]
    for line in lines:
        split, index = both[0].splits[line["split"]], "RGB".index(line["channel"])
        assert float(line["mean"]) == split.mean[index]
        assert float(line["std"]) == split.std[index]
        assert float(line["per_image_std"]) == split.per_image.std[index]
        assert float(line["mean_stderr"]) == split.stderr.mean[index]
        assert int(line["images"]) == split.images


def test_both_stds_are_those_of_numpy(both: Any) -> None:
    """Pooled over all pixels, and the average of the images' own."""
    (line, *_) = csv.DictReader(io.StringIO(here("show", "now.json", "--format", "csv").stdout))
    red = [image[..., 0] / 255 for image in IMAGES[:5]]
    assert float(line["std"]) == pytest.approx(np.concatenate(red).std(), rel=1e-12)
    assert float(line["per_image_std"]) == pytest.approx(np.mean([x.std() for x in red]), rel=1e-12)


def test_differences_are_those_of_a_check(both: Any) -> None:
    """X-Y in σ of Y, bounds as where a report holds a split against another; none of one file."""
    content = json.loads(here("show", "now.json", "old.json", "--format", "json").stdout)
    assert content["against"]["file"] == "old.json"
    assert list(content["shifts"]) == ["train"]
    now, old = (stats.splits["train"] for stats in both)
    found = [*effects(now, old, 6)]
    for index, shift in enumerate(content["shifts"]["train"]):
        mean, std = found[2 * index : 2 * index + 2]
        assert shift["mean"] == (now.mean[index] - old.mean[index]) / old.std[index]
        assert (shift["mean"], shift["mean_bound"]) == (mean.observed, mean.bound)
        assert shift["std"] == pytest.approx(now.std[index] / old.std[index] - 1, abs=1e-12)
        assert shift["std_bound"] == std.bound
        assert 0 < shift["ks"] <= 1
    lines = [
        *csv.DictReader(io.StringIO(here("show", "now.json", "old.json", "--format", "csv").stdout))
    ]
    first = next(line for line in lines if line["split"] == "train")
    assert float(first["shift_mean"]) == content["shifts"]["train"][0]["mean"]
    assert [line["file"] for line in lines] == ["now.json"] * 6 + ["old.json"] * 6
    assert all(not line["shift_mean"] for line in lines if line["split"] != "train")


def test_two_files_stand_side_by_side(both: Any) -> None:
    """Each channel of both, and their difference; the histograms likewise."""
    text = here("show", "now.json", "old.json").stdout
    lines = text.splitlines()
    assert lines[:2] == ["X  now.json", "Y  old.json"]
    files = [line.split()[1 if line.startswith("train") else 0] for line in lines[5:14]]
    assert files == ["X", "Y", "X-Y"] * 3
    now, old = (stats.splits["train"] for stats in both)
    shift = (now.mean[0] - old.mean[0]) / old.std[0]
    assert f"{shift:+.3g} σ ±" in lines[7]
    drawn = [line.split()[:3] for line in lines if "█" in line]
    assert drawn[0] == ["train", "R", "X"]
    assert drawn[1][:2] == ["R", "Y"]


def test_no_signature_of_an_address_is_shown(both: Any) -> None:
    """Whoever may read a file may not be whoever sees a table of it."""
    names = "https://me:secret@host/a.json?sig=secret", "s3://b/c\x1b.json"
    shown = view(*both, names=names)
    for form in FORMATS.values():
        text = form(shown)
        assert "secret" not in text
        assert "\x1b" not in text
        assert "host/a.json" in text.replace("\\", "")


def test_the_same_images_differ_by_nothing(both: Any) -> None:
    """No sampling lies between a file and itself."""
    shown = view(both[0], both[0])
    assert {(s.mean, s.mean_bound, s.std, s.w1) for s in shown.shifts["train"]} == {(0, 0, 0, 0)}


def test_what_cannot_be_compared_is_said(both: Any, tmp_path: Path) -> None:
    """Other channels, or no split in common: both are shown, and a line says why no difference."""
    written(tmp_path, "gray", train=[image[..., 0] for image in IMAGES])
    run = here("show", "now.json", "gray.json")
    assert "train: no differences, as X has R, G, B and Y has gray" in run.stdout
    assert "X-Y" not in run.stdout
    written(tmp_path, "all", other=IMAGES)
    run = here("show", "now.json", "all.json", "--format", "markdown")
    assert "X has train, val, Y has" in run.stdout
    empty = here("show", "now.json", "all.json", "--format", "json")
    assert json.loads(empty.stdout)["shifts"] == {}


def test_what_else_differs_is_said(both: Any, tmp_path: Path) -> None:
    """Other settings, and parts that are missing, make differences that no image has."""
    small = library.compute(tmp_path / "now", workers=0, resize=6)
    part = library.compute(tmp_path / "now", workers=0, shard="1/2")
    library.save(small, "small.json")
    library.save(part, "part.json")
    run = here("show", "small.json", "part.json")
    assert "computed with other settings: resize 6 of X, None of Y" in run.stdout
    assert "Y: only part 1 of 2 is counted" in run.stdout
    run = here("show", "part.json")
    assert "only part 1 of 2 is counted; normstat merge adds the others" in run.stdout


def test_a_flat_channel_has_no_distance_in_sigma(tmp_path: Path) -> None:
    """Where σ is 0 no number is made up: null in JSON, empty in CSV, a dash on the screen."""
    flat = [np.full((4, 4), 7, "uint8")] * 3
    one, other = (written(tmp_path, name, train=x) for name, x in (("a", IMAGES), ("b", flat)))
    gray = written(tmp_path, "c", train=[image[..., 0] for image in IMAGES])
    assert view(one, other).shifts == {}
    (shift,) = view(gray, other).shifts["train"]
    assert (shift.mean, shift.std) == (None, None)
    run = here("show", tmp_path / "c.json", tmp_path / "b.json", "--format", "json")
    assert json.loads(run.stdout)["shifts"]["train"][0]["mean"] is None
    assert "– ± –" in here("show", tmp_path / "c.json", tmp_path / "b.json").stdout


def test_markdown_has_no_markup_of_names(tmp_path: Path) -> None:
    """A table that GitHub takes: as many cells in each row, whatever a split is called."""
    written(tmp_path, "data", train=IMAGES[:2])
    text = (tmp_path / "data.json").read_text("utf-8").replace('"train"', '"a|b <i>"')
    (tmp_path / "odd.json").write_text(text, "utf-8")
    run = here("show", tmp_path / "odd.json", "--format", "markdown")
    table = [line for line in run.stdout.splitlines() if line.startswith("|")]
    assert len(table) == 5
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert "a\\|b \\<i\\>" in table[2]
    both = here("show", tmp_path / "odd.json", tmp_path / "data.json", "--format", "markdown")
    assert "no split is in both" in both.stdout
    assert "<i>" not in both.stdout


@pytest.mark.matrix
def test_one_of_two_may_come_from_stdin(both: Any) -> None:
    """As a file of its own, but not both."""
    text = Path("old.json").read_text("utf-8")
    piped = normstat("show", "now.json", "-", "--format", "csv", input=text)
    named = here("show", "now.json", "old.json", "--format", "csv")
    assert piped.stdout == named.stdout.replace("old.json", "-")
    assert here("show", "-", "-").returncode == 2


def test_80_columns_have_both_stds_and_the_histograms(both: Any) -> None:
    """Nothing is cut or wrapped on a usual terminal, of one file or of two."""
    screen = Console(file=io.StringIO(), width=80, highlight=False)
    print_stats(both[0], screen, "now.json", in_full=True)
    shown = view(*both)
    print_rows(shown.headers(), [*shown.rows()], screen, SPARED)
    print_lines(shown.lines(), screen)
    print_histograms(shown.splits(), screen)
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("std, own  " in f"{line}  " and "mean ± se" in line for line in lines) == 2
    assert sum("█" in line for line in lines) == 6 + 12
