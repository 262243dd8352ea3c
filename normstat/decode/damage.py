"""Damage that a decoder accepts, or cannot name: found in the bytes of the file.

Every check is cheap on a healthy image: a walk over chunk headers, or one look at the last pixel.
The expensive proof runs only where that look gives a reason for suspicion.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from normstat.decode.refusals import unsupported
from normstat.errors import UnreadableImage
from normstat.images import Code

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNG_CHUNK = struct.Struct(">I4s").unpack_from
_PNG_CHECKSUM = struct.Struct(">I").unpack_from
_PNG_HEADER = struct.Struct(">IIBB").unpack_from
_PNG_COLOR = 25
_PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_SHORT = 4096
# First column, first row, and their steps, for each pass of an interlaced PNG.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_ONE_PASS = ((0, 0, 1, 1),)
_JPEG_SOI = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_JPEG_START_OF_FRAME = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_START_OF_SCAN = 0xDA
_JPEG_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}
_JPEG_HIERARCHICAL = {0xC5, 0xC6, 0xCD, 0xCE}
_JPEG_LS = 0xF7
_JPEG_FRAME = struct.Struct(">BHHB")
# Inside a scan 0xFF is followed by 0 (stuffing), a restart marker, or more 0xFF (fill).
_JPEG_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_JUNK = bytes(range(1, 255))
_GIF_LARGEST_HEADER = 13 + 3 * 256


def png_spans(data: bytes) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Locate the pixels and the texts of a PNG file, which has to be whole.

    Start and end of the compressed pixels in each IDAT chunk, and of each chunk that holds a text
    or a color profile, from its length to its checksum.

    Raises
    ------
    UnreadableImage
        ``truncated`` if the data end before the chunk IEND, ``corrupt`` on a wrong checksum.
    """
    view = memoryview(data)
    position = len(PNG_SIGNATURE)
    _refuse_other_start(data)
    spans: list[tuple[int, int]] = []
    texts: list[tuple[int, int]] = []
    palette_is_missing = data[_PNG_COLOR : _PNG_COLOR + 1] == b"\3"
    while True:
        if position + 12 > len(data):
            raise UnreadableImage(Code.TRUNCATED, "ends without the chunk IEND")
        length, name = _PNG_CHUNK(data, position)
        checksum = position + 8 + length
        if checksum + 4 > len(data):
            raise UnreadableImage(Code.TRUNCATED, f"ends inside the chunk {_escaped(name)}")
        if (zlib.crc32(view[position + 4 : checksum]),) != _PNG_CHECKSUM(data, checksum):
            raise UnreadableImage(Code.CORRUPT, f"wrong checksum in the chunk {_escaped(name)}")
        if name == b"PLTE":
            palette_is_missing = False
        elif name == b"IDAT":
            if palette_is_missing:
                raise UnreadableImage(Code.CORRUPT, "no palette before the pixels")
            spans.append((position + 8, checksum))
        elif name == b"IEND":
            return spans, texts
        elif name in _PNG_TEXTS:
            texts.append((position, checksum + 4))
        position = checksum + 4


def _refuse_other_start(data: bytes) -> None:
    if len(data) >= 16 and data[12:16] != b"IHDR":
        from normstat.decode.foreign import foreign

        raise foreign(data) or UnreadableImage(Code.CORRUPT, "does not start with the chunk IHDR")


