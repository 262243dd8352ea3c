"""Places to look for images, and the shards to read from them."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from normstat.sources.apply_record import layout_of_stacks
from normstat.sources.array_names import CIFAR, IDX, PICKLES
from normstat.sources.kind import FOLDER, Kind, kind_held, kind_of
from normstat.sources.local_files import LocalFiles
from normstat.sources.options import SourceKeywords, SourceOptions
from normstat.sources.source import Selection, Source
from normstat.sources.survey import Folders, Survey
from normstat.sources.tree.labels import LABELS
from normstat.sources.tree.split_words import (
    ALL,
    SPLIT_WORDS,
    exact_glob,
    quoted,
    said,
    split_names,
)

#: The kind of what ``apply`` has written.
STORED = "stored"
#: Kind of source → function that opens one.
SOURCES: Mapping[str, Kind] = MappingProxyType(
    {
        "folder": Kind("normstat.sources.folder:open_folder", what="a folder of images"),
        "tar": Kind(
            "normstat.sources.tar:open_tar",
            what="a tar archive",
            endings=(
                *(".tar", ".tar.gz", ".tgz"),
                *(".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz"),
            ),
        ),
        "zip": Kind("normstat.sources.zip:open_zip", what="a zip archive", endings=(".zip",)),
        "parquet": Kind(
            *("normstat.sources.parquet:open_parquet", "parquet", "a Parquet file"),
            takes=(
                *("image_column", "path_column", "split_column"),
                *("split_by", "root", "ext", "duplicates"),
            ),
            endings=(".parquet",),
        ),
        "hdf5": Kind(
            *("normstat.sources.hdf5:open_hdf5", "hdf5", "an HDF5 file"),
            takes=("key", "split_by"),
            endings=(".h5", ".hdf5"),
        ),
        "lmdb": Kind(
            *("normstat.sources.lmdb:open_lmdb", "lmdb", "an LMDB database"),
            takes=("key", "split_by"),
            endings=(".lmdb", "data.mdb"),
        ),
        "stack": Kind(
            "normstat.sources.stack:open_stack",
            what="a .npy file",
            endings=(".npy",),
            in_folders=False,
        ),
        "npz": Kind(
            "normstat.sources.npz:open_npz",
            what="an .npz file",
            takes=("key",),
            endings=(".npz",),
        ),
        "idx": Kind("normstat.sources.idx:open_idx", what="an idx file", endings=IDX),
        "cifar": Kind(
            "normstat.sources.cifar:open_cifar",
            what="a binary file of CIFAR",
            endings=CIFAR,
        ),
        STORED: Kind(
            "normstat.sources.stored:open_stored",
            what="a folder of stacks that apply has written",
            in_folders=False,
        ),
    }
)
# What is no source: kind → function that says so.
_REFUSED = {
    "pickles": Kind(
        "normstat.sources.pickles:refuse_pickles", what="a Python pickle", endings=PICKLES
    )
}

__all__ = [
    "ALL",
    "LABELS",
    "SOURCES",
    "SPLIT_WORDS",
    "Folders",
    "LocalFiles",
    "Selection",
    "Source",
    "SourceKeywords",
    "SourceOptions",
    "Survey",
    "exact_glob",
    "open_source",
    "quoted",
    "said",
    "split_names",
]


def open_source(
    path: str | os.PathLike[str],
    options: SourceOptions | None = None,
    recorded: Mapping[str, Any] | None = None,
) -> Source:
    """Open DATA, once for a command.

    Parameters
    ----------
    path : of DATA, whose name and content tell its kind.
    options : see :class:`SourceOptions`; None for the usual ones.
    recorded : the kind and its options, as an earlier source has recorded them; if DATA is of that
        kind, they stand in for options that are not given.

    Raises
    ------
    UsageError
        It cannot be read, is of no known kind, or an option is out of range.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     open(f"{root}/a.png", "w").close()
    ...     open_source(root).record()["source"]
    {'kind': 'folder'}
    """
    path, options = os.fspath(path), options or SourceOptions()
    kinds = {**SOURCES, **_REFUSED}
    kind = kind_of(path, kinds)
    folder = kinds[kind].load()(path, options) if kind == FOLDER else None
    if folder:
        is_stored = layout_of_stacks(folder.catalog) is not None
        kind = STORED if is_stored else kind_held(folder.catalog, kinds)
    row = kinds[kind]
    options.refuse_unused(row.takes, row.what)
    if recorded and recorded["kind"] == kind:
        options = options.completed(recorded)
    source: Source = folder if folder and kind == FOLDER else row.load()(path, options)
    return source
