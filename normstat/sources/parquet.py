"""Parquet files: the images in a column, or those that a column names."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import chain, repeat
from typing import Any, TypeAlias

from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import FORMATS, Code, Reason, Sample
from normstat.sources.archives import Archives, Contents, Ignored
from normstat.sources.catalog import Access, Located
from normstat.sources.endings import PARQUET
from normstat.sources.files_by_row import FilesByRow
from normstat.sources.given import given_files
from normstat.sources.member import Member, safe_name
from normstat.sources.members import Numbered
from normstat.sources.options import SourceOptions
from normstat.sources.parquet_columns import Chosen
from normstat.sources.parquet_rows import FAILURES, ParquetRows, failure_of, opened, values_of
from normstat.sources.patterns import Given
from normstat.sources.remote_files import Place, RemoteFiles
from normstat.sources.row_groups import ImageColumn, columns_of, image_column_of, not_parquet
from normstat.sources.split_by import assigned_by
from normstat.sources.stores import Object
from normstat.sources.survey import Survey
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.split_words import split_of_value
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of
from normstat.urls import is_url

# Name, place, size and failure of a row.
_Row: TypeAlias = tuple[str, Any, int, UnreadableImage | None]


def open_parquet(path: str, options: SourceOptions) -> TreeSource:
    """Open one Parquet file, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, an option does not fit, or no column is known to have the images.
    """
    return TreeSource(Parquets(given_files(path, PARQUET), options), options)


class Parquets(Archives):
    """The rows of Parquet files.

    Parameters
    ----------
    given : the files; the first that can be opened tells the columns.
    options : of columns, `root`, `ext`, `split_by` and `duplicates`.
    """

    only_images = True

    def __init__(self, given: Given, options: SourceOptions) -> None:
        super().__init__(given)
        self._options = options
        self._images: dict[str, ImageColumn] = {}
        self._chosen = self._chosen_columns(given)
        self.assigned = assigned_by(options.split_by, given.files)
        self.splits_images = bool(self._chosen.split)

    def _chosen_columns(self, given: Given) -> Chosen:
        """The columns to read; none if no file can be opened, as listing it will tell."""
        for path in given.files.values():
            with suppress(*FAILURES):
                listed_as = self.object_of(path)
                if not listed_as:
                    os.stat(path)
                with opened(path, listed_as) as file:
                    columns = columns_of(file)
                return Chosen.of(columns, self._options, shown(path))
        return Chosen()

    def contents(self, path: str) -> Contents:
        listed_as = self.object_of(path)
        if failure := not_parquet(path, listed_as):
            raise failure
        rows = _Rows(path, self._chosen, self._options, listed_as)
        images = rows.images
        if not images:
            named = RemoteFiles(rows.root) if is_url(rows.root) else FilesByRow(rows.root, "row")
            return Contents(named, rows.members(), rows.ignored)
        # A file that is named may become another one without this one becoming another.
        version = b"" if images.may_be_null and images.rows.path_column else rows.version
        self._images[path] = images
        return Contents(images.rows, rows.members(), rows.ignored, version, Access.FORWARD)

    def locate(self, path: str, versions: bool) -> Located:
        located = super().locate(path, versions)
        container = located.container
        if isinstance(located.place, int):
            if not isinstance(container, ParquetRows):
                return located
            group = self._images[container.file].group(located.place)
            # Who comes to a row group behind a URL fetches all of it.
            is_whole = container.listed or not group.is_large
            access = Access.WHOLE if is_whole else Access.FORWARD
            return located._replace(access=access, unit=group.unit)
        if isinstance(container, RemoteFiles):
            return located._replace(place=Place(located.place or path.partition("/")[2]))
        try:
            status = os.stat(located.container.path(Sample("", path, located.place)) or "")
        except (OSError, ValueError):  # reading it will tell why
            return located
        version = version_of(status) if versions else b""
        return located._replace(size=status.st_size, version=version)

    def record(self) -> Mapping[str, Any]:
        chosen, options = self._chosen, self._options
        recorded = {
            "image_column": chosen.image,
            "path_column": chosen.path,
            "split_column": chosen.split,
        }
        given = options.given("split_by", "ext", "duplicates")
        return {
            "kind": "parquet",
            **{name: value for name, value in recorded.items() if value},
            **given,
        }

    def report(self, survey: Survey) -> None:
        super().report(survey)
        chosen = self._chosen
        if chosen.image and self._options.image_column is None:
            survey.remarks.append(f"images are those in column {shown(chosen.image)!r}")
        if chosen.path:
            survey.remarks.append(
                f"images are the files that column {shown(chosen.path)!r} names, relative to "
                + (shown(self._options.root) if self._options.root else "the folder of the table")
            )


class _Rows:
    """The rows of one file, as members.

    Attributes
    ----------
    images : the column with images; None if a column names files.
    root : folder that paths are relative to.
    ignored : rows that are left out.
    version : of the file.
    """

    def __init__(
        self, path: str, chosen: Chosen, options: SourceOptions, listed_as: Object | None
    ) -> None:
        self._file = path
        self._object = listed_as
        self._chosen = chosen
        self._options = options
        self.root = options.root or os.path.dirname(path) or "."
        self.ignored = Ignored()
        self.images: ImageColumn | None = None
        self._paths = chosen.path
        try:
            status = listed_as or os.stat(path)
            with opened(path, listed_as) as file:
                if missing := chosen.missing(columns_of(file)):
                    raise UnreadableImage(Code.NOT_AN_IMAGE, missing)
                self._digits = max(6, len(str(file.metadata.num_rows - 1)))
                if chosen.image:
                    images = image_column_of(file, status, path, chosen.image)
                    images = images._replace(rows=replace(images.rows, root=self.root))
                    self._paths = images.rows.path_column
                    self.images = images if images.has_bytes or not self._paths else None
        except FAILURES as error:
            raise failure_of(error, "the file") from error
        self.version = status.version if isinstance(status, Object) else version_of(status)

    def members(self) -> Iterable[Member] | Numbered:
        """The rows, in their order; numbered ones are made when they are asked for."""
        if self.images and not (self._paths or self._chosen.split):
            return Numbered(self.images.number, self._digits, self.images.size)
        return self._listed()

    def _listed(self) -> Iterator[Member]:
        counts_again = self._options.duplicates == "count"
        seen: set[tuple[str, tuple[str, str] | None]] = set()
        try:
            with opened(self._file, self._object) as file:
                # A damaged column may have fewer values than there are rows.
                splits = chain(self._splits(file) if self._chosen.split else (), repeat(None))
                rows = self._in_file(self.images, file) if self.images else self._named(file)
                every = zip(rows, splits, strict=False)
                for number, ((name, place, size, failure), split) in enumerate(every):
                    if not (self.images or failure or counts_again):
                        if (place, split) in seen:
                            self.ignored.add(Reason.REPEATED, name)
                            continue
                        seen.add((place, split))
                    if not (self.images or failure or is_url(self.root)):
                        place = number, place
                    yield Member(name, place, size, b"", failure, split)
        except FAILURES as error:
            raise failure_of(error, "the file") from error

    def _splits(self, file: Any) -> Iterator[tuple[str, str] | None]:
        rule = f"column {shown(self._chosen.split)!r}"
        known: dict[Any, tuple[str, str] | None] = {None: None}
        for row, value in enumerate(values_of(file, self._chosen.split)):
            if value not in known:
                where = f"{shown(self._file)}, row {row}, {rule}"
                split = split_of_value(str(value), where)
                known[value] = (split, rule) if split else None
            yield known[value]

    def _in_file(self, images: ImageColumn, file: Any) -> Iterator[_Row]:
        names = self._names(file) if self._paths else []
        has_names = len(names) == images.number  # a damaged column may have fewer
        for row in range(images.number):
            yield names[row] if has_names else self._number_of(row), row, images.size(row), None

    def _names(self, file: Any) -> list[str]:
        """The paths of all rows; none if one of them is no name of an image in a container."""
        names = []
        for path in values_of(file, self._paths):
            name = safe_name(path or "")
            is_hidden = name is None or name.startswith(".") or "/." in name
            if name is None or is_hidden or extension_of(name) not in FORMATS:
                return []
            names.append(name)
        return names

    def _named(self, file: Any) -> Iterator[_Row]:
        """Files that the rows name."""
        for row, path in enumerate(values_of(file, self._paths) if self._paths else ()):
            if not path:
                failure = UnreadableImage(Code.EMPTY, f"null in column {shown(self._paths)!r}")
                yield self._number_of(row), None, 0, failure
                continue
            place = path + (self._options.ext or "")
            if not is_url(self.root):
                whole = os.path.join(self.root, place)
                place = os.path.relpath(whole, self.root).replace(os.sep, "/")
            name = safe_name(re.sub(r"^(\.\./)+", "", place))
            if name is None:
                failure = UnreadableImage(
                    Code.VANISHED, f"no file can be called {shown(path[:99])}"
                )
                yield self._number_of(row), None, 0, failure
                continue
            yield name, place, 0, None

    def _number_of(self, row: int) -> str:
        return f"{row:0{self._digits}}"
