"""Texts in a TIFF file: images that lie behind it (ImageJ, tifffile), names of bands (GDAL)."""

import math
import re
from collections.abc import Sequence

_IMAGEJ = re.compile(r"\AImageJ=.*?^images=(\d{1,9})$", re.DOTALL | re.MULTILINE)
_TIFFFILE = re.compile(r'\A\{(?=.*"truncated": true).*"shape": \[(\d{1,9}(?:, \d{1,9}){0,9})\]')
_BAND = re.compile(
    r'<Item\b(?=[^<>]*\brole="description")[^<>]*\bsample="(\d{1,5})"[^<>]*>([^<]*)</Item>'
)


def images_said(description: str, values: int) -> int:
    r"""Number of images that a writer says lie one after the other, each of so many values.

    >>> images_said("ImageJ=1.11a\nimages=5\nslices=5", 12), images_said("a picture", 12)
    (5, 1)
    """
    if found := _IMAGEJ.match(description):
        return int(found[1])
    if found := _TIFFFILE.match(description):
        return max(1, math.prod(map(int, found[1].split(","))) // values)
    return 1


def is_one_run(segments: Sequence[tuple[int, int]], images: int, directory: int) -> bool:
    """True if so many images can lie one after the other.

    Of a stack that was taken apart each part may still tell the number of all; its directory is
    where the second image would be.
    """
    if images == 1 or not segments:
        return images == 1
    ends = [offset + count for offset, count in segments]
    start, size = segments[0][0], ends[-1] - segments[0][0]
    is_run = all(end == after for end, (after, _) in zip(ends, segments[1:], strict=False))
    return is_run and not start + size <= directory < start + size * images


def band_descriptions(metadata: str, samples: int) -> tuple[str, ...] | None:
    """Names of all bands, each another one; None if that is not what GDAL's metadata say.

    >>> band_descriptions('<Item role="description" sample="0">V&amp;H</Item>', 1)
    ('V&H',)
    """
    if not metadata:
        return None
    import html  # has a table of all entities, and few files have names

    found = {int(sample): html.unescape(name).strip() for sample, name in _BAND.findall(metadata)}
    names = tuple(found.get(sample, "") for sample in range(samples))
    return names if all(names) and len(set(names)) == samples else None
