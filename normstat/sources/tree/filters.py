"""Names that count on a walk: not hidden, and let through by the globs."""

from collections.abc import Collection, Iterable

from normstat.images import FORMATS
from normstat.sources.tree.globs import Globs
from normstat.sources.tree.labels import names_labels


def extension_of(name: str) -> str:
    """Extension of a file in lower case; empty if it has none.

    >>> extension_of("a.JPG"), extension_of("a"), extension_of(".png")
    ('.jpg', '', '')
    """
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


class Filters:
    """Globs and hidden names, asked for one folder or file at a time.

    Parameters
    ----------
    include, exclude : globs, see :class:`normstat.sources.options.SourceOptions`.
    asked : paths of folders, with a trailing ``/``, that were asked for whatever their names.
    only_images : paths of folders below which all names are of images, whatever their extensions;
        or True for everywhere.

    Attributes
    ----------
    is_any : globs leave out some files.

    Examples
    --------
    >>> filters = Filters(["*.png"], ["old"])
    >>> filters.takes("", "a.png"), filters.takes("", "a.jpg"), filters.enters("x/", "old")
    (True, False, False)
    """

    def __init__(
        self,
        include: Iterable[str],
        exclude: Iterable[str],
        asked: Collection[str] = (),
        only_images: bool | tuple[str, ...] = (),
    ) -> None:
        include = tuple(include)
        self._include = Globs(include)
        self._exclude = Globs(exclude)
        self._globs = tuple(glob.removesuffix("/") for glob in include)
        self._asked = asked
        self._only_images = ("",) * only_images if isinstance(only_images, bool) else only_images
        self.is_any = bool(self._include or self._exclude)

    def has_only_images(self, path: str) -> bool:
        """True if all names in a folder are of images, whatever their extensions."""
        return path.startswith(self._only_images)

    def is_hidden(self, path: str, name: str) -> bool:
        """True if a file or folder of that name in the folder is passed over."""
        return (
            name.startswith(".")
            and not self.has_only_images(path)
            and f"{path}{name}/" not in self._asked
        )

    def enters(self, path: str, name: str) -> bool:
        """True if images may be in a folder of that name in the folder."""
        passed_over = name.startswith(".") or name.lower() == "__macosx"
        if passed_over and not self.has_only_images(path) and f"{path}{name}/" not in self._asked:
            return False
        return not self._exclude.match(path + name)

    def takes(self, path: str, name: str) -> bool:
        """True if the globs let a file through."""
        if not self.is_any:
            return True
        whole = path + name
        return (not self._include or self._include.match(whole)) and not self._exclude.match(whole)

    def takes_image(self, path: str, name: str) -> bool:
        """True if the name of a file is that of an image, and is not passed over."""
        return (
            (self.has_only_images(path) or extension_of(name) in FORMATS)
            and not self.is_hidden(path, name)
            and self.takes(path, name)
        )

    def asks_for_labels(self, name: str) -> bool:
        """True if a glob to include names this folder or file as one of labels."""
        return any(names_labels(glob, name) for glob in self._globs)
