"""Frozen summaries: what a user reads, made from states and rounded once.

Everything here is in unit scale: stored value / ``scale``, so that 8- and 16-bit images lie in
[0, 1]. Where a number is not defined it is None.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt
from typing import TypeAlias

import numpy as np

from normstat.accumulators.histogram import Histogram
from normstat.accumulators.moments import Moments
from normstat.accumulators.perimage import PerImage
from normstat.accumulators.tally import Extent, Fingerprint, KindTally, SplitTally, Tally
from normstat.images import MAX_PIXELS, NOTES, Code, Kind, Unreadable, path_bytes

_FIRST_SPLITS = ("train", "val", "test")
#: Types of stored pixels, from few bits to many.
DTYPES = ("uint8", "uint16", "int32", "float32")

#: Quantiles that are recorded, as they are written.
QUANTILES = ("0.005", "0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99", "0.995")

_Channels: TypeAlias = tuple[float, ...]
_Defined: TypeAlias = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class MeanStd:
    """A mean and a std for each channel; None where there are no images to take them from."""

    mean: _Channels | None = None
    std: _Channels | None = None


@dataclass(frozen=True, slots=True)
class StandardError:
    """Standard errors of the pooled mean and std, with the image as the unit of sampling.

    None for each channel where they are not defined: fewer than two images, or a std of 0.
    """

    mean: _Defined | None = None
    std: _Defined | None = None


@dataclass(frozen=True, slots=True)
class SplitStats:
    """The statistics of one split.

    Attributes
    ----------
    listed, images, unreadable, skipped : listed = images + unreadable + skipped.
    pixels : pixels counted, per channel.
    channels : ``("gray",)`` or ``("R", "G", "B")``.
    dtype : of the stored pixels.
    scale : stored value that is 1.0 here: 255, 65535 or 1.
    mean, std : pooled over all pixels, population (ddof 0).
    stderr : their standard errors, by image.
    per_image : averages over images of each image's own mean and own std (ddof 0 within it).
    min, max : smallest and largest pixel.
    quantiles : of all pixels, linearly interpolated; None for floating-point pixels.
    covariance : not computed yet: None.
    width, height : extents in pixels.
    modes, formats : images by Pillow's mode and by file format.
    notes : images by :data:`normstat.images.NOTES`.
    fingerprint : of the images counted.
    state : what the rest was computed from, and what adding needs.
    """

    listed: int
    images: int
    unreadable: int
    skipped: int
    pixels: int
    channels: tuple[str, ...] | None
    dtype: str | None
    scale: int | None
    mean: _Channels | None
    std: _Channels | None
    stderr: StandardError
    per_image: MeanStd
    min: _Channels | None
    max: _Channels | None
    quantiles: Mapping[str, _Channels] | None
    covariance: None
    width: Extent
    height: Extent
    modes: Mapping[str, int]
    formats: Mapping[str, int]
    notes: Mapping[str, int]
    fingerprint: Fingerprint
    state: SplitTally = field(repr=False)

    def histogram(self) -> Histogram | None:
        """Counts of each value in each channel; None if nothing was counted."""
        if self.dtype is None:
            return None
        values = _merged(self.state, self.dtype)[1].values
        return values if isinstance(values, Histogram) else None


@dataclass(frozen=True, slots=True)
class Settings:
    """What decided the numbers, besides the images.

    Attributes
    ----------
    channels : ``auto``, ``gray`` or ``rgb``.
    include, exclude : globs.
    resize, crop : not offered yet: None.
    max_pixels : limit of width × height.
    split_dirs : split → folder, as given.
    """

    channels: str = "auto"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    resize: None = None
    crop: None = None
    max_pixels: int = MAX_PIXELS
    split_dirs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stats:
    """The statistics of a data set; what a stats file holds.

    Attributes
    ----------
    normstat : version that computed them.
    decoder : versions of Pillow and of the JPEG library.
    settings : what decided the numbers.
    splits : split → statistics.
    unreadable : a record for each image that could not be counted; of those of another depth
        than their split's, the first ten.
    """

    normstat: str
    decoder: Mapping[str, str | None]
    settings: Settings
    splits: Mapping[str, SplitStats]
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every image listed was counted."""
        return not any(split.unreadable for split in self.splits.values())


def summarize(
    tally: Tally, splits: Iterable[str], settings: Settings, versions: Mapping[str, str | None]
) -> Stats:
    """The statistics of a state.

    Parameters
    ----------
    tally : the sum over all images.
    splits : names of the splits to report, with or without images.
    settings : what decided the numbers.
    versions : of ``normstat``, and of what decoded the images.
    """
    states = {
        name: tally.splits.get(name, SplitTally()) for name in sorted(splits, key=_split_order)
    }
    records = [record for state in states.values() for record in state.unreadable]
    for name, state in states.items():
        records.extend(_other_depth(name, state))
    records.sort(key=lambda record: (_split_order(record.split), path_bytes(record.path)))
    return Stats(
        normstat=versions["normstat"] or "",
        decoder={name: version for name, version in versions.items() if name != "normstat"},
        settings=settings,
        splits={name: summarize_split(state) for name, state in states.items()},
        unreadable=tuple(records),
    )