def check_png_rows(
    image: Image.Image,
    data: bytes,
    spans: list[tuple[int, int]],
    interlaced: bool,
    last_row: bytes | None,
) -> None:
    """Raise ``truncated`` where rows are missing: they decode as zeros, without an error.

    Parameters
    ----------
    last_row : the last row of the image's pixels, if that is known without effort.
    """
    if last_row and not interlaced and last_row.strip(b"\0"):
        return
    width, height, bits, color = _PNG_HEADER(data, 16)
    # A short stream is measured faster than its last row is looked at.
    if len(data) > _SHORT and not interlaced:
        last = image.getpixel((width - 1, height - 1))
        if any(last) if isinstance(last, tuple) else last:
            return
        if image.crop((0, height - 1, width, height)).tobytes().strip(b"\0"):
            return
    expected = 0
    for x, y, step_x, step_y in _ADAM7 if interlaced else _ONE_PASS:
        columns, rows = -(-(width - x) // step_x), -(-(height - y) // step_y)
        if columns > 0 and rows > 0:
            expected += rows * (1 + -(-columns * bits * _PNG_SAMPLES[color] // 8))
    if _inflated_size(data, spans, expected) < expected:
        raise UnreadableImage(Code.TRUNCATED, "rows are missing at the end")


def _inflated_size(data: bytes, spans: list[tuple[int, int]], enough: int) -> int:
    stream = zlib.decompressobj()
    size = 0
    for start, end in spans:
        rest = data[start:end]
        while rest and size < enough:
            size += len(stream.decompress(rest, min(enough, 1 << 20)))
            rest = stream.unconsumed_tail
    return size


def check_jpeg_end(image: Image.Image, data: bytes) -> None:
    """Raise ``truncated`` where blocks are missing: libjpeg fills them with exact mid-gray.

    A picture may truly end in that gray, so suspicion is followed by a proof: bytes inserted at
    the end of the scan change the picture only if the decoder was still waiting for some.
    """
    last = image.getpixel((image.width - 1, image.height - 1))
    if not {127, 128}.issuperset(last if isinstance(last, tuple) else (last,)):
        return
    scan = _scan(data)
    if scan is None:
        return
    longer_data = data[: scan[1]] + _filler(data[slice(*scan)]) + data[scan[1] :]
    with Image.open(BytesIO(longer_data), formats=("JPEG",)) as longer:
        try:
            longer.load()
            same = longer.tobytes() == image.tobytes()
        except OSError:  # the decoder choked on them, so it was waiting
            same = False
    if not same:
        raise UnreadableImage(Code.TRUNCATED, "the end is missing: filled with mid-gray")


def _scan(data: bytes) -> tuple[int, int] | None:
    """Start and end of the compressed data of the first scan."""
    for marker, _, start in _jpeg_segments(data):
        if marker == _JPEG_START_OF_SCAN and (found := _JPEG_SCAN_END.search(data, start)):
            end = found.start()
            while data[end - 1] == 0xFF:  # a cut between 0xFF and what it announces
                end -= 1
            return start, end
    return None


def _filler(scan: bytes) -> bytes:
    """Bytes that a decoder takes for more of a scan, whether it waits for data or a restart."""
    restarts = _JPEG_RESTART.findall(scan)
    last = restarts[-1][1] - 0xD0 if restarts else -1
    following = (bytes([0xFF, 0xD0 + (last + step) % 8]) for step in range(1, 9))
    return _JUNK * 8 + b"".join(restart + _JUNK for restart in following)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the segments up to the first scan; ends early where the data do."""
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return
        marker = data[position + 1]
        if marker == 0xFF:  # fill
            position += 1
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if end > len(data):
            return
        yield marker, position + 4, end
        if marker == _JPEG_START_OF_SCAN:
            return
        position = end


def verdict(error: Exception, data: bytes) -> UnreadableImage:
    """Verdict on a file from an exception of the decoder."""
    from normstat.decode.foreign import foreign

    if named := foreign(data) or _unsupported_jpeg(data):
        return named
    if isinstance(error, UnidentifiedImageError):
        return _unidentified(data)
    code = Code.TRUNCATED if _ends_early(error, data) else Code.CORRUPT
    message = str(error)
    # Addresses and the like would differ from run to run.
    detail = message if message and "0x" not in message else type(error).__name__
    return UnreadableImage(code, f"decoder: {detail}")


def _ends_early(error: Exception, data: bytes) -> bool:
    words = ("truncated", "not enough", "incomplete", "eof", "end of file", "buffer is not large")
    return (
        isinstance(error, (EOFError, IndexError, struct.error))
        or any(word in str(error).lower() for word in words)
        or _container_is_cut(data)
    )


def _container_is_cut(data: bytes) -> bool:
    """The file's own header announces more bytes than there are."""
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if data[4:8] == b"ftyp":
        position = 0
        while 0 <= position < len(data):
            length = int.from_bytes(data[position : position + 4], "big")
            if length < 8:  # up to the end, or 64 bits long: nothing to compare
                return False
            position += length
        return position > len(data) or b"mdat" not in data
    if data.startswith((b"GIF87a", b"GIF89a")):
        return len(data) < _GIF_LARGEST_HEADER
    if data.startswith(_JPEG_SOI):
        scans = [end for marker, _, end in _jpeg_segments(data) if marker == _JPEG_START_OF_SCAN]
        return not scans or data.find(_JPEG_END, scans[0]) < 0
    return False


def _unidentified(data: bytes) -> UnreadableImage:
    """Verdict on a file that no plugin took: another format, other pixels, a broken header."""
    if data.startswith(b"PF"):
        return unsupported("PFM with three channels")
    if _container_is_cut(data):
        return UnreadableImage(Code.TRUNCATED, "ends inside the header")
    return UnreadableImage(Code.NOT_AN_IMAGE, f"starts with {_escaped(data[:16])}")


def _unsupported_jpeg(data: bytes) -> UnreadableImage | None:
    """A JPEG that libjpeg has no process for, by its first frame."""
    if not data.startswith(_JPEG_SOI):
        return None
    for marker, content, end in _jpeg_segments(data):
        if marker not in _JPEG_START_OF_FRAME and marker != _JPEG_LS:
            continue
        if end - content < _JPEG_FRAME.size:
            return None
        bits, height, _, components = _JPEG_FRAME.unpack_from(data, content)
        for holds, words in (
            (marker == _JPEG_LS, "JPEG-LS"),
            (marker in _JPEG_LOSSLESS, "lossless JPEG"),
            (marker in _JPEG_HIERARCHICAL, "hierarchical JPEG"),
            (bits != 8, f"JPEG with {bits} bits"),
            (components not in (1, 3, 4), f"JPEG with {components} components"),
            (height == 0, "JPEG that tells its height after its pixels"),
        ):
            if holds:
                return unsupported(words)
        return None
    return None


def _escaped(data: bytes) -> str:
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")
