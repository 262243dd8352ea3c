"""Zip archives that are damaged, odd or made to harm: what is whole counts, the rest is told."""

import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import archived
import pytest
from source_contract import image
from test_hostile_tar import counted, ignored, names
from told import Told

import normstat
from normstat.errors import NothingToRead
from normstat.images import Reason

FILES = {f"{number}.pgm": image(number) for number in range(3)}


def changed(path: Path, old: bytes, new: bytes, which: int = 0) -> Path:
    """An archive with other bytes, where these occur for the nth time."""
    data = path.read_bytes()
    at = -1
    for _ in range(which + 1):
        at = data.index(old, at + 1)
    path.write_bytes(data[:at] + new + data[at + len(old) :])
    return path


def directory_entry(path: Path, at: int, format: str, value: int) -> Path:
    """An archive with another value in the first entry of its directory."""
    data = bytearray(path.read_bytes())
    struct.pack_into(format, data, data.index(b"PK\1\2") + at, value)
    path.write_bytes(bytes(data))
    return path


@pytest.mark.fault(68)
def test_an_encrypted_member_is_a_record(tmp_path: Path) -> None:
    """With what to do; the others count."""
    path = directory_entry(archived.zipped(tmp_path / "a.zip", FILES), 8, "<H", 1)
    assert counted(path) == (2, {"0.pgm": "unsupported_format"})
    (record,) = normstat.compute(path, workers=0).unreadable
    assert "password" in record.detail


@pytest.mark.fault(68)
@pytest.mark.parametrize("says", ["the truth", "small", "small, and so here"])
def test_a_bomb_is_a_record(tmp_path: Path, says: str) -> None:
    """Before any memory is asked for, whatever the directory says."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pgm", image(1))
        with archive.open("bomb.pgm", "w") as file:
            for _ in range(100):
                file.write(bytes(1 << 20))
    size = struct.pack("<L", 100 << 20)
    if says != "the truth":
        changed(path, size, struct.pack("<L", 1000), 1)
    if says == "small, and so here":
        changed(path, size, struct.pack("<L", 1000), 0)
    tracemalloc.start()
    images, records = counted(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert images == 1
    assert records == {"bomb.pgm": "too_large" if says == "the truth" else "corrupt"}
    assert peak < 20_000_000


@pytest.mark.fault(68)
@pytest.mark.parametrize(
    ("at", "format", "value"),
    [
        (42, "<L", 5),
        (42, "<L", 0xFFFFFFF),
        (10, "<H", 8),
        (16, "<L", 1),
        (20, "<L", 9),
        (24, "<L", 13),
    ],
    ids=["offset", "beyond", "method", "checksum", "packed", "size"],
)
def test_a_directory_that_disagrees_is_a_record(
    tmp_path: Path, at: int, format: str, value: int
) -> None:
    """Neither is believed; the other members count."""
    path = directory_entry(archived.zipped(tmp_path / "a.zip", FILES), at, format, value)
    images, records = counted(path)
    assert images == 2
    assert records in ({"0.pgm": "corrupt"}, {"0.pgm": "truncated"})


@pytest.mark.fault(68)
def test_another_name_than_the_directory_s_is_a_record(tmp_path: Path) -> None:
    """An image is that of its own name."""
    path = changed(archived.zipped(tmp_path / "a.zip", FILES), b"0.pgm", b"9.pgm")
    assert counted(path) == (2, {"0.pgm": "corrupt"})


def test_a_wrong_checksum_is_a_record(tmp_path: Path) -> None:
    """Though the pixels can be decoded."""
    path = changed(archived.zipped(tmp_path / "a.zip", FILES), image(1), image(7))
    assert counted(path) == (2, {"1.pgm": "corrupt"})


@pytest.mark.matrix
@pytest.mark.fault(68)
def test_large_archives_are_read(tmp_path: Path) -> None:
    """Fields of 64 bits, wherever they stand; a file with more than 65,535 members."""
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("a.pgm", "w", force_zip64=True) as file,
    ):
        file.write(image(1))
    assert counted(path) == (1, {})
    extra = struct.pack("<2H3Q", 1, 24, 12, 12, 0)
    entry = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\1\2", 45, 3, 45, 0, 0, 0, 0, 0,
        zlib.crc32(image(1)), 2**32 - 1, 2**32 - 1, 5, len(extra), 0, 0, 0, 0, 2**32 - 1,
    ) + b"a.pgm" + extra  # fmt: skip
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, zlib.crc32(image(1)), 12, 12, 5, 0)
    body = local + b"a.pgm" + image(1)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(entry), len(body))
    at = len(body) + len(entry)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    path.write_bytes(body + entry + end64 + locator + end)
    assert counted(path) == (1, {})
    many = {f"{number}.txt": b"" for number in range(66_000)} | {"z.pgm": image(1)}
    assert counted(archived.zipped(tmp_path / "many.zip", many)) == (1, {})


@pytest.mark.fault(68)
def test_names_are_decoded_as_they_were_made(tmp_path: Path) -> None:
    """In UTF-8 where it is said, in code page 437 on DOS, byte by byte on Unix."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, system in (("größe.pgm", 3), ("AAAA.pgm", 0), ("BBBB.pgm", 3), ("d\\e.pgm", 0)):
            info = zipfile.ZipInfo(name.replace("\\", "|"))
            info.create_system = system
            archive.writestr(info, image(1))
    data = path.read_bytes()
    data = data.replace(b"AAAA", b"gr\x94\xe1").replace(b"BBBB", b"\xff\xfeab")
    path.write_bytes(data.replace(b"d|e", b"d\\e"))
    expected = {"größe.pgm", "größ.pgm", os.fsdecode(b"\xff\xfeab.pgm"), "d/e.pgm"}
    assert set(names(path)) == expected
    assert counted(path) == (4, {})


