"""A folder on the walk, and the split of images in it, by the names on the way."""

from dataclasses import dataclass

from normstat.errors import AmbiguousSplit
from normstat.sources.catalog import Identity
from normstat.sources.source import Selection


@dataclass(frozen=True, slots=True)
class WalkedFolder:
    """A folder on the walk, and what its path says.

    Attributes
    ----------
    path : relative: empty, or with a trailing ``/``.
    split : for which the names on the way speak; None while nothing has spoken.
    given : the split that the folder, or one above, was given to; stronger than `split`.
    rule : what chose the split.
    conflict : the message to raise should an image turn up here.
    trail : the folders on the way; a link to one of them is a loop.
    labels : path of the folder on the way that holds labels; empty if there is none.
    ordinary : path of the first folder on the way that has a split's word in its name and is none,
        and that split; empty if there is none.
    doubtful : path of the folder on the way that has a word of labels in its name and counts.
    apart : it stands for those of its images that have a split of their own.
    damaged : the names in it, or below, are not all known.
    """

    path: str = ""
    split: str | None = None
    given: str | None = None
    rule: str = ""
    conflict: str | None = None
    trail: tuple[Identity, ...] = ()
    labels: str = ""
    ordinary: tuple[str, str] = ("", "")
    doubtful: str = ""
    damaged: bool = False
    apart: bool = False

    def failed_split(self, selection: Selection) -> str | None:
        """The split of a folder that cannot be listed, or not to its end; None if it is in none."""
        # Any split may be short of what a damaged archive had.
        first = selection.splits[0] if self.damaged and selection.splits else None
        return self.own or selection.rest or first

    @property
    def own(self) -> str | None:
        """The split of this folder; None if it is in none."""
        return self.given or self.split

    def images_split(self, selection: Selection) -> str | None:
        """The split of an image here; None if it is in none."""
        if self.given:
            return self.given
        if self.conflict:
            raise AmbiguousSplit(self.conflict)
        return self.split or selection.rest
