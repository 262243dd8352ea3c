"""Tar archives that are damaged, odd or made to harm: what is whole counts, the rest is told."""

import bz2
import gzip
import io
import os
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import archived
import command
import make
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_contract import image
from told import Told

import normstat
from normstat.errors import NothingToRead
from normstat.images import Reason
from normstat.sources import open_source, packed_tar

FILES = {f"{number}.pgm": image(number) for number in range(3)}


def header(name: bytes, size: int = 0, kind: bytes = b"0", **fields: bytes) -> bytes:
    """A header with its checksum; fields by name."""
    data = bytearray(512)
    data[: len(name)] = name
    data[124:136] = fields.get("octal", b"%011o\0" % size)
    data[156:157] = kind
    data[257:265] = fields.get("magic", b"ustar\x0000")
    data[345 : 345 + len(fields.get("prefix", b""))] = fields.get("prefix", b"")
    data[482:483] = fields.get("extended", b"\0")
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data)
    return bytes(data)


def member(name: bytes, content: bytes, kind: bytes = b"0", **fields: bytes) -> bytes:
    """A header and what it is of."""
    return header(name, len(content), kind, **fields) + padded(content)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def pax(**values: str) -> bytes:
    """A header about the next member."""
    text = b""
    for key, value in values.items():
        record = f" {key}={value}\n".encode()
        size = len(record) + 2
        size += len(str(size)) - 2
        text += b"%d" % size + record
    return member(b"pax", text, b"x")


def write(path: Path, *parts: bytes, end: bytes = bytes(1024)) -> Path:
    path.write_bytes(b"".join(parts) + end)
    return path


def names(path: Path) -> list[str]:
    """Names of all images, without that of the archive."""
    source = open_source(path)
    shards = source.shards(source.selection())
    return [name.partition("/")[2] for shard in shards for name in shard.names]


def ignored(path: Path) -> dict[Reason, int]:
    """Members that do not count, by reason."""
    source = open_source(path)
    survey = source.survey(source.selection())
    return {reason: skipped.images for reason, skipped in survey.skipped[None].items()}


def counted(path: Path) -> tuple[int, dict[str, str]]:
    """How many images count, and the code of each that does not, without the archive's name."""
    stats = normstat.compute(path, workers=0)
    records = {record.path.partition("/")[2]: str(record.code) for record in stats.unreadable}
    return sum(split.images for split in stats.splits.values()), records


def test_every_dialect_of_names_and_sizes_is_read(tmp_path: Path) -> None:
    """As GNU tar, pax, ustar and the first tar write them."""
    long = "x" * 150 + "/" + "y" * 90 + ".pgm"
    for number, format in enumerate((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)):
        with tarfile.open(tmp_path / f"{number}.tar", "w", format=format) as archive:
            info = tarfile.TarInfo(long)
            info.size = 12
            archive.addfile(info, io.BytesIO(image(1)))
        assert names(tmp_path / f"{number}.tar") == [long]
    base256 = (0x80 << 88 | 12).to_bytes(12, "big")
    path = write(
        tmp_path / "a.tar",
        member(b"a.pgm", image(1), prefix=b"some/where"),
        member(b"b.pgm", image(2), octal=base256),
        member(b"old/", b"", b"\0", magic=bytes(8)),
        member(b"c.pgm", image(3), b"\0", magic=bytes(8)),
        member(b"d.pgm", image(3), b"7"),
        pax(path="e.pgm", size="12"),
        header(b"short", 0) + padded(image(4)),
        member(b"gnu.pgm", image(5), magic=b"ustar  \0", prefix=b"13371337"),
        member(b"global", b"18 comment=nobody\n", b"g"),
        member(b"f.pgm", image(6)),
    )
    assert counted(path) == (7, {})
    expected = ("b.pgm", "c.pgm", "d.pgm", "e.pgm", "f.pgm", "gnu.pgm", "some/where/a.pgm")
    assert sorted(names(path)) == sorted(expected)


