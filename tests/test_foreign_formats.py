"""Formats that are known and not read, and pointers in the place of images: named, with a cure."""

import os
import sys
from pathlib import Path

import make
import pytest

import normstat
from normstat.decode import decode, decoder
from normstat.errors import NothingToRead, UnreadableImage
from normstat.images import HINTS, LASTING, Code, ReadOptions, Sample


def ftyp(*brands: bytes) -> bytes:
    """The start of a file of the ISO base media format."""
    content = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(content) + 4).to_bytes(4, "big") + content + b"\0\0\0\x08free" + bytes(99)


def code_of(folder: Path, data: bytes, name: str = "x.jpg") -> tuple[Code, str]:
    """Code and detail of a file that cannot be read."""
    path = make.write(folder / name, data)
    with decoder(), pytest.raises(UnreadableImage) as caught:
        decode(Sample("all", name), path.read_bytes(), ReadOptions())
    assert caught.value.detail.isprintable()
    return caught.value.code, caught.value.detail


FORMATS = {
    "heic": (ftyp(b"heic", b"mif1", b"heic"), "HEIC", "heif-convert"),
    "heic-of-ten-bits": (ftyp(b"heix", b"mif1"), "HEIC", "pillow-heif"),
    "heic-sequence": (ftyp(b"msf1", b"hevc"), "HEIC", "pillow-heif"),
    "heic-as-a-picture": (ftyp(b"mif1", b"miaf", b"heic"), "HEIC", "heif-convert"),
    "jpeg-xl": (b"\xff\x0a" + bytes(50), "JPEG XL", "djxl"),
    "jpeg-xl-in-boxes": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "JPEG XL", "djxl"),
    "jpeg-2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), "JPEG 2000", "opj_decompress"),
    "jpeg-2000-stream": (b"\xff\x4f\xff\x51" + bytes(50), "JPEG 2000", "opj_decompress"),
    "openexr": (b"v/1\x01" + bytes(50), "OpenEXR", ".npy"),
    "radiance": (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "Radiance HDR", ".npy"),
    "jpeg-xr": (b"II\xbc\x01" + bytes(50), "JPEG XR", "JxrDecApp"),
    "pam": (b"P7\nWIDTH 4\nHEIGHT 2\nDEPTH 1\n", "PAM", "pamtopnm"),
    "xcode": (
        make.PNG_SIGNATURE + make.chunk(b"CgBI", bytes(4)) + make.encoded(make.pixels(1, 4, 5))[8:],
        "Xcode's PNG (CgBI)",
        "pngcrush",
    ),
}


@pytest.mark.parametrize("name", ["x.jpg", "x.png", "x.avif", "x.tif"])
@pytest.mark.parametrize(("data", "format", "tool"), FORMATS.values(), ids=FORMATS)
def test_a_format_is_named_with_what_converts_it(
    tmp_path: Path, data: bytes, format: str, tool: str, name: str
) -> None:
    """Whatever the file is called; and no word of damage, cut or not."""
    for content in (data, data[: len(data) - 20]):
        code, detail = code_of(tmp_path, content, name)
        assert code == "unsupported_format"
        assert detail.startswith(f"{format}: convert it with ")
        assert tool in detail
        assert detail.count(HINTS[Code(code)]) == 1  # so a table does not say it again


def test_what_is_read_is_not_named(tmp_path: Path) -> None:
    """AVIF files call themselves pictures in general, too; a damaged one is damaged."""
    content = make.encoded(make.pixels(1, 20, 30), "AVIF")
    path = make.write(tmp_path / "x.avif", content.replace(b"ftypavif", b"ftypmif1", 1))
    with decoder():
        assert decode(Sample("all", "x.avif"), path.read_bytes(), ReadOptions()).format == "AVIF"
    assert code_of(tmp_path, content[:99], "x.avif")[0] == "truncated"


ANNEX = b"/annex/objects/SHA256E-s4--ab.jpg\n"
POINTERS = {
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 1\n", "lfs_pointer"),
    "lfs-of-old": (b"version https://hawser.github.com/spec/v1\noid sha256:4d\n", "lfs_pointer"),
    "annex": (ANNEX, "annex_pointer"),
    "annex-without-a-line": (ANNEX.strip(), "annex_pointer"),
    "annex-link-as-a-file": (b"../../.git" + ANNEX, "annex_pointer"),
    "annex-on-windows": (b"..\\.git\\annex\\objects\\SHA256E-s4--ab.jpg", "annex_pointer"),
    "dvc": (b"outs:\n- md5: 0123456789abcdef\n  size: 4\n  path: x.jpg\n", "dvc_pointer"),
    "dvc-import": (b"md5: 01\nfrozen: true\nouts:\n- md5: 0123\n  path: x.jpg\n", "dvc_pointer"),
}


@pytest.mark.parametrize(("data", "code"), POINTERS.values(), ids=POINTERS)
def test_a_pointer_is_named_with_what_fetches_it(tmp_path: Path, data: bytes, code: str) -> None:
    """In the place of the image, and of all images."""
    assert code_of(tmp_path / "alone", data)[0] == code
    with pytest.raises(NothingToRead, match=HINTS[Code(code)]):
        normstat.compute(tmp_path, workers=0)


@pytest.mark.parametrize("data", [b"an annex", b"outside", b"md5: 1\nno outs\n", b"../x.jpg"])
def test_text_is_no_pointer(tmp_path: Path, data: bytes) -> None:
    """Words alone do not make one."""
    assert code_of(tmp_path, data)[0] == "not_an_image"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize(
    ("target", "code"),
    [
        (".git/annex/objects/k/j/SHA256E-s4--ab.jpg/SHA256E-s4--ab.jpg", "annex_pointer"),
        ("../../.dvc/cache/files/md5/ab/cdef", "dvc_pointer"),
        ("nowhere.jpg", "not_regular"),
    ],
)
def test_a_link_to_content_that_is_not_here(tmp_path: Path, target: str, code: str) -> None:
    """git-annex and DVC link to what may not have been fetched; other links lead nowhere."""
    make.write(tmp_path / "data" / "good.png", make.encoded(make.pixels(1, 4, 5)))
    os.symlink(target, tmp_path / "data" / "x.jpg")
    (record,) = normstat.compute(tmp_path / "data", workers=0).unreadable
    assert (record.path, record.code) == ("x.jpg", code)


def test_the_new_codes_last() -> None:
    """What a file's bytes say is said again by the same bytes, so a cache may keep it."""
    assert {Code.ANNEX_POINTER, Code.DVC_POINTER, Code.UNSUPPORTED_FORMAT} <= LASTING & set(HINTS)
