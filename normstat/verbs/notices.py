"""Notices about names: images that are left out, and folders that may not be what they seem."""

from collections.abc import Iterator

from normstat.errors import option
from normstat.files import shown
from normstat.images import Reason
from normstat.sources import Folders, Survey, exact_glob, quoted


def notices_of_names(survey: Survey) -> Iterator[str]:
    """Lines on images that are left out, and on folders that may not be what they seem.

    >>> from normstat.errors import Message
    >>> from normstat.images import Reason, Skipped
    >>> survey = Survey()
    >>> survey.skip(None, Reason.BESIDE_SPLITS, Skipped(2, "query/a.png"))
    >>> print(*map(Message, notices_of_names(survey)))
    2 images are in no split's folder and were skipped, the first: query/a.png; \
split_dir={"NAME": "FOLDER"} takes a folder in
    """
    beside = survey.all_skipped(Reason.BESIDE_SPLITS)
    if beside.images:
        yield (
            f"{_are(beside.images)} in no split's folder and {_were(beside.images)} skipped, the "
            f"first: {shown(beside.first)}; {option('split_dir', {'NAME': 'FOLDER'})} takes a "
            "folder in"
        )
    labels = survey.all_skipped(Reason.LABELS)
    if labels.images:
        yield (
            f"{_are(labels.images)} {'a label' if labels.images == 1 else 'labels'} by the names "
            f"of folders or files and {_were(labels.images)} left out, the first: "
            f"{shown(labels.first)}; {option('labels', 'count')} takes them in"
        )
    if survey.alone.number:
        counts = f"{option('labels', 'count')} counts"
        yield _notice(
            survey.alone,
            f"is left out for its name alone; if it is a class, {counts} it",
            f"are left out for their names alone; if they are classes, {counts} them",
        )
    if survey.only_labels:
        yield "all images are labels by name, so these are what is counted"
    for (rule, split, other), images in sorted(survey.taken.items()):
        s = "" if images == 1 else "s"
        says = rule if rule == option("split_dir") else f"{rule}:"
        yield f"{says} {split} takes {images:,} image{s} out of {other}"
    if survey.ordinary.number:
        folder = {survey.ordinary.split: shown(_first(survey.ordinary))}
        makes = f"{option('split_dir', folder, for_shell=True)} makes"
        yield _notice(
            survey.ordinary,
            "has a split's word in its name, but nothing beside it makes it a split, so it is an "
            f"ordinary folder; {makes} it a split",
            "have a split's word in their names, but nothing beside them makes them splits, so "
            f"they are ordinary folders; {makes} it a split",
        )
    if survey.doubtful.number:
        only = exact_glob(_first(survey.doubtful))
        leaves = f"{option('exclude', only, for_shell=True)} leaves"
        yield _notice(
            survey.doubtful,
            "has a word of labels in its name, but its files are not named after images beside it, "
            f"so they are counted; {leaves} it out",
            "have a word of labels in their names, but their files are not named after images "
            f"beside them, so they are counted; {leaves} that one out",
        )
    others = survey.all_skipped(Reason.UNKNOWN_EXTENSION)
    if others.images:
        yield (
            f"{others.images} file{'s' * (others.images > 1)} with the name of an image, but no "
            f"extension that is read, {_were(others.images)} left out, the first: "
            f"{quoted(others.first)}; rename or convert such files"
        )
    yield from survey.remarks
    yield from members_not_read(survey)


# Reasons to leave out what no folder has, in words for one and for several.
_NOT_READ = {
    Reason.NO_IMAGE: (
        "1 other member, which is no image, was ignored",
        "{:,} other members, which are no images, were ignored",
    ),
    Reason.NOT_REGULAR: (
        "1 member that is a link, a device or the like was ignored",
        "{:,} members that are links, devices or the like were ignored",
    ),
    Reason.UNSAFE_NAME: (
        "1 member whose name leads out of the archive, or is too long or deep, was ignored",
        "{:,} members whose names lead out of the archive, or are too long or deep, were ignored",
    ),
    Reason.REPEATED: (
        f"1 image that is named again counts once ({option('duplicates', 'count')} counts both)",
        (
            "{:,} images that are named again count once "
            f"({option('duplicates', 'count')} counts all)"
        ),
    ),
    Reason.NOT_LISTED: (
        "1 image that the table does not name was left out",
        "{:,} images that the table does not name were left out",
    ),
}


def members_not_read(survey: Survey) -> Iterator[str]:
    """Lines on what no folder has, and is left out: by reason, with the first.

    >>> from normstat.images import Reason, Skipped
    >>> survey = Survey()
    >>> survey.skip(None, Reason.NOT_LISTED, Skipped(1, "a.png"))
    >>> list(members_not_read(survey))
    ['1 image that the table does not name was left out, the first: a.png']
    """
    for reason, (one, several) in _NOT_READ.items():
        skipped = survey.all_skipped(reason)
        if skipped.images:
            words = one if skipped.images == 1 else several.format(skipped.images)
            yield f"{words}, the first: {shown(skipped.first)}"


def _are(images: int) -> str:
    return f"{images:,} images are" if images != 1 else "1 image is"


def _were(number: int) -> str:
    return "were" if number != 1 else "was"


def _notice(folders: Folders, one: str, several: str) -> str:
    """A line on folders: on the only one, or on how many there are, with the first."""
    first = shown(_first(folders))
    if folders.number == 1:
        return f"{first}: {one}"
    sentence, _, cure = several.partition(";")
    return f"{folders.number} folders {sentence}, the first: {first};{cure}"


def _first(folders: Folders) -> str:
    return folders.first.removesuffix("/")
