"""DATA to its source: the table of all kinds, and how DATA tells its own."""

import os
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from normstat.errors import UsageError
from normstat.files import shown
from normstat.sources.apply_record import layout_of_stacks
from normstat.sources.endings import (
    CIFAR,
    COCO,
    HDF5,
    IDX,
    LISTS,
    LMDB,
    NPY,
    NPZ,
    PARQUET,
    PICKLES,
    TABLES,
    TAR,
    YOLO,
    ZIP,
)
from normstat.sources.given import given_files
from normstat.sources.kind import FOLDER, LIST, REMOTE, Kind, kind_held, kind_of
from normstat.sources.options import Places, SourceOptions
from normstat.sources.patterns import is_pattern
from normstat.sources.source import Source
from normstat.sources.texts import STDIN
from normstat.urls import is_url, local_path

if TYPE_CHECKING:
    from normstat.sources.tree_source import TreeSource

#: The kind of what ``apply`` has written.
STORED = "stored"
_OF_TABLES = (
    *("root", "ext", "path_column", "split_column", "label_column", "split_by", "duplicates"),
)
#: Kind of source → function that opens one.
SOURCES: Mapping[str, Kind] = MappingProxyType(
    {
        "folder": Kind("normstat.sources.folder:open_folder", what="a folder of images"),
        "remote": Kind(
            "normstat.sources.remote:open_remote", "remote", what="a folder of images at a URL"
        ),
        "list": Kind(
            "normstat.sources.name_list:open_list",
            what="a list of names",
            takes=("root", "ext", "duplicates", "from0"),
            endings=LISTS,
            in_folders=False,
            alone=True,
            at_urls=True,
        ),
        "table": Kind(
            "normstat.sources.table:open_table",
            what="a table",
            takes=_OF_TABLES,
            endings=TABLES,
            in_folders=False,
            alone=True,
            at_urls=True,
        ),
        "coco": Kind(
            "normstat.sources.coco:open_coco",
            what="a list of images in JSON",
            takes=_OF_TABLES,
            endings=COCO,
            in_folders=False,
            alone=True,
            at_urls=True,
        ),
        "yolo": Kind(
            "normstat.sources.yolo:open_yolo",
            "yaml",
            what="the YAML file of a data set",
            takes=("root", "duplicates"),
            endings=YOLO,
            in_folders=False,
            alone=True,
        ),
        "tar": Kind(
            "normstat.sources.tar:open_tar",
            what="a tar archive",
            endings=TAR,
            at_urls=True,
        ),
        "zip": Kind(
            "normstat.sources.zip:open_zip",
            what="a zip archive",
            endings=ZIP,
            at_urls=True,
        ),
        "parquet": Kind(
            *("normstat.sources.parquet:open_parquet", "parquet", "a Parquet file"),
            takes=(
                *("image_column", "path_column", "split_column"),
                *("split_by", "root", "ext", "duplicates"),
            ),
            endings=PARQUET,
            at_urls=True,
        ),
        "hdf5": Kind(
            *("normstat.sources.hdf5:open_hdf5", "hdf5", "an HDF5 file"),
            takes=("key", "split_by"),
            endings=HDF5,
        ),
        "lmdb": Kind(
            *("normstat.sources.lmdb:open_lmdb", "lmdb", "an LMDB database"),
            takes=("key", "split_by"),
            endings=LMDB,
        ),
        "stack": Kind(
            "normstat.sources.stack:open_stack",
            what="a .npy file",
            endings=NPY,
            in_folders=False,
        ),
        "npz": Kind(
            "normstat.sources.npz:open_npz",
            what="an .npz file",
            takes=("key",),
            endings=NPZ,
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
_KINDS = {**SOURCES, **_REFUSED}


def open_source(
    data: Places,
    options: SourceOptions | None = None,
    recorded: Mapping[str, Any] | None = None,
) -> Source:
    """Open DATA, once for a command.

    Parameters
    ----------
    data : path of DATA, whose name and content tell its kind (``-`` is a list on the standard
        input); or of several, which are one. A pattern of lists or tables stands for several.
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
    options = options or SourceOptions()
    given = (data,) if isinstance(data, str | os.PathLike) else tuple(data)
    if not given:
        raise UsageError("there is no DATA: give a folder of images, or several")
    for path in given:
        if not isinstance(path, str | os.PathLike):
            raise UsageError(
                f"{type(path).__name__} is no path; of arrays compute statistics, and give these"
            )
    paths = tuple(each for path in given for each in _each(local_path(os.fspath(path))))
    own = options
    if len(paths) > 1:
        own = replace(options, split_dirs={}, include=(), exclude=(), labels="skip")
    found = [_found(path, own) for path in paths]
    rows = [_KINDS[each.kind] for each in found]
    takes = tuple(name for row in rows for name in row.takes)
    options.refuse_unused(takes, " or ".join(dict.fromkeys(row.what for row in rows)))
    sources = [_opened(each, own, recorded) for each in found]
    if len(sources) == 1:
        return sources[0]
    from normstat.sources.union import open_union  # which workers have no use for

    return open_union([source.catalog for source in sources], options)


def _each(path: str) -> list[str]:
    """DATA; or all that a pattern stands for of files that are DATA each."""
    if not (is_pattern(path) and _KINDS[kind_of(path, _KINDS)].alone):
        return [path]
    return list(given_files(path, ()).files.values())


class _Found(NamedTuple):
    """DATA, its kind, and the folder that it is; None if it is none."""

    path: str
    kind: str
    folder: "TreeSource | None"


def _found(path: str, options: SourceOptions) -> _Found:
    is_list = path == STDIN or options.files_from == path
    kind = LIST if is_list else kind_of(path, _KINDS)
    if kind not in (FOLDER, REMOTE):
        if is_url(path) and not _KINDS[kind].at_urls:
            raise UsageError(
                f"{shown(path)}: {_KINDS[kind].what} is not read behind a URL; copy it to this "
                "machine first"
            )
        return _Found(path, kind, None)
    own = kind
    # Where its files are folders, those given to splits are not known yet.
    folder: TreeSource = SOURCES[kind].load()(path, replace(options, split_dirs={}))
    kind = kind_held(folder.catalog, SOURCES)
    if layout_of_stacks(folder.catalog):
        kind = STORED
    elif kind == FOLDER:
        kind = kind_held(folder.catalog, _REFUSED)
    if own == REMOTE:
        if kind not in (FOLDER, REMOTE) and not _KINDS[kind].at_urls:
            raise UsageError(
                f"{shown(path)}: holds {_KINDS[kind].what}, which is not read behind a URL; copy "
                "it to this machine first"
            )
        kind = REMOTE if kind == FOLDER else kind
    return _Found(path, kind, folder)


def _opened(
    found: _Found, options: SourceOptions, recorded: Mapping[str, Any] | None
) -> "TreeSource":
    given = options
    if recorded and found.kind in (recorded["kind"], *recorded.get("kinds", ())):
        options = options.completed(recorded)
    if found.kind in (FOLDER, REMOTE) and found.folder and options == given:  # it is listed once
        return found.folder.with_split_dirs(options.split_dirs)
    row = _KINDS[found.kind]
    try:
        open_kind = row.load()
    except UsageError as error:
        why = error.message.template
        raise UsageError(f"{shown(found.path)}: {row.what} cannot be read here: {why}") from error
    source: TreeSource = open_kind(found.path, options)
    return source
