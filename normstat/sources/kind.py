"""The kind of DATA, told by its name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from normstat.lazy import Row

#: The kind of whatever is no other.
FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Kind(Row):
    """One kind of source: the function that opens it, and the files that it is for.

    Attributes
    ----------
    endings : of the names of such files, in lower case.
    """

    endings: tuple[str, ...] = ()


def kind_of(path: str, kinds: Mapping[str, Kind]) -> str:
    """The kind of DATA; a folder is what everything else is refused as.

    >>> kinds = {"folder": Kind("a:b"), "tar": Kind("c:d", endings=(".tar", ".tar.gz"))}
    >>> kind_of("data", kinds), kind_of("data/Train.TAR", kinds)
    ('folder', 'tar')
    """
    name = os.path.basename(path).lower()
    for kind, row in kinds.items():
        if name.endswith(row.endings) and not os.path.isdir(path):
            return kind
    return FOLDER
