"""Stacks in ``.npy`` files: the images of an array, read where they lie."""

import os

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import LocalFiles
from normstat.images.npy_header import LONGEST_HEADER, is_array, parsed_header
from normstat.sources.array_listing import (
    FoundArray,
    add_array,
    is_stack,
    no_array,
    remark_single,
)
from normstat.sources.catalog import Located
from normstat.sources.endings import NPY
from normstat.sources.given import given_files
from normstat.sources.options import SourceOptions
from normstat.sources.packed_arrays import as_records
from normstat.sources.signatures import is_image
from normstat.sources.stacked_images import StackedImages
from normstat.sources.stacks import ListedArrays, Stacks
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of


def open_stack(path: str, options: SourceOptions) -> TreeSource:
    """Open a ``.npy`` file, or those of a pattern; one that is no stack is an image like others.

    Raises
    ------
    UsageError
        There is none, or an option does not fit.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as root:
    ...     np.save(f"{root}/train.npy", np.zeros((9, 28, 28), np.uint8))
    ...     source = open_stack(f"{root}/train.npy", SourceOptions())
    ...     shards = source.shards(source.selection())
    ...     [(shard.split, shard.names[0], len(shard)) for shard in shards]
    [('train', 'train.npy/000000', 9)]
    """
    given, listed = given_files(path, NPY), ListedArrays()
    for name, file in given.files.items():
        try:
            with as_records():
                _add(listed, name, file, options)
        except UnreadableImage as error:
            listed.broken[name] = error
    return TreeSource(Stacks(given, listed, {"kind": "stack"}), options)


def _add(listed: ListedArrays, name: str, path: str, options: SourceOptions) -> None:
    with files.opened(path) as file:
        status = os.fstat(file.fileno())
        start = file.read(LONGEST_HEADER)
    version = version_of(status)
    if not (is_array(start) or is_image(start)):
        raise no_array(start)
    header = parsed_header(start) if is_array(start) else None
    if header and is_stack(header.shape, options.layout):
        container = StackedImages.of(path, status)
        found = FoundArray(name, header, container, status.st_size - header.start, version)
        add_array(listed, found, options, many=True)
        return
    if header:
        remark_single(listed, name, header.shape, options.layout)
    folder = path.removesuffix(name).rstrip("/") or ("/" if path.startswith("/") else ".")
    listed.singles[name] = Located(LocalFiles(folder), None, status.st_size, version)
