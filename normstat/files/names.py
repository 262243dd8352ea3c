"""Names of files in messages."""

import os

from normstat import urls


def shown(name: str | os.PathLike[str]) -> str:
    r"""A file name made safe for a terminal: unprintable characters are escaped.

    Of a URL neither a password is shown nor a signature.

    >>> print(shown("a\nb\x1b[31m.jpg"))
    a\nb\x1b[31m.jpg
    >>> print(shown("Größe.jpg"), shown("bad\udcff.jpg"))
    Größe.jpg bad\udcff.jpg
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in urls.without_secrets(os.fspath(name))
    )
