"""Every exception that normstat raises on purpose, as one tree.

::

    NormstatError                   its ``exit_code`` is the command's
    ├── UsageError              2   could not start: options, paths
    │   ├── NothingToRead       2   no image, or none that can be read
    │   ├── UnknownSplit        2   a split that DATA does not have
    │   ├── AmbiguousSplit      2   a folder that names two splits
    │   └── StatsFileError      2   a stats file that cannot be used
    ├── UnreadableImage         3   one image; a record, never the end of a run
    └── Stopped                 4   the run ended before its end
        ├── TooManyErrors       4   more unreadable images than allowed
        ├── OutputError         4   the result cannot be written
        ├── NotNormalizable     4   an image for which a method has no answer
        │   ├── FlatImage       4   its own std or range is 0
        │   └── OutOfRange      4   a value that the result's dtype cannot hold
        └── EngineLost          4   workers cannot start

Exit codes are an interface and are never renumbered. Code 1 belongs to a failed ``check`` alone,
70 to anything that is not in this tree: a bug.
"""

from collections.abc import Mapping
from types import MappingProxyType


class NormstatError(Exception):
    """The root of the tree.

    Attributes
    ----------
    exit_code : int
        What the command line exits with when this error ends it.
    flags : mapping
        Arguments that the message names, and the flags that stand for them on the command line.

    Examples
    --------
    >>> error = NormstatError('name one, as in from_split="all"')
    >>> error.flags = {'from_split="all"': "--from all"}
    >>> print(error, error.on_command_line(), sep="; ")
    name one, as in from_split="all"; name one, as in --from all
    """

    exit_code = 70
    flags: Mapping[str, str] = MappingProxyType({})

    def on_command_line(self) -> str:
        """The message, with flags for arguments."""
        message = str(self)
        for argument, flag in self.flags.items():
            message = message.replace(argument, flag)
        return message


class UsageError(NormstatError):
    """The run could not start: an option, a path or a folder's layout is at fault."""

    exit_code = 2


class NothingToRead(UsageError):
    """No image was found, or not one of those found can be read."""


class UnknownSplit(UsageError):
    """A split was asked for that DATA does not have."""


class AmbiguousSplit(UsageError):
    """A folder's name, or its place, speaks for two splits at once."""


class StatsFileError(UsageError):
    """A stats file cannot be used; the message starts with the JSON pointer of the problem."""


class UnreadableImage(NormstatError):
    """One image gives no pixels. It becomes a record and the run goes on.

    Parameters
    ----------
    code : str
        One of :class:`normstat.images.Code`.
    detail : str
        What was seen, in words that are the same on every machine.
    """

    exit_code = 3

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        #: Of the file's bytes, hexadecimal, where they were read.
        self.sha256: str | None = None


class Stopped(NormstatError):
    """The run ended before its end; nothing half-written is left behind."""

    exit_code = 4


class TooManyErrors(Stopped):
    """More images were unreadable than ``--max-errors`` allows."""


class OutputError(Stopped):
    """The result cannot be written where it was asked for."""


class NotNormalizable(Stopped):
    """A method has no answer for an image; whoever knows the image's name adds it."""


class FlatImage(NotNormalizable):
    """The image's own std, or max - min, is 0, and a method divides by it."""


class OutOfRange(NotNormalizable):
    """A value is not finite, or does not stay finite in the dtype of the result."""


class EngineLost(Stopped):
    """Worker processes cannot be started, or none is left."""
