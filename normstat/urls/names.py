"""URLs as names: which are paths, and how they may be shown."""

import os
import posixpath
import re

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)(?:::|://)")  # two letters: C:\ is a disk
_SECRETS = re.compile(r"(?<=://)[^/@]*:[^/@]*@|\?.*", re.DOTALL)
_LOCAL = ("file", "local")


def scheme_of(path: str) -> str:
    r"""Scheme of a URL in lower case; empty for a path.

    >>> scheme_of("S3://bucket/a.png"), scheme_of("/data/a.png"), scheme_of(r"C:\data")
    ('s3', '', '')
    """
    found = _URL.match(path)
    return found[1].lower() if found else ""


def is_url(path: str | os.PathLike[str]) -> bool:
    """True for a URL of what is elsewhere; one of a file on this machine is a path.

    >>> is_url("https://example.org/a.png"), is_url("file:///data/a.png")
    (True, False)
    """
    return scheme_of(os.fspath(path)) not in ("", *_LOCAL)


def local_path(path: str) -> str:
    """The path in a ``file://`` URL; anything else as it is.

    >>> local_path("file:///data/a%20b.png"), local_path("data/a%20b.png")
    ('/data/a b.png', 'data/a%20b.png')
    """
    if scheme_of(path) not in _LOCAL:
        return path
    from urllib.parse import urlsplit  # takes a while, at the start of every command
    from urllib.request import url2pathname

    parts = urlsplit(path)
    return url2pathname(parts.path) if parts.netloc in ("", "localhost") else path


def joined(folder: str, path: str) -> str:
    """Join a path to a folder, as URLs where they are; ``..`` leads up.

    >>> joined("s3://bucket/a", "../b/1.png"), joined("a", "b"), joined("a", "s3://bucket/b")
    ('s3://bucket/b/1.png', 'a/b', 's3://bucket/b')
    """
    if is_url(path) or not is_url(folder):
        return path if is_url(path) else os.path.join(folder, path)
    scheme, _, place = folder.partition("://")
    host, _, above = place.partition("/")
    below = posixpath.normpath(f"/{above}/{path}").lstrip("/")
    return f"{scheme}://{host}/{below}"


def without_secrets(path: str) -> str:
    """A URL as it may be shown and kept: without a password, and what follows a question mark.

    >>> without_secrets("https://me:secret@example.org/a.json?sig=secret")
    'https://example.org/a.json'
    """
    return _SECRETS.sub("", path) if is_url(path) else path
