"""What the name of a folder says about the split of its images."""

import os
import re
from collections.abc import Iterator, Mapping

from normstat.errors import UsageError
from normstat.files import shown

#: The split of images where no folder speaks for one.
ALL = "all"
#: Words in a folder's name, and the split each stands for.
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
_SPLIT_NAME = re.compile(r"[A-Za-z0-9][-\w.]*")
_TOKEN_BORDER = re.compile(r"[-_. ]+|(?<=\d)(?=\D)|(?<=\D)(?=\d)")


def split_names(name: str) -> set[str]:
    """The splits that a folder's name speaks for.

    >>> split_names("train2017"), split_names("my-Validation"), split_names("latest")
    ({'train'}, {'val'}, set())
    >>> sorted(split_names("test-dev2017"))
    ['test', 'val']
    """
    tokens = _TOKEN_BORDER.split(name.lower())
    return {SPLIT_WORDS[token] for token in tokens if token in SPLIT_WORDS}


def assignments(root: str, split_dirs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Folders below ``root`` with the split that they were given (``--split-dir``).

    Yields
    ------
    The folder as the walk names it (empty for ``root``, else ending in ``/``), and the split.

    Raises
    ------
    UsageError
        No such folder below ``root``, or not a name for a split.
    """
    seen: dict[str, str] = {}
    for split, folder in split_dirs.items():
        option = f"--split-dir {split}={folder}"
        if not _SPLIT_NAME.fullmatch(split):
            raise UsageError(f"{shown(option)}: a split's name is made of letters, digits, - _ .")
        try:
            path = os.path.relpath(os.path.join(root, folder), root).replace(os.sep, "/")
        except ValueError:  # on another drive
            path = ".."
        if path.startswith("../") or path == "..":
            raise UsageError(f"{shown(option)}: the folder is not below {shown(root)}")
        if not os.path.isdir(os.path.join(root, path)):
            raise UsageError(f"{shown(option)}: there is no such folder in {shown(root)}")
        if path in seen:
            raise UsageError(f"{shown(option)}: the folder is already that of {seen[path]}")
        seen[path] = split
        yield ("" if path == "." else f"{path}/"), split


def conflict_message(path: str, one: str, other: str) -> str:
    """What to say of a folder that speaks for two splits."""
    folder = shown(path.removesuffix("/"))
    return (
        f"{folder}: could be {one} or {other}; say which with "
        f"--split-dir {one}={folder} or --split-dir {other}={folder}"
    )
