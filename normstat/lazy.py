"""Names that are imported when they are first used: rows of tables, and fronts of packages."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from normstat.errors import UsageError


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
            Its libraries are not installed; with the command that installs them.
        """
        try:
            module, _, name = self.path.partition(":")
            found = import_module(module)
            return getattr(found, name) if name else found
        except ModuleNotFoundError as error:
            if not self.extra:
                raise
            install = f'pip install "normstat[{self.extra}]"'
            raise UsageError(f"{error.name} is not installed: {install}") from error


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