@pytest.mark.fault(66, 68)
def test_what_is_no_image_is_ignored_and_counted(tmp_path: Path) -> None:
    """Names that lead out, links, and archives in the archive."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.pgm", image(1))
    files = {"ok.pgm": image(1), "../x.pgm": b"", "/x.pgm": b"", "C:/x.pgm": b"", "..\\x.pgm": b""}
    path = archived.zipped(tmp_path / "a.zip", files | {"inner.zip": inner.getvalue(), "x/": b""})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.pgm")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert counted(path) == (1, {})
    assert ignored(path) == {Reason.UNSAFE_NAME: 4, Reason.NOT_REGULAR: 1, Reason.NO_IMAGE: 1}
    told = Told()
    normstat.compute(path, workers=0, progress=told)
    assert any("the first: a.zip/inner.zip" in notice for notice in told.notices)


@pytest.mark.fault(67)
def test_a_name_that_occurs_twice_counts_twice(tmp_path: Path) -> None:
    """Told apart, and said."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.pgm", image(0))
        for value in (100, 200):
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("a.pgm", image(value))
    stats = normstat.compute(path, workers=0)
    assert stats.splits["all"].images == 3
    assert stats.splits["all"].mean == (100 / 255,)


@pytest.mark.parametrize("method", [9, 93, 98, 99, 1234])
def test_another_packing_is_a_record(tmp_path: Path, method: int) -> None:
    """With its name, if it has one."""
    path = directory_entry(archived.zipped(tmp_path / "a.zip", FILES), 10, "<H", method)
    assert counted(path) == (2, {"0.pgm": "unsupported_format"})


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_within_a_member_is_a_record(tmp_path: Path, method: int) -> None:
    """The others count."""
    files = {f"{n}.pgm": b"P5 20 20 255\n" + os.urandom(400) for n in range(3)}
    path = archived.zipped(tmp_path / "a.zip", files, method)
    data = bytearray(path.read_bytes())
    at = data.index(b"1.pgm") + 60
    data[at : at + 50] = b"\xff" * 50
    path.write_bytes(bytes(data))
    assert counted(path) == (2, {"1.pgm": "corrupt"})


def test_what_stands_around_an_archive_is_passed(tmp_path: Path) -> None:
    """A program in front, a comment behind, even one that looks like another end."""
    path = archived.zipped(tmp_path / "a.zip", FILES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK\5\6" + bytes(30)
    assert counted(path) == (3, {})
    path.write_bytes(b"#!/bin/sh\n" * 99 + path.read_bytes())
    assert counted(path) == (3, {})


def test_sizes_may_follow_the_data(tmp_path: Path) -> None:
    """As in an archive that was written to a pipe."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    (tmp_path / "a.zip").write_bytes(pipe.getvalue())
    assert counted(tmp_path / "a.zip") == (3, {})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<html>not found</html>" * 99, "not_an_image"),
        (b"PK\3\4" + bytes(99), "truncated"),
        (b"version https://git-lfs.github.com/spec/v1\n", "lfs_pointer"),
    ],
)
def test_what_is_no_archive_is_said(tmp_path: Path, content: bytes, code: str) -> None:
    """As the record of the file, beside sound ones too."""
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(NothingToRead, match=code):
        normstat.compute(tmp_path / "bad.zip", workers=0)
    archived.zipped(tmp_path / "good.zip", {"train/a.pgm": image(1), "val/a.pgm": image(2)})
    stats = normstat.compute(tmp_path, workers=0)
    assert [(record.path, record.code) for record in stats.unreadable] == [("bad.zip/", code)]


def test_a_damaged_directory_ends_an_archive(tmp_path: Path) -> None:
    """The entries before count; also if there are more or fewer than it says."""
    path = changed(archived.zipped(tmp_path / "a.zip", FILES), b"PK\1\2", b"PK\1\3", 2)
    assert counted(path) == (2, {"": "corrupt"})
    data = archived.zipped(tmp_path / "a.zip", FILES).read_bytes()
    path.write_bytes(data[:-12] + struct.pack("<H", 2) + data[-10:])
    assert counted(path) == (3, {"": "corrupt"})


def test_a_part_of_several_is_refused(tmp_path: Path) -> None:
    """With what to do."""
    data = archived.zipped(tmp_path / "a.zip", FILES).read_bytes()
    (tmp_path / "a.zip").write_bytes(data[:-18] + struct.pack("<H", 1) + data[-16:])
    with pytest.raises(NothingToRead, match="join them"):
        normstat.compute(tmp_path / "a.zip", workers=0)


def test_properties_that_no_packing_has_are_damage(tmp_path: Path) -> None:
    """LZMA is asked for what its header says, which may be nothing that there is."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.pgm", image(0))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[content.index(b"a.pgm") + len("a.pgm") + 4] = 255
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(NothingToRead, match="the packed data is damaged"):
        normstat.compute(tmp_path / "a.zip", workers=0)
