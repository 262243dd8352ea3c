"""States to statistics, in exact arithmetic as far as it goes, and rounded once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import isqrt
from types import MappingProxyType

from normstat.accumulators.exact_sums import ExactSums
from normstat.accumulators.tally import SplitTally, Tally
from normstat.constants import Channels
from normstat.images import NOTES, Code, LeftOut, Unreadable, path_bytes
from normstat.stats.split_stats import (
    QUANTILES,
    MeanStd,
    Settings,
    SplitStats,
    StandardError,
    Stats,
)

_FIRST = ("train", "val", "test")
_NOTHING = LeftOut()
_NONE: Mapping[str, int] = MappingProxyType({})


def summarize(
    tally: Tally,
    splits: Iterable[str],
    settings: Settings,
    versions: Mapping[str, str | None],
    left_out: LeftOut = _NOTHING,
) -> Stats:
    """The statistics of a state.

    Parameters
    ----------
    tally : the sum over all images.
    splits : names of the splits to report, with or without images.
    settings : what decided the numbers.
    versions : of ``normstat``, and of what decoded the images.
    left_out : images that were skipped.
    """
    states = {
        name: tally.splits.get(name, SplitTally()) for name in sorted(splits, key=split_order)
    }
    records = [record for state in states.values() for record in state.unreadable]
    for name, state in states.items():
        records.extend(_other_depth(name, state))
    records.sort(key=lambda record: (split_order(record.split), path_bytes(record.path)))
    return Stats(
        normstat=versions["normstat"] or "",
        decoder={name: version for name, version in versions.items() if name != "normstat"},
        settings=settings,
        splits={
            name: summarize_split(state, left_out.numbers(name)) for name, state in states.items()
        },
        unreadable=tuple(records),
        skipped=left_out.beside,
    )


def summarize_split(state: SplitTally, skipped: Mapping[str, int] = _NONE) -> SplitStats:
    """The statistics of one split: of the depth that most of its images have.

    Parameters
    ----------
    state : the sum over its images.
    skipped : reason → images that were left out.
    """
    majority = state.majority()
    images = majority[1].images if majority else 0
    left_out = sum(skipped.values())
    split = SplitStats(
        listed=state.listed + left_out,
        images=images,
        unreadable=state.listed - images,
        skipped=left_out,
        skipped_reasons=dict(skipped),
        state=state,
    )
    if majority is None:
        return split
    kind, tally = majority
    scale = kind.scale
    averages = tally.per_image.averages()
    pooled = tally.values.summary(tally.per_image, QUANTILES)
    quantiles, products = pooled.quantiles, tally.covariance
    return replace(
        split,
        pixels=tally.per_image.pixels,
        channels=kind.channels,
        dtype=kind.dtype,
        scale=scale,
        mean=_divided((mean for mean, _ in pooled.moments), scale),
        std=tuple(_sqrt(variance / scale**2) for _, variance in pooled.moments),
        stderr=_standard_error(tally.per_image, scale),
        per_image=MeanStd(
            _divided((mean for mean, _ in averages), scale),
            _divided((std for _, std in averages), scale),
        ),
        min=_divided((low for low, _ in pooled.range), scale),
        max=_divided((high for _, high in pooled.range), scale),
        quantiles=None
        if quantiles is None
        else {p: _divided(values, scale) for p, values in quantiles.items()},
        quantile_error=tally.values.quantile_error,
        covariance=None
        if products is None
        else tuple(_divided(row, scale**2) for row in products.covariance()),
        width=tally.width,
        height=tally.height,
        sizes=tally.sizes,
        modes=dict(sorted(tally.modes.items())),
        formats=dict(sorted(tally.formats.items())),
        notes={note: tally.notes.get(note, 0) for note in NOTES},
        fingerprint=tally.fingerprint,
    )


def _divided(values: Iterable[Fraction], unit: int) -> Channels:
    return tuple(float(value / unit) for value in values)


def _other_depth(split: str, state: SplitTally) -> Iterable[Unreadable]:
    """Records for the images that the split's statistics leave out: the first few by name."""
    majority = state.majority()
    for kind, tally in state.minorities():
        detail = f"{kind} among {majority[0] if majority else ''}; {tally.images} such in {split}"
        for path in tally.first:
            yield Unreadable(split, path, Code.OTHER_DEPTH, detail)


def _standard_error(per_image: ExactSums, scale: int) -> StandardError:
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
    """The square root of a rational number, correctly rounded."""
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


def split_order(name: str) -> tuple[int, str]:
    """train, val, test, then the others by name."""
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)
