"""Options of all kinds of sources, as a user gives them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, Protocol, TypeAlias, TypedDict

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import MAX_PIXELS
from normstat.sources.tree.labels import LABELS

#: DATA as it is given: a path, or several.
Places: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


class Indexed(Protocol):
    """Images by index, as a ``torch.utils.data.Dataset`` has them."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> Any: ...


#: Images of one split: arrays, tensors or Pillow images, alone or first in a tuple, or behind a
#: name.
Images: TypeAlias = Iterable[Any] | Indexed


class SourceKeywords(TypedDict, total=False):
    """Keywords of ``compute``, ``apply`` and ``check`` for the kinds of DATA that have options.

    See :class:`SourceOptions`; those of a check are, if not given, as they are recorded.
    """

    root: str | os.PathLike[str] | None
    ext: str | None
    path_column: str | None
    split_column: str | None
    label_column: str | None
    image_column: str | None
    key: str | Iterable[str]
    split_by: str | None
    duplicates: str | None
    from0: bool
    files_from: str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Options that decide which images DATA has, and which split each of them belongs to.

    Attributes
    ----------
    split_dirs : split → folder below DATA; overrides what names say.
    include, exclude : globs. With a ``/`` a glob is matched with the whole relative path (``*``
        also matches ``/``), without one with each part of it. Images only: an ``include`` does
        not make other files images.
    labels : ``skip`` leaves out masks and other labels (see :mod:`normstat.sources.tree.labels`),
        as long as there is anything else; ``count`` takes them for images like others.
    layout : order of the axes in arrays, one of :data:`normstat.images.LAYOUTS`.
    max_pixels : width × height above which an image is not read.
    root : folder that the names in a list or table are relative to; None: where these are.
    ext : extension to append to names in a list or table, as in ``.jpg``.
    path_column, split_column, label_column : of a table; None: those with a usual name.
    image_column : of a Parquet file; None: the one that holds images.
    key : globs of arrays or keys in a file that has several.
    split_by : ``file``, ``folder`` or ``column``, where more than one of them says splits.
    duplicates : ``once`` or ``count``, for images that a list or table names more than once.
    from0 : names in a list end in a zero byte, not in a line end.
    files_from : a list that stands for DATA, whatever its name.
    """

    split_dirs: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    labels: str = "skip"
    layout: str = "auto"
    max_pixels: int = MAX_PIXELS
    root: str | None = None
    ext: str | None = None
    path_column: str | None = None
    split_column: str | None = None
    label_column: str | None = None
    image_column: str | None = None
    key: tuple[str, ...] = ()
    split_by: str | None = None
    duplicates: str = "once"
    from0: bool = False
    files_from: str | None = None

    def __post_init__(self) -> None:
        for name, words in _WORDS.items():
            if (value := getattr(self, name)) is not None and value not in words:
                raise UsageError(
                    f"{option(name, shown(value))}: should be one of {', '.join(words)}"
                )

    def given(self, *names: str) -> dict[str, Any]:
        """Those of some options that are not as usual, as they are recorded.

        >>> SourceOptions(ext=".jpg").given("ext", "duplicates")
        {'ext': '.jpg'}
        """
        return {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name in names and getattr(self, each.name) != _usual(each)
        }

    def completed(self, recorded: Mapping[str, Any]) -> "SourceOptions":
        """The same, and what is recorded in place of what was not given."""
        missing = {
            each.name: recorded[each.name]
            for each in fields(self)
            if each.name in recorded and getattr(self, each.name) == _usual(each)
        }
        return replace(self, **missing)

    def refuse_unused(self, used: tuple[str, ...], what: str) -> None:
        """Refuse options that a kind of source has no use for.

        Parameters
        ----------
        used : names of those that it uses, besides those that all kinds use.
        what : DATA is, as in "a folder".
        """
        for each in fields(self):
            name = each.name
            if name in (*_OF_ALL, *used) or getattr(self, name) == _usual(each):
                continue
            raise UsageError(f"{option(name)}: is not for {what}; leave it out")


_WORDS = {
    "labels": LABELS,
    "split_by": ("file", "folder", "column"),
    "duplicates": ("once", "count"),
}
# Options that every kind uses.
_OF_ALL = ("split_dirs", "include", "exclude", "labels", "files_from", "layout", "max_pixels")


def _usual(of: "Field[Any]") -> Any:
    return of.default if of.default is not MISSING else ()
