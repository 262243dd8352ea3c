"""Other constants in a configuration that is there."""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from normstat import files
from normstat.conventions.documents import document_of
from normstat.conventions.read import read_bytes
from normstat.conventions.targets import TARGETS, Exported, Target
from normstat.conventions.targets.documents import of_keys
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.lazy import Row
from normstat.verbs.export import EXACT, Source, Written, about, chosen

_YAML = Row("normstat.conventions.targets.in_place_yaml:replaced", "yaml")
#: Ending of a file's name → function that replaces values in such a text.
EDITORS: Mapping[str, Row] = MappingProxyType(
    {
        ".json": Row("normstat.conventions.targets.in_place:replaced"),
        ".yaml": _YAML,
        ".yml": _YAML,
        ".toml": Row("normstat.conventions.targets.in_place_toml:replaced"),
    }
)


def update(
    file: str | os.PathLike[str], source: Source, to: str, *, from_split: str | None = None
) -> Written:
    """Write a configuration that is there with other constants, and nothing else changed.

    Parameters
    ----------
    file : configuration of the target: JSON, YAML or TOML, with comments or without.
    source, to, from_split : as for :func:`export`.

    Raises
    ------
    UsageError
        As for :func:`export`; or `file` is no such configuration, or does to pixels what the
        numbers are not for.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/config.json", "w") as file:
    ...         _ = file.write('{"architecture": "vit", "mean": [0, 0, 0], "std": [1, 1, 1]}')
    ...     print(update(file.name, "clip", "timm").text)
    {"architecture": "vit", "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, \
0.26130258, 0.27577711]}
    """
    target, exported = chosen(source, to, from_split, allow_approximate=False)
    name = os.fspath(file)
    edit = _editor(name, to, target)
    try:
        before = files.read(name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(name)}: is not UTF-8") from error
    except OSError as error:
        raise UsageError(f"{shown(name)}: cannot be read ({error.strerror})") from error

    def edited(exported: Exported) -> str:
        values = of_keys(target.keys, exported)
        known_by = next(key for key in values if "mean" in key.lower())
        try:
            text: str = edit(before, values, known_by, target.under)
        except UsageError as error:
            raise UsageError(f"{shown(name)}: {error.message.template}") from error
        return text

    text = edited(exported)
    (config, *_) = read_bytes(name, text.encode("utf-8"))
    if config.order == target.order[::-1]:
        exported = exported.reversed
        text = edited(exported)
    _refuse_other_numbers(name, text, exported)
    return Written(text, tuple(about(target, exported)), says=False)


def _editor(name: str, to: str, target: Target) -> Callable[..., str]:
    if not target.keys:
        known = [each for each, row in TARGETS.items() if row.load().keys]
        raise UsageError(
            f"{option('to', to)}: cannot be updated in place; these can: {', '.join(known)}"
        )
    ending = next((end for end in EDITORS if name.lower().endswith(end)), None)
    if ending is None or EDITORS[ending] is not EDITORS[target.suffix]:
        raise UsageError(f"{shown(name)}: {option('to', to)} is for a file {target.suffix}")
    editor: Callable[..., str] = EDITORS[ending].load()
    return editor


def _refuse_other_numbers(name: str, text: str, exported: Exported) -> None:
    """Refuse a file that does to pixels what the numbers are not for, such as an offset."""
    wanted = exported.affine
    for config in read_bytes(name, text.encode("utf-8")):
        made = config.of_pixels(exported.white, exported.dtype).constants
        made = made.spread(len(wanted)).to(exported.white, made.order)
        pairs = [(1 / std, -mean / std) for mean, std in zip(made.mean, made.std, strict=True)]
        if len(pairs) == len(wanted) and np.allclose(pairs, wanted, rtol=EXACT * 10, atol=1e-9):
            return
    raise UsageError(
        f"{shown(name)}: does more to pixels than mean and std say (a scale, an offset or another "
        "order of channels), so these numbers would be wrong there; write it by hand"
    )


def lost(file: str, written: Written) -> tuple[str, ...]:
    """Keys of a configuration that is there, and that what was written for it does not have.

    Raises
    ------
    UsageError
        The file is there and no such configuration.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/config.json", "w") as file:
    ...         _ = file.write('{"size": 224}')
    ...     print(lost(file.name, Written('{"image_mean": [0.5]}', (), says=False)))
    ('size',)
    """
    if not file.lower().endswith(tuple(EDITORS)) or not os.path.exists(file):
        return ()
    before = files.read(file)
    if not before.strip():
        return ()
    try:
        old, new = (document_of(file, data).value for data in (before, written.content))
    except UsageError as error:
        replaces = f"{option('overwrite', True)} replaces it"
        raise UsageError(f"{error.message.template}; {replaces}") from error
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ()
    return tuple(key for key in old if key not in new)
