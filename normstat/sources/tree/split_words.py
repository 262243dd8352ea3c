"""Split words in names of folders."""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from normstat.errors import UnknownFolder, UsageError, option
from normstat.files import shown

#: The split of images where no folder speaks for one.
ALL = "all"
#: The option that gives a folder to a split.
SPLIT_DIR = option("split_dir", {"NAME": "FOLDER"})
#: Words in a folder's name, and the split each stands for.
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
#: Parts of names, one of which is in each name that says a split: a quick look at many names.
SPLIT_HINTS = ("train", "trn", "val", "dev", "test", "imagest", "labelst")
# The folders of nnU-Net; those of labels only say something where labels are counted.
_NNUNET = {"imagestr": "train", "imagests": "test", "labelstr": "train", "labelsts": "test"}
# What follows the word in the name of a file that is a folder of images: val-0-of-2.parquet.
_CONTAINER = re.compile(
    r"(?:-\d+-of-\d+)?\.(?:tar(?:\.(?:gz|bz2|xz))?|tgz|tbz2?|txz|zip|parquet|np[yz]|h(?:df)?5|lmdb)$",
    re.IGNORECASE,
)
_SPLIT_NAME = re.compile(r"[A-Za-z0-9][-\w.]*")
_BORDER = re.compile(r"[-_. ]+|(?<=\d)(?=\D)|(?<=\D)(?=\d)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Said:
    """The split words in a folder's name.

    Attributes
    ----------
    splits : for which the words stand.
    whole : the split, where the name is one word and nothing else but digits and punctuation.
    rest : the words before and after; equal for ``train_images`` and ``Test-Images``.
    glued : a word is set off by a capital letter only, as in ``trainA``.
    is_test_dev : the words are "test-dev", as test sets without public labels are called.
    """

    splits: frozenset[str]
    whole: str | None
    rest: tuple[tuple[str, ...], tuple[str, ...]]
    glued: bool = False
    is_test_dev: bool = False

    @property
    def split(self) -> str | None:
        """The only split, if there is one."""
        return next(iter(self.splits)) if len(self.splits) == 1 else None


def said(name: str) -> Said | None:
    """The split words in a folder's name; None if there are none.

    >>> said("train2017").whole, said("my_train").whole, said("station")
    ('train', None, None)
    >>> said("train-00000-of-00002.parquet").whole, said("val.tar.gz").whole
    ('train', 'val')
    >>> said("DIV2K_train_HR").rest == said("DIV2K_valid_HR").rest
    True
    """
    name = _CONTAINER.sub("", name)
    nnunet = _NNUNET.get(name.lower())
    if nnunet:
        return Said(frozenset({nnunet}), nnunet, ((), ()))
    for glued, text in enumerate((name, _CAMEL.sub("_", name))):
        words = [word for word in _BORDER.split(text.lower()) if word and not word.isdigit()]
        places = [place for place, word in enumerate(words) if word in SPLIT_WORDS]
        if not places:
            continue
        first, last = places[0], places[-1]
        splits = frozenset(SPLIT_WORDS[words[place]] for place in places)
        whole = SPLIT_WORDS[words[0]] if len(words) == 1 and not glued else None
        rest = (tuple(words[:first]), tuple(words[last + 1 :]))
        test_dev = words[first : last + 1] == ["test", "dev"]
        return Said(splits, whole, rest, bool(glued), test_dev)
    return None


def split_names(name: str) -> frozenset[str]:
    """The splits for which a word in a folder's name stands.

    >>> sorted(split_names("train2017")), sorted(split_names("my-Validation"))
    (['train'], ['val'])
    >>> sorted(split_names("test-dev2017")), sorted(split_names("latest"))
    (['test', 'val'], [])
    """
    words = said(name)
    return words.splits if words and not words.glued else frozenset()


def split_of_value(value: str, where: str) -> str:
    """The split that a value in a column of splits stands for; empty if for none.

    Parameters
    ----------
    where : the value is, for the message.

    Raises
    ------
    UsageError
        It is no name for a split.

    Examples
    --------
    >>> [split_of_value(value, "row 1") for value in ("Training", "fold 3", "query", " ")]
    ['train', 'fold-3', 'query', '']
    """
    value = value.strip()
    words = said(value)
    name = words.whole if words and words.whole else re.sub(r"\s+", "-", value)
    if name and not _SPLIT_NAME.fullmatch(name):
        raise UsageError(
            f"{where}: {shown(value)!r} cannot be a split, whose name is made of letters, digits, "
            f"- _ .; {option('split_column')} chooses another column, {option('split_by', 'file')} "
            "goes by names of files"
        )
    return name


def refuse_split(split: Any) -> None:
    """Raise a UsageError for a split of a program that no stats file could have.

    >>> try:
    ...     refuse_split(5)
    ... except UsageError as error:
    ...     print(error)
    split 5: int is no name; a split's name is text of letters, digits, - _ .
    """
    if isinstance(split, str) and _SPLIT_NAME.fullmatch(split):
        return
    what = "is no name" if isinstance(split, str) else f"{type(split).__name__} is no name"
    raise UsageError(
        f"split {shown(repr(split))}: {what}; a split's name is text of letters, digits, - _ ."
    )


def assignments(
    root: str, split_dirs: Mapping[str, str], is_there: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    """Folders below ``root`` with the split that they were given (`split_dir`).

    Parameters
    ----------
    is_there : tells of the path of a folder if there is one.

    Yields
    ------
    The folder as the walk names it (empty for ``root``, else ending in ``/``), and the split.

    Raises
    ------
    UnknownFolder
        There is no such folder.
    UsageError
        It is not below ``root``, or the name is none for a split.
    """
    seen: dict[str, str] = {}
    for split, folder in split_dirs.items():
        given = option("split_dir", {shown(split): shown(folder)})
        if not _SPLIT_NAME.fullmatch(split):
            raise UsageError(f"{given}: a split's name is made of letters, digits, - _ .")
        try:
            path = os.path.relpath(os.path.join(root, folder), root).replace(os.sep, "/")
        except ValueError:  # on another drive
            path = ".."
        if path.startswith("../") or path == "..":
            raise UsageError(f"{given}: the folder is not below {shown(root)}")
        walked = "" if path == "." else f"{path}/"
        if not is_there(walked):
            raise UnknownFolder(f"{given}: there is no such folder in {shown(root)}")
        if path in seen:
            raise UsageError(f"{given}: the folder is already that of {seen[path]}")
        seen[path] = split
        yield walked, split


def conflict_message(path: str, splits: Sequence[str], offered: Sequence[str] = ()) -> str:
    r"""Describe a folder that speaks for two splits; no cure mixes images of two splits.

    Parameters
    ----------
    splits : the two.
    offered : those of them that all of its images may be given to.

    Examples
    --------
    >>> from normstat.errors import Message
    >>> print(Message(conflict_message("a/val/", ("train", "val"))).replace(", ", ",\n"))
    a/val: could be train or val; split_dir={"a-val": "a/val"} makes it a split of its own,
    exclude="a/val" leaves it out
    """
    folder = path.removesuffix("/")
    own = re.sub(r"[^-\w.]+", "-", folder, flags=re.ASCII).lstrip("-_.") or "-or-".join(splits)
    name = shown(folder)
    which = " or ".join(
        option("split_dir", {split: name}, for_shell=True) for split in map(shown, offered)
    )
    return (
        f"{name}: could be {' or '.join(splits)}; "
        + (f"say which with {which}; or " if which else "")
        + f"{option('split_dir', {shown(own): name}, for_shell=True)} makes it a split of its "
        f"own, {option('exclude', exact_glob(folder), for_shell=True)} leaves it out"
    )


def quoted(text: str) -> str:
    """An argument as it is given to a shell.

    >>> quoted("test=dev test")
    "'test=dev test'"
    """
    return shlex.quote(shown(text))


def exact_glob(path: str) -> str:
    """A glob that matches just this path, printable.

    >>> exact_glob("train_val"), exact_glob("[1] val")
    ('train_val', '[[]1] val')
    """
    return shown(re.sub(r"([*?[])", r"[\1]", path))
