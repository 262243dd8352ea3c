"""The first bytes of images, for files and values whose names do not tell."""

#: The first bytes of a file that Git LFS stands in for.
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
# The first bytes of images.
_IMAGES = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0"),
    *(
        b"MM\0+",
        b"\x93NUMPY",
        *(b"P%d%c" % (kind, space) for kind in range(1, 8) for space in b" \t\r\n"),
    ),
)
_BOX = {b"RIFF": b"WEBP", b"ftyp": b"avif"}


def is_image(start: bytes) -> bool:
    r"""True for the first bytes of an image.

    >>> is_image(b"\xff\xd8\xff\xe0"), is_image(b"RIFF....WEBP"), is_image(b"42")
    (True, True, False)
    """
    box = _BOX.get(start[:4]) or _BOX.get(start[4:8])
    return start.startswith(_IMAGES) or (box is not None and start[8:12] == box)
