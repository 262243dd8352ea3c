"""URLs: names, the libraries that open them, and what servers answer."""

from normstat.urls.answers import ChangedError, PassingError, asked, soon
from normstat.urls.names import is_url, joined, local_path, scheme_of, without_secrets
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
