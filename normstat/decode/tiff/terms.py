"""Numbers that a TIFF file's tags use, and their names."""

#: What pixels mean (PhotometricInterpretation).
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, CMYK, YCBCR = range(7)
UNTOLD = -1
PHOTOMETRICS = {
    UNTOLD: "no photometric interpretation",
    WHITE_IS_ZERO: "white is zero",
    BLACK_IS_ZERO: "black is zero",
    RGB: "RGB",
    PALETTE: "palette",
    MASK: "mask",
    CMYK: "CMYK",
    YCBCR: "YCbCr",
    8: "CIELab",
    9: "ICCLab",
    32803: "color filter array",
    34892: "linear raw",
}
#: Samples of the colors that are read.
SAMPLES = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, PALETTE: 1, RGB: 3, YCBCR: 3, CMYK: 4}
#: What values are (SampleFormat).
UNSIGNED, SIGNED, FLOAT, VOID = 1, 2, 3, 4
#: Compression schemes that pixels are handled differently for.
NONE, OLD_JPEG, JPEG = 1, 6, 7
#: Those of fax machines: CCITT's.
FAX = (2, 3, 4)
COMPRESSIONS = {
    NONE: "uncompressed",
    2: "CCITT",
    3: "CCITT 3",
    4: "CCITT 4",
    5: "LZW",
    OLD_JPEG: "old JPEG",
    JPEG: "JPEG",
    8: "deflate",
    32773: "PackBits",
    32946: "deflate",
    34887: "LERC",
    34712: "JPEG 2000",
    34925: "LZMA",
    50000: "zstd",
    50001: "WebP",
}
#: Extra samples that are alpha: associated (multiplied into the colors), unassociated.
ASSOCIATED, UNASSOCIATED = ALPHA = (1, 2)
