"""What decoding gives, for tests that hold one way of it against another."""

from pathlib import Path

from normstat.decode import DecodedImage, Measured, decode, decoder
from normstat.errors import UnreadableImage
from normstat.images import Reader, ReadOptions, Sample


def decoded(sample: Sample, reader: Reader, reading: ReadOptions) -> Measured:
    """What decoding gives, as measured."""
    return Measured.of(decode(sample, reader.read(sample), reading))


def read(path: Path, data: bytes, **reading: object) -> tuple[object, ...]:
    """All that is known of an image, or the code and detail of what is wrong with it."""
    path.write_bytes(data)
    with decoder():
        try:
            pixels = decode(Sample("all", "a.png"), path.read_bytes(), ReadOptions(**reading))
            assert isinstance(pixels, DecodedImage)
            return (
                pixels.kind,
                pixels.mode,
                pixels.format,
                pixels.notes,
                pixels.key,
                pixels.array().tolist(),
                pixels.counts().tolist(),
            )
        except UnreadableImage as error:
            return error.code, error.detail