def summarize_split(state: SplitTally) -> SplitStats:
    """The statistics of one split: of the depth that most of its images have."""
    dtype = _majority(state)
    if dtype is None:
        return _without_images(state)
    kind, tally = _merged(state, dtype)
    scale = kind.scale
    averages = tally.per_image.averages()
    values = tally.values
    pooled = _exact(values, scale) if isinstance(values, Histogram) else _floating(values, scale)
    return SplitStats(
        listed=state.listed,
        images=tally.images,
        unreadable=state.listed - tally.images,
        skipped=0,
        pixels=tally.per_image.pixels,
        channels=kind.channels,
        dtype=kind.dtype,
        scale=scale,
        mean=pooled.mean,
        std=pooled.std,
        stderr=_standard_error(tally.per_image, scale),
        per_image=MeanStd(
            tuple(float(mean / scale) for mean, _ in averages),
            tuple(float(std / scale) for _, std in averages),
        ),
        min=pooled.min,
        max=pooled.max,
        quantiles=pooled.quantiles,
        covariance=None,
        width=tally.width,
        height=tally.height,
        modes=dict(sorted(tally.modes.items())),
        formats=dict(sorted(tally.formats.items())),
        notes={note: tally.notes.get(note, 0) for note in NOTES},
        fingerprint=tally.fingerprint,
        state=state,
    )


def _without_images(state: SplitTally) -> SplitStats:
    return SplitStats(
        listed=state.listed,
        images=0,
        unreadable=state.listed,
        skipped=0,
        pixels=0,
        channels=None,
        dtype=None,
        scale=None,
        mean=None,
        std=None,
        stderr=StandardError(),
        per_image=MeanStd(),
        min=None,
        max=None,
        quantiles=None,
        covariance=None,
        width=Extent(),
        height=Extent(),
        modes={},
        formats={},
        notes=dict.fromkeys(NOTES, 0),
        fingerprint=Fingerprint(),
        state=state,
    )


def _majority(state: SplitTally) -> str | None:
    """The dtype of most images; of equal numbers the one with fewer bits."""
    images: Counter[str] = Counter()
    for kind, tally in state.kinds.items():
        images[kind.dtype] += tally.images
    return max(images, key=lambda dtype: (images[dtype], -DTYPES.index(dtype)), default=None)


def _merged(state: SplitTally, dtype: str) -> tuple[Kind, KindTally]:
    """The images of one dtype; gray ones among others count in every channel."""
    kinds = {kind: tally for kind, tally in state.kinds.items() if kind.dtype == dtype}
    widest = max(kinds, key=lambda kind: len(kind.channels))
    total = KindTally.empty(widest)
    for kind in sorted(kinds):
        tally = kinds[kind]
        total += tally if kind == widest else tally.spread(len(widest.channels))
    return widest, total


def _other_depth(split: str, state: SplitTally) -> Iterable[Unreadable]:
    """Records for the images that the split's statistics leave out: the first few by name."""
    majority = _majority(state)
    for kind, tally in state.kinds.items():
        if kind.dtype != majority:
            detail = f"{kind.dtype} among {majority}; {tally.images} such in {split}"
            for path in tally.first:
                yield Unreadable(split, path, Code.OTHER_DEPTH, detail)


@dataclass(frozen=True, slots=True)
class _Pooled:
    mean: _Channels
    std: _Channels
    min: _Channels
    max: _Channels
    quantiles: Mapping[str, _Channels] | None


def _exact(values: Histogram, scale: int) -> _Pooled:
    n = values.count
    sums = values.power_sums()
    ranges = values.range()
    return _Pooled(
        mean=tuple(s / (n * scale) for s, _ in sums),
        std=tuple(_sqrt(Fraction(n * q - s * s, (n * scale) ** 2)) for s, q in sums),
        min=tuple(low / scale for low, _ in ranges),
        max=tuple(high / scale for _, high in ranges),
        quantiles={
            p: tuple(float(value / scale) for value in values.quantile(Fraction(p)))
            for p in QUANTILES
        },
    )


def _floating(values: Moments, scale: int) -> _Pooled:
    return _Pooled(
        mean=tuple((values.mean / scale).tolist()),
        std=tuple((np.sqrt(values.m2 / values.count) / scale).tolist()),
        min=tuple((values.min / scale).tolist()),
        max=tuple((values.max / scale).tolist()),
        quantiles=None,
    )


def _standard_error(per_image: PerImage, scale: int) -> StandardError:
    if per_image.images < 2:
        undefined = (None,) * len(per_image.channels)
        return StandardError(undefined, undefined)
    return StandardError(
        tuple(_sqrt(variance / scale**2) for variance in per_image.mean_variance()),
        tuple(
            None if variance is None else _sqrt(variance / scale**2)
            for variance in per_image.std_variance()
        ),
    )


def _sqrt(square: Fraction) -> float:
    """The square root of a rational number, correctly rounded.

    >>> _sqrt(Fraction(2)), _sqrt(Fraction(0))
    (1.4142135623730951, 0.0)
    """
    if not square:
        return 0.0
    p, q = square.numerator, square.denominator
    # At least 128 bits of the root; the last one, set where anything was cut off, keeps a
    # midpoint between two doubles from looking like one.
    places = max(0, 256 - p.bit_length() + q.bit_length()) // 2 + 1
    whole, rest = divmod(p << (2 * places), q)
    root = isqrt(whole)
    cut_off = bool(rest) or root * root != whole
    return (2 * root + cut_off) / (1 << (places + 1))


def _split_order(name: str) -> tuple[int, str]:
    """train, val, test, then the others by name."""
    return (_FIRST_SPLITS.index(name) if name in _FIRST_SPLITS else len(_FIRST_SPLITS), name)
