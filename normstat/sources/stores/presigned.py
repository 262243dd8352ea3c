"""Objects of S3 by signed URLs: the library signs, and a plain connection fetches.

A client of S3 takes 1.5 ms of CPU for an object, as long as a photo takes to decode; this takes a
third of that. It only does what goes well: anything else is left to the client, which asks again,
follows, and knows why.
"""

import os
import ssl
import threading
import time
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from urllib.request import getproxies

# Seconds for the next bytes, as of s3fs, and for all of them.
_PATIENCE = 15.0
_LONGEST = 300.0
_BLOCK = 1 << 20
_EXPIRES = 3600
# Groups that may be announced before one is fetched: the end of a shard, and all of the next.
_GROUPS = 4
# URLs that are kept, signed ahead.
_KEPT = 1 << 10
# After so many failures in a row it is left be: there may be more in the way.
_FAILURES = 8
# Certificates that the client trusts besides the usual ones.
_TRUSTED = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


class Presigned:
    """Connections to the server of a bucket; one for each thread.

    Parameters
    ----------
    system : file system of s3fs.
    bucket : name.
    """

    def __init__(self, system: Any, bucket: str) -> None:
        self._system = system
        self._bucket = bucket
        self._mine = threading.local()
        self._signing = threading.Lock()  # guards the next three
        self._coming: deque[list[str]] = deque(maxlen=_GROUPS)
        self._urls: dict[str, str] = {}
        self._is_without = False
        self._opened: list[HTTPConnection] = []
        weakref.finalize(self, _close_all, self._opened)
        is_usual = not (system.req_kw or system.s3_additional_kwargs or system.client_kwargs)
        self._left = _FAILURES if is_usual and not getproxies() else 0

    def prepare(self, keys: Sequence[str]) -> None:
        """Take note of objects to fetch: the URLs of all are signed with the first of them."""
        with self._signing:
            self._coming.append(list(keys))

    def fetch(self, key: str, headers: Mapping[str, str]) -> bytes | None:
        """The bytes of an object, or as many as a range among the headers has; None if not so."""
        if self._left <= 0:
            return None
        try:
            data = self._fetch(key, headers)
        except (OSError, HTTPException):
            data = None
        if data is None:
            self._left -= 1
            self._close()
        else:
            self._left = _FAILURES
        return data

    def _fetch(self, key: str, headers: Mapping[str, str]) -> bytes | None:
        url = self._signed(key)
        is_kept = hasattr(self._mine, "connection")
        try:
            return self._asked(url, headers)
        except ConnectionError:
            if not is_kept:
                raise
        self._close()  # servers close connections that nobody uses for some seconds, all at once
        return self._asked(url, headers)

    def _asked(self, url: str, headers: Mapping[str, str]) -> bytes | None:
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.netloc)
        connection.request("GET", f"{parts.path}?{parts.query}", headers=dict(headers))
        with connection.getresponse() as response:
            expected = 206 if "Range" in headers else 200
            return _whole(response) if response.status == expected else None

    def _signed(self, key: str) -> str:
        from botocore.exceptions import BotoCoreError
        from fsspec.asyn import sync

        with self._signing:
            if key not in self._urls:
                # It takes longer to reach the loop of the library than to sign.
                keys = [key]
                if group := next((group for group in self._coming if key in group), None):
                    self._coming.remove(group)
                    keys = group
                if len(self._urls) > _KEPT:  # nobody has fetched those
                    self._urls.clear()
                try:
                    signed = sync(self._system.loop, self._sign, keys, timeout=_PATIENCE)
                except BotoCoreError as error:  # half of a pair of credentials, for one
                    raise OSError("the library cannot sign") from error
                self._urls.update(zip(keys, signed, strict=True))
            return self._urls.pop(key)

    async def _sign(self, keys: Sequence[str]) -> list[str]:
        """A signed URL for each key: the client makes the first, and the others are like it."""
        client = await self._system.set_session()

        async def by_client(key: str) -> str:
            place = {"Bucket": self._bucket, "Key": key}
            url = await client.generate_presigned_url("get_object", place, ExpiresIn=_EXPIRES)
            return str(url)

        first = await by_client(keys[0])
        if len(keys) == 1:
            return [first]
        if like := await _like(first, keys[0], self._credentials):
            return [first, *map(like, keys[1:])]
        return [first, *[await by_client(key) for key in keys[1:]]]

    async def _credentials(self) -> Any:
        """The credentials of the session; None if it has none.

        It keeps those that it finds. Where there are none it would look for them each time, and on
        most machines wait for a metadata server that is not there.
        """
        if self._is_without:
            return None
        found = await self._system.session.get_credentials()
        self._is_without = found is None
        return found

    def _connection(self, scheme: str, host: str) -> HTTPConnection:
        found: HTTPConnection | None = getattr(self._mine, "connection", None)
        if found is None:
            if scheme == "https":
                trusted = next(filter(None, map(os.environ.get, _TRUSTED)), None)
                context = ssl.create_default_context(cafile=trusted)
                found = HTTPSConnection(host, timeout=_PATIENCE, context=context)
            else:
                found = HTTPConnection(host, timeout=_PATIENCE)
            self._mine.connection = found
            self._opened.append(found)
        return found

    def _close(self) -> None:
        with suppress(AttributeError):  # this thread has none
            self._mine.connection.close()
            self._opened.remove(self._mine.connection)
            del self._mine.connection


async def _like(
    signed: str, key: str, find: Callable[[], Awaitable[Any]]
) -> Callable[[str], str] | None:
    """A function from a key to the URL that a client would sign: four times as fast as the client.

    None if the signed URL has another form than is known, or others have signed it: the session has
    no credentials, or other ones, where options of the library give them.

    Parameters
    ----------
    signed : URL that the client made.
    key : that it is of.
    find : gives the credentials of the session, or None.
    """
    parts = urlsplit(signed)
    before = parts.path.removesuffix(quote(key, safe="/~"))
    if before == parts.path:
        return None
    base = f"{parts.scheme}://{parts.netloc}{before}"
    query = dict(parse_qsl(parts.query))
    if not query:  # for all to read
        return lambda other: base + quote(other, safe="/~")
    credentials = await find()
    if credentials is None:
        return None
    frozen = await credentials.get_frozen_credentials()
    access, _, region, service, _ = query.get("X-Amz-Credential", "////").rsplit("/", 4)
    if access != frozen.access_key:
        return None
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    auth = S3SigV4QueryAuth(frozen, service, region, expires=_EXPIRES)

    def sign(other: str) -> str:
        request = AWSRequest(method="GET", url=base + quote(other, safe="/~"))
        auth.add_auth(request)
        return str(request.url)

    return sign


def _close_all(connections: list[HTTPConnection]) -> None:
    while connections:
        connections.pop().close()


def _whole(response: HTTPResponse) -> bytes | None:
    """All bytes of an answer; None if it breaks off, or comes in drops."""
    end = time.monotonic() + _LONGEST
    blocks: list[bytes] = []
    while time.monotonic() < end:
        block = response.read(_BLOCK)
        if not block:
            return None if response.length else b"".join(blocks)
        blocks.append(block)
    return None
