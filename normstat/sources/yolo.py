"""Data sets that a YAML file describes, as YOLO has them: folders or lists for each split."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from normstat.errors import UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import FORMATS
from normstat.sources.folder import Folder
from normstat.sources.listed_files import Listed, ListedFiles, Row, folder_of
from normstat.sources.options import SourceOptions
from normstat.sources.texts import near, opened_text
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.tree import Tree
from normstat.sources.tree_source import TreeSource

_SPLITS = ("train", "val", "test")
# A description of a data set is a page or two.
_MOST = 1 << 22


def open_yolo(path: str, options: SourceOptions) -> TreeSource:
    r"""Open the YAML file of a data set.

    Raises
    ------
    UsageError
        It cannot be read, or what it says is not there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.makedirs(f"{root}/images/a")
    ...     open(f"{root}/images/a/1.png", "w").close()
    ...     with open(f"{root}/data.yaml", "w") as file:
    ...         _ = file.write("train: images/a\nnc: 1\n")
    ...     source = open_yolo(f"{root}/data.yaml", SourceOptions())
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('train', ('images/a/1.png',))]
    """
    described = _Described(path, _loaded(path), options)
    record = {"kind": "yolo", **options.given("duplicates")}
    listed = Listed(path, described.root, described.rows(), record, "image", described.remarks)
    return TreeSource(ListedFiles(listed, options), options)


def _loaded(path: str) -> Mapping[Any, Any]:
    with opened_text(path, "") as file:
        text = file.read(_MOST + 1)
    if len(text) > _MOST:
        raise UsageError(f"{shown(path)}: is too large to be the description of a data set")
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{shown(path)}: is no YAML ({shown(reason)})") from error
    if not isinstance(found, Mapping):
        raise UsageError(f"{shown(path)}: should say train, val or test, as YOLO has it")
    if not any(found.get(split) for split in _SPLITS):
        keys = ", ".join(shown(str(key)) for key in list(found)[:20]) or "none"
        raise UsageError(
            f"{shown(path)}: says no train, val or test, as YOLO does; its keys: {keys}"
        )
    return found


class _Described:
    """The images that a description says.

    Attributes
    ----------
    root : folder that its paths begin at.
    remarks : for a user.
    """

    def __init__(self, path: str, data: Mapping[Any, Any], options: SourceOptions) -> None:
        self._path = path
        self._options = options
        self.remarks: list[str] = []
        self._number = 0
        self._entries = {split: self._listed(split, data.get(split)) for split in _SPLITS}
        self.root = self._root(data.get("path"))

    def rows(self) -> Iterator[Row]:
        """The images, split by split."""
        for split, entries in self._entries.items():
            for entry in entries:
                where = self._there(self.root, entry)
                if where is None:
                    self._miss(split, entry)
                    continue
                is_folder = os.path.isdir(os.path.join(self.root, where))
                if not is_folder and extension_of(where) in FORMATS:
                    raise UsageError(
                        f"{shown(self._path)}: {split}: {shown(entry)} is an image; say its "
                        "folder, or a list of images"
                    )
                images = self._images_in(where) if is_folder else self._names_in(where)
                rule = (split, f"{split} in {shown(os.path.basename(self._path))}")
                for text, failure in images:
                    self._number += 1
                    yield Row(self._number, text, rule, failure)

    def _listed(self, split: str, value: Any) -> list[str]:
        if not value:
            return []
        values = value if isinstance(value, list) else [value]
        for each in values:
            if not isinstance(each, str):
                raise UsageError(
                    f"{shown(self._path)}: {split} should be a folder, a list or several of them"
                )
        return values

    def _root(self, given: Any) -> str:
        """The folder of the data set: beside the file, or seen from the current folder."""
        here = near(self._path)
        if self._options.root is not None:
            return folder_of(self._options, here)
        if not given or not isinstance(given, str):
            return here
        for base in (here, "."):
            if os.path.isdir(folder := os.path.join(base, given)):
                return os.path.normpath(folder)
        # Where the data set was made, as on another machine, says nothing here.
        if any(self._there(here, entry) for entries in self._entries.values() for entry in entries):
            self.remarks.append(
                f"{shown(given)} is not there, so paths are seen from {shown(here)}; "
                f"{option('root', metavar='FOLDER')} says another folder"
            )
            return here
        raise UsageError(
            f"{shown(self._path)}: path: {shown(given)} is not there, seen from {shown(here)} or "
            f"the current folder; {option('root', metavar='FOLDER')} says where the data set is"
        )

    def _there(self, root: str, entry: str) -> str | None:
        """The path of a folder or a list; ``../`` may stand before one that is in the root."""
        for text in (entry, entry.removeprefix("../")):
            if "\0" not in text and os.path.exists(os.path.join(root, text)):
                return text
        return None

    def _miss(self, split: str, entry: str) -> None:
        said = f"{split}: {shown(entry)} is not there, seen from {shown(self.root)}"
        if split == "train":
            raise UsageError(
                f"{shown(self._path)}: {said}; {option('root', metavar='FOLDER')} says where the "
                "data set is"
            )
        self.remarks.append(f"{said}, so it has no images")

    def _images_in(self, folder: str) -> Iterator[tuple[str, UnreadableImage | None]]:
        catalog = Folder(os.path.join(self.root, folder))
        tree = Tree(catalog, {}, (), (), self._options.labels == "count")
        for _, name, error, _ in tree.walk():
            yield os.path.join(folder, name), error

    def _names_in(self, path: str) -> Iterator[tuple[str, None]]:
        """The lines of a list; their paths begin at its folder, or at that of the data set."""
        below: str | None = None
        with opened_text(os.path.join(self.root, path), "\n") as file:
            for line in file:
                text = line.strip()
                if not text:
                    continue
                if below is None:
                    above = os.path.dirname(path)
                    beside = os.path.join(self.root, above, text)
                    below = above if os.path.lexists(beside) else ""
                yield os.path.join(below, text), None
