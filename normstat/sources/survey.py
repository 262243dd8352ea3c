"""Results of a look through all names of a source."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from normstat.images import LeftOut, Reason, Skipped, path_bytes


@dataclass(slots=True)
class Folders:
    """Folders of one kind.

    Attributes
    ----------
    number : how many.
    first : path of the first in byte order, with a trailing ``/``.
    split : for which a word in the first one's name stands.
    """

    number: int = 0
    first: str = ""
    split: str = ""

    def add(self, path: str, split: str = "") -> None:
        """Count a folder."""
        if not self.number or path_bytes(path) < path_bytes(self.first):
            self.first, self.split = path, split
        self.number += 1


@dataclass(slots=True)
class Survey:
    """All that the names in a source tell.

    Attributes
    ----------
    images : split → number of files that look like images, and are read.
    rules : split → what chose it.
    skipped : split, or None for what is in no split's folder → reason → images left out.
    only_labels : there is nothing but labels, so they count.
    alone : folders of labels left out for their names alone, as they may be classes.
    doubtful : folders that have a word of labels in their names and count as images.
    ordinary : folders that have a split's word in their names and are none.
    taken : what gave images to a split, that split, and the one whose images they are by the names
        of folders → how many.
    extensions : extension → number of files, of any kind.
    filtered : globs leave out some files.
    remarks : other lines for a user.
    """

    images: Counter[str] = field(default_factory=Counter)
    rules: dict[str, set[str]] = field(default_factory=dict)
    skipped: dict[str | None, dict[Reason, Skipped]] = field(default_factory=dict)
    only_labels: bool = False
    alone: Folders = field(default_factory=Folders)
    doubtful: Folders = field(default_factory=Folders)
    ordinary: Folders = field(default_factory=Folders)
    taken: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    extensions: Counter[str] = field(default_factory=Counter)
    filtered: bool = False
    remarks: list[str] = field(default_factory=list)

    def skip(self, split: str | None, reason: Reason, skipped: Skipped) -> None:
        """Add images that were left out."""
        if skipped.images:
            reasons = self.skipped.setdefault(split, {})
            reasons[reason] = reasons.get(reason, Skipped()) + skipped

    def all_skipped(self, reason: Reason) -> Skipped:
        """Images left out for a reason, in splits and beside them."""
        nothing = Skipped()
        return sum((reasons.get(reason, nothing) for reasons in self.skipped.values()), nothing)

    @property
    def left_out(self) -> LeftOut:
        """All that was left out, in the order of reasons."""
        in_order: Mapping[str | None, Mapping[str, Skipped]] = {
            split: {reason.value: reasons[reason] for reason in Reason if reason in reasons}
            for split, reasons in self.skipped.items()
        }
        splits = {split: reasons for split, reasons in in_order.items() if split is not None}
        return LeftOut(splits, in_order.get(None, {}))