def test_a_checksum_may_be_of_signed_bytes(tmp_path: Path) -> None:
    """As some old programs have it."""
    data = bytearray(member("é.pgm".encode(), image(1)))
    signed = sum(byte - 256 * (byte > 127) for byte in data[:512]) - sum(data[148:156]) + 256
    data[148:156] = b"%06o\0 " % signed
    assert counted(write(tmp_path / "a.tar", bytes(data))) == (1, {})


@pytest.mark.fault(65)
@pytest.mark.parametrize("cut", ["in a member", "in a header", "behind a header"])
def test_what_is_whole_in_a_cut_archive_counts(tmp_path: Path, cut: str) -> None:
    """A member that is cut is a record of its own, a header one of the archive."""
    whole = b"".join(member(name.encode(), content) for name, content in FILES.items())
    at = {"in a member": 5, "in a header": -30, "behind a header": 0}[cut]
    path = write(tmp_path / "a.tar", whole[: 2 * 1024 + 512 + at], end=b"")
    record = "" if cut == "in a header" else "2.pgm"
    assert counted(path) == (2, {record: "truncated"})
    run = command.here("compute", path, "-o", tmp_path / "s.json")
    assert run.returncode == 3
    with gzip.open(tmp_path / "b.tar.gz", "wb") as file:
        file.write(path.read_bytes())
    assert counted(tmp_path / "b.tar.gz") == (2, {record: "truncated"})


@pytest.mark.fault(65)
def test_a_wrong_checksum_ends_an_archive(tmp_path: Path) -> None:
    """What comes before counts, what comes behind is one record, in the first of its splits."""
    parts = [
        member(b"%b/%d.pgm" % (split, n), image(n)) for split in (b"train", b"val") for n in (0, 1)
    ]
    bad = bytearray(parts[3])
    bad[3] ^= 1
    path = write(tmp_path / "a.tar", *parts[:3], bytes(bad), *parts)
    assert counted(path) == (3, {"": "corrupt"})
    (record,) = normstat.compute(path, workers=0).unreadable
    assert (record.split, record.path) == ("train", "a.tar/")
    assert "byte 3072" in record.detail
    (record,) = normstat.compute(path, split="val", workers=0).unreadable
    assert record.split == "val"


@pytest.mark.fault(65)
@pytest.mark.parametrize(
    "size", [b"77777777777\0", (0x80 << 88 | 1 << 62).to_bytes(12, "big"), b"00000002000\0"]
)
def test_a_size_beyond_the_end_is_a_record(tmp_path: Path, size: bytes) -> None:
    """Nothing of that size is asked for."""
    path = write(
        tmp_path / "a.tar",
        member(b"a.pgm", image(1)),
        member(b"b.pgm", image(1), octal=size),
        end=b"",
    )
    assert counted(path) == (1, {"b.pgm": "truncated"})
    path = write(
        tmp_path / "a.tar", path.read_bytes()[:1024], header(b"b.json", octal=size), end=b""
    )
    assert counted(path) == (1, {"": "truncated"})


@pytest.mark.parametrize(
    "size", [b"-0000000001\0", b"\xff" * 12, b"0x000000001\0", b"abcdefghijk\0", b"00000000089\0"]
)
def test_a_size_that_is_none_ends_an_archive(tmp_path: Path, size: bytes) -> None:
    """What comes before counts."""
    path = write(tmp_path / "a.tar", member(b"a.pgm", image(1)), header(b"b.pgm", octal=size))
    assert counted(path) == (1, {"": "corrupt"})


@pytest.mark.parametrize(
    "about",
    [
        header(b"L", 1 << 40, b"L"),
        header(b"L", 1 << 40, b"x"),
        member(b"x", b"99 path=a\n", b"x"),
        member(b"x", b"path=a\n", b"x"),
        member(b"x", b"-5 path=a\n", b"x"),
        pax(size="-5"),
        pax(size="9" * 400),
    ],
)
def test_headers_about_the_next_one_do_no_harm(tmp_path: Path, about: bytes) -> None:
    """However large they say they are, or whatever is in them."""
    path = write(tmp_path / "a.tar", member(b"a.pgm", image(1)), about, member(b"b.pgm", image(2)))
    assert counted(path) == (1, {"": "corrupt"})


