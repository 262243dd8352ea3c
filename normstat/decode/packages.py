"""Packages that decode, if they are installed: their versions are what pixels depend on."""

from PIL import features

# It is read by pydicom, which asks these for what is compressed.
_OF_DICOM = (
    *("pydicom", "pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pyjpegls"),
    "python-gdcm",
)


def package_versions(*packages: str) -> dict[str, str | None]:
    """Versions of packages, without importing them; None where one is not installed.

    >>> package_versions("no-such-package")
    {'no-such-package': None}
    """
    from importlib import metadata  # costs as much as Pillow, and only a cache asks

    found: dict[str, str | None] = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def versions() -> dict[str, str | None]:
    """Pillow, and the library below it that decides the pixels of a JPEG.

    >>> sorted(versions())
    ['libjpeg_turbo', 'pillow']
    """
    return {
        "pillow": features.version("pil"),
        "libjpeg_turbo": features.version("libjpeg_turbo"),
    }


def with_lossy() -> dict[str, str | None]:
    """Versions of :func:`versions`, and of all else that decodes, or would if it were installed.

    zlib is not among them: what is compressed without loss comes out one way only.

    >>> sorted(with_lossy().keys() - versions().keys() - set(_OF_DICOM))
    ['imagecodecs', 'libavif', 'libtiff', 'libwebp', 'openjpeg', 'tifffile']
    """
    from normstat.decode.tiff import extra

    return {
        **versions(),
        **extra.versions(),
        **package_versions(*_OF_DICOM),
        "libwebp": features.version("webp"),
        "libavif": features.version("avif"),
        "libtiff": features.version("libtiff"),
        "openjpeg": features.version("jpg_2000"),
    }
