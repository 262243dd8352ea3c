"""Words for the screen: what is left out of images, or counts all the same."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from normstat.errors import Message, option
from normstat.files import shown
from normstat.images import Reason
from normstat.stats.split_stats import Stats

_WORDS = {
    "multi_frame": (
        "{} further frames or pages, of which only the first is counted; "
        f"{option('frames', 'all')} counts them, {option('frames', 'channels')} takes each for a "
        "channel"
    ),
    "alpha_dropped": "{} alpha (transparency), which is not counted",
    "nodata_counted": (
        "{} a value that stands for no data (GDAL_NODATA, DICOM's padding), and such pixels are "
        "counted all the same"
    ),
    "beyond_float32": (
        "{} values beyond the range of float32 (3.4e38), which quantiles take for its ends"
    ),
}

# Reason → words for one image, and for several.
_REASONS: dict[str, tuple[str, str]] = {
    Reason.BESIDE_SPLITS: ("in no split's folder",) * 2,
    Reason.LABELS: ("label", "labels"),
    Reason.UNKNOWN_EXTENSION: ("without an extension that is read",) * 2,
    Reason.NO_IMAGE: ("member that is no image", "members that are no images"),
    Reason.NOT_REGULAR: ("link or device in an archive", "links or devices in an archive"),
    Reason.UNSAFE_NAME: ("name that leads out of its archive", "names that lead out of archives"),
    Reason.REPEATED: ("named again",) * 2,
}
# Modes of DICOM images whose values are not those that are stored.
_CHANGED = re.compile(r"MONOCHROME[12] (?P<change>inverted|rescaled|in \S+)$")


def remarks(stats: Stats) -> Iterator[Message]:
    """A sentence for all that a user would not expect to be missing, or to be there.

    Examples
    --------
    >>> from normstat.stats import Settings
    >>> list(remarks(Stats("0.1.0", {}, Settings(), {})))
    []
    """
    notes: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    for split in stats.splits.values():
        notes.update(split.notes)
        modes.update(split.modes)
    yield from sentences(_WORDS, notes, stats.settings.frames)
    yield from _of_modes(modes)


def _of_modes(modes: Mapping[str, int]) -> Iterator[Message]:
    """Sentences on DICOM images whose values are not those stored, by unit."""
    numbers: Counter[str] = Counter()
    for mode, images in modes.items():
        if found := _CHANGED.match(mode):
            numbers[found["change"]] += images
    for change, images in sorted(numbers.items()):
        are = f"{images:,} images are" if images > 1 else "1 image is"
        unit = change.removeprefix("in ")
        if change == "inverted":
            yield Message(f"{are} MONOCHROME1 (low is bright) and counted inverted")
        elif change == "rescaled":
            yield Message(f"{are} rescaled by slope and intercept, to a unit that is not named")
        else:
            yield Message(f"{are} in {unit}, by slope and intercept")


def sentences(
    words: Mapping[str, str], notes: Mapping[str, int], frames: str = "first"
) -> Iterator[Message]:
    """A sentence for each note that some images have.

    Parameters
    ----------
    words : note → the sentence, with a place for the images.
    notes : note → images that have it.
    frames : which were read; but for ``first`` none is missing.

    Examples
    --------
    >>> list(sentences({"alpha_dropped": "{} alpha"}, {"alpha_dropped": 2}))
    ['2 images have alpha']
    """
    for note, sentence in words.items():
        number = notes.get(note, 0)
        if number and not (note == "multi_frame" and frames != "first"):
            images = f"{number} image{'s have' if number > 1 else ' has'}"
            yield Message(sentence.format(images))


def left_out_images(images: int, reason: str) -> str:
    """Words on images that were left out, by the reason.

    >>> left_out_images(1, "labels"), left_out_images(3, "labels")
    ('1 label', '3 labels')
    """
    one, several = _REASONS.get(reason, (shown(reason),) * 2)
    return f"{images:,} {one if images == 1 else several}"
