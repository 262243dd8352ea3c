"""Splits of files that hold many images, where their names or their folders are to decide."""

from collections.abc import Iterable

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.sources.tree.split_words import split_names


def refuse_column(by: str | None, what: str) -> None:
    """Refuse a column as what says splits, where there is none.

    >>> refuse_column("column", "an HDF5 file")
    Traceback (most recent call last):
    normstat.errors.UsageError: split_by="column": an HDF5 file has no columns; take file or folder
    """
    if by == "column":
        raise UsageError(f"{option('split_by', by)}: {what} has no columns; take file or folder")


def assigned_by(by: str | None, files: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The split of each file, with what says so, as an option wants it (`split_by`).

    Parameters
    ----------
    by : ``file``: the name of the file says it; ``folder``: those of its folders, the outermost
        that says something first; anything else: all names on the way say it, by the usual rules.
    files : relative paths.

    Examples
    --------
    >>> assigned_by("file", ["old/train/val-1.parquet", "x.parquet"])
    {'old/train/val-1.parquet/': ('val', 'file val-1.parquet')}
    >>> assigned_by("folder", ["old/train/val-1.parquet", "x.parquet"])
    {'old/train/val-1.parquet/': ('train', 'folder old/train')}
    """
    if by not in ("file", "folder"):
        return {}
    assigned: dict[str, tuple[str, str]] = {}
    for path in files:
        *folders, name = path.split("/")
        above = ["/".join(folders[: end + 1]) for end in range(len(folders))]
        for candidate in [name] if by == "file" else above:
            splits = sorted(split_names(candidate.rpartition("/")[2]))
            if len(splits) == 1:
                assigned[f"{path}/"] = splits[0], f"{by} {shown(candidate)}"
                break
    return assigned
