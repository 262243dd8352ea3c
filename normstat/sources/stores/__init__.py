"""Storage behind URLs: names by folder, and the bytes of objects."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from normstat.lazy import Row
from normstat.sources.stores.store import Listed, Object, Store
from normstat.urls import scheme_of

#: Scheme of a URL → function that opens such storage, where there is a better one than for all.
STORES: Mapping[str, Row] = MappingProxyType(
    {
        "http": Row("normstat.sources.stores.web:Web", "remote"),
        "https": Row("normstat.sources.stores.web:Web", "remote"),
        "s3": Row("normstat.sources.stores.s3:S3", "s3"),
        "s3a": Row("normstat.sources.stores.s3:S3", "s3"),
    }
)
_ANY = Row("normstat.sources.stores.any:AnyStore", "remote")

__all__ = ["STORES", "Listed", "Object", "Store", "store_of"]


@lru_cache(8)
def store_of(url: str) -> Store:
    """The storage behind a URL, once for a process.

    Raises
    ------
    UsageError
        Its library is not installed, or nothing opens such URLs.

    Examples
    --------
    >>> type(store_of("memory://doctest")).__name__
    'AnyStore'
    """
    store: Store = STORES.get(scheme_of(url), _ANY).load()(url)
    return store
