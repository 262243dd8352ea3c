"""Answers of servers, and errors of all libraries in the same few words."""

import errno
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

# Waits before an object is asked for again, in seconds; the libraries have short ones of their own.
_PAUSES = (0.1, 0.5, 2.0, 6.0)
# Seconds that a server has for its first answer.
_PATIENCE = 6.0
_GONE = {404, 410}
_FORBIDDEN = {401, 403, 407}
_PASSING = {408, 425, 429}
_PASSING_ERRNO = {errno.EBUSY, errno.EAGAIN, getattr(errno, "EREMOTEIO", errno.EBUSY)}
# By name, as most libraries that have them are not there.
_WITHOUT_CREDENTIALS = {
    "ClientAuthenticationError",
    "DefaultCredentialsError",
    "LocalTokenNotFoundError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
}
_OF_CONNECTIONS = {"aiohttp", "aiobotocore", "botocore", "requests", "urllib3", "httpx", "httpcore"}
_T = TypeVar("_T")


class PassingError(OSError):
    """The server, or the way to it, has failed; time may mend that."""


class FailedError(PassingError):
    """The server has answered that it cannot answer now."""


class ChangedError(OSError):
    """Another object is there now than the one that was listed."""


def asked(call: Callable[[], _T], pauses: tuple[float, ...] | None = None) -> _T:
    """The answer of a server, which is asked again after pauses where that may help.

    Raises
    ------
    OSError
        A FileNotFoundError, PermissionError, ChangedError, PassingError (asked too often), or
        another; ``strerror`` has no words of the server or the library, and so no secret.
    """
    for pause in _PAUSES if pauses is None else pauses:
        try:
            with in_our_words():
                return call()
        except PassingError:
            time.sleep(pause)
    with in_our_words():
        return call()


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
        # Libraries ask again where a server only says that it is busy, and tell nobody.
        reason = f"no answer from the server in {_PATIENCE:g} s, or none but failures"
        raise PassingError(errno.EIO, reason) from None
    if error:
        raise error
    return cast("_T", answer)


class in_our_words:  # noqa: N801  # used as a function
    """Errors of libraries inside are raised as :func:`asked` does."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        known = PassingError, ChangedError, MemoryError
        if isinstance(error, Exception) and not isinstance(error, known):
            # Not "from error": a traceback would show what the library knows.
            raise _meaning(error) from None


def _meaning(error: Exception) -> OSError:
    for cause in _causes(error):
        status = _status(cause)
        if status:
            return _of_status(status)
    names = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    if not names.isdisjoint(_WITHOUT_CREDENTIALS):
        return PermissionError(errno.EACCES, "no credentials were found")
    if isinstance(error, FileNotFoundError):
        return _of_status(404)
    if isinstance(error, PermissionError):
        return _of_status(403)
    if isinstance(error, NotImplementedError):
        return OSError(errno.ENOSYS, "this kind of URL cannot do that")
    name = type(error).__name__
    of_connection = _library(error) in _OF_CONNECTIONS
    passing = (ConnectionError, TimeoutError, EOFError)
    if isinstance(error, passing) or of_connection or _errno(error) in _PASSING_ERRNO:
        return PassingError(errno.EIO, f"no answer from the server: {name}")
    return OSError(errno.EIO, f"cannot be read: {name}")


def _of_status(status: int) -> OSError:
    if status in _GONE:
        return FileNotFoundError(errno.ENOENT, "there is no such object")
    if status in _FORBIDDEN:
        return PermissionError(errno.EACCES, "access is denied")
    if status == 412:
        return ChangedError(errno.EBUSY, "another object is there now")
    if status in _PASSING or status >= 500:
        return FailedError(errno.EIO, f"the server failed: HTTP {status}")
    return OSError(errno.EIO, f"the server refused: HTTP {status}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _status(error: BaseException) -> int:
    """HTTP status of an answer, as the libraries keep it; 0 if there was none."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):  # botocore
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        found = getattr(response, "status_code", None)
    # aiohttp says 400 of an answer that breaks off.
    for name in ("status", "status_code", *(() if _library(error) == "aiohttp" else ("code",))):
        found = found or getattr(error, name, None)
    return int(found) if str(found).isdigit() and 400 <= int(str(found)) < 600 else 0


def _library(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _errno(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None
