"""Rows of lazy tables: alternatives by name, each imported when it is asked for."""

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
