"""Objects that rows of a list name, wherever each is."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote, unquote

from normstat import files
from normstat.errors import UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import Code, Payload, Reader, Sample
from normstat.sources.endings import with_dot, with_ext
from normstat.sources.first_answer import cure
from normstat.sources.member import safe_name
from normstat.sources.object_ranges import threads
from normstat.sources.remote_files import Fetching, expect
from normstat.sources.stores import store_of
from normstat.urls import asked, file_system, is_url, joined, scheme_of, soon, without_secrets

_WEB = ("http", "https")
_PARTS = re.compile(r"(\w[\w+.-]*://[^/]*)/(.*)", re.DOTALL)
# Rows that are looked for, to tell a slip in a path from images that are gone.
_LOOKED_FOR = 16


class ListedUrls:
    """Names of images, by the URLs in a list or the paths relative to one.

    Parameters
    ----------
    folder : URL that relative paths begin at.
    ext : extension to append to paths.

    Attributes
    ----------
    ext : the same, with its dot.
    first : path that was asked for first.

    Examples
    --------
    >>> urls = ListedUrls("s3://bucket/data", "jpg")
    >>> urls.named("x/1"), urls.named("../old/2.jpg")
    (('x/1.jpg', 's3://bucket/data/x/1.jpg'), ('old/2.jpg', 's3://bucket/old/2.jpg'))
    >>> urls.named("s3://other/3.png")
    ('other/3.png', 's3://other/3.png')
    """

    def __init__(self, folder: str, ext: str) -> None:
        self.ext = with_dot(ext)
        self.first = ""
        self._folder = folder

    def named(self, text: str) -> tuple[str, str]:
        """The name of an image, and its URL."""
        text = text.strip()
        whole = is_url(text)  # which may end in a signature
        text = text if whole else with_ext(text, self.ext)
        self.first = self.first or text
        if whole:
            return name_of_url(text, self._folder), text
        is_web = scheme_of(self._folder) in _WEB
        url = joined(self._folder, quote(text, safe="/%:+,()=&;@!$'~") if is_web else text)
        return name_of_url(url, self._folder), url

    def remarks(self) -> Iterator[str]:
        """Lines on paths that were not taken as they are: none."""
        return iter(())


def name_of_url(url: str, folder: str = "") -> str:
    """The name of the image at a URL: below a folder, or from a bucket or host on.

    >>> name_of_url("https://example.org/a%20b.png?sig=secret")
    'example.org/a b.png'
    """
    plain = without_secrets(url)
    if folder and plain.startswith(folder.rstrip("/") + "/"):
        plain = plain[len(folder.rstrip("/")) + 1 :]
    elif folder and plain.partition("/")[0] == folder.partition("/")[0] and ".." not in plain:
        # Elsewhere in the same bucket: as a path that leads out of its folder.
        shared = folder.split("/")[:3]
        plain = "/".join(plain.split("/")[3:]) if plain.split("/")[:3] == shared else plain
    name = plain.partition("://")[2] or plain
    if scheme_of(url) in _WEB:
        name = unquote(name)
    return safe_name(name) or name.strip("/") or "."


class RowPlace(NamedTuple):
    """The place of an object that a row of a list names; see :class:`Place`.

    Attributes
    ----------
    path : its URL.
    row : number of the row.
    """

    path: str
    row: int = 0
    size: int | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class UrlsByRow:
    """Objects anywhere, named by the rows of a list; their places are :class:`RowPlace`.

    Attributes
    ----------
    unit : word for a row.

    Examples
    --------
    >>> files.write("memory://doctest-rows/a.png", b"abc")
    >>> with UrlsByRow("line").open() as reader:
    ...     reader.read(Sample("all", "a.png", RowPlace("memory://doctest-rows/a.png")))
    b'abc'
    """

    unit: str

    @contextmanager
    def open(self) -> Iterator[Reader]:
        reader = _ByRow(self.unit)
        try:
            yield reader
        finally:
            reader.close()

    def path(self, sample: Sample) -> None:  # noqa: ARG002  # the protocol has it
        return None

    def expect(self, samples: tuple[Sample, ...]) -> None:
        """See :class:`normstat.images.samples.Fetched`."""
        expect(self, samples)


class _ByRow(Fetching):
    def __init__(self, unit: str) -> None:
        super().__init__(_Anywhere(), threads(), UrlsByRow(unit))
        self._unit = unit

    def read(self, sample: Sample) -> Payload:
        """Return all bytes of the object; that there is none is said of its row."""
        try:
            return super().read(sample)
        except UnreadableImage as error:
            if error.code != Code.VANISHED:
                raise
            where = f"{self._unit} {sample.place.row}"
            raise UnreadableImage(Code.VANISHED, f"{where}: there is no such file") from error


class _Anywhere:
    """The storage of all URLs."""

    def prepare(self, paths: Sequence[str]) -> None: ...

    def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes:
        """See :class:`normstat.sources.stores.store.Store`."""
        if "?" in path and scheme_of(path) in _WEB:  # it may be signed
            system, there = file_system(path)
            data = bytes(asked(lambda: system.cat_file(there)))
            return data[start:end]
        found = _PARTS.match(path)
        if not found:
            raise FileNotFoundError(2, "there is no such object")
        name = unquote(found[2]) if scheme_of(path) in _WEB else found[2]
        return store_of(found[1]).fetch(name, tag, start, end)


def refuse_none_there(root: str, urls: list[str], row: str) -> None:
    """Refuse a list if none of its first URLs is there, or the server of the first gives no answer.

    Raises
    ------
    UsageError
    """
    for url in islice(urls, _LOOKED_FOR):
        try:
            if soon(lambda url=url: files.exists(url)):  # type: ignore[misc]  # of mypy and lambdas
                return
        except PermissionError:  # it may be that only reading is allowed
            return
        except OSError as error:
            raise UsageError(f"{shown(url)}: {cure(error, scheme_of(url))}") from None
    raise UsageError(
        f"{shown(root)}: none of its first {len(urls[:_LOOKED_FOR])} {row}s is there, the first: "
        f"{shown(urls[0])}; {option('root', metavar='URL')} says where paths begin"
    )


def side_object(folder: str, name: str) -> bytes | None:
    """A small object in a folder; None if there is none that may be read."""
    with suppress(FileNotFoundError, PermissionError):
        return store_of(folder).fetch(name, "")
    return None
