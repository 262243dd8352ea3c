"""Images that a program gives to ``compute``: by paths, or as arrays."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from normstat.errors import UsageError, option
from normstat.sources import Images, Places

if TYPE_CHECKING:
    from normstat.sources.arrays import Arrays

#: Images as :func:`normstat.compute` takes them.
Data: TypeAlias = Places | Images | Mapping[str, Images]

_USUAL = (("labels", "skip"),)


def are_places(data: Data) -> TypeGuard[Places]:
    """True for a path, or several in a list or the like; an iterator gives arrays.

    >>> are_places("data"), are_places(["a", "b"]), are_places(iter(["a"])), are_places([])
    (True, True, False, True)
    """
    if isinstance(data, str | os.PathLike):
        return True
    if not isinstance(data, list | tuple | set | frozenset):
        return False
    return all(isinstance(each, str | os.PathLike) for each in data)


def arrays_of(data: Any, options: Mapping[str, Any], layout: str = "auto") -> "Arrays":
    """The source of arrays; options that are for files are refused.

    Parameters
    ----------
    options : that arrays have no use for.
    layout : of the arrays.

    Raises
    ------
    UsageError
        One of them was given, or these are no collections of images.
    """
    from normstat.sources.arrays import Arrays  # the command line has none

    for name, value in options.items():
        is_given = bool(value) if isinstance(value, Iterable | bool) else value is not None
        if is_given and (name, value) not in _USUAL:
            raise UsageError(f"{option(name)}: is for files, and these are arrays; leave it out")
    return Arrays(data, layout)
