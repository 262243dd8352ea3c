"""The kind of DATA, told by its name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from normstat.errors import UnreadableImage
from normstat.images import FORMATS
from normstat.lazy import Row
from normstat.sources.catalog import Catalog
from normstat.sources.tree.filters import extension_of
from normstat.urls import is_url, scheme_of, without_secrets

#: The kind of whatever is no other.
FOLDER = "folder"
#: The kind of whatever is not on this machine.
REMOTE = "remote"
#: The kind of a list of names, whatever the list is called.
LIST = "list"


@dataclass(frozen=True, slots=True)
class Kind(Row):
    """One kind of source: the function that opens it, and the files that it is for.

    Attributes
    ----------
    what : such DATA is, in words.
    takes : names of options that it has a use for, besides those that all kinds have.
    endings : of the names of such files, in lower case.
    in_folders : a folder of such files that has no images otherwise is DATA of this kind.
    alone : each such file is DATA of its own, so that a pattern stands for several.
    at_urls : such files are read where they are, behind URLs.
    """

    what: str = ""
    takes: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    in_folders: bool = True
    alone: bool = False
    at_urls: bool = False

    def holds(self, name: str) -> bool:
        """True for the name of a file that makes its folder DATA of this kind."""
        is_hidden = name.startswith(".")
        return self.in_folders and not is_hidden and name.lower().endswith(self.endings)


def kind_of(path: str, kinds: Mapping[str, Kind]) -> str:
    """The kind of DATA; a folder is what everything else is refused as.

    >>> kinds = {"folder": Kind("a:b"), "tar": Kind("c:d", endings=(".tar", ".tar.gz"))}
    >>> kind_of("data", kinds), kind_of("data/Train.TAR", kinds)
    ('folder', 'tar')
    >>> kind_of("s3://bucket/train", kinds), kind_of("s3://bucket/train.tar", kinds)
    ('remote', 'tar')
    """
    is_remote = is_url(path)
    # Behind a web server's question mark is no name; elsewhere it is a part of a pattern.
    is_web = scheme_of(path) in ("http", "https")
    name = os.path.basename(without_secrets(path) if is_web else path).lower()
    for kind, row in kinds.items():
        if name.endswith(row.endings) and (is_remote or not os.path.isdir(path)):
            return kind
    return REMOTE if is_remote else FOLDER


def kind_held(catalog: Catalog, kinds: Mapping[str, Kind]) -> str:
    """The kind of the files in a folder that has no images otherwise."""
    held: set[str] = set()
    stack = [""]
    while stack:
        path = stack.pop()
        try:
            entries = catalog.entries(path)
        except UnreadableImage:  # there may be images in it
            return FOLDER
        for name in entries.files:
            if extension_of(name) in FORMATS and not name.startswith("."):
                return FOLDER
            held.update(kind for kind, row in kinds.items() if row.holds(name))
        stack += [
            f"{path}{name}/"
            for name in reversed(entries.folders)  # in their order: some are listed page by page
            if name not in entries.links and not name.startswith(".")
        ]
    return held.pop() if len(held) == 1 else FOLDER
