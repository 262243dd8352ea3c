"""Arrays that are many images, as folders of images with numbers for names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import Code, Reason, Skipped, in_byte_order
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.numbered import Stack
from normstat.sources.patterns import Given
from normstat.sources.survey import Survey

# Arrays about which a line is said; of more of them, how many.
_SAID = 4


@dataclass(slots=True)
class ListedArrays:
    """All that files with arrays have in them, by paths below DATA.

    Attributes
    ----------
    stacks : path → stack.
    singles : path of an array that is one image → the way to it.
    failures : path of an array that is no image, or none that can be read → why.
    broken : path of a file or array that may have had many images, and cannot be read → why.
    assigned : see :class:`normstat.sources.catalog.Catalog`.
    skipped : reason → arrays that are no images.
    remarks : a line for a user about each array.
    """

    stacks: dict[str, Stack] = field(default_factory=dict)
    singles: dict[str, Located] = field(default_factory=dict)
    failures: dict[str, UnreadableImage] = field(default_factory=dict)
    broken: dict[str, UnreadableImage] = field(default_factory=dict)
    assigned: dict[str, tuple[str, str]] = field(default_factory=dict)
    skipped: dict[Reason, Skipped] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def skip(self, reason: Reason, path: str) -> None:
        """Count an array that is no image.

        >>> listed = ListedArrays()
        >>> listed.skip(Reason.LABELS, "a.npz/y_train")
        >>> listed.skipped
        {<Reason.LABELS: 'labels'>: Skipped(images=1, first='a.npz/y_train')}
        """
        self.skipped[reason] = self.skipped.get(reason, Skipped()) + Skipped(1, path)

    def has_any(self) -> bool:
        """True if there is an image, or anything that may have had some."""
        return bool(self.stacks or self.singles or self.failures or self.broken)

    def assign(self, path: str, split: str | None, word: str) -> None:
        """Give a stack to a split, if a word in its name says one.

        >>> listed = ListedArrays()
        >>> listed.assign("t10k-images-idx3-ubyte", "test", "t10k-images-idx3-ubyte")
        >>> listed.assigned
        {'t10k-images-idx3-ubyte/': ('test', 'name t10k-images-idx3-ubyte')}
        """
        if split:
            self.assigned[f"{path}/"] = split, f"name {shown(word)}"


class Stacks:
    """A catalog of arrays, each a folder of its images.

    Parameters
    ----------
    given : the files that they are in.
    listed : what is in these.
    record : the kind, and all that has to be the same to read alike.
    """

    #: See :class:`normstat.sources.catalog.Catalog`.
    only_images = True
    splits_images = False

    def __init__(self, given: Given, listed: ListedArrays, record: Mapping[str, Any]) -> None:
        self.root = given.root
        self.identity = given.identity
        self._listed = listed
        self._record = record
        self._folders: dict[str, set[str]] = {"": set()}
        self._files: dict[str, list[str]] = {}
        for path in (*listed.stacks, *listed.singles, *listed.failures):
            above, slash, name = path.rpartition("/")
            above += slash
            self._add_folder(above)
            if path in listed.stacks:
                self._folders[above].add(name)
            else:
                self._files.setdefault(above, []).append(name)
        for path in listed.broken:
            self._add_folder(f"{path}/")
        paths = dict.fromkeys((*self._folders, *(f"{path}/" for path in listed.stacks)))
        self._numbers = {path: number for number, path in enumerate(paths)}

    @property
    def assigned(self) -> Mapping[str, tuple[str, str]]:
        return MappingProxyType(self._listed.assigned)

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        if path not in self._numbers:
            raise UnreadableImage(Code.VANISHED, "there is no such folder")
        identity = -1, self._numbers[path]
        if failure := self._listed.broken.get(path[:-1]):
            return Entries(identity, [], {}, [], damage=failure)
        folders = in_byte_order(self._folders.get(path, ()))
        if stack := self._listed.stacks.get(path[:-1]):
            return Entries(identity, folders, {}, stack.names, stack.failures, stack=stack)
        names = self._files.get(path, ())
        failures = {
            name: self._listed.failures[path + name]
            for name in names
            if path + name in self._listed.failures
        }
        singles = in_byte_order(name for name in names if name not in failures)
        return Entries(identity, folders, {}, singles, failures)

    def locate(self, path: str, versions: bool) -> Located:
        folder, _, name = path.rpartition("/")
        stack = self._listed.stacks.get(folder)
        if stack is None:
            single = self._listed.singles[path]
            return single if versions else single._replace(version=b"")
        version = stack.version_of(name) if versions else b""
        return Located(stack.container, int(name), stack.size, version)

    def side_file(self, name: str) -> bytes | None:  # noqa: ARG002  # no array has one
        return None

    def record(self) -> Mapping[str, Any]:
        return self._record

    def report(self, survey: Survey) -> None:
        for reason, skipped in self._listed.skipped.items():
            survey.skip(None, reason, skipped)
        remarks = self._listed.remarks
        survey.remarks += remarks[:_SAID]
        if len(remarks) > _SAID:
            survey.remarks.append(f"{len(remarks) - _SAID:,} more arrays were decided on likewise")

    def _add_folder(self, path: str) -> None:
        if path not in self._folders:
            self._folders[path] = set()
            above, slash, name = path[:-1].rpartition("/")
            self._add_folder(above + slash)
            self._folders[above + slash].add(name)