@pytest.mark.fault(66)
def test_names_that_lead_out_and_what_is_no_file_are_ignored(tmp_path: Path) -> None:
    """And counted, each with its reason; nothing is ever written by reading."""
    unsafe = [b"../x.pgm", b"/x.pgm", b"C:\\x.pgm", b"a/../../x.pgm", b"\\x.pgm", b"..\\x.pgm"]
    folder = tmp_path / "in"
    folder.mkdir()
    others = {b"1": b"hard.pgm", b"2": b"soft.pgm", b"3": b"c.pgm", b"4": b"b.pgm", b"6": b"f.pgm"}
    path = write(
        folder / "a.tar",
        *(member(name, image(1)) for name in unsafe),
        *(header(name, 0, kind) for kind, name in others.items()),
        header(b"folder.pgm", 0, b"5"),
        member(b"./ok.pgm", image(1)),
        member(b"sub//./ok.pgm", image(1)),
    )
    assert counted(path) == (2, {})
    assert names(path) == ["ok.pgm", "sub/ok.pgm"]
    assert ignored(path) == {Reason.UNSAFE_NAME: 6, Reason.NOT_REGULAR: 5}
    told = Told()
    normstat.compute(path, workers=0, progress=told)
    assert any("6 members whose names lead out" in notice for notice in told.notices)
    assert any("5 members that are links" in notice for notice in told.notices)
    assert [each.name for each in tmp_path.rglob("*")] == ["in", "a.tar"]


@pytest.mark.fault(67)
@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_a_name_that_occurs_twice_counts_twice(tmp_path: Path, kind: str) -> None:
    """Told apart, and said."""
    data = b"".join(member(b"x/a.pgm", image(value)) for value in (0, 100, 200)) + bytes(1024)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(gzip.compress(data) if kind == "tar.gz" else data)
    told = Told()
    stats = normstat.compute(path, workers=0, progress=told)
    assert stats.splits["all"].images == 3
    assert stats.splits["all"].mean == (100 / 255,)
    assert sorted(names(path)) == ["x/a#2.pgm", "x/a#3.pgm", "x/a.pgm"]
    assert any("2 names occur again" in notice for notice in told.notices)


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    """Byte by byte, as a folder has them."""
    path = write(tmp_path / "a.tar", member(b"\xff\n.pgm", image(1)))
    assert names(path) == [os.fsdecode(b"\xff\n.pgm")]
    assert counted(path) == (1, {})


def test_a_member_with_holes_is_a_record(tmp_path: Path) -> None:
    """Whichever way it is told; the members behind it are found."""
    path = write(
        tmp_path / "a.tar",
        header(b"a.pgm", 512, b"S", extended=b"\1") + bytes(504) + b"\1" + bytes(7),
        bytes(512) + b"x" * 512,
        pax(**{"GNU.sparse.major": "1", "GNU.sparse.name": "b.pgm"}),
        member(b"GNUSparseFile.0/b.pgm", b"x" * 100),
        member(b"c.pgm", image(1)),
    )
    assert counted(path) == (1, dict.fromkeys(("a.pgm", "b.pgm"), "unsupported_format"))


