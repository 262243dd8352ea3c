"""Buckets of S3, and of all that speaks as it does: listed in pages, and read by ETag."""

from collections.abc import Sequence
from typing import Any

from normstat.sources.stores.listing import KeptListing
from normstat.sources.stores.ordered import OrderedListing
from normstat.sources.stores.presigned import Presigned
from normstat.sources.stores.store import Listed, Listing, Object
from normstat.urls import asked, file_system

# Buckets in one zone list their objects in no order.
_UNORDERED = "-x-s3"
# Seconds for one answer: the library gives up earlier, unless it hangs.
_LONGEST = 300.0


class S3:
    """The objects below a URL.

    Parameters
    ----------
    url : of a bucket, or a folder in it.
    """

    def __init__(self, url: str) -> None:
        self._system, path = file_system(url)
        self._system.retries = 1  # botocore asks several times, and so do we
        self._bucket, _, prefix = path.partition("/")
        self._key = prefix.rstrip("/")
        self._prefix = f"{self._key}/" if self._key else ""
        self._presigned = Presigned(self._system, self._bucket)

    def listing(self) -> Listing:
        is_ordered = not self._bucket.endswith(_UNORDERED)
        return OrderedListing(self) if is_ordered else KeptListing(self)

    def page(self, token: str) -> tuple[list[Object], str]:
        """The next thousand objects below the URL, with their paths for names.

        Parameters
        ----------
        token : of the page; empty for the first.

        Returns
        -------
        The objects in the byte order of their paths, and the token of the next page; empty if
        there is none.
        """
        _, objects, token = self._page(self._prefix, token)
        start = len(self._prefix)
        return [each._replace(name=each.name[start:]) for each in objects], token

    def folder(self, path: str) -> Listed:
        folders: list[str] = []
        objects: list[Object] = []
        prefix, token, first = self._prefix + path, "", True
        while first or token:
            first = False
            below, found, token = self._page(prefix, token, Delimiter="/")
            folders += (name[len(prefix) : -1] for name in below)
            objects += (each._replace(name=each.name[len(prefix) :]) for each in found)
        return Listed(sorted(folders), sorted(objects))

    def prepare(self, paths: Sequence[str]) -> None:
        self._presigned.prepare([self._prefix + path for path in paths])

    def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes:
        from fsspec.asyn import sync

        asks = {"If-Match": tag} if tag else {}
        if start or end is not None:
            asks["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        key, system = self._prefix + path, self._system

        async def whole() -> Any:
            call = system._call_s3  # noqa: SLF001  # of call_s3, inside its loop
            more = {name.replace("-", ""): value for name, value in asks.items()}
            answer = await call("get_object", Bucket=self._bucket, Key=key, **more)
            async with answer["Body"] as body:
                return await body.read()

        def once() -> bytes:
            data = self._presigned.fetch(key, asks)
            return bytes(sync(system.loop, whole, timeout=_LONGEST)) if data is None else data

        return asked(once)

    def info(self, path: str) -> Object:
        place = {"Bucket": self._bucket, "Key": self._prefix + path}
        found = asked(lambda: self._system.call_s3("head_object", **place))
        size, tag = found["ContentLength"], found["ETag"]
        return Object(path, size, f"{size} {tag}".encode(), tag)

    def beginning(self, prefix: str) -> list[Object]:
        found: list[Object] = []
        token, first = "", True
        while first or token:
            first = False
            _, objects, token = self._page(self._prefix + prefix, token)
            found += objects
        start = len(self._prefix)
        return sorted(each._replace(name=each.name[start:]) for each in found)

    def is_object(self) -> bool:
        if not self._key:
            return False
        _, objects, _ = self._page(self._key, "", MaxKeys=1)
        return any(each.name == self._key for each in objects)

    def _page(self, prefix: str, token: str, **more: Any) -> tuple[list[str], list[Object], str]:
        if token:
            more["ContinuationToken"] = token
        answer = asked(
            lambda: self._system.call_s3(
                "list_objects_v2", Bucket=self._bucket, Prefix=prefix, **more
            )
        )
        objects = [
            Object(
                each["Key"], each["Size"], f"{each['Size']} {each['ETag']}".encode(), each["ETag"]
            )
            for each in answer.get("Contents", ())
            if not each["Key"].endswith("/")  # stands for a folder
        ]
        folders = [each["Prefix"] for each in answer.get("CommonPrefixes", ())]
        return folders, objects, answer.get("NextContinuationToken", "")
