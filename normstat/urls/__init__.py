"""URLs: names, the libraries that open them, and what servers answer.

All but names is imported with the first URL.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from normstat.urls.names import is_url, joined, local_path, scheme_of, without_secrets

if TYPE_CHECKING:
    from normstat.urls.answers import ChangedError, PassingError, asked, soon
    from normstat.urls.objects import exists, fetched, probe, read, remove, write
    from normstat.urls.systems import CREDENTIALS, SCHEMES, file_system

_LAZY = {
    "CREDENTIALS": "normstat.urls.systems",
    "SCHEMES": "normstat.urls.systems",
    "ChangedError": "normstat.urls.answers",
    "PassingError": "normstat.urls.answers",
    "asked": "normstat.urls.answers",
    "exists": "normstat.urls.objects",
    "fetched": "normstat.urls.objects",
    "file_system": "normstat.urls.systems",
    "probe": "normstat.urls.objects",
    "read": "normstat.urls.objects",
    "remove": "normstat.urls.objects",
    "soon": "normstat.urls.answers",
    "write": "normstat.urls.objects",
}
__all__ = [
    "CREDENTIALS",
    "SCHEMES",
    "ChangedError",
    "PassingError",
    "asked",
    "exists",
    "fetched",
    "file_system",
    "is_url",
    "joined",
    "local_path",
    "probe",
    "read",
    "remove",
    "scheme_of",
    "soon",
    "without_secrets",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