def test_other_members_of_a_sample_are_no_images(tmp_path: Path) -> None:
    """Key and extension by the first dot; what is left out is said, and so is what is not."""
    files = {f"{name}": image(1) for name in ("0001.pgm", "0001.left.png", "x/0001.left.png")}
    files |= {"0001.seg.png": image(2), "0001.mask.png": image(2), "photo.v2.pgm": image(3)}
    files |= {"0001.json": b"{}", "0001.cls": b"3", "0002.json": b"{}", "0002.PGM": image(9)}
    path = archived.tar(tmp_path / "a.tar", files)
    assert sorted(names(path)) == ["0001.pgm", "0002.PGM", "photo.v2.pgm", "x/0001.left.png"]
    told = Told()
    normstat.compute(path, workers=0, progress=told)
    said = "\n".join(told.notices)
    assert "2 images are labels" in said
    assert "4 other members, which are no images, were ignored" in said
    assert "2 .json, 1 .cls" in said
    assert "2 images have several dots in the name" in said
    with_labels = open_source(path, normstat.sources.SourceOptions(labels="count"))
    survey = with_labels.survey(with_labels.selection())
    assert survey.images == {"all": 6}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<html>not found</html>" * 99, "not_an_image"),
        (b"version https://git-lfs.github.com/spec/v1\n", "lfs_pointer"),
        (bytes(100), "not_an_image"),
        (gzip.compress(b"no archive", mtime=0), "not_an_image"),
        (b"\x1f\x8b\x08", "truncated"),
        (b"BZh9nothing", "corrupt"),
        (b"\xfd7zXZ\0nothing", "corrupt"),
    ],
)
def test_what_is_no_archive_is_said(tmp_path: Path, content: bytes, code: str) -> None:
    """As the record of the file, beside sound ones too."""
    (tmp_path / "bad.tar").write_bytes(content)
    with pytest.raises(NothingToRead, match=code):
        normstat.compute(tmp_path / "bad.tar", workers=0)
    archived.tar(tmp_path / "good.tar", {"train/a.pgm": image(1), "val/a.pgm": image(2)})
    stats = normstat.compute(tmp_path, workers=0)
    assert [(record.path, record.code) for record in stats.unreadable] == [("bad.tar/", code)]


def test_an_archive_without_images_says_what_it_has(tmp_path: Path) -> None:
    """Never just "no images"."""
    path = archived.tar(tmp_path / "a.tar", {"a.json": b"", "b.txt": b""})
    with pytest.raises(NothingToRead, match=r"1 \.json"):
        normstat.compute(path, workers=0)
    with pytest.raises(NothingToRead, match="no images in it; it is empty"):
        normstat.compute(write(path), workers=0)


@pytest.mark.matrix
@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_what_is_whole_in_a_cut_packed_archive_counts(tmp_path: Path, packing: str) -> None:
    """And one record says where it ends: that of the member, or of the archive between two."""
    noise = {f"{n:03}.pgm": b"P5 100 100 255\n" + os.urandom(10_000) for n in range(300)}
    path = archived.tar(tmp_path / f"a.tar.{packing}", noise, packing)  # type: ignore[arg-type]  # one of them
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    images, records = counted(path)
    assert images > 50
    assert list(records.values()) == ["truncated"]


def test_a_wrong_checksum_of_packed_data_is_a_record(tmp_path: Path) -> None:
    """All images count; garbage behind the end, and a second part, change nothing."""
    path = archived.tar(tmp_path / "a.tar.gz", FILES, "gz")
    sound = path.read_bytes()
    path.write_bytes(sound[:-8] + b"xxxx" + sound[-4:])
    assert counted(path) == (3, {"": "corrupt"})
    path.write_bytes(sound + bytes(512))
    assert counted(path) == (3, {})
    whole = gzip.decompress(sound)
    path.write_bytes(gzip.compress(whole[:1100]) + gzip.compress(whole[1100:]))
    assert counted(path) == (3, {})
    path.write_bytes(gzip.compress(whole[:1100]) + b"garbage")
    assert counted(path) == (1, {"": "corrupt"})


def test_damage_within_packed_data_costs_what_lies_behind(tmp_path: Path) -> None:
    """What comes before it counts, though little data is unpacked at once."""
    noise = {f"{n:03}.pgm": b"P5 20 20 255\n" + os.urandom(400) for n in range(40)}
    path = archived.tar(tmp_path / "a.tar.gz", noise, "gz")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(bytes(data))
    images, records = counted(path)
    assert images + len(records) <= 41
    assert records[""] in ("corrupt", "truncated")


