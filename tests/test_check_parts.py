"""Data are checked part by part, each against the recorded statistics of that part; or merged."""

from pathlib import Path
from typing import Any

import applied
import make
import pytest
from command import here
from test_merge import write

import normstat
from normstat.errors import UsageError
from normstat.statsfile import dumps

PARTS = (1, 2, 3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return applied.photos(tmp_path / "data", {"train": 12, "val": 9})


def recorded(data: Path, of: int = 3, **options: Any) -> list[normstat.Stats]:
    numbers = range(1, of + 1)
    return [normstat.compute(data, shard=f"{n}/{of}", workers=0, **options) for n in numbers]


def failed(data: Path, parts: list[normstat.Stats]) -> list[set[str]]:
    """The rules that fail each part."""
    verdicts = [
        normstat.check(data, part, shard=f"{number}/{len(parts)}", workers=0)
        for number, part in enumerate(parts, 1)
    ]
    return [{case.rule for case in v.findings if v.fails(case)} for v in verdicts]


@pytest.mark.parametrize("of", [3, *(pytest.param(of, marks=pytest.mark.matrix) for of in (1, 40))])
def test_all_parts_pass_where_the_whole_does(tmp_path: Path, of: int) -> None:
    """Unreadable images as recorded, other depths, parts without an image."""
    data = write(tmp_path / "all")
    assert failed(data, recorded(data, of)) == [set()] * of


@pytest.mark.parametrize("change", ["added", "removed", "replaced", "damaged"])
def test_a_change_fails_the_part_that_has_the_image(data: Path, change: str) -> None:
    """And no other part."""
    parts = recorded(data)
    image = data / "train" / ("new.png" if change == "added" else "004.png")
    content = b"" if change == "damaged" else make.encoded(make.pixels(77, 9, 7))
    image.unlink() if change == "removed" else make.write(image, content)
    found = failed(data, parts)
    assert sum(map(bool, found)) == 1
    expected = "unreadable" if change == "damaged" else "data-changed"
    assert expected in set().union(*found)


def test_a_list_of_a_part_names_its_files(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that changed, and none of other parts."""
    monkeypatch.chdir(tmp_path)
    for n in PARTS:
        arguments = ("--shard", f"{n}/3", "-o", f"{n}.json", "--files", f"{n}.files", "-q")
        assert here("compute", data, *arguments).returncode == 0
    make.write(data / "train" / "004.png", make.encoded(make.pixels(77, 9, 7)))
    runs = [here("check", data, "--stats", f"{n}.json", "--shard", f"{n}/3", "-q") for n in PARTS]
    assert sorted(run.returncode for run in runs) == [0, 0, 1]
    (found,) = (run.stdout for run in runs if run.returncode)
    assert "train/004.png" in found


def test_identical_images_of_other_parts_are_not_said_to_be_none(data: Path) -> None:
    """A pass of one part is no pass: nothing was held against images of the others."""
    part = recorded(data)[0]
    verdict = normstat.check(data, part, shard="1/3", workers=0)
    cases = [case for case in verdict.cases if case.rule in ("leakage", "duplicate")]
    assert cases
    assert all(case.level is normstat.Level.INCONCLUSIVE for case in cases)
    assert all("looked at in part 1 of 3 only" in case.message for case in cases)
    strict = normstat.check(data, part, shard="1/3", workers=0, require_conclusive=True)
    assert strict.exit_code == 1


@pytest.mark.fault(81)
def test_other_parts_are_refused(data: Path) -> None:
    """Before any image is read, in mode same: with the one that these statistics are of."""
    one, two, _ = recorded(data)
    whole = normstat.compute(data, workers=0)
    some = normstat.merge([one, two], allow_missing=True)
    for stats, shard, words in (
        (one, "2/3", r'of part 1 of 3, and the data are part 2 of 3; shard="1/3" looks at these'),
        (one, "1/4", "of part 1 of 3, and the data are part 1 of 4"),
        (one, None, "of part 1 of 3, and the data are all images"),
        (some, "1/3", r"of parts 1, 2 of 3, and the data .* record the parts that are missing"),
        (whole, "1/3", "of all images, and the data are part 1 of 3; compute all parts"),
        (whole, "4/3", "should be I/N"),
    ):
        with pytest.raises(UsageError, match=words):
            normstat.check(data, stats, shard=shard, workers=0)
    with pytest.raises(UsageError, match="of all images, and the data are part 1 of 3"):
        normstat.check(one, whole)
    assert normstat.check(data, whole, shard="1/3", mode="compatible", workers=0).exit_code == 0


def test_merged_parts_are_checked_without_the_images(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stats file is DATA of check: what it has is held against what was recorded."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stats.json").write_text(dumps(normstat.compute(data, workers=0)))
    make.write(data / "val" / "new.png", make.encoded(make.pixels(77, 9, 7)))
    for n in PARTS:
        here("compute", data, "--shard", f"{n}/3", "-o", f"{n}.json", "-q")
    here("merge", *(f"{n}.json" for n in PARTS), "-o", "now.json", "-q")
    run = here("check", "now.json", "--stats", "stats.json", "-q")
    assert (run.returncode, "data-changed val: files were added" in run.stdout) == (1, True)
    assert here("check", "now.json", "--stats", "now.json").returncode == 0
    for flag in (("--shard", "1/2"), ("--cache", "c"), ("--files", "x")):
        run = here("check", "now.json", "--stats", "now.json", *flag)
        assert (run.returncode, f"{flag[0]}: is for images" in run.stderr) == (2, True)
