"""Objects behind URLs that DATA stands for: one, those in a folder, or those of a pattern."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import translate

from normstat.errors import NothingToRead, UsageError
from normstat.files import shown
from normstat.sources.first_answer import cure
from normstat.sources.object_ranges import located, object_at
from normstat.sources.patterns import Given, braces, folder_of, in_order, is_pattern
from normstat.sources.stores import Object, store_of
from normstat.urls import scheme_of, soon

_MAGIC = re.compile(r"[*?[]")


def given_objects(root: str, endings: tuple[str, ...]) -> Given:
    """The objects with one of the endings that a URL stands for.

    Parameters
    ----------
    root : URL of an object, whatever its name; of a folder, which is looked through; or a pattern,
        as for files. What braces say is there whether or not it exists.
    endings : of names, in lower case.

    Raises
    ------
    UsageError
        There is no such object, or the storage gives no answer.

    Examples
    --------
    >>> from normstat.files import write
    >>> for name in ("train-0.tar", "train-1.tar", "more/a.tar"):
    ...     write(f"memory://doctest-given/{name}", b"1")
    >>> list(given_objects("memory://doctest-given/train-{0..1}.tar", (".tar",)).files)
    ['train-0.tar', 'train-1.tar']
    >>> list(given_objects("memory://doctest-given", (".tar",)).files)
    ['more/a.tar', 'train-0.tar', 'train-1.tar']
    """
    try:
        if is_pattern(root):
            top, found = folder_of(root), list(_of_pattern(root))
        elif root.lower().endswith(endings):
            top, found = root.rpartition("/")[0], [(root, soon(lambda: object_at(root)))]
        else:
            top, found = root.rstrip("/"), list(_below(root.rstrip("/"), endings))
    except OSError as error:
        raise UsageError(f"{shown(root)}: {cure(error, scheme_of(root))}") from None
    if not found:
        raise NothingToRead(f"{shown(root)}: there are no such files")
    objects = {url: listed for url, listed in found if listed}
    return Given(root, in_order({url[len(top) + 1 :]: url for url, _ in found}), objects)


def _below(folder: str, endings: tuple[str, ...]) -> Iterator[tuple[str, Object]]:
    """Objects in a folder and below, without hidden ones."""
    listing = store_of(folder).listing()
    places = [""]
    while places:
        place = places.pop()
        listed = listing.folder(place)
        for each in listed.objects:
            if not each.name.startswith(".") and each.name.lower().endswith(endings):
                yield f"{folder}/{place}{each.name}", each
        places += [f"{place}{name}/" for name in listed.folders if not name.startswith(".")]


def _of_pattern(root: str) -> Iterator[tuple[str, Object | None]]:
    """Objects of a pattern, and what braces say, with what is known of them."""
    patterns = list(braces(root))
    begins = folder_of(root) + "/"
    start = len(begins)
    while all(each[start : start + 1] == patterns[0][start : start + 1] != "" for each in patterns):
        if _MAGIC.match(patterns[0], start):
            break
        start += 1
    # A listing of what begins so has them all, unless a folder further down is meant.
    known = {}
    if not any("/" in each[start:] for each in patterns):
        known = _beginning(patterns[0][:start])
    for pattern in patterns:
        if _MAGIC.search(pattern, len(begins)):
            yield from _matching(pattern, known)
        else:
            yield pattern, known.get(pattern)


def _beginning(url: str) -> dict[str, Object]:
    """Objects whose URLs begin so, of one folder."""
    store, prefix = located(url)
    folder = url[: len(url) - len(url.rpartition("/")[2])]
    return {
        folder + each.name: each
        for each in soon(lambda: store.beginning(prefix))
        if "/" not in each.name
    }


def _matching(pattern: str, known: dict[str, Object]) -> Iterable[tuple[str, Object]]:
    above = pattern[: _first_magic(pattern)].rpartition("/")[0]
    below = pattern[len(above) + 1 :]
    match = re.compile(translate(below)).match
    if "/" not in below:
        found = known or _beginning(f"{above}/")
        return [(url, each) for url, each in found.items() if match(url[len(above) + 1 :])]
    every = _below(above, ("",))
    return [
        (url, each)
        for url, each in every
        if match(url[len(above) + 1 :]) and url.count("/") == pattern.count("/")
    ]


def _first_magic(pattern: str) -> int:
    found = _MAGIC.search(pattern)
    return found.start() if found else len(pattern)
