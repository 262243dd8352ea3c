"""Constants in the words of a framework."""

import os
from collections.abc import Iterator, Sequence

from normstat import files
from normstat.constants import Constants
from normstat.conventions.targets import TARGETS, Exported, Target
from normstat.conventions.targets.in_place import replaced
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.methods import source_named, split_of
from normstat.presets import Preset
from normstat.stats import SplitStats, Stats
from normstat.verbs.names import unknown

_COLORS = ("R", "G", "B")


def export(
    source: Stats | SplitStats | Preset | str | os.PathLike[str],
    to: str,
    *,
    from_split: str | None = None,
    allow_approximate: bool = False,
) -> str:
    """Write constants as a framework takes them.

    Parameters
    ----------
    source : statistics, or a file of them; a preset, or its name, with or without ``preset:``.
    to : target, one of :data:`normstat.conventions.targets.TARGETS`.
    from_split : whose statistics; None: those of ``train``.
    allow_approximate : write also for a target that cannot hold a std for each channel.

    Returns
    -------
    str
        The content of a file, or a snippet, with what the numbers are of as a comment.

    Raises
    ------
    UsageError
        An unknown target or split; constants that the target cannot hold; a std of 0.

    Examples
    --------
    >>> print(export("imagenet", "environment"))
    # imagenet (preset)
    # of pixels / 255, channels R, G, B, arrays of any layout, float32
    NORMSTAT_MEAN=0.485,0.456,0.406
    NORMSTAT_STD=0.229,0.224,0.225
    NORMSTAT_WHITE=255.0
    <BLANKLINE>
    """
    target, exported = _refused(source, to, from_split, allow_approximate)
    return _commented(target, exported) + target.text(exported)


def targets() -> Iterator[tuple[str, str]]:
    """Names of the targets, and what each is.

    >>> dict(targets())["timm"]
    'timm config.json'
    """
    for name, row in TARGETS.items():
        target: Target = row.load()
        more = " (one scale for all channels)" if target.approximates else ""
        yield name, f"{target.what}{more}"


def update(
    file: str | os.PathLike[str],
    source: Stats | SplitStats | Preset | str | os.PathLike[str],
    to: str,
    *,
    from_split: str | None = None,
) -> str:
    """The text of a JSON configuration with other constants, and nothing else changed.

    Parameters
    ----------
    file : configuration of the target.
    source, to, from_split : as for :func:`export`.

    Raises
    ------
    UsageError
        As for :func:`export`; or `file` is no such configuration.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/config.json", "w") as file:
    ...         _ = file.write('{"architecture": "vit", "mean": [0, 0, 0], "std": [1, 1, 1]}')
    ...     print(update(file.name, "clip", "timm"))
    {"architecture": "vit", "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, \
0.26130258, 0.27577711]}
    """
    target, exported = _refused(source, to, from_split, allow_approximate=False)
    if not target.keys:
        known = [name for name, row in TARGETS.items() if row.load().keys]
        raise UsageError(
            f"{option('to', to)}: is no JSON file to update; these are: {', '.join(known)}"
        )
    values = {name: value(exported) for name, value in target.keys.items()}
    known_by = next(name for name in values if "mean" in name)
    try:
        text = files.read(os.fspath(file)).decode("utf-8")
        return replaced(text, values, known_by, target.under)
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(file)}: is not UTF-8") from error
    except OSError as error:
        raise UsageError(f"{shown(file)}: cannot be read ({error.strerror})") from error
    except UsageError as error:
        raise UsageError(f"{shown(file)}: {error.message.template}") from error


def _refused(
    source: Stats | SplitStats | Preset | str | os.PathLike[str],
    to: str,
    from_split: str | None,
    allow_approximate: bool,
) -> tuple[Target, Exported]:
    """The target and what it is given; a UsageError where it cannot hold that."""
    if to not in TARGETS:
        raise unknown(to, "target", option("to", shown(to)))
    target: Target = TARGETS[to].load()
    if target.needs:
        raise UsageError(f"{option('to', to)}: {target.needs}")
    exported = _exported(source, from_split)
    _refuse_channels(to, target, exported)
    for name, std in zip(exported.channels, exported.constants.std, strict=True):
        if not std > 0:
            raise UsageError(
                f"{option('to', to)}: the std of {shown(name)} is 0, and every framework divides "
                "by it; leave the channel out"
            )
    if target.approximates and not allow_approximate:
        error = _largest_error(exported, target.approximates(exported))
        raise UsageError(
            f"{option('to', to)}: holds one scale for all channels; normalized pixels would be off "
            f"by up to {error:.2g}; {option('allow_approximate', True)} writes that"
        )
    return target, exported


def _refuse_channels(to: str, target: Target, exported: Exported) -> None:
    number = len(exported.channels)
    if target.colors and number > 1 and exported.channels != _COLORS:
        names = shown(", ".join(exported.channels[:8]))
        raise UsageError(
            f"{option('to', to)}: takes images that are gray or R, G, B, and these are {names}"
        )
    if number > (target.most or number):
        raise UsageError(
            f"{option('to', to)}: takes at most {target.most} channels, and these are {number}"
        )


def _largest_error(exported: Exported, approximated: Sequence[tuple[float, float]]) -> float:
    """Largest difference of normalized pixels, from black to white."""
    pairs = zip(exported.affine, approximated, strict=True)
    return max(
        abs((a - near_a) * x + b - near_b)
        for (a, b), (near_a, near_b) in pairs
        for x in (0.0, exported.white)
    )


def _exported(
    source: Stats | SplitStats | Preset | str | os.PathLike[str], from_split: str | None
) -> Exported:
    origin = shown(source) if isinstance(source, (str, os.PathLike)) else "statistics"
    if isinstance(source, str):
        source = source.removeprefix("preset:")
    found = source_named(source)
    if isinstance(found, str):
        raise UsageError(f"{shown(found)}: a method has no constants to export")
    if isinstance(found, Preset):
        if from_split is not None:
            raise UsageError(f"{option('from_split', shown(from_split))}: a preset has no splits")
        made = found.constants.to(1, "RGB")
        channels = _COLORS if len(found.mean) > 1 else found.channels
        about = f"{found.name} (preset)"
        if found.definition:
            about = f"{found.name}, published; std {found.definition}"
        return Exported(made, channels, 255, "uint8", about)
    if isinstance(found, Stats):
        name = from_split or "train"
        found = split_of(found, name, "from_split")
        origin = f"{shown(name)} of {origin}"
    assert isinstance(found, SplitStats)
    if not (found.mean and found.std and found.channels and found.scale and found.dtype):
        raise UsageError(f"{origin}: has no images, and so no constants")
    extremes = (found.min, found.max) if found.min and found.max else None
    return Exported(
        Constants(found.mean, found.std),
        found.channels,
        found.scale,
        found.dtype,
        f"{origin}, {found.images:,} images, std over all pixels",
        extremes,
        found.pixels,
    )


def _commented(target: Target, exported: Exported) -> str:
    if not target.comment:
        return ""
    unit = target.unit.format(white=exported.white, largest=exported.largest)
    names = ", ".join(map(shown, exported.channels[:8]))
    more = ", …" if len(exported.channels) > 8 else ""
    approximate = ["approximate: one scale for all channels"] if target.approximates else []
    lines = [
        exported.origin,
        f"of {unit}, channels {names}{more}, arrays of {target.layout} layout, float32",
        *approximate,
    ]
    return "".join(f"{target.comment} {line}\n" for line in lines)
