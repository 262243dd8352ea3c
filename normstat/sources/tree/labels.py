"""Words in names that say labels: masks and the like, which are images by their files only.

The lists are closed. A folder is one of labels if its whole name is one of the words; if a word is
only a part of its name, or one that other folders have as well, what is in it has to pair with
images (see :class:`normstat.sources.tree.pairing.Pairing`). A file is a label if its name is that
of an image in the same folder with a word of labels at the end or the start.
"""

import os
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from itertools import pairwise

#: What to do with labels: leave them out, or count them as images.
LABELS = ("skip", "count")
#: Words of folders of labels, in lower case and without punctuation.
FOLDER_WORDS = frozenset(
    {
        *("mask", "masks", "label", "labels", "annotation", "annotations"),
        *("gt", "gtfine", "gtcoarse", "groundtruth", "segmentationclass", "segmentationobject"),
        *("depth", "semantic", "instance", "panoptic"),
    }
)
#: Words of folders of labels whose files pair with images; without that they say nothing.
PAIRED_WORDS = frozenset(
    {
        *("segmentation", "segmentations", "annot", "annots", "anno", "annos", "anndir"),
        *("trimap", "trimaps", "groundtruths", "labelmap", "labelmaps", "stuffthingmaps"),
        "disparity",
    }
)
_WHOLE_NAMES = FOLDER_WORDS | {"labelstr", "labelsts"}
#: Words at the end or start of the names of files of labels.
FILE_WORDS = FOLDER_WORDS | frozenset(
    {
        *("seg", "segmentation", "segmentations", "labelids", "labeltrainids", "instanceids"),
        *("annot", "annots", "trimap", "trimaps", "disparity"),
    }
)
#: Words that say nothing but that something is an image.
IMAGE_WORDS = frozenset(
    {
        *("image", "images", "img", "imgs", "rgb", "photo", "photos", "picture", "pictures"),
        *("color", "colour", "input", "inputs", "sat", "raw", "orig", "original", "originals"),
        *("frame", "frames", "jpegimages", "leftimg8bit", "imgdir"),
    }
)
#: Parts of names, one of which is in each name of labels: a quick look at many names.
LABEL_HINTS = (
    *("mask", "label", "annot", "gt", "truth", "seg", "depth", "semantic", "instance", "panoptic"),
    *("trimap", "disparity"),
)
#: The same for names of folders.
FOLDER_HINTS = (*LABEL_HINTS, "anno", "ann_dir", "stuffthing")
_SEPARATOR = re.compile(r"[-_. ]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DIGITS = re.compile(r"(?<=\D)(?=\d)|(?<=\d)(?=\D)")
_NNUNET_CHANNEL = r"_\d{4}$"
_LAST = re.compile(r"[-_. ]+[^-_. ]+$")
_WORDS = r"({}|ground[-_. ]truth)"
# Compiled when first used: few data sets have such names, and it takes a millisecond.
_AFTER = r"(?:^|[-_. ])" + _WORDS.format("|".join(sorted(FILE_WORDS))) + r"(?:[-_. ]?\d+)?$"
_BEFORE = r"^" + _WORDS.format("|".join(sorted(FILE_WORDS))) + r"(?:[-_. ]|$)"
_IMAGE_AFTER = r"(?:^|[-_. ])(?:" + "|".join(sorted(IMAGE_WORDS)) + r")$"
_IMAGE_BEFORE = r"^(?:" + "|".join(sorted(IMAGE_WORDS)) + r")(?:[-_. ]|$)"


def are_labels(name: str, known: frozenset[str] = _WHOLE_NAMES) -> bool:
    """True if the whole name of a folder says labels: one of the words that are `known`.

    >>> [are_labels(name) for name in ("Masks", "ground-truth", "labelsTr", "train_masks")]
    [True, True, True, False]
    >>> [are_labels(name, PAIRED_WORDS) for name in ("Trimaps", "ann_dir", "A. Segmentation")]
    [True, True, False]
    """
    return _SEPARATOR.sub("", name).lower() in known


def label_words(name: str, known: frozenset[str] = FOLDER_WORDS) -> frozenset[str]:
    """Words of labels that are a part of a folder's name: of those `known`.

    >>> sorted(label_words("train_masks")), sorted(label_words("SegmentationClassAug"))
    (['masks'], ['segmentationclass'])
    >>> label_words("unmasked"), label_words("Ann", PAIRED_WORDS)
    (frozenset(), frozenset())
    """
    words = _words(name)
    return known.intersection((*words, *map("".join, pairwise(words))))


def bare(name: str) -> str:
    """The letters and digits of a folder's name, in lower case and the singular.

    >>> bare("No_Masks")
    'nomask'
    """
    return _SEPARATOR.sub("", name).lower().removesuffix("s")


def is_negated(word: str, names: Collection[str]) -> bool:
    """True if one of the names, which are bare, is the opposite of the word: both are classes.

    >>> is_negated("masks", {"nomask"}), is_negated("mask", {"image"})
    (True, False)
    """
    one = word.removesuffix("s")
    opposites = {f"{no}{one}" for no in ("no", "non", "not", "without")}
    return not (opposites | ({"unmask", "unmasked"} if one == "mask" else set())).isdisjoint(names)


def rest_of(name: str) -> tuple[str, ...]:
    """The words of a folder's name that say neither labels nor images.

    Folders of labels and of images with the same rest are kin, and images without any are so to
    all labels beside.

    >>> rest_of("train_masks"), rest_of("DUTS-TR-Mask"), rest_of("DUTS-TR-Image")
    (('train',), ('duts', 'tr'), ('duts', 'tr'))
    >>> rest_of("original_images"), rest_of("image_2")
    ((), ())
    """
    words = _words(name)
    said = FOLDER_WORDS | PAIRED_WORDS | IMAGE_WORDS
    rest = []
    while words:
        both, word = "".join(words[:2]), words.pop(0)
        if both in said:
            del words[:1]
        elif word not in said:
            rest.append(word)
    return tuple(rest) if not all(word.isdigit() for word in rest) else ()


def image_stems(name: str) -> Iterator[str]:
    """The names by which labels may know an image: lower case, without extension.

    >>> list(image_stems("Case_1_0000.png")), list(image_stems("7_sat.jpg"))
    (['case_1_0000', 'case_1'], ['7_sat', '7'])
    """
    stem = os.path.splitext(name)[0].lower()
    yield stem
    for pattern in (_IMAGE_AFTER, _IMAGE_BEFORE, _NNUNET_CHANNEL):
        shorter = re.sub(pattern, "", stem)
        if shorter != stem:
            yield shorter


def label_stems(name: str) -> list[str]:
    """The names that the image of a label may have; empty if no word at its ends says labels.

    >>> label_stems("a0_gtFine_labelIds.png"), label_stems("x_mask_1.png"), label_stems("x.png")
    (['a0_gtfine', 'a0'], ['x'], [])
    >>> label_stems("mask_7.png")
    ['', '7']
    """
    stem = os.path.splitext(name)[0].lower()
    stems = []
    shorter = stem
    while shorter and (found := re.search(_AFTER, shorter)):
        shorter = shorter[: found.start()]
        stems.append(shorter)
    if found := re.search(_BEFORE, stem):
        stems.append(stem[found.end() :])
    return stems


def without_last_word(name: str) -> str:
    """The stem of a file without its last word, whatever it says.

    >>> without_last_word("0001TP_006690_L.png")
    '0001tp_006690'
    """
    return _LAST.sub("", os.path.splitext(name)[0].lower())


def names_labels(glob: str, name: str) -> bool:
    """True if a part of a glob that has the name also has a word of labels in it.

    >>> names_labels("*_mask.png", "x_mask.png"), names_labels("*.png", "x_mask.png")
    (True, False)
    """
    return any(
        fnmatchcase(name, part)
        and any(
            word in FILE_WORDS | PAIRED_WORDS
            for word in re.split(r"[^a-z0-9]+", _CAMEL.sub("_", part).lower())
        )
        for part in glob.split("/")
    )


def _words(name: str) -> list[str]:
    parts = _SEPARATOR.split(_DIGITS.sub("_", _CAMEL.sub("_", name)))
    return [part.lower() for part in parts if part]
