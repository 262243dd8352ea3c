"""A server of S3 on the loopback, which counts what it is asked for and fails when told to.

It speaks as much of the protocol as a client of objects needs: listings in pages, with and without
a delimiter, objects whole and by ranges, conditions on ETags, and errors as XML.
"""

import functools
import hashlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "AKIDNORMSTATTEST", "s3cr3t-of-normstat"
PAGE = 1000
_TIME = "2024-05-06T07:08:09.000Z"

#: (method, key, how often it was asked for before) → None, a status of HTTP, "cut", or seconds.
Fault = Callable[[str, str, int], "int | str | float | None"]


class Buckets(ThreadingHTTPServer):
    """The server.

    Attributes
    ----------
    buckets : name → key → content.
    requests : "LIST", "GET", "HEAD", "PUT" or "DELETE" → how many.
    sent : bytes of objects.
    most : requests for objects at one time.
    fault : what goes wrong.
    delay : seconds that each answer takes.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.lock = threading.Lock()
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.well()

    def well(self) -> None:
        """Have no buckets, and nothing go wrong."""
        self.buckets.clear()
        self.fault: Fault = lambda method, key, before: None
        self.delay = 0.0
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        self.requests: Counter[str] = Counter()
        self.asked: Counter[tuple[str, str]] = Counter()
        self.sent = self.now = self.most = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a client finds it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_MAX_ATTEMPTS": "1",  # its pauses are long, and random
        }

    def put(self, bucket: str, folder: Path) -> None:
        """Have the files below a folder as objects."""
        files = (path for path in folder.rglob("*") if path.is_file())
        self.buckets[bucket] = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in files
        }

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may go away; anything else is a slip here."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving() -> Iterator[Buckets]:
    """A server, as long as the block lasts."""
    with Buckets() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


class _Answer(BaseHTTPRequestHandler):
    server: Buckets
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: Any) -> None: ...

    def handle_expect_100(self) -> bool:
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815  # names of the base class

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(parts.query, True).items()}
        body = self._body()
        method = "LIST" if self.command == "GET" and not key else self.command
        with self.server.lock:
            before = self.server.asked[method, key]
            self.server.asked[method, key] += 1
            self.server.requests[method] += 1
            self.server.now += method == "GET"
            self.server.most = max(self.server.most, self.server.now)
        time.sleep(self.server.delay)
        fault = self.server.fault(method, key, before)
        if isinstance(fault, float):
            time.sleep(fault)
            fault = None
        try:
            self._respond(method, bucket, key, query, body, fault)
        finally:
            with self.server.lock:
                self.server.now -= method == "GET"

    def _respond(
        self, method: str, bucket: str, key: str, query: dict[str, str], body: bytes, fault: Any
    ) -> None:
        if isinstance(fault, int):
            self._fail(fault, {503: "SlowDown", 500: "InternalError"}.get(fault, "Failed"))
        elif KEY not in self.headers.get("Authorization", "") + self.path:
            self._fail(403, "InvalidAccessKeyId")
        elif bucket not in self.server.buckets:
            self._fail(404, "NoSuchBucket")
        elif method == "LIST":
            self._list(bucket, query)
        elif method == "PUT":
            self.server.buckets[bucket][key] = body
            self._send(200, b"", {"ETag": _tag(body)})
        elif method == "DELETE":
            self.server.buckets[bucket].pop(key, None)
            self._send(204, b"")
        elif key not in self.server.buckets[bucket]:
            self._fail(404, "NoSuchKey")
        else:
            self._object(method, self.server.buckets[bucket][key], fault == "cut")

    def _object(self, method: str, data: bytes, cut: bool) -> None:
        tag = _tag(data)
        if self.headers.get("If-Match", tag) != tag:
            self._fail(412, "PreconditionFailed")
            return
        status, more, size = 200, {"ETag": tag, "Last-Modified": _HTTP_TIME}, len(data)
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            end = min(int(last) + 1, size) if last else size
            if int(first) >= size:
                self._fail(416, "InvalidRange")
                return
            more["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
            status, data = 206, data[int(first) : end]
        if cut:
            self.close_connection = True
        if method == "GET":
            with self.server.lock:
                self.server.sent += len(data)
        self._send(status, data, more, len(data) // 2 if cut else len(data))

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after, most = query.get("continuation-token", ""), int(query.get("max-keys", PAGE))
        objects = self.server.buckets[bucket]
        shown: list[str] = []
        folders: dict[str, None] = {}
        names: list[str] = []
        for key in sorted(objects, key=str.encode):
            if not key.startswith(prefix):
                continue
            below, found, _ = key[len(prefix) :].partition(delimiter or "\0")
            name = prefix + below + delimiter if found else key
            if name.encode() <= after.encode() or name in folders:
                continue
            names.append(name)
            if found:
                folders[name] = None
                shown.append(f"<CommonPrefixes><Prefix>{quote(name)}</Prefix></CommonPrefixes>")
            else:
                shown.append(
                    f"<Contents><Key>{quote(key)}</Key><Size>{len(objects[key])}</Size>"
                    f"<ETag>{escape(_tag(objects[key]))}</ETag>"
                    f"<LastModified>{_TIME}</LastModified></Contents>"
                )
            if len(names) > most:
                break
        cut = len(names) > most
        token = f"<NextContinuationToken>{escape(names[most - 1])}" if cut else ""
        self._send(
            200,
            f"<ListBucketResult><Name>{bucket}</Name><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(cut).lower()}</IsTruncated>"
            f"{token and token + '</NextContinuationToken>'}"
            f"{''.join(shown[:most])}</ListBucketResult>".encode(),
        )

    def _fail(self, status: int, code: str) -> None:
        words = f"<Error><Code>{code}</Code><Message>of {SECRET}</Message></Error>"
        self._send(status, b"" if self.command == "HEAD" else words.encode())

    def _send(
        self, status: int, data: bytes, more: dict[str, str] | None = None, size: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:size])

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return body
        whole = b""
        while body:
            head, _, body = body.partition(b"\r\n")
            size = int(head.partition(b";")[0], 16)
            if not size:
                break
            whole, body = whole + body[:size], body[size + 2 :]
        return whole


_HTTP_TIME = "Mon, 06 May 2024 07:08:09 GMT"


@functools.lru_cache(1 << 14)
def _tag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
