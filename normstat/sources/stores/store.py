"""The interface of all storage behind URLs."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Object(NamedTuple):
    """An object, as it is listed.

    Attributes
    ----------
    name : in its folder.
    size : in bytes; None if the listing does not say it.
    version : opaque: equal means the same bytes; empty if it is not known.
    tag : the server may be asked for this version of the object alone; empty if it cannot.
    """

    name: str
    size: int | None = None
    version: bytes = b""
    tag: str = ""


class Listed(NamedTuple):
    """The names in a folder, in byte order.

    Attributes
    ----------
    folders : names of folders.
    objects : all others.
    """

    folders: list[str]
    objects: list[Object]


class Listing(Protocol):
    """Names below a URL by folder; one thread at a time may ask."""

    def folder(self, path: str) -> Listed:
        """The names in a folder; none if there is no such folder.

        Parameters
        ----------
        path : of the folder below the URL: empty, or with a trailing ``/``.

        Raises
        ------
        OSError
            As :func:`normstat.urls.asked`.
        """


class FolderStore(Protocol):
    """Storage that lists one folder."""

    def folder(self, path: str) -> Listed: ...


class PagedStore(FolderStore, Protocol):
    """Storage that also lists all objects in the byte order of their paths, a page at a time."""

    def page(self, token: str) -> tuple[list[Object], str]: ...


class Store(Protocol):
    """The objects below a URL; several threads may ask at once."""

    def listing(self) -> Listing:
        """A new listing, with as few requests as there can be."""

    def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes of an object, or those from a start to an end.

        Parameters
        ----------
        path : of the object below the URL.
        tag : as it was listed.

        Raises
        ------
        OSError
            As :func:`normstat.urls.asked`.
        """

    def prepare(self, paths: Sequence[str]) -> None:
        """Take note of objects that are fetched soon, all bytes of each."""

    def info(self, path: str) -> Object:
        """An object as a listing has it, with its path for a name; asked for alone.

        Raises
        ------
        OSError
            As :func:`normstat.urls.asked`.
        """

    def beginning(self, prefix: str) -> list[Object]:
        """The objects whose paths begin so, with these for names, in byte order.

        Parameters
        ----------
        prefix : of paths below the URL. Whether those in folders further down are among them is
            left to the storage.

        Raises
        ------
        OSError
            As :func:`normstat.urls.asked`.
        """

    def is_object(self) -> bool:
        """True if the URL itself is that of an object."""
