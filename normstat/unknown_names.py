"""Names that nothing has: the error that says so, and what was probably meant."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from normstat.errors import UsageError, command, option
from normstat.files import shown

# difflib's own 0.6 takes "nope" for "openai".
_ALIKE = 0.7
# Letters that other names have, too, by chance if they are fewer; and names that a message has.
_LONG = 3
_MOST = 6
#: Kind of name → its names in a few words, and the command that lists them.
KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "preset": ("presets and published data sets", command("presets")),
        "method": ("methods", command("apply", "help")),
        "target": ("targets", command("export", "list")),
    }
)
# Kind of name → the parameter that takes it.
_TAKEN_BY = {"preset": "preset", "method": "method", "target": "to"}


def no_such(
    name: str, kind: str, known: Mapping[str, Iterable[str]], shown_as: str = ""
) -> UsageError:
    """The error of a name that nothing has; its message says what kinds of names there are.

    Parameters
    ----------
    name : as it was given.
    kind : asked for, one of :data:`KINDS`, or several with "or".
    known : kind → names, as far as the caller knows them.
    shown_as : the name in its option; by default alone.

    Examples
    --------
    >>> str(no_such("unti", "preset", {"method": ["unit"]})).partition(" to list")[0]
    'unti: no such preset; did you mean the method unit (method="unit")?'
    """
    guess = _guess(plain(name), kind, known)
    lists = "; ".join(f"{kinds}: {lister}" for kinds, lister in KINDS.values())
    return UsageError(f"{shown_as or shown(name)}: no such {kind}; {guess}to list {lists}")


def _guess(name: str, kind: str, known: Mapping[str, Iterable[str]]) -> str:
    """Words on what was meant: a name of another kind, names with this in them, or one like it."""
    others = {each: names for each, names in known.items() if each not in kind.split(" or ")}
    own = [each for kind_of, names in known.items() if kind_of not in others for each in names]
    words = "".join(
        f"{name} is a {each} ({option(_TAKEN_BY[each], name)}); "
        for each, names in others.items()
        if name in names
    )
    if len(name) >= _LONG and (having := [each for each in own if name in each][:_MOST]):
        return f"{words}did you mean {' or '.join(having)}? "
    if words:
        return words
    if found := closest(name, own):
        return f"did you mean {found}? "
    for each, names in others.items():
        if found := closest(name, names):
            return f"did you mean the {each} {found} ({option(_TAKEN_BY[each], found)})? "
    return ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant; None if none is like it.

    >>> closest("imagnet", ["imagenet", "clip"]), closest("nope", ["openai"])
    ('imagenet', None)
    """
    import difflib  # only a wrong name needs it

    return next(iter(difflib.get_close_matches(plain(name), known, 1, _ALIKE)), None)


def plain(name: str) -> str:
    """The name as tables have it: case, ``-`` and ``_`` do not matter.

    >>> plain("Open_CLIP")
    'open-clip'
    """
    return name.lower().replace("_", "-")
