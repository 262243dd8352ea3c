"""Names of images, by the paths that a list has."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from normstat.errors import option
from normstat.files import shown
from normstat.images import path_from_text
from normstat.sources.endings import with_dot, with_ext
from normstat.urls import is_url

# No part of the path is empty, . or .., or begins with a dot otherwise: most are like that.
_IS_NORMAL = re.compile(r"[^/.][^/]*(?:/[^/.][^/]*)*", re.DOTALL).fullmatch


class ListedPaths:
    """Names of images, by the paths in a list.

    Parameters
    ----------
    folder : that relative paths begin at.
    ext : extension to append.

    Attributes
    ----------
    ext : the same, with its dot.
    first : path that was asked for first.

    Examples
    --------
    >>> paths = ListedPaths("data", "jpg")
    >>> paths.named("./x/1"), paths.named("../old/2.jpg")
    (('x/1.jpg', None), ('old/2.jpg', '../old/2.jpg'))
    """

    def __init__(self, folder: str, ext: str) -> None:
        self.ext = with_dot(ext)
        self.first = ""
        self._folder = folder
        tops = dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder)))
        self._tops = [top.removesuffix(os.sep) + os.sep for top in tops]
        self._leads_out = self._slashed = 0
        self._first_out = ("", "")
        self._first_slashed = ""

    def named(self, text: str) -> tuple[str, str | None]:
        """The name of an image, and the path of its file if that is another."""
        if is_url(text.strip()):
            return self._url(text.strip())
        text = self._completed(_path(text))
        self.first = self.first or text
        if _IS_NORMAL(text) and os.sep == "/":
            return text, None
        for top in self._tops:
            if text.startswith(top):
                name = os.path.normpath(text[len(top) :]).replace(os.sep, "/")
                if not name.startswith(".."):
                    return name, None if self._is_same(name, text) else text
        path = os.path.normpath(text).replace(os.sep, "/")
        if not os.path.isabs(text) and not path.startswith("../") and path != "..":
            return path, None if self._is_same(path, text) else text
        return self._led_outside(text, path)

    def _url(self, text: str) -> tuple[str, str]:
        from normstat.sources.listed_urls import name_of_url  # of URLs alone

        self.first = self.first or text
        return name_of_url(text), text

    def remarks(self) -> Iterator[str]:
        """Lines on paths that were not taken as they are."""
        if self._leads_out:
            paths = "path leads" if self._leads_out == 1 else "paths lead"
            text, name = map(shown, self._first_out)
            yield (
                f"{self._leads_out:,} {paths} out of {shown(self._folder)}, and the names of such "
                f"images begin below that: {text} is {name}; {option('root', metavar='FOLDER')} "
                "says where paths begin"
            )
        if self._slashed:
            paths = "path has" if self._slashed == 1 else "paths have"
            yield (
                f"{self._slashed:,} {paths} backslashes, which were read as slashes, the first: "
                f"{shown(self._first_slashed)}"
            )

    def _is_there(self, text: str) -> bool:
        return os.path.lexists(os.path.join(self._folder, text))

    def _completed(self, text: str) -> str:
        """The path with its extension, and without what may stand beside it in a line."""
        if self.ext:
            text = self._extended(text)
        elif text != text.strip() and not self._is_there(text):
            text = text.strip()
        if "\\" in text and os.sep == "/" and not self._is_there(text):
            slashed = text.replace("\\", "/")
            if self._is_there(slashed):
                self._slashed += 1
                self._first_slashed = self._first_slashed or text
                return slashed
        return text

    def _extended(self, text: str) -> str:
        """The path with its extension; of ``2008_000008 -1`` (Pascal VOC) the first word."""
        whole = with_ext(text, self.ext)
        words = text.split()
        if words and words != [text] and not self._is_there(whole):
            first = words[0] + self.ext
            if self._is_there(first):
                return first
        return whole

    def _is_same(self, path: str, text: str) -> bool:
        """True if both are one file; a link may lie on the way, from which .. leads elsewhere."""
        if ".." not in text:
            return True
        with suppress(OSError, ValueError):
            return os.path.samefile(*(os.path.join(self._folder, each) for each in (path, text)))
        return False

    def _led_outside(self, text: str, path: str) -> tuple[str, str | None]:
        """The name without what leads out of the folder; unless it leads in again."""
        whole = os.path.normpath(os.path.join(self._tops[0], text))
        for top in self._tops:
            if whole.startswith(top):
                inside = whole[len(top) :].replace(os.sep, "/")
                return inside, None if self._is_same(inside, text) else text
        name = os.path.splitdrive(path)[1].lstrip("/")
        while name.startswith("../"):
            name = name[3:]
        if not self._leads_out:
            self._first_out = text, name
        self._leads_out += 1
        return name or ".", text


def _path(text: str) -> str:
    """The path that a text says; surrogates that stand for no byte, as JSON may have, name none."""
    try:
        return path_from_text(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
