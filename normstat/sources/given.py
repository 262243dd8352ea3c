"""Files that DATA stands for: one, those in a folder, or those of a pattern."""

import os
from collections.abc import Iterator

from normstat.errors import NothingToRead, UsageError
from normstat.files import shown
from normstat.sources.patterns import Given, braces, folder_of, in_order, is_pattern
from normstat.urls import is_url


def given_files(root: str, endings: tuple[str, ...]) -> Given:
    """The files with one of the endings that DATA stands for.

    Parameters
    ----------
    root : DATA: a file, whatever its name; a folder, which is looked through; or a pattern with
        ``*``, ``?``, ``[...]`` or braces, as in ``train-{000..015}.tar``. What braces say is there
        whether or not it exists.

    Raises
    ------
    UsageError
        There is no such file.

    Examples
    --------
    >>> list(given_files("data/train-{08..10}.tar", (".tar",)).files)
    ['train-08.tar', 'train-09.tar', 'train-10.tar']
    """
    if is_url(root):
        from normstat.sources.given_objects import given_objects  # of URLs alone

        return given_objects(root, endings)
    top = folder_of(root)
    if os.path.isdir(root):
        paths = [path for path in _below(root) if path.lower().endswith(endings)]
    elif not is_pattern(root):
        paths = [root]
        try:
            os.stat(root)
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"{shown(root)}: cannot be read ({reason})") from error
    else:
        import glob  # of patterns alone

        paths = [
            path
            for pattern in braces(root)
            for path in (sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern])
        ]
    if not paths:
        raise NothingToRead(f"{shown(root)}: there are no such files")
    names = {os.path.relpath(path, top or ".").replace(os.sep, "/"): path for path in paths}
    return Given(root, in_order(names))


def _below(folder: str, above: tuple[tuple[int, int], ...] = ()) -> Iterator[str]:
    """Files in a folder and below, without hidden ones; a link to a folder above is not followed.

    Raises
    ------
    UsageError
        A folder cannot be listed.
    """
    try:
        status = os.stat(folder)
        names = os.listdir(folder)
    except OSError as error:
        raise UsageError(f"{shown(folder)}: cannot be read ({error.strerror})") from error
    identity = status.st_dev, status.st_ino
    if identity in above:
        return
    for name in names:
        path = f"{folder}/{name}"
        if name.startswith("."):
            continue
        if os.path.isdir(path):
            yield from _below(path, (*above, identity))
        else:
            yield path
