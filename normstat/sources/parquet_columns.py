"""The columns of a Parquet file that have images, paths of images, or splits."""

from collections.abc import Sequence
from dataclasses import dataclass

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.sources.options import SourceOptions
from normstat.sources.table_columns import usual

#: Kinds of columns: structs of bytes and a path, as Hugging Face writes images; and others.
IMAGES, BYTES, TEXT, NUMBERS, OTHER = "images", "bytes", "text", "numbers", "other"
_IMAGE_NAMES = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp", "tif", "tiff")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : of the column.
    kind : one of the kinds above.
    type : as the format calls it.
    """

    name: str
    kind: str
    type: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Columns that are read; empty where there is none.

    Attributes
    ----------
    image : has the images.
    path : has paths of images, if no column has images.
    split : has splits.

    Examples
    --------
    >>> columns = [Column("path", TEXT, "string"), Column("split", TEXT, "string")]
    >>> Chosen.of(columns, SourceOptions(), "a.parquet")
    Chosen(image='', path='path', split='split')
    """

    image: str = ""
    path: str = ""
    split: str = ""

    @staticmethod
    def of(columns: Sequence[Column], options: SourceOptions, where: str) -> "Chosen":
        """Choose among the columns of a table.

        Parameters
        ----------
        where : the columns are, for messages.

        Raises
        ------
        UsageError
            A column that is asked for is not there, or nothing says which one to take.
        """
        image = path = split = ""
        if options.path_column is None:
            image = image_column(columns, options.image_column, where)
        if not image:
            path = path_column(columns, options.path_column, where)
        if options.split_by in (None, "column"):
            split = split_column(columns, options.split_column, where)
            if options.split_by and not split:
                raise UsageError(
                    f"{where}: no column has splits by its name; {_listed(columns)}; "
                    f"{option('split_column', 'NAME')} says which one has splits"
                )
        return Chosen(image, path, split)

    def missing(self, columns: Sequence[Column]) -> str:
        """Say which of them another file does not have, or has of another kind; empty if none.

        >>> Chosen(image="image").missing([Column("image", TEXT, "string")])
        'column image is string, which has no images; columns: image (string)'
        """
        found = {column.name: column for column in columns}
        for name, kinds, what in (
            (self.image, (IMAGES, BYTES), "images"),
            (self.path, (TEXT,), "paths"),
            (self.split, (TEXT, NUMBERS), "splits"),
        ):
            if name and name not in found:
                return f"has no column {shown(name)}; {_listed(columns)}"
            if name and found[name].kind not in kinds:
                return (
                    f"column {shown(name)} is {shown(found[name].type)}, which has no {what}; "
                    f"{_listed(columns)}"
                )
        return ""


def image_column(columns: Sequence[Column], given: str | None, where: str) -> str:
    """The column that has images; empty if none has.

    Parameters
    ----------
    given : the one that a user names (`image_column`).
    where : the columns are, for messages.

    Raises
    ------
    UsageError
        There is none of that name, it cannot have images, or several columns can.

    Examples
    --------
    >>> columns = [Column("image", IMAGES, "struct"), Column("mask", IMAGES, "struct")]
    >>> image_column(columns, None, "a.parquet"), image_column(columns, "mask", "a.parquet")
    ('image', 'mask')
    >>> image_column([Column("label", NUMBERS, "int64")], None, "a.parquet")
    ''
    """
    may = [column for column in columns if column.kind in (IMAGES, BYTES)]
    if given is not None:
        named = _named(columns, "image_column", given, where)
        if named not in may:
            raise UsageError(
                f"{where}: column {shown(given)!r} is {shown(named.type)}, which has no images; "
                f"{_listed(columns)}; {option('image_column')} says which one has images"
            )
        return named.name
    for group in (may, [column for column in may if column.name.lower() in _IMAGE_NAMES]):
        if len(group) == 1:
            return group[0].name
    if may:
        raise UsageError(
            f"{where}: several columns may have images; {_listed(columns)}; "
            f"{option('image_column', shown(may[0].name))} chooses one"
        )
    return ""


def path_column(columns: Sequence[Column], given: str | None, where: str) -> str:
    """The column that has paths of images.

    Raises
    ------
    UsageError
        There is none, or none of that name (`path_column`), or there are several.

    Examples
    --------
    >>> path_column([Column("id", TEXT, "string"), Column("path", TEXT, "string")], None, "a")
    'path'
    """
    if given is not None:
        named = _named(columns, "path_column", given, where)
        if named.kind != TEXT:
            raise UsageError(
                f"{where}: column {shown(given)!r} is {shown(named.type)}, which has no paths; "
                f"{_listed(columns)}; {option('path_column')} says which one has paths"
            )
        return named.name
    found = usual((column.name for column in columns if column.kind == TEXT), "path_column")
    if len(found) > 1:
        raise UsageError(
            f"{where}: several columns may have paths; {_listed(columns)}; "
            f"{option('path_column', shown(found[0]))} chooses one"
        )
    if found:
        return found[0]
    raise UsageError(
        f"{where}: no column has images, or paths of images by its name; {_listed(columns)}; "
        f"{option('image_column', 'NAME')} or {option('path_column', 'NAME')} chooses one"
    )


def split_column(columns: Sequence[Column], given: str | None, where: str) -> str:
    """The column that has splits; empty if none has.

    Raises
    ------
    UsageError
        There is none of that name (`split_column`), or there are several.

    Examples
    --------
    >>> split_column([Column("Split", TEXT, "string")], None, "a.parquet")
    'Split'
    """
    if given is not None:
        named = _named(columns, "split_column", given, where)
        if named.kind not in (TEXT, NUMBERS):
            raise UsageError(
                f"{where}: column {shown(given)!r} is {shown(named.type)}, which has no splits; "
                f"{_listed(columns)}; {option('split_column')} says which one has splits"
            )
        return named.name
    names = (column.name for column in columns if column.kind in (TEXT, NUMBERS))
    found = usual(names, "split_column")
    if len(found) > 1:
        may = [column for column in columns if column.name in found]
        raise UsageError(
            f"{where}: several columns may have splits; {_listed(may)}; "
            f"{option('split_column', shown(found[0]))} chooses one"
        )
    return found[0] if found else ""


def _named(columns: Sequence[Column], parameter: str, given: str, where: str) -> Column:
    for column in columns:
        if column.name == given:
            return column
    raise UsageError(
        f"{where}: {option(parameter, shown(given))}: no such column; {_listed(columns)}"
    )


def _listed(columns: Sequence[Column]) -> str:
    return "columns: " + ", ".join(f"{shown(each.name)} ({shown(each.type)})" for each in columns)
