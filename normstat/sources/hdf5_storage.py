"""Values of HDF5 data sets that are not there, for which the library silently gives others."""

import os
from typing import Any

import h5py

from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import Code

# What the library raises where a file is damaged.
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError)


def refuse_unwritten(found: Any, path: str) -> None:
    """Refuse a data set none of whose values was written, or whose sources are missing.

    Parameters
    ----------
    found : the data set.
    path : of its file.

    Raises
    ------
    UnreadableImage
        Its values are the library's own.
    """
    if found.is_virtual:
        for source in found.virtual_sources():
            if missing := _missing(source, path):
                raise UnreadableImage(Code.VANISHED, missing)
    elif _status(found) == h5py.h5d.SPACE_STATUS_NOT_ALLOCATED:
        raise UnreadableImage(Code.EMPTY, "none of its values was ever written")


def remark_unwritten(found: Any) -> str:
    """Say that some values of a data set were never written; empty if all were."""
    if found.is_virtual or _status(found) != h5py.h5d.SPACE_STATUS_PART_ALLOCATED:
        return ""
    return f"a part of it was never written, and counts as {found.fillvalue!s}"


def _status(found: Any) -> int:
    """The part of its values that was written, as HDF5 says it.

    Raises
    ------
    UnreadableImage
        It is damaged.
    """
    # Values in other files are not known here, and those of any length tell by being empty.
    if found.external or not found.size or h5py.check_vlen_dtype(found.dtype):
        return int(h5py.h5d.SPACE_STATUS_ALLOCATED)
    try:
        return int(found.id.get_space_status())
    except _DAMAGED as error:
        detail = "where its values are cannot be read"
        raise UnreadableImage(Code.CORRUPT, detail) from error


def _missing(source: Any, path: str) -> str:
    """Say which data set that a virtual one takes values of is missing; empty if it is there."""
    name = source.file_name
    if "%" in name or "%" in source.dset_name:  # of files or data sets by numbers: some may be gone
        return ""
    file = path if name == "." else os.path.join(os.path.dirname(path), name)
    try:
        with h5py.File(file, "r", locking=False) as opened:
            if isinstance(opened[source.dset_name], h5py.Dataset):
                return ""
    except _DAMAGED:
        pass
    return f"its values are those of {shown(source.dset_name)} in {shown(name)}, which is missing"
