"""TIFF files: pages, stacks, bands, palettes, and what is told of them."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
import tifffile
from checked import read_again
from numpy.typing import NDArray
from PIL import Image, ImageOps
from told import Told

import normstat
from normstat.decode.tiff import extra
from normstat.errors import NothingToRead

GRAY = make.pixels(1, 9, 14, channels=1)
GRAY16 = make.pixels(2, 9, 14, channels=1, dtype="uint16")
PAGES = np.stack([make.pixels(seed, 9, 14, channels=1) for seed in range(4)])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder for files."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """tifffile is not installed."""
    monkeypatch.setattr(extra, "installed", lambda: None)


def written(array: NDArray[Any], **options: Any) -> bytes:
    """A file by tifffile, without metadata of its own."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, **{"metadata": None, **options})
    return file.getvalue()


def split_of(folder: Path, **options: Any) -> normstat.SplitStats:
    """The one split of a folder, read in this process."""
    return normstat.compute(folder, workers=0, **options).splits["all"]


def assert_is(split: normstat.SplitStats, array: NDArray[Any], scale: int) -> None:
    """Mean and std are those of an array of shape (N, C), to the last bits."""
    values = array.astype(np.float64) / scale
    assert split.scale == scale
    np.testing.assert_allclose(split.mean or (), values.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(split.std or (), values.std(axis=0), rtol=1e-12)


def pages_of(arrays: NDArray[Any], **first: Any) -> bytes:
    """One page for each array; options of the first."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for number, array in enumerate(arrays):
            writer.write(array, metadata=None, **(first if number == 0 else {}))
    return file.getvalue()


def test_the_first_page_counts_and_the_others_are_noted(data: Path) -> None:
    """As every loader does it, but said."""
    make.write(data / "a.tif", pages_of(PAGES))
    told = Told()
    split = split_of(data, progress=told)
    assert_is(split, PAGES[0].reshape(-1, 1), 255)
    assert split.notes["multi_frame"] == 1
    assert any('frames="all"' in words for words in told.notices)


def test_all_pages_are_one_image(data: Path) -> None:
    """Every pixel counts, and the file stays one image for standard errors."""
    make.write(data / "a.tif", pages_of(PAGES))
    split = split_of(data, frames="all")
    assert_is(split, PAGES.reshape(-1, 1), 255)
    assert (split.images, split.pixels) == (1, PAGES.size)
    assert split.stderr.mean == (None,)
    np.testing.assert_allclose(split.per_image.std or (), split.std or (), rtol=1e-12)


def test_pages_of_other_sizes_are_one_image(data: Path) -> None:
    """Frames need not be equally large, only of one kind."""
    small = make.pixels(9, 5, 3, channels=1)
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(GRAY, metadata=None)
        writer.write(small, metadata=None)
    make.write(data / "a.tif", file.getvalue())
    values = np.concatenate([GRAY.reshape(-1, 1), small.reshape(-1, 1)])
    assert_is(split_of(data, frames="all"), values, 255)
    assert_is(split_of(data, frames="all", covariance=True), values, 255)


def test_pages_are_channels(data: Path) -> None:
    """Multispectral cameras write a page for each band."""
    make.write(data / "a.tif", pages_of(PAGES))
    split = split_of(data, frames="channels")
    assert_is(split, PAGES.reshape(4, -1).T, 255)
    assert split.channels == ("band1", "band2", "band3", "band4")
    names = ("B", "G", "R", "NIR")
    assert split_of(data, frames="channels", channel_names=names).channels == names


@pytest.mark.parametrize("frames", ["first", "all", "channels"])
def test_thumbnails_and_masks_are_no_pages(data: Path, frames: str) -> None:
    """A smaller copy in front, overviews behind, and a mask: the image is what is left."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(GRAY[:3, :4], subfiletype=1, metadata=None)
        writer.write(GRAY, metadata=None)
        writer.write(GRAY[::2, ::2], subfiletype=1, metadata=None)
        writer.write(GRAY > 100, subfiletype=4, photometric="minisblack", metadata=None)
    make.write(data / "a.tif", file.getvalue())
    split = split_of(data, frames=frames)
    assert_is(split, GRAY.reshape(-1, 1), 255)
    assert split.notes["multi_frame"] == 0


@pytest.mark.parametrize("truncate", [True, False], ids=["one directory", "one for each"])
@pytest.mark.parametrize("order", "<>")
def test_imagej_may_keep_a_stack_behind_one_directory(
    data: Path, order: str, truncate: bool
) -> None:
    """Its planes count as pages; where each has a directory, they are not counted twice."""
    stack = np.stack([GRAY16, GRAY16 // 2, GRAY16 // 3])
    file = io.BytesIO()
    options = {"imagej": True, "byteorder": order, "metadata": {"axes": "ZYX"}}
    tifffile.imwrite(file, stack, truncate=truncate, **options)
    make.write(data / "a.tif", file.getvalue())
    first = split_of(data)
    assert_is(first, stack[0].reshape(-1, 1), 65535)
    assert first.notes["multi_frame"] == 1
    assert_is(split_of(data, frames="all"), stack.reshape(-1, 1), 65535)
    assert_is(split_of(data, frames="channels"), stack.reshape(3, -1).T, 65535)


@pytest.mark.usefixtures("no_extra")
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4", ">f4"])
def test_a_stack_behind_one_directory_needs_no_extra(data: Path, dtype: str) -> None:
    """Its values lie one after the other."""
    stack = np.stack([GRAY16 // 256, GRAY16 // 512]).astype(dtype)
    file = io.BytesIO()
    options = {"imagej": True, "byteorder": dtype[0] if dtype[0] in "<>" else None}
    tifffile.imwrite(file, stack, truncate=True, metadata={"axes": "ZYX"}, **options)
    make.write(data / "a.tif", file.getvalue())
    scale = {"u1": 255, "u2": 65535, "f4": 1}[dtype[-2:]]
    assert_is(split_of(data, frames="all"), stack.reshape(-1, 1), scale)
    assert_is(split_of(data, frames="channels"), stack.reshape(2, -1).T, scale)


def test_a_stack_that_ends_early_is_truncated(data: Path) -> None:
    """ImageJ's description says how many planes there should be."""
    stack = np.stack([GRAY16, GRAY16 // 2, GRAY16 // 3])
    file = io.BytesIO()
    tifffile.imwrite(file, stack, imagej=True, truncate=True, metadata={"axes": "ZYX"})
    make.write(data / "a.tif", file.getvalue()[: -GRAY16.nbytes])
    with pytest.raises(NothingToRead, match="truncated"):
        split_of(data, frames="all")


@pytest.mark.parametrize("place", [4, 7])
def test_frames_of_other_kinds_are_no_one_image(data: Path, place: int) -> None:
    """A page of another depth is a record, wherever it comes, and nothing of it is counted."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for page in [GRAY] * place + [GRAY16]:
            writer.write(page, metadata=None)
    make.write(data / "a.tif", file.getvalue())
    make.write(data / "b.tif", written(GRAY))
    for frames in ("all", "channels"):
        stats = normstat.compute(data, workers=0, frames=frames)
        assert [record.code for record in stats.unreadable] == ["unsupported_pixels"]
        assert_is(stats.splits["all"], GRAY.reshape(-1, 1), 255)


def test_an_extra_band_is_no_alpha(data: Path) -> None:
    """RGB and near infrared are four channels; alpha is said to be one."""
    four = np.dstack([make.pixels(3, 9, 14), GRAY])
    make.write(data / "nir.tif", written(four, photometric="rgb", extrasamples=(0,)))
    assert_is(split_of(data), four.reshape(-1, 4), 255)
    make.write(data / "nir.tif", written(four, photometric="rgb", extrasamples=(2,)))
    split = split_of(data)
    assert_is(split, four[:, :, :3].reshape(-1, 3), 255)
    assert split.notes["alpha_dropped"] == 1


@pytest.mark.usefixtures("no_extra")
def test_associated_alpha_leaves_the_stored_values(data: Path) -> None:
    """Pillow would divide by alpha and round."""
    four = np.dstack([make.pixels(3, 9, 14), GRAY])
    for compression in (None, "zlib"):
        content = written(four, photometric="rgb", extrasamples=(1,), compression=compression)
        make.write(data / "a.tif", content)
        assert_is(split_of(data), four[:, :, :3].reshape(-1, 3), 255)


def test_gdal_names_bands(data: Path) -> None:
    """Descriptions are the names of channels; where one lacks, none is taken."""
    bands = make.pixels(4, 9, 14, channels=2)
    item = '<Item name="DESCRIPTION" sample="{}" role="description">{}</Item>'
    for names, expected in ((("VV", "V&amp;H"), ("VV", "V&H")), (("VV",), ("band1", "band2"))):
        items = "".join(item.format(*pair) for pair in enumerate(names))
        metadata = f"<GDALMetadata>{items}</GDALMetadata>"
        content = written(
            bands,
            photometric="minisblack",
            planarconfig="contig",
            extratags=[(42112, 2, None, metadata, True)],
        )
        make.write(data / "a.tif", content)
        assert split_of(data).channels == expected


@pytest.mark.parametrize("text", ["ImageJ=1\nimages=" + "9" * 5000, "<Item " * 200_000])
def test_texts_of_any_length_are_no_trouble(data: Path, text: str) -> None:
    """Numbers of thousands of digits, and tags that never end."""
    tags = [(270, 2, None, text, True), (42112, 2, None, text, True)]
    make.write(data / "a.tif", written(GRAY, description=None, extratags=tags))
    assert_is(split_of(data), GRAY.reshape(-1, 1), 255)


def test_no_data_is_counted_and_said(data: Path) -> None:
    """A declared value is noted; NaN that is declared is no damage, but cannot be counted."""
    tag = [(42113, 2, None, "0", True)]
    make.write(data / "a.tif", written(GRAY, extratags=tag))
    split = split_of(data)
    assert_is(split, GRAY.reshape(-1, 1), 255)
    assert split.notes["nodata_counted"] == 1
    holes = GRAY.astype("f4")
    holes[0, 0] = np.nan
    make.write(data / "b.tif", written(holes, extratags=[(42113, 2, None, "nan", True)]))
    (record,) = normstat.compute(data, workers=0).unreadable
    assert (record.path, record.code) == ("b.tif", "unsupported_pixels")
    assert "no data" in record.detail


@pytest.mark.parametrize("has_extra", [True, False])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("top", [255, 65535])
def test_palettes(
    data: Path, monkeypatch: pytest.MonkeyPatch, bits: int, top: int, has_extra: bool
) -> None:
    """Entries have 16 bits; those of 8 are what they say."""
    if not has_extra:
        monkeypatch.setattr(extra, "installed", lambda: None)
    random = np.random.default_rng(bits)
    colors = random.integers(0, top + 1, (3, 2**bits))
    colors[0, 0] = top
    indices = random.integers(0, 2**bits, (9, 16))
    rows = np.unpackbits(indices.astype(np.uint8)[..., None], axis=2)[..., -bits:]
    packed = np.packbits(rows.reshape(9, -1), axis=1).tobytes()
    tags: dict[int, Any] = {258: [bits], 262: [3], 320: colors.reshape(-1).tolist()}
    for order in "<>":
        make.write(data / "a.tif", make.tiff_of(packed, 16, 9, tags, order))
        eight = (colors if top == 255 else colors >> 8)[:, indices].reshape(3, -1).T
        assert_is(split_of(data), eight, 255)


def test_bands_cmyk_and_ycbcr_that_nobody_decodes_are_refused(data: Path) -> None:
    """Refused with what they are, never called damaged."""
    files = {
        "ycbcr.tif": make.tiff_of(bytes(9 * 14 * 2), 14, 9, {258: [8] * 3, 262: [6], 277: [3]}),
        "cfa.tif": make.tiff_of(GRAY.tobytes(), 14, 9, {262: [32803]}),
        "565.tif": make.tiff_of(bytes(9 * 14 * 2), 14, 9, {258: [5, 6, 5], 262: [2], 277: [3]}),
        "complex.tif": make.tiff_of(bytes(9 * 14 * 8), 14, 9, {258: [64], 339: [6]}),
        "513.tif": make.tiff_of(bytes(513 * 9), 3, 3, {258: [8] * 513, 277: [513], 338: [0] * 512}),
    }
    for name, content in files.items():
        make.write(data / name, content)
    make.write(data / "good.tif", written(GRAY))
    stats = normstat.compute(data, workers=0)
    assert {record.path: record.code for record in stats.unreadable} == dict.fromkeys(
        files, "unsupported_pixels"
    )
    details = {record.path: record.detail for record in stats.unreadable}
    assert "5/6/5 bits" in details["565.tif"]
    assert len(details["513.tif"]) < 200


@pytest.mark.usefixtures("no_extra")
def test_without_the_extra_its_name_is_said(data: Path) -> None:
    """What tifffile would read says how to get it, in one short line."""
    make.write(data / "a.tif", make.tiff(make.pixels(1, 9, 8, channels=369)))
    with pytest.raises(NothingToRead) as refused:
        split_of(data)
    assert 'pip install "normstat[tiff]"' in str(refused.value)
    assert "369 bands of 8 bits" in str(refused.value)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "jpeg"])
@pytest.mark.parametrize("bands", [1, 5])
def test_a_cut_file_is_truncated(data: Path, compression: str | None, bands: int) -> None:
    """Whoever decodes, a file that ends early is what it is called."""
    if compression == "jpeg" and bands > 1:
        return
    array = make.pixels(1, 64, 70, channels=bands)
    content = written(
        array,
        photometric="minisblack",
        planarconfig="contig" if bands > 1 else None,
        compression=compression,
        rowsperstrip=8,
    )
    make.write(data / "a.tif", content[: len(content) * 2 // 3])
    make.write(data / "b.tif", written(GRAY))
    (record,) = normstat.compute(data, workers=0).unreadable
    assert (record.path, record.code) == ("a.tif", "truncated")


def test_orientation_turns_what_tifffile_reads(tmp_path: Path, data: Path) -> None:
    """``apply`` shows all files upright; statistics do not need it."""
    array = make.pixels(5, 9, 14, channels=2)
    for orientation in range(1, 9):
        content = written(
            array,
            photometric="minisblack",
            planarconfig="contig",
            extratags=[(274, 3, 1, orientation, True)],
        )
        make.write(data / f"{orientation}.tif", content)
    normstat.apply(data, tmp_path / "out", "unit", layout="hwc", workers=0)
    for orientation in range(1, 9):
        image = Image.fromarray(array[:, :, 0])
        exif = Image.Exif()
        exif[274] = orientation
        image.info["exif"] = exif.tobytes()
        file = io.BytesIO()
        image.save(file, "PNG", exif=exif)
        upright = np.asarray(ImageOps.exif_transpose(Image.open(file)))
        found = np.load(tmp_path / "out" / f"{orientation}.npy")[:, :, 0]
        assert np.array_equal(found, (upright / np.float32(255)).astype("f4")), orientation
    split = split_of(data)
    assert split.notes["exif_orientation"] == 7
    assert_is(split, np.tile(array.reshape(-1, 2), (8, 1)), 255)


def test_frames_are_recorded_and_checked_alike(data: Path) -> None:
    """check reads the data as they were read."""
    make.write(data / "a.tif", pages_of(PAGES))
    recorded = normstat.compute(data, workers=0, frames="channels", max_value=100)
    now = read_again(data, recorded)
    assert now.splits == recorded.splits
    assert normstat.check(now, recorded).exit_code == 0
    with pytest.raises(normstat.NormstatError, match="frames"):
        normstat.check(normstat.compute(data, workers=0, max_value=100), recorded)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_animations(data: Path, format: str) -> None:
    """All frames, each as it is shown; the first alone by default, and noted."""
    frames = [Image.fromarray(make.pixels(seed, 16, 20)) for seed in range(3)]
    lossless = {"lossless": True} if format == "WEBP" else {}
    content = make.encoded(
        frames[0], format, save_all=True, append_images=frames[1:], duration=100, **lossless
    )
    make.write(data / f"a.{format.lower()}", content)
    opened = Image.open(io.BytesIO(content))
    shown = []
    for number in range(opened.n_frames):  # type: ignore[attr-defined]  # animations have it
        opened.seek(number)
        shown.append(np.asarray(opened.convert("RGB")).reshape(-1, 3))
    first = split_of(data)
    assert_is(first, shown[0], 255)
    assert first.notes["multi_frame"] == 1
    every = split_of(data, frames="all")
    assert_is(every, np.concatenate(shown), 255)
    assert every.images == 1


def test_two_threads_leave_pillow_as_it_was(data: Path) -> None:
    """The limit on pixels is the user's own again, whoever ends first."""
    for number in range(40):
        make.write(data / f"{number}.png", make.encoded(GRAY))
    before = Image.MAX_IMAGE_PIXELS
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: split_of(data), range(12)))
    assert before == Image.MAX_IMAGE_PIXELS
    assert all(result == results[0] for result in results)
