"""The columns of a table that name images and say splits, by their usual names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import FORMATS
from normstat.sources.options import SourceOptions
from normstat.sources.tree.filters import extension_of

_USUAL = {
    "path_column": frozenset(
        {
            *("file_name", "filename", "file", "path", "file_path", "filepath", "image", "img"),
            *("image_path", "imagepath", "img_path", "image_file", "image_filename", "image_name"),
            *("imagename", "img_name", "img_file", "image_filepath", "image_file_path"),
        }
    ),
    "split_column": frozenset({"split", "subset", "fold", "partition", "set"}),
    "label_column": frozenset({"label", "class", "category"}),
}
_WORDS = {"path_column": "the path", "split_column": "the split", "label_column": "the class"}
# Columns that a message lists, and the longest name of one in it.
_MOST = 30
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read, by name; None where there is none.

    Attributes
    ----------
    others : those that are not read, where none says a split by its name.
    """

    path: str
    split: str | None
    label: str | None
    others: tuple[str, ...] = ()

    def remark(self) -> str:
        """A line for a user.

        >>> from normstat.errors import Message
        >>> print(Message(Columns("file_name", "split", None).remark()))
        columns: file_name is the path, split is the split; path_column, split_column choose others
        """
        parts = [f"{shown(self.path)} is the path"]
        options = [option("path_column")]
        if self.split is not None:
            parts.append(f"{shown(self.split)} is the split")
            options.append(option("split_column"))
        elif self.others:
            parts.append(f"none says a split by its name ({_named(self.others)})")
            options.append(option("split_column"))
        if self.label is not None:
            parts.append(f"{shown(self.label)} is the class, by which nothing is counted apart")
        choose = "chooses another" if len(options) == 1 else "choose others"
        return f"columns: {', '.join(parts)}; {', '.join(options)} {choose}"


def chosen(names: Sequence[str], options: SourceOptions, where: str) -> Columns:
    """The columns of a table to read.

    Parameters
    ----------
    names : of all columns.
    options : those that a user has named, and `split_by`.
    where : the table is, for messages.

    Raises
    ------
    UsageError
        No column has paths by its name, several have, or there is none of a name that was given.

    Examples
    --------
    >>> chosen(["id", "File Name", "Subset"], SourceOptions(), "a.csv")
    Columns(path='File Name', split='Subset', label=None, others=())
    """
    path = _column(names, "path_column", options.path_column, where)
    by_column = options.split_by in (None, "column")
    split = _column(names, "split_column", options.split_column, where) if by_column else None
    if path is None:
        raise UsageError(f"{where}: {_no_path(names)}")
    if split is None and options.split_by == "column":
        raise UsageError(
            f"{where}: no column says a split by its name; {_listed(names)}; "
            f"{option('split_column', metavar='NAME')} says which"
        )
    label = _column(names, "label_column", options.label_column, where)
    is_asked = by_column and split is None
    others = tuple(name for name in names if name not in (path, label)) if is_asked else ()
    return Columns(path, split, label, others)


def usual(names: Iterable[str], parameter: str) -> list[str]:
    """The columns that may be the one of an option, by their names.

    >>> usual(["file_name", "Split", "text"], "split_column")
    ['Split']
    """
    return [name for name in names if _plain(name) in _USUAL[parameter]]


def _column(names: Sequence[str], parameter: str, given: str | None, where: str) -> str | None:
    if given is not None:
        found = [name for name in names if name == given]
        found = found or [name for name in names if _plain(name) == _plain(given)]
        if len(found) != 1:
            number = "several columns are called so" if found else "there is no such column"
            raise UsageError(
                f"{where}: {option(parameter, shown(given))}: {number}; {_listed(names)}"
            )
        return found[0]
    found = usual(names, parameter)
    if len(found) > 1 and parameter != "label_column":
        which = " or ".join(dict.fromkeys(shown(name) for name in found))
        raise UsageError(
            f"{where}: {which} may be {_WORDS[parameter]}; "
            f"{option(parameter, metavar='NAME')} says which; {_listed(names)}"
        )
    return found[0] if len(found) == 1 else None


def _no_path(names: Sequence[str]) -> str:
    if any(extension_of(name.strip()) in FORMATS for name in names):
        return (
            "the first row has names of images, and should have names of columns, as in "
            f"file_name,split; {_listed(names)}"
        )
    return (
        f"no column has paths of images by its name; {_listed(names)}; "
        f"{option('path_column', metavar='NAME')} says which"
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _listed(names: Sequence[str]) -> str:
    return f"its columns: {_named(names)}"


def _named(names: Sequence[str]) -> str:
    short = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…" for name in names[:_MOST]]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(map(shown, short))}{more}"
