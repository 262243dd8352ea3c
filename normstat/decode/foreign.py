"""Formats that are known and not read here: named, with a program that converts them."""

import re

from normstat.errors import UnreadableImage
from normstat.images import Code

_HEIC, _AVIF = b"hei hev mif1 msf1".split(), (b"avif", b"avis")
# Place in the file, bytes there, name, and what converts the format.
_SIGNATURES = (
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "`djxl` (libjxl)"),
    (0, b"\xff\x0a", "JPEG XL", "`djxl` (libjxl)"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", "`opj_decompress` (OpenJPEG)"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000", "`opj_decompress` (OpenJPEG)"),
    (0, b"v/1\x01", "OpenEXR", "the Python package OpenEXR, to .npy"),
    (0, b"#?RADIANCE", "Radiance HDR", "OpenCV, to .npy"),
    (0, b"#?RGBE", "Radiance HDR", "OpenCV, to .npy"),
    (0, b"II\xbc", "JPEG XR", "`JxrDecApp` (jxrlib)"),
    (0, b"P7\n", "PAM", "`pamtopnm` (Netpbm)"),
    (0, b"qoif", "QOI", "`magick` (ImageMagick)"),
    (12, b"CgBI", "Xcode's PNG (CgBI)", "`pngcrush -revert-iphone-optimizations`"),
)
# As many compatible brands as are looked at.
_BRANDS_END = 256

#: Longer files are no pointers; git-annex itself looks no further.
_LONGEST_POINTER = 32_768
_POINTERS = (
    (Code.LFS_POINTER, "Git LFS", rb"version https://(?:git-lfs|hawser)\.github\.com/spec/"),
    (Code.ANNEX_POINTER, "git-annex", rb"(?:[^\0\r\n]*[/\\])?annex[/\\]objects[/\\][^\0]*$"),
    (Code.DVC_POINTER, "DVC", rb"(?:[a-z0-9_]+: [^\r\n]*\r?\n)*outs:\r?\n *- "),
)
_COMPILED = [(code, name, re.compile(pattern)) for code, name, pattern in _POINTERS]


def foreign(data: bytes) -> UnreadableImage | None:
    r"""Name the format of a file, if it is one that is known and not read here.

    >>> foreign(b"\xff\x0a").detail
    'JPEG XL: convert it with `djxl` (libjxl)'
    """
    for at, signature, name, tool in _SIGNATURES:
        if data.startswith(signature, at):
            return _named(name, tool)
    if data[4:8] == b"ftyp" and _is_heic(data):
        return _named("HEIC", "`heif-convert` (libheif) or the Python package pillow-heif")
    return None


def pointer(data: bytes) -> UnreadableImage | None:
    r"""The pointer that stands in the place of an image, if these bytes are one.

    >>> pointer(b"/annex/objects/SHA256E-s1--ab.jpg\n").code
    <Code.ANNEX_POINTER: 'annex_pointer'>
    """
    if len(data) <= _LONGEST_POINTER:
        for code, name, pattern in _COMPILED:
            if pattern.match(data):
                return UnreadableImage(code, f"a {name} pointer, not the image")
    return None


def _named(name: str, tool: str) -> UnreadableImage:
    return UnreadableImage(Code.UNSUPPORTED_FORMAT, f"{name}: convert it with {tool}")


def _is_heic(data: bytes) -> bool:
    end = min(int.from_bytes(data[:4], "big"), _BRANDS_END)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    # An AVIF file may call itself a picture in general (mif1), too.
    return not set(_AVIF) & set(brands) and any(b.startswith(tuple(_HEIC)) for b in brands)
