"""Names that are imported when they are first used: rows of tables, and fronts of packages."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from normstat.errors import UsageError

# What cannot be imported of it is a bug, no library that is missing.
_OURS = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Row:
    """One alternative of a table.

    Attributes
    ----------
    path : ``package.module:object``, or ``package.module``.
    extra : name of the extra that has the libraries it needs; empty if it needs none.

    Examples
    --------
    >>> Row("pathlib:PurePath").load().__name__
    'PurePath'
    >>> Row("no_such_library:open", "parquet").load()
    Traceback (most recent call last):
    normstat.errors.UsageError: no_such_library is not installed: pip install "normstat[parquet]"
    """

    path: str
    extra: str = ""

    def load(self) -> Any:
        """Import it.

        Raises
        ------
        UsageError
            Its libraries are not installed, or broken; with the command that installs them.
        """
        try:
            module, _, name = self.path.partition(":")
            found = import_module(module)
            return getattr(found, name) if name else found
        except ImportError as error:
            library = error.name or module
            if not self.extra or library.partition(".")[0] == _OURS:
                raise
            extra = f'"normstat[{self.extra}]"'
            if isinstance(error, ModuleNotFoundError):
                raise UsageError(f"{library} is not installed: pip install {extra}") from error
            raise UsageError(
                f"{library} cannot be imported ({error}): uninstall it, then pip install {extra}"
            ) from error


def attributes(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package that imports a name when it is first used.

    Parameters
    ----------
    package : its ``__name__``.
    modules : name → module that has it.

    Examples
    --------
    >>> found = attributes(__name__, {"PurePath": "pathlib"})
    >>> found("PurePath").__name__
    'PurePath'
    >>> found("nothing")
    Traceback (most recent call last):
    AttributeError: module 'normstat.lazy' has no attribute 'nothing'
    """

    def imported(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(modules[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return imported
