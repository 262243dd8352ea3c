"""The library that opens each kind of URL, imported when one asks for it.

No credentials pass through here: the libraries find them, in the environment or in profiles.
"""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from normstat.errors import UsageError
from normstat.lazy import Row
from normstat.urls.answers import in_our_words
from normstat.urls.names import scheme_of, without_secrets

#: Scheme → file system of fsspec, where an extra has its library; fsspec knows many others.
SCHEMES: Mapping[str, Row] = MappingProxyType(
    {
        "s3": Row("s3fs:S3FileSystem", "s3"),
        "s3a": Row("s3fs:S3FileSystem", "s3"),
        "gs": Row("gcsfs:GCSFileSystem", "gcs"),
        "gcs": Row("gcsfs:GCSFileSystem", "gcs"),
        **dict.fromkeys(("az", "abfs", "abfss", "adl"), Row("adlfs:AzureBlobFileSystem", "azure")),
        "hf": Row("huggingface_hub:HfFileSystem", "hf"),
        "http": Row("fsspec.implementations.http:HTTPFileSystem", "remote"),
        "https": Row("fsspec.implementations.http:HTTPFileSystem", "remote"),
        "memory": Row("fsspec.implementations.memory:MemoryFileSystem", "remote"),
    }
)

# Options that a library has other values for: as many connections as there are requests at once,
# and signatures that every region takes.
_USUAL: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        key: {"config_kwargs": {"max_pool_connections": 32, "signature_version": "s3v4"}}
        for key in ("s3", "s3a")
    }
)
#: Scheme → where its library looks for credentials, in words.
CREDENTIALS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("s3", "s3a"),
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; FSSPEC_S3_ANON=true "
            "for a public bucket",
        ),
        **dict.fromkeys(
            ("gs", "gcs"),
            "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS; "
            "FSSPEC_GS_TOKEN=anon for a public bucket",
        ),
        **dict.fromkeys(
            ("az", "abfs", "abfss", "adl"),
            "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME and "
            "AZURE_STORAGE_ACCOUNT_KEY",
        ),
        "hf": "set HF_TOKEN, or run `hf auth login`",
    }
)


def file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path there.

    Options come from the environment, as the libraries and fsspec (``FSSPEC_S3_...``) read it.

    Raises
    ------
    UsageError
        Its library is not installed, nothing opens such URLs, or there is a password in it.
    """
    from urllib.parse import urlsplit  # takes a while, at the start of every command

    parts = urlsplit(url)
    if ":" in parts.netloc.rpartition("@")[0]:
        raise UsageError(
            f"{without_secrets(url)!r}: the URL has a password, which others may see; leave it to "
            "the environment or a profile"
        )
    system = _file_system(scheme_of(url))
    with in_our_words():
        return system, str(system._strip_protocol(url))  # noqa: SLF001  # fsspec's name for it


@functools.cache
def _file_system(scheme: str) -> Any:
    row = SCHEMES.get(scheme)
    kind = row.load() if row else _other(scheme)
    config = Row("fsspec.config:conf", "remote").load().get(scheme, {})
    # A listing that is kept would be all names in memory, and old the next time.
    usual = {"use_listings_cache": False, "skip_instance_cache": True, **_USUAL.get(scheme, {})}
    return kind(**usual | config)


def _other(scheme: str) -> Any:
    find = Row("fsspec:get_filesystem_class", "remote").load()
    try:
        return find(scheme)
    except ImportError as error:
        raise UsageError(f"{scheme}:// needs another library: {error}") from error
    except ValueError as error:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise UsageError(f"{scheme}://: no such kind of URL; there are {known}") from error
