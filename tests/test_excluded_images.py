"""Images that statistics leave out: what was recorded of them must still be so."""

from dataclasses import replace

import numpy as np
import pytest
from arrays import tally

from normstat import Level, Stats, check
from normstat.accumulators.tally import Tally
from normstat.images import Unreadable
from normstat.stats import Settings, summarize

VERSIONS = {"normstat": "0", "pillow": "1", "libjpeg_turbo": "2"}
IMAGES = [np.full((2, 3, 1), value, "uint8") for value in range(5)]
DEEP = [np.full((2, 3, 1), value, "uint16") for value in range(3)]
# Each is one image; their number is their name.
BAD = [Unreadable("train", f"train/{index}.png", "truncated") for index in (5, 6, 7, 8)]


def stats_of(*arrays: np.ndarray, bad: "list[Unreadable]" = []) -> Stats:  # noqa: B006  # read only
    """Statistics of images, and of some that cannot be read."""
    total = sum(map(Tally.of_unreadable, bad), tally(*arrays))
    return summarize(total, ["train"], Settings(), VERSIONS)


RECORDED = stats_of(*IMAGES, bad=BAD)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (stats_of(*IMAGES, bad=BAD[1:]), "1 image recorded as unreadable is gone: train/5.png: tr"),
        (stats_of(*IMAGES), "4 images recorded as unreadable are gone: train/5.png"),
        (stats_of(*IMAGES, IMAGES[0], bad=BAD[1:]), "unreadable is readable now: train/5.png"),
        (stats_of(*IMAGES, IMAGES[0]), "unreadable are gone, or readable now: train/5.png"),
        (stats_of(*IMAGES[1:], bad=BAD[2:]), "2 images recorded as unreadable are gone, or read"),
    ],
)
def test_a_recorded_unreadable_image_is_missing(now: Stats, words: str) -> None:
    """It fails in mode same, and says what became of it as far as the names tell."""
    verdict = check(now, RECORDED)
    assert verdict.exit_code == 1
    (case,) = [case for case in verdict.findings if words in case.message]
    assert (case.rule, case.level, case.split) == ("data-changed", Level.FAIL, "train")
    assert (case.expected, case.observed) == (4, now.splits["train"].unreadable)
    assert set(case.paths) <= {record.path for record in BAD}


def test_nothing_is_missing() -> None:
    """As recorded, with more unreadable ones, or in mode compatible: no such finding."""
    more = [*BAD, Unreadable("train", "train/9.png", "empty")]
    assert check(RECORDED, RECORDED).findings == ()
    assert [c.rule for c in check(stats_of(*IMAGES, bad=more), RECORDED).findings] == ["unreadable"]
    assert check(stats_of(*IMAGES), RECORDED, mode="compatible").findings == ()


def test_other_bytes() -> None:
    """An image that still cannot be read, but is another file, is a change of the data."""
    one, other = (replace(BAD[0], sha256=digit * 64) for digit in "12")
    recorded = stats_of(*IMAGES, bad=[one, *BAD[1:]])
    assert check(recorded, recorded).findings == ()
    (case,) = check(stats_of(*IMAGES, bad=[other, *BAD[1:]]), recorded).findings
    assert (case.rule, case.level, case.paths) == ("data-changed", Level.FAIL, (one.path,))
    assert "1 image recorded as unreadable is another file now" in case.message


def test_another_code() -> None:
    """It is found once, as unreadable for another reason."""
    empty = Unreadable("train", BAD[0].path, "empty")
    (case,) = check(stats_of(*IMAGES, bad=[empty, *BAD[1:]]), RECORDED).findings
    assert (case.rule, case.paths) == ("unreadable", (empty.path,))
    assert "1 image cannot be read (1 empty)" in case.message


def test_images_of_another_depth() -> None:
    """One that is gone or has other contents fails; one more is unreadable, and only that."""
    recorded = stats_of(*IMAGES, *DEEP[:2])
    assert check(recorded, recorded).findings == ()
    for now in (stats_of(*IMAGES, DEEP[0]), stats_of(*IMAGES, DEEP[0], DEEP[2])):
        (case,) = check(now, recorded).findings
        assert (case.rule, case.level) == ("data-changed", Level.FAIL)
        assert "another depth than most" in case.message
    (case,) = check(stats_of(*IMAGES, *DEEP), recorded).findings
    assert case.rule == "unreadable"
    assert "1 image cannot be read (1 other_depth)" in case.message


def test_unreadable_counts_each_code() -> None:
    """The message has how many of each code, those of another depth without a name included."""
    bad = [*BAD, Unreadable("train", "train/99.png", "empty")]
    (case,) = check(stats_of(*IMAGES * 5, *DEEP * 4, bad=bad), stats_of(*IMAGES * 5)).findings
    assert "17 images cannot be read (12 other_depth, 4 truncated, 1 empty)" in case.message
