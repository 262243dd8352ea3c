"""Lists of names: a path on each line, or before each zero byte."""

from collections.abc import Iterator
from typing import TextIO

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.sources.listed_files import Listed, ListedFiles, Row, folder_of
from normstat.sources.options import SourceOptions
from normstat.sources.texts import near, opened_text
from normstat.sources.tree_source import TreeSource

_BLOCK = 1 << 20


def open_list(path: str, options: SourceOptions) -> TreeSource:
    r"""Open a list of images; a path of ``-`` is the standard input.

    Raises
    ------
    UsageError
        It cannot be read, names nothing that is there, or an option does not fit.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.mkdir(f"{root}/cat")
    ...     open(f"{root}/cat/1.png", "w").close()
    ...     with open(f"{root}/train.txt", "w") as file:
    ...         _ = file.write("cat/1.png\n")
    ...     source = open_list(f"{root}/train.txt", SourceOptions())
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('train', ('cat/1.png',))]
    """
    folder = folder_of(options, near(path))
    record = {"kind": "list", **options.given("ext", "duplicates")}
    with opened_text(path, "\n") as file:
        rows = _by_zero_bytes(file) if options.from0 else _by_lines(file, path)
        return TreeSource(ListedFiles(Listed(path, folder, rows, record, "line"), options), options)


def _by_lines(file: TextIO, path: str) -> Iterator[Row]:
    for number, line in enumerate(file, 1):
        text = line.rstrip("\r\n")
        if "\0" in text:
            ends = f"{option('from0')} reads names that end in one"
            raise UsageError(f"{shown(path)}: line {number} has a zero byte; {ends}")
        if text.strip():
            yield Row(number, text)


def _by_zero_bytes(file: TextIO) -> Iterator[Row]:
    number, rest = 0, ""
    while block := file.read(_BLOCK):
        *names, rest = (rest + block).split("\0")
        for name in names:
            number += 1
            if name:
                yield Row(number, name)
    if rest.strip():
        yield Row(number + 1, rest)
