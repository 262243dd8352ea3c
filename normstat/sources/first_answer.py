"""Cures for servers that give no answer, or none that helps."""

from normstat.urls import CREDENTIALS, FailedError, PassingError


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
    if isinstance(error, FailedError):
        return f"{reason}; it is there, so try again later"
    if isinstance(error, PassingError):
        return (
            f"{reason}; look for a slip in the address, and at the network; a server that is busy "
            "needs time"
        )
    return f"cannot be read ({reason})"
