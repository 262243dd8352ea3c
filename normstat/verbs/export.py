"""Constants in the words of a framework."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, overload

from normstat.constants import Constants
from normstat.conventions.targets import COLORS, TARGETS, Exported, Target
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.methods import source_named, split_of
from normstat.presets import Preset
from normstat.stats import Settings, SplitStats, Stats
from normstat.verbs.names import unknown

Source: TypeAlias = Stats | SplitStats | Preset | str | os.PathLike[str]
#: A difference of normalized pixels that nine digits leave, and that is none.
EXACT = 1e-7
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Written:
    """Constants as a target takes them.

    Attributes
    ----------
    text : the content of a file: text, or bytes where it is binary.
    about : lines that say what the numbers are of.
    says : the text has these lines as a comment.
    """

    text: str | bytes
    about: tuple[str, ...]
    says: bool

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.text.encode("utf-8") if isinstance(self.text, str) else self.text


@overload
def export(  # type: ignore[overload-overlap]  # the one target that is no text goes first
    source: Source,
    to: Literal["onnx"],
    *,
    from_split: str | None = None,
    allow_approximate: bool = False,
) -> bytes: ...
@overload
def export(
    source: Source, to: str, *, from_split: str | None = None, allow_approximate: bool = False
) -> str: ...
def export(
    source: Source, to: str, *, from_split: str | None = None, allow_approximate: bool = False
) -> str | bytes:
    """Write constants as a framework takes them.

    Parameters
    ----------
    source : statistics, or a file of them; a preset, or its name, with or without ``preset:``.
    to : target, one of :data:`normstat.conventions.targets.TARGETS`.
    from_split : whose statistics; None: those of ``train``.
    allow_approximate : write also for a target that cannot hold a std for each channel.

    Returns
    -------
    str, or bytes for ``onnx``
        The content of a file, or a snippet, with what the numbers are of as a comment.

    Raises
    ------
    UsageError
        An unknown target or split; constants that the target cannot hold; a std of 0; a package
        that the target needs is not installed.

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
    return write(source, to, from_split, allow_approximate).text


def write(
    source: Source, to: str, from_split: str | None = None, allow_approximate: bool = False
) -> Written:
    """Write constants as :func:`export` does, and say what they are of beside them, too.

    >>> write("clip", "timm").about
    ('clip (preset)', 'of pixels / 255, channels R, G, B, arrays of (C, H, W) layout, float32')
    """
    target, exported = chosen(source, to, from_split, allow_approximate)
    lines = (*about(target, exported), *filter(None, (target.note,)))
    text = target.text(exported)
    if not (target.comment and isinstance(text, str)):
        return Written(text, lines, says=False)
    comment = "".join(f"{target.comment} {line}\n" for line in lines)
    return Written(comment + text, lines, says=True)


def targets() -> Iterator[tuple[str, str, str]]:
    """Names of the targets, the ending of a file of each, and what it is.

    >>> next(targets())
    ('torchvision', '.py', 'torchvision v2 transform')
    """
    for name, row in TARGETS.items():
        target: Target = row.load()
        more = " (one scale for all channels)" if target.approximates else ""
        more = " (always refused: statistics of masks only)" if target.needs else more
        yield name, target.suffix, f"{target.what}{more}"


def refuse_ending(to: str, file: str) -> None:
    """Raise a UsageError if a file's name says another format than its target writes.

    >>> refuse_ending("torchvision", "a.json")
    Traceback (most recent call last):
    normstat.errors.UsageError: a.json: to="torchvision" writes .py; give a name that ends so
    """
    if to not in TARGETS:
        return  # which has its own message
    suffixes = {name: suffix for name, suffix, _ in targets()}
    ending = os.path.splitext(file)[1].lower().replace(".yml", ".yaml")
    if ending in {*suffixes.values()} - {suffixes[to], ".txt"}:
        raise UsageError(
            f"{shown(file)}: {option('to', to)} writes {suffixes[to]}; give a name that ends so"
        )


