"""URLs: names, the libraries that open them, and what servers answer.

All but names is imported with the first URL.
"""

from typing import TYPE_CHECKING

from normstat.lazy import attributes
from normstat.urls.names import is_url, joined, local_path, scheme_of, without_secrets

if TYPE_CHECKING:
    from normstat.urls.answers import ChangedError, PassingError, asked, soon
    from normstat.urls.objects import exists, fetched, probe, read, remove, write
    from normstat.urls.systems import CREDENTIALS, SCHEMES, file_system

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

__getattr__ = attributes(
    __name__,
    {
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
    },
)