def bomb() -> Iterator[bytes]:
    for name, size in ((b"a.pgm", 12), (b"bomb.pgm", 1 << 27), (b"c.pgm", 12)):
        yield header(name, size)
        if size == 12:
            yield padded(image(1))
        else:
            for _ in range(size >> 20):
                yield bytes(1 << 20)
    yield bytes(1024)


def test_a_bomb_in_a_packed_archive_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a record, and the members behind it count."""
    assert packed_tar.MOST == 1 << 30
    monkeypatch.setattr(packed_tar, "MOST", 1 << 26)
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for block in bomb():
            file.write(block)
    tracemalloc.start()
    result = counted(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result == (2, {"bomb.pgm": "too_large"})
    assert peak < 50_000_000
    (record,) = normstat.compute(path, workers=0).unreadable
    assert "unpack it" in record.detail
    assert record.hint == ""


def test_extensions_without_end_take_no_memory(tmp_path: Path) -> None:
    """An archive may have another one for each member."""
    parts = [member(b"a.x%d" % number, b"") for number in range(1000)]
    source = open_source(write(tmp_path / "a.tar", *parts, member(b"a.pgm", image(1))))
    survey = source.survey(source.selection())
    assert survey.extensions.total() == 1001
    assert len(survey.extensions) < 100


def test_an_archive_that_is_gone_is_a_record(tmp_path: Path) -> None:
    """Each of its images, or the file if it was not listed yet."""
    archived.tar(tmp_path / "train.tar", FILES)
    archived.tar(tmp_path / "val.tar.gz", FILES, "gz")
    source = open_source(tmp_path)
    shards = list(source.shards(source.selection()))
    for path in tmp_path.iterdir():
        path.unlink()
    for shard in shards:
        with shard.container.open() as reader:
            for sample in shard:
                with pytest.raises(normstat.errors.UnreadableImage, match="vanished"):
                    reader.read(sample)
                with pytest.raises(OSError, match="gone"), reader.head(sample):
                    pass


@settings(deadline=None)
@given(data=st.data())
def test_no_damage_ends_a_run(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes are changed: each image counts or is a record, and what is before counts."""
    folder = tmp_path_factory.mktemp("damage")
    for kind in ("tar", "tar.gz", "tar.bz2", "zip", "deflated.zip"):
        path = archived.KINDS[kind](folder / f"a.{kind}", FILES)
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] = data.draw(st.integers(0, 255))
        path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
        try:
            images, records = counted(path)
        except NothingToRead:
            continue
        assert images + len(records) <= 4


def test_packings_follow_the_content_not_the_name(tmp_path: Path) -> None:
    """A packed archive that is called .tar is read, and a plain one that is called .tar.gz."""
    plain = archived.tar(tmp_path / "a.tar.gz", FILES)
    assert counted(plain) == (3, {})
    (tmp_path / "b.tar").write_bytes(bz2.compress(plain.read_bytes()))
    assert counted(tmp_path / "b.tar") == (3, {})


@pytest.mark.parametrize("kind", ["tar", "zip", "npz"])
def test_names_without_end_take_no_memory(tmp_path: Path, kind: str) -> None:
    """A name of many folders is left out and counted, like those that lead out."""
    image, deep = make.encoded(make.pixels(0, 9, 7)), "train/" + "d/" * 30_000 + "a"
    array = make.npy(np.zeros((5, 9, 9), np.uint8))
    if kind == "tar":
        content = member(b"train/a.png", image) + pax(path=f"{deep}.png") + member(b"x", image)
        data = write(tmp_path / "a.tar", content)
    else:
        data, ending, content = (
            tmp_path / f"a.{kind}",
            *{
                "zip": (".png", image),
                "npz": (".npy", array),
            }[kind],
        )
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr(f"train/a{ending}", content)
            archive.writestr(f"{deep}{ending}", content)
    tracemalloc.start()
    run = command.here("compute", data, "-o", "-")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert run.returncode == 0, run.stderr
    assert "1 member whose name leads out of the archive, or is too long or deep" in run.stderr
    assert peak < 50_000_000
