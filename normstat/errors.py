"""Every exception that normstat raises on purpose, as one tree.

::

    NormstatError                   its ``exit_code`` is the command's
    ├── UsageError              2   could not start: options, paths
    │   ├── NothingToRead       2   no image, or none that can be read
    │   ├── UnknownSplit        2   a split that DATA does not have
    │   ├── UnknownFolder       2   a folder that DATA does not have
    │   ├── AmbiguousSplit      2   a folder that names two splits
    │   ├── OtherSplits         2   names say other splits than the first of them
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

import re
import shlex
from collections.abc import Mapping
from typing import Any

# Around an option in a template: its words in Python, then those on the command line. No name of a
# file has them in a message: they are escaped there.
_OPTION = re.compile("\x0e([^\x0f]*)\x1f([^\x0f]*)\x0f")
# Parameters whose flag has another name.
_FLAGS = {"from_split": "from", "levels": "rule"}
# Flags whose parameter has another name.
_PARAMETERS = {"preset": "source", "stats": "source"}


def option(name: str, value: Any = None, *, metavar: str = "", for_shell: bool = False) -> str:
    """An option in the template of a message: a parameter in Python, a flag on the command line.

    Parameters
    ----------
    name : of the parameter.
    value : printable; True for one that is switched on, ``...`` where any value is meant.
    metavar : in place of a value, what stands for any.
    for_shell : quote the flag's value where a shell would not take it for one word.

    Examples
    --------
    >>> for message in map(Message, (option("labels", "count"), option("crop", metavar="N"))):
    ...     print(message, message.on_command_line())
    labels="count" --labels count
    crop=N --crop N
    """
    flag, parameter = f"--{_FLAGS.get(name, name).replace('_', '-')}", _PARAMETERS.get(name, name)
    if metavar or value is not None:
        parameter = f"{parameter}={metavar or _literal(value)}"
    if metavar or not (value is None or value is True or value is ...):
        words = metavar or _words(value)
        flag = f"{flag} {shlex.quote(words) if for_shell else words}"
    return f"\x0e{parameter}\x1f{flag}\x0f"


def command(name: str, flag: str = "") -> str:
    """A command line in a message, the same for users of Python: they have the command, too.

    >>> command("export", "list")
    'normstat export --list'
    """
    return f"normstat {name}" + (f" --{flag}" if flag else "")


def _words(value: Any) -> str:
    """A value as it is given to a flag; several are separated by commas."""
    if isinstance(value, Mapping):
        value = [f"{key}={item}" for key, item in value.items()]
    return ",".join(value) if isinstance(value, list) else str(value)


def _literal(value: Any) -> str:
    """A value as Python is given it; what is escaped in a text is escaped as Python does."""
    if isinstance(value, str):
        return '"' + value.replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        items = (f"{_literal(key)}: {_literal(item)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return "..." if value is ... else str(value)


class Message(str):
    """A message as a user of Python reads it.

    Parameters
    ----------
    template : the message, with each :func:`option` in both forms.

    Examples
    --------
    >>> message = Message(f"{option('split_dir', {'train': '2023'})}: there is no such folder")
    >>> print(message, message.on_command_line(), sep="; ")
    split_dir={"train": "2023"}: there is no such folder; --split-dir train=2023: there is no such \
folder
    """

    template: str

    def __new__(cls, template: str) -> "Message":
        template = template.template if isinstance(template, Message) else template
        message = super().__new__(cls, _OPTION.sub(r"\1", template))
        message.template = template
        return message

    def __reduce__(self) -> tuple[type["Message"], tuple[str]]:
        return Message, (self.template,)

    def on_command_line(self) -> str:
        """The message, with flags for parameters."""
        return _OPTION.sub(r"\2", self.template)


class NormstatError(Exception):
    """The root of the tree.

    Parameters
    ----------
    template : the message; :func:`option` names an option in it.

    Attributes
    ----------
    exit_code : int
        Exit code of a command that ends with this error.
    message : Message
        For a user of Python; ``message.on_command_line()`` for one of the command line.

    Examples
    --------
    >>> error = NormstatError(f"name one, as in {option('from_split', 'all')}")
    >>> print(error, error.message.on_command_line(), sep="; ")
    name one, as in from_split="all"; name one, as in --from all
    """

    exit_code = 70

    def __init__(self, template: str = "") -> None:
        self.message = Message(template)
        super().__init__(self.message)


class UsageError(NormstatError):
    """The run could not start: an option, a path or a folder's layout is at fault."""

    exit_code = 2


class NothingToRead(UsageError):
    """No image was found, or not one of those found can be read."""


class UnknownSplit(UsageError):
    """DATA has no such split."""


class UnknownFolder(UsageError):
    """DATA has no such folder to give to a split."""


class AmbiguousSplit(UsageError):
    """A folder's name, or its place, speaks for two splits at once."""


class OtherSplits(UsageError):
    """Names say splits, and the first of many said none; whoever presumed so begins again."""


class StatsFileError(UsageError):
    """A stats file cannot be used; the message starts with the JSON pointer of the problem."""


class UnreadableImage(NormstatError):
    """One image gives no pixels. It becomes a record and the run goes on.

    Parameters
    ----------
    code : str
        One of :class:`normstat.images.Code`.
    detail : str
        The observation, in words that are the same on every machine.
    """

    exit_code = 3

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.args = (code, detail)
        self.code = code
        self.detail = detail
        #: Of the file's bytes, hexadecimal, where they were read.
        self.sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else str(self.code)


class Stopped(NormstatError):
    """The run ended before its end; nothing half-written is left behind."""

    exit_code = 4


class TooManyErrors(Stopped):
    """More images were unreadable than `max_errors` allows."""


class OutputError(Stopped):
    """The result cannot be written where it was asked for."""


class NotNormalizable(Stopped):
    """A method has no answer for an image; the caller adds its name."""


class FlatImage(NotNormalizable):
    """The image's own std, or max - min, is 0, and a method divides by it."""


class OutOfRange(NotNormalizable):
    """A value is not finite, or does not stay finite in the dtype of the result."""


class EngineLost(Stopped):
    """Worker processes cannot be started, or none is left."""
