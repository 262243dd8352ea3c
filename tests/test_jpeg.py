"""JPEG files are read the short way, by simplejpeg or as Pillow would: always the same pixels."""

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
from decoded import read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import normstat
from normstat.decode import jpeg
from normstat.statsfile import dumps

simplejpeg = pytest.importorskip("simplejpeg")

SIZES = [(1, 1), (8, 8), (33, 17), (50, 75), (130, 97)]
SUBSAMPLINGS = ["444", "422", "420", "440", "411"]
COMMENT = b"\xff\xfe\0\5abc"
# Photoshop's segment is one that the short way does not know.
UNUSUAL = b"\xff\xed\0\x10Photoshop 3.0\0"


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    """Smooth enough for JPEG, with an end that is not gray."""
    rows, columns = np.mgrid[:height, :width]
    planes = [(rows * (3 + c) + columns * (5 - c) + 40 * c) % 251 for c in range(channels)]
    return np.stack(planes, axis=2).astype(np.uint8)


def saved(array: np.ndarray, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(array if array.shape[2] > 1 else array[:, :, 0])
    image.convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def kinds() -> dict[str, bytes]:
    """A file of each kind, by name."""
    files = {}
    for (height, width), sampling in itertools.product(SIZES, SUBSAMPLINGS):
        array = np.ascontiguousarray(picture(height, width))
        files[f"{height}x{width} {sampling}"] = simplejpeg.encode_jpeg(
            array, colorsubsampling=sampling
        )
    small, large = picture(31, 45), picture(90, 77)
    for name, array in {"small": small, "large": large}.items():
        plain = saved(array)
        files |= {
            f"{name} gray": saved(array, "L"),
            f"{name} progressive": saved(array, progressive=True),
            f"{name} optimized": saved(array, optimize=True, quality=30),
            f"{name} restart markers": saved(array, restart_marker_blocks=2),
            f"{name} ICC": saved(array, icc_profile=b"a profile"),
            f"{name} EXIF": saved(array, exif=exif(6)),
            f"{name} CMYK": saved(array, "CMYK"),
            f"{name} RGB": saved(array, keep_rgb=True),
            f"{name} comment": with_segments(plain, COMMENT),
            f"{name} XMP": saved(array, xmp=b"<a tiff:Orientation='3' tiff:Orientation=\"8\"/>"),
            f"{name} EXIF that is none": with_segments(plain, segment(0xE1, b"Exif\0\0junk")),
            f"{name} EXIF twice": with_segments(plain, *[segment(0xE1, exif(3))] * 2),
            f"{name} Photoshop": with_segments(plain, UNUSUAL),
            f"{name} short JFIF": plain[:2] + segment(0xE0, b"JFIF\0") + plain[20:],
            f"{name} short ICC": with_segments(plain, segment(0xE2, b"ICC_PROFILE\0\1")),
            f"{name} short Adobe": with_segments(plain, segment(0xEE, b"Adobe")),
            f"{name} Adobe, no transform": with_segments(
                plain, segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
            ),
            f"{name} fill bytes": plain[:2] + b"\xff\xff" + plain[2:],
            f"{name} cut": plain[: len(plain) // 2],
            f"{name} cut and closed": plain[: len(plain) // 2] + b"\xff\xd9",
            f"{name} no end marker": plain[:-2],
            f"{name} junk behind": plain + b"junk",
            f"{name} twice": plain + plain,
            f"{name} ends gray": saved(np.full_like(array, 128)),
            f"{name} no height": _with_height(plain, 0),
            f"{name} too high": _with_height(plain, 8 * array.shape[0]),
        }
    return files


def _with_height(data: bytes, height: int) -> bytes:
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + height.to_bytes(2, "big") + data[frame + 7 :]


def three_ways(path: Path, data: bytes, **reading: object) -> list[tuple[object, ...]]:
    """By simplejpeg where it may, by Pillow's decoder alone, and as Pillow opens any file."""
    with pytest.MonkeyPatch.context() as patch:
        outcomes = [read(path, data, **reading)]
        patch.setattr(jpeg, "_simplejpeg", lambda: None)
        outcomes.append(read(path, data, **reading))
        patch.setattr(jpeg, "header", lambda data: None)
        outcomes.append(read(path, data, **reading))
    return outcomes


@pytest.mark.parametrize("name", kinds())
def test_all_ways_agree(tmp_path: Path, name: str) -> None:
    """Pixels, counts, key and notes are the same, or what is wrong is."""
    fast, plain, slow = three_ways(tmp_path / "a.jpg", kinds()[name])
    assert fast == plain == slow


@pytest.mark.parametrize(
    "reading",
    [{"channels": "gray"}, {"resize": 20}, {"crop": 16}, {"upright": True}, {"channels": "rgb"}],
    ids=str,
)
@pytest.mark.parametrize("name", ["small EXIF", "large gray", "small gray", "31x45", "small RGB"])
def test_they_agree_on_what_is_made_of_the_pixels(
    tmp_path: Path, name: str, reading: dict[str, object]
) -> None:
    """Converted, resized, cropped and turned images are the same, too."""
    data = kinds().get(name) or saved(picture(31, 45))
    fast, plain, slow = three_ways(tmp_path / "a.jpg", data, **reading)
    assert fast == plain == slow


@settings(
    max_examples=2 * settings().max_examples,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_they_agree_on_damage(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever bytes are changed, left out or put in, the outcome is the same."""
    files = [saved(picture(9, 14)), saved(picture(90, 77), exif=exif(6), icc_profile=b"p")]
    whole = data.draw(st.sampled_from(files))
    place = data.draw(st.integers(2, 700).map(lambda place: place % len(whole)))
    removed = data.draw(st.integers(0, 3))
    added = data.draw(st.binary(max_size=3))
    damaged = whole[:place] + added + whole[place + removed :]
    fast, plain, slow = three_ways(tmp_path / "a.jpg", damaged)
    assert fast == plain == slow


def test_the_stats_file_is_the_same(tmp_path: Path) -> None:
    """The extra never changes a byte of the result."""
    for number, data in enumerate(kinds().values()):
        (tmp_path / f"{number}.jpg").write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        fast = dumps(normstat.compute(tmp_path, workers=0))
        patch.setattr(jpeg, "_simplejpeg", lambda: None)
        assert dumps(normstat.compute(tmp_path, workers=0)) == fast


def test_tiny_images_are_read_by_simplejpeg(tmp_path: Path) -> None:
    """The extra is in use where it pays, and only there: decided from the header."""
    asked: list[int] = []

    def counting(data: bytes, colorspace: str) -> np.ndarray:
        asked.append(len(data))
        return simplejpeg.decode_jpeg(data, colorspace)

    tiny, large = saved(picture(32, 32)), saved(picture(90, 77))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jpeg, "_simplejpeg", lambda: counting)
        read(tmp_path / "a.jpg", tiny)
        read(tmp_path / "b.jpg", large)
    assert asked == [len(tiny)]


def test_the_short_way_is_taken(tmp_path: Path) -> None:
    """Usual files do not go through Pillow's parser, or nothing would be gained."""
    usual = {name for name, data in kinds().items() if jpeg.header(data)}
    assert {"50x75 420", "large gray", "large EXIF", "large progressive", "large ICC"} <= usual
    assert usual.isdisjoint({"large Photoshop", "large CMYK", "large short JFIF"})