def chosen(
    source: Source, to: str, from_split: str | None, allow_approximate: bool
) -> tuple[Target, Exported]:
    """The target and what it is given; a UsageError where it cannot hold that."""
    if to not in TARGETS:
        raise unknown(to, "target", option("to", shown(to)))
    target: Target = TARGETS[to].load()
    if target.needs:
        raise UsageError(f"{option('to', to)}: {target.needs}")
    exported = _exported(source, from_split)
    _refuse_pixels(to, target, exported)
    for name, std in zip(exported.channels, exported.unit.std, strict=True):
        if not std > 0:
            raise UsageError(
                f"{option('to', to)}: the std of {shown(name)} is 0, and every framework divides "
                "by it; leave the channel out"
            )
    given = target.given(exported)
    error = _largest_error(target, given)
    if error > EXACT and not allow_approximate:
        raise UsageError(
            f"{option('to', to)}: holds one scale for all channels; normalized pixels would be off "
            f"by up to {error:.2g}; {option('allow_approximate', True)} writes that"
        )
    return target, given


def _refuse_pixels(to: str, target: Target, exported: Exported) -> None:
    number = len(exported.channels)
    if target.colors and number > 1 and not exported.is_color:
        raise UsageError(
            f"{option('to', to)}: takes images that are gray or R, G, B, and these are "
            f"{_names(exported)}"
        )
    if target.takes and number not in target.takes:
        *few, last = map(str, target.takes)
        raise UsageError(
            f"{option('to', to)}: takes {', '.join(few)} or {last} channels, and these are {number}"
        )
    if target.eight and exported.dtype != "uint8":
        raise UsageError(
            f"{option('to', to)}: takes pixels of 8 bits, and these are {exported.dtype}"
        )


def _largest_error(target: Target, exported: Exported) -> float:
    """Largest difference of normalized pixels, from black to white."""
    if not target.approximates:
        return 0.0
    approximated: Sequence[tuple[float, float]] = target.approximates(exported)
    pairs = zip(exported.affine, approximated, strict=True)
    return max(
        abs((a - near_a) * x + b - near_b)
        for (a, b), (near_a, near_b) in pairs
        for x in (0.0, exported.white)
    )


def _exported(source: Source, from_split: str | None) -> Exported:
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
        channels = COLORS if len(found.mean) > 1 else found.channels
        about = f"{found.name} (preset)"
        if found.definition:
            about = f"{found.name}, published; std {found.definition}"
        return Exported(made, channels, 255, "uint8", about)
    if isinstance(found, Stats):
        name = from_split or "train"
        done = _done(found.settings)
        found = split_of(found, name, "from_split")
        origin = f"{shown(name)} of {origin}{done}"
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
        found.images,
    )


def _done(settings: Settings) -> str:
    """Steps before images were counted, in words, and masks that count as images."""
    done = [f"resize {settings.resize}"] if settings.resize else []
    done += [f"crop {settings.crop}"] if settings.crop else []
    steps = f" (after {' and '.join(done)})" if done else ""
    return (
        f"{steps} (masks and other labels count as images)" if settings.labels == "count" else steps
    )


def about(target: Target, exported: Exported) -> Iterator[str]:
    """Lines that say what the numbers of a target are of."""
    yield exported.origin
    yield (
        f"of {target.pixels(exported)}, channels {_names(exported)}, arrays of {target.layout} "
        "layout, float32"
    )
    if (error := _largest_error(target, exported)) > EXACT:
        yield f"approximate: one scale for all channels, off by up to {error:.2g}"


def _names(exported: Exported) -> str:
    """The first few channels, and how many more there are."""
    names = ", ".join(map(shown, exported.channels[:_NAMED]))
    more = len(exported.channels) - _NAMED
    return f"{names} and {more} more" if more > 0 else names
