"""The files that were counted, from the list beside a stats file: sizes, and equal pixels."""

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from normstat.accumulators.duplicate_keys import common
from normstat.errors import option
from normstat.files import shown
from normstat.markup import NONE, number, table, text
from normstat.reports.page.sections import code, paragraph, section
from normstat.stats import Stats, split_order
from normstat.statsfile.file_list import NONE as MISSING
from normstat.statsfile.file_list import Entry
from normstat.svg import Curve, chart

_KEY = 16
_NAMED = 10
_BINS = 24
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "bytes"))


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of the files of a split.

    Attributes
    ----------
    files : how many there are.
    total : bytes of all.
    quantiles : bytes of the smallest, a quarter, half, three quarters and the largest.
    shares : of files in bins of equal ratio between the two ends; empty if all are equal.
    """

    files: int
    total: int
    quantiles: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    @classmethod
    def of(cls, sizes: list[int], files: int) -> "Sizes":
        """Summarize the sizes that are known.

        >>> Sizes.of([100, 300], 2).quantiles
        (100.0, 150.0, 200.0, 250.0, 300.0)
        """
        if not sizes:
            return cls(files, 0)
        array = np.array(sizes, np.float64)
        quantiles = tuple(np.quantile(array, [0, 0.25, 0.5, 0.75, 1]).tolist())
        shares: tuple[float, ...] = ()
        if 0 < array.min() < array.max():
            counts, _ = np.histogram(np.log10(array), _BINS)
            shares = tuple((counts / counts.sum()).tolist())
        return cls(files, sum(sizes), quantiles, shares)


@dataclass(frozen=True, slots=True)
class Twins:
    """Images of two splits that have the same pixels; or of one split, twice its name.

    Attributes
    ----------
    splits : the two.
    images : of the second split, that are in the first, too.
    pairs : names of the first of them.
    """

    splits: tuple[str, str]
    images: int
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """Facts of a list of files.

    Attributes
    ----------
    sizes : by split.
    twins : those splits that have images in common.
    """

    sizes: Mapping[str, Sizes]
    twins: tuple[Twins, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Listed":
        """Read a list; memory is that of its names.

        >>> key = "AAAAAAAAAAAAAAAB"
        >>> Listed.of([Entry("train", name, "70", "-", key) for name in "ab"]).twins
        (Twins(splits=('train', 'train'), images=1, pairs=(('a', 'b'),)),)
        """
        names: dict[str, list[str]] = {}
        keys: dict[str, list[bytes]] = {}
        sizes: dict[str, list[int]] = {}
        for entry in entries:
            names.setdefault(entry.split, []).append(entry.name)
            key = b"" if entry.key == MISSING else urlsafe_b64decode(entry.key)
            keys.setdefault(entry.split, []).append(key.ljust(_KEY, b"\0"))
            known = sizes.setdefault(entry.split, [])
            if entry.size != MISSING:
                known.append(int(entry.size))
        splits = sorted(names, key=split_order)
        arrays = [np.frombuffer(b"".join(keys[s]), np.uint64).reshape(-1, 2) for s in splits]
        found = common(arrays).items() if arrays else ()
        return cls(
            {split: Sizes.of(sizes[split], len(names[split])) for split in splits},
            tuple(
                Twins(
                    (splits[one], splits[other]),
                    what.images,
                    tuple(
                        (names[splits[one]][first], names[splits[other]][second])
                        for first, second in what.pairs[:_NAMED]
                    ),
                )
                for (one, other), what in found
                if what.images
            ),
        )


def unlisted(stats: Stats) -> str:
    """Write the section of a page without the list: how to get it.

    >>> from normstat.stats import Settings
    >>> "compute DATA --files FILE" in unlisted(Stats("0.1.0", {}, Settings(), {}))
    True
    """
    shows = "sizes of files, and names of images that occur twice or in two splits"
    report = "normstat report STATS"
    if stats.files:
        with_list = code(f"{report} {option('files', metavar=shown(stats.files.name))}")
        return section("Files", [f"<p>{with_list} shows {shows}.</p>"])
    written = option("files", metavar="FILE")
    also, then = code(f"normstat compute DATA {written}"), code(f"{report} {written}")
    told = f"<p>{also} also writes a list of the files; with it {then} shows {shows}.</p>"
    return section("Files", [told])


def listed(files: Listed) -> str:
    """Write the section."""
    return section("Files", _parts(files))


def _parts(files: Listed) -> Iterator[str]:
    headers = ("split", "files", "together", "smallest", "25 %", "median", "75 %", "largest")
    rows = [
        (
            text(name),
            f"{sizes.files:,}",
            _bytes(sizes.total) if sizes.quantiles else NONE,
            *(map(_bytes, sizes.quantiles) if sizes.quantiles else [NONE] * 5),
        )
        for name, sizes in files.sizes.items()
    ]
    yield table("Sizes of files", headers, rows)
    figures = "".join(_drawn(name, sizes) for name, sizes in files.sizes.items() if sizes.shares)
    if figures:
        yield f"<div class=grid>{figures}</div>"
    yield "<h3>Images with the same pixels</h3>"
    if not files.twins:
        yield paragraph("None, within the splits and across them.")
    else:
        check = code(f"normstat check DATA {option('stats', metavar='STATS')}")
        yield (
            f"<p>As far as the list tells: {check} compares them pixel by pixel, and its reports "
            "name more of them.</p>"
        )
    for twins in files.twins:
        one, other = twins.splits
        images = f"{twins.images:,} image{'s' if twins.images > 1 else ''} of {other}"
        many = twins.images > 1
        if one == other:
            told = f"{images} repeat{'' if many else 's'} another image of {one}"
        else:
            told = f"{images} {'are' if many else 'is'} also in {one}"
        pairs = ", ".join(
            f"<code>{text(first)}</code> = <code>{text(second)}</code>"
            for first, second in twins.pairs
        )
        more = f"; and {twins.images - _NAMED:,} more" if twins.images > _NAMED else ""
        yield f"<p><b>{text(told)}</b>: <span class=small>{pairs}{more}</span></p>"


def _drawn(name: str, sizes: Sizes) -> str:
    low, high = map(_bytes, (sizes.quantiles[0], sizes.quantiles[-1]))
    told = f"from {low} to {high}, median {_bytes(sizes.quantiles[2])}"
    title = f"Sizes of the files of {shown(name)}"
    drawing = chart([Curve(sizes.shares)], title, told, words=((0.0, low), (1.0, high)))
    caption = f"<b>{text(name)}</b>, on a logarithmic axis"
    return f"<figure><figcaption>{caption}</figcaption>{drawing}</figure>"


def _bytes(value: float) -> str:
    unit, name = next(((unit, name) for unit, name in _UNITS if value >= unit), _UNITS[-1])
    return f"{number(value / unit, 3)} {name}"
