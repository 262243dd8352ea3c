"""Images as a walk lists them, and in the order in which files of many images are best read."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from normstat.errors import UnreadableImage
from normstat.sources.catalog import Located


class Listed(NamedTuple):
    """An image of a split, on the way to a shard.

    Attributes
    ----------
    split : of the image.
    path : its name.
    located : the way to it, or why it cannot be read.
    apart : the split is its own, not that of its folder.
    """

    split: str
    path: str
    located: Located | UnreadableImage
    apart: bool = False


def by_place(images: Iterable[Listed], within: Callable[[str], str]) -> Iterator[Listed]:
    """The images of each file by container, split and place.

    So each container is read in one go, in whatever order the names are. Those of one file are in
    memory at a time.

    Parameters
    ----------
    images : those of a file follow each other.
    within : tells the file of a name.

    Examples
    --------
    >>> from normstat.sources.local_files import LocalFiles
    >>> one, other = LocalFiles("one"), LocalFiles("other")
    >>> names = {"a": (other, 8), "b": (one, 2), "c": (other, 9), "d": (one, 1)}
    >>> images = (Listed("all", name, Located(*where)) for name, where in names.items())
    >>> [image.path for image in by_place(images, lambda name: "")]
    ['d', 'b', 'a', 'c']
    """
    for _, listed in groupby(images, lambda image: within(image.path)):
        containers: dict[int, list[Listed]] = {}
        for image in listed:
            if isinstance(image.located, UnreadableImage):
                yield image
            else:
                containers.setdefault(id(image.located.container), []).append(image)
        for group in containers.values():
            group.sort(key=_order)
        yield from (
            image
            for group in sorted(containers.values(), key=lambda group: _place(group[0]))
            for image in group
        )


def _order(image: Listed) -> tuple[str, int]:
    return image.split, _place(image)


def _place(image: Listed) -> int:
    assert isinstance(image.located, Located)
    place: int = image.located.place
    return place
