"""Tables of images: text with delimiters (.csv, .tsv), or an object on each line (.jsonl)."""

import os
from itertools import chain, islice
from typing import TextIO

from normstat.errors import UsageError
from normstat.files import shown
from normstat.images import Reason, Skipped
from normstat.sources.folder import METADATA, Folder
from normstat.sources.listed_files import ListedFiles, folder_of
from normstat.sources.options import SourceOptions
from normstat.sources.survey import Survey
from normstat.sources.table_columns import chosen
from normstat.sources.table_rows import Table, source_of_table
from normstat.sources.text_tables import has_objects, header, objects, records
from normstat.sources.texts import near, opened_text
from normstat.sources.tree.tree import Tree
from normstat.sources.tree_source import TreeSource
from normstat.urls import is_url

# Rows whose keys are the columns: not each has all of them.
_LOOKED_AT = 16


def open_table(path: str, options: SourceOptions) -> TreeSource:
    r"""Open a table of images.

    Raises
    ------
    UsageError
        It cannot be read, no column names images, or a row is not as the first.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     open(f"{root}/1.png", "w").close()
    ...     with open(f"{root}/a.csv", "w") as file:
    ...         _ = file.write("file_name,split\n1.png,Validation\n")
    ...     source = open_table(f"{root}/a.csv", SourceOptions())
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('val', ('1.png',))]
    """
    folder = folder_of(options, near(path))
    with opened_text(path, "") as file:
        read = _json_lines if has_objects(path) else _delimited
        table = read(file, path, options)
        is_beside = os.path.basename(path) in METADATA and options.root is None and not is_url(path)
        catalog = ImagesBeside if is_beside else ListedFiles
        return source_of_table("table", table, folder, options, catalog)


class ImagesBeside(ListedFiles):
    """Files that a table beside them names; those that it does not name are counted."""

    def report(self, survey: Survey) -> None:
        super().report(survey)
        tree = Tree(Folder(self.folder), {}, (), (), counts_labels=True)
        for _, path, error, _ in tree.walk():
            if not error and not self.has(path):
                survey.skip(None, Reason.NOT_LISTED, Skipped(1, path))


def _delimited(file: TextIO, path: str, options: SourceOptions) -> Table:
    names, delimiter = header(file, path)
    columns = chosen(names, options, shown(path))
    read = [columns.path, *filter(None, [columns.split])]
    return Table(path, columns, records(file, path, names, read, delimiter))


def _json_lines(file: TextIO, path: str, options: SourceOptions) -> Table:
    rows = objects(file, path)
    first = list(islice(rows, _LOOKED_AT))
    if not first:
        raise UsageError(f"{shown(path)}: is empty; each line should be an object")
    names = list(dict.fromkeys(name for _, values in first for name in values))
    columns = chosen(names, options, shown(path))
    return Table(path, columns, chain(first, rows))
