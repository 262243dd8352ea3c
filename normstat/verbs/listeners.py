"""Objects that are told how far a run is, and what a user should know of it."""

from collections.abc import Callable
from typing import Protocol

from normstat.errors import Message


class Listener(Protocol):
    """An object that a run tells how far it is. The default says nothing.

    A method ``warning``, where there is one, is told what went wrong; otherwise ``notice`` is.
    """

    def total(self, images: int) -> None:
        """Number of images; called once it is known."""

    def advance(self, images: int) -> None:
        """So many more are done; fewer than 0 if some are to be done again."""

    def notice(self, message: str) -> None:
        """Something that a user should know."""


class Progress(Listener, Protocol):
    """A listener that can be warned."""

    def warning(self, message: str) -> None:
        """Something that went wrong, or was done to a user's file: not even -q hides it."""


class Silent:
    """A :class:`Progress` that says nothing."""

    def total(self, images: int) -> None: ...
    def advance(self, images: int) -> None: ...
    def notice(self, message: str) -> None: ...
    def warning(self, message: str) -> None: ...


class _Heard:
    """Hands everything to a listener, and warnings as notices to one that has no `warning`."""

    def __init__(self, listener: Listener) -> None:
        self.total, self.advance = listener.total, listener.advance
        self._notice = listener.notice
        self._warning: Callable[[str], None] = getattr(listener, "warning", listener.notice)

    def notice(self, message: str) -> None:
        self._notice(Message(message))

    def warning(self, message: str) -> None:
        self._warning(Message(message))


class Done:
    """Hands everything on, and can take back what is done.

    >>> class Printed(Silent):
    ...     def advance(self, images: int) -> None:
    ...         print(images)
    >>> done = Done(Printed())
    >>> done.advance(2), done.advance(3), done.take_back()
    2
    3
    -5
    (None, None, None)
    """

    def __init__(self, progress: Progress) -> None:
        self.total, self.notice, self.warning = progress.total, progress.notice, progress.warning
        self._advance = progress.advance
        self._images = 0

    def advance(self, images: int) -> None:
        self._images += images
        self._advance(images)

    def take_back(self) -> None:
        """Tell that all has to be done again."""
        self._advance(-self._images)


def heard(listener: Listener | None) -> Progress:
    """Adapt a listener: one without `warning` is warned by `notice`; none is silent."""
    return Silent() if listener is None else _Heard(listener)
