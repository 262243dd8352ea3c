"""TIFF files: by their tags to Pillow where it is right, else to tifffile, else refused.

What reads them is imported with the first of them: most data sets have none.
"""

FORMAT = "TIFF"
#: As many bytes of a file as :func:`is_tiff` needs.
SIGNATURE = 4
_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_tiff(data: bytes) -> bool:
    r"""True for the first bytes of a TIFF file.

    >>> is_tiff(b"II*\0"), is_tiff(b"IIRO")
    (True, False)
    """
    return data[:SIGNATURE] in _SIGNATURES
