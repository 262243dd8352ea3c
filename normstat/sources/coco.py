"""Lists of images in JSON: those of COCO, and any other list of objects that name files."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any, TextIO

from normstat import files
from normstat.errors import UsageError
from normstat.files import shown
from normstat.sources.first_answer import cure
from normstat.sources.json_items import NoItems, items
from normstat.sources.listed_files import folder_of
from normstat.sources.options import SourceOptions
from normstat.sources.table_columns import Columns, chosen
from normstat.sources.table_rows import Table, source_of_table
from normstat.sources.texts import near, opened_text
from normstat.sources.tree.split_words import split_names
from normstat.sources.tree_source import TreeSource
from normstat.urls import is_url, joined, scheme_of, soon

_KEY = "images"
_NAME = "file_name"
_ROBOFLOW = "_annotations.coco.json"
# Images that are looked for in the folders where they may be.
_LOOKED_AT = 16


def open_coco(path: str, options: SourceOptions) -> TreeSource:
    """Open a JSON file with a list of images.

    These are looked for beside it, and where COCO has them: for ``instances_train2017.json`` in
    ``train2017`` and ``images/train2017``, here and one folder up.

    Raises
    ------
    UsageError
        There is no such list, or no image that it names is there.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.makedirs(f"{root}/val2017")
    ...     os.makedirs(f"{root}/annotations")
    ...     open(f"{root}/val2017/1.png", "w").close()
    ...     with open(f"{root}/annotations/instances_val2017.json", "w") as file:
    ...         _ = file.write('{"images": [{"id": 1, "file_name": "1.png"}]}')
    ...     source = open_coco(f"{root}/annotations/instances_val2017.json", SourceOptions())
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('val', ('1.png',))]
    """
    top = folder_of(options, near(path))
    with opened_text(path, "") as file:
        objects = _objects(file, path)
        first = list(islice(objects, _LOOKED_AT))
        if not first:
            raise UsageError(f"{shown(path)}: its list of images is empty")
        names = dict.fromkeys(name for _, values in first for name in values)
        columns = _columns(list(names), options, path)
        folder = _folder(path, top, [values.get(columns.path) for _, values in first], options)
        remarks = [] if folder == top else [f"images are in {shown(folder)}"]
        rows = chain(first, objects)
        table = Table(path, columns, rows, "image", remarks, _split_of_folder(path))
        return source_of_table("coco", table, folder, options)


def _split_of_folder(path: str) -> tuple[str, str] | None:
    """The split that the folder of an export of Roboflow says: all have the same name."""
    above, name = os.path.split(os.path.realpath(path))
    splits = split_names(os.path.basename(above)) if name == _ROBOFLOW else frozenset()
    if len(splits) != 1:
        return None
    (split,) = splits
    return split, f"the file's folder {shown(os.path.basename(above))}"


def _columns(names: list[str], options: SourceOptions, path: str) -> Columns:
    """Those that are read; COCO's own name is the path, whatever else might be.

    What else it has of images is known, and says no split.
    """
    if options.path_column is None and _NAME in names:
        options = replace(options, path_column=_NAME)
    return replace(chosen(names, options, shown(path)), others=())


def _objects(file: TextIO, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        for number, item in enumerate(items(file, _KEY), 1):
            if isinstance(item, str):
                yield number, {_NAME: item}
            elif isinstance(item, dict):
                yield number, item
            else:
                raise UsageError(
                    f'{shown(path)}: image {number} is no object, as in {{"file_name": "a.jpg"}}'
                )
    except NoItems as error:
        raise UsageError(f"{shown(path)}: {_no_list(error.keys)}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeError):
            raise
        raise UsageError(f"{shown(path)}: is no JSON ({error})") from error


def _no_list(keys: list[str] | None) -> str:
    if keys is None:
        return "has no list of images; it is neither a list nor an object"
    if {"schema", "splits"} <= set(keys):
        return "is a stats file, and no list of images"
    found = ", ".join(map(shown, keys[:20])) or "none"
    return f'has no list "images", as COCO files do; its keys: {found}'


def _normal(path: str) -> str:
    return path.rstrip("/") if is_url(path) else os.path.normpath(path)


def _is_file(path: str) -> bool:
    if not is_url(path):
        return os.path.isfile(path)
    try:
        return soon(lambda: files.exists(path))
    except OSError as error:
        raise UsageError(f"{shown(path)}: {cure(error, scheme_of(path))}") from None


def _folder(path: str, top: str, texts: list[Any], options: SourceOptions) -> str:
    """The first of the usual folders that has one of the images."""
    ext = options.ext or ""
    names = [text for text in texts if isinstance(text, str) and "\0" not in text]
    stem = os.path.splitext(os.path.basename(path))[0]
    word = stem.rpartition("_")[2]
    if is_url(top):
        names = names[:1]  # each is asked for
    tops = [top] if options.root is not None else [top, _normal(joined(top, ".."))]
    for above in tops:
        for below in ("", word, "images", f"images/{word}", f"images/{stem}", stem):
            folder = _normal(joined(above, below))
            if any(_is_file(joined(folder, f"{name}{ext}")) for name in names):
                return folder if below or above != top else top
    return top
