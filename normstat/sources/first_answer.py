"""First questions to a server: an answer within seconds, or what to do about it."""

import errno
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

from normstat.urls import CREDENTIALS, PassingError

# Seconds that a server has for its first answer.
_PATIENCE = 6.0
_T = TypeVar("_T")


def soon(call: Callable[[], _T]) -> _T:
    """The answer to a first question; libraries may try for minutes to reach who is not there.

    >>> soon(lambda: 7)
    7
    """
    answers: SimpleQueue[tuple[_T | None, Exception | None]] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:  # noqa: BLE001  # raised by who waits
            answers.put((None, error))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer, error = answers.get(timeout=_PATIENCE)
    except Empty:
        raise PassingError(errno.EIO, f"no answer from the server in {_PATIENCE:g} s") from None
    if error:
        raise error
    return cast("_T", answer)


def cure(error: BaseException | None, scheme: str) -> str:
    """The reason why there is no answer, and what to do about it.

    >>> cure(FileNotFoundError(), "s3")
    'there is no such bucket or folder; look for a slip in the name'
    """
    reason = error.strerror if isinstance(error, OSError) else ""
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket or folder; look for a slip in the name"
    if isinstance(error, PermissionError):
        return f"{reason}; {CREDENTIALS.get(scheme, 'the environment has the credentials')}"
    if isinstance(error, PassingError):
        return f"{reason}; look for a slip in the address, and at the network"
    return f"cannot be read ({reason})"
