"""Faults that have to be survived, by number, and the tests that own each of them.

A test owns a fault by its mark: ``@pytest.mark.fault(4)``. ``make faults`` prints the table.
"""

from collections.abc import Iterator
from typing import Any

import pytest

CONTENT = {
    1: "an empty file",
    2: "an HTML page named .jpg",
    3: "a Git LFS pointer",
    4: "a JPEG that is cut",
    5: "a JPEG that is cut and closed",
    6: "zeros within a JPEG scan",
    7: "bytes after the end of an image",
    8: "a PNG with a wrong checksum, or without its end",
    9: "a PNG with half of its rows",
    10: "a PNG whose header promises gigabytes",
    11: "a PNG that inflates to more pixels than allowed",
    12: "a compressed text that inflates to gigabytes",
    13: "more than 8 bits",
    14: "TIFF files that only the extra reads",
    15: "CMYK and YCCK",
    16: "transparency",
    17: "1 bit",
    18: "NaN and infinity",
    19: "gray and RGB in one folder",
    20: "an image of 16 bits among those of 8",
    21: "orientations in EXIF",
    22: "several frames",
    23: "an ICC profile",
    24: "odd sizes",
    25: "a file of another kind with the name of an image",
    26: "an image with the name of another format",
    27: "a decoder that hangs",
    28: "a decoder that crashes",
    29: "a decoder that takes all memory",
    30: "a decoder that prints",
    31: "pickled objects",
}
TREES = {
    32: "odd names",
    33: "names that differ in case or normal form only",
    34: "a link that leads in a circle",
    35: "a link to a folder outside",
    36: "no regular file",
    37: "no permission",
    38: "many folders",
    39: "a large folder",
    40: "no image, or one",
    41: "leftovers of other systems",
    42: "the same image in two splits",
}
STORAGE = {
    43: "a file that is deleted before it is opened",
    44: "a file that is replaced or grows while it is read",
    45: "storage that stumbles",
    46: "a full disk",
    47: "an output folder that may only be read",
    48: "an output that is a folder, or an input",
    49: "more errors than allowed",
}
PROCESSES = {
    50: "signals, and a closed pipe",
    51: "SIGKILL to the parent",
    52: "SIGKILL to a worker",
    53: "an image that ends its worker every time",
    54: "workers that cannot start",
    55: "any number of workers",
    56: "limits, locales and flags of Python",
}
OWN_FILES = {
    57: "a stats file that is damaged",
    58: "statistics of other channels",
    59: "a std of 0",
    60: "a cache that is damaged, or none",
    61: "apply killed midway",
    62: "two inputs for one output",
    63: "arithmetic at its limits",
    64: "numbers in another locale",
}
BUCKETS = {
    72: "an object that is gone, forbidden, slow, cut off or another one",
    73: "a server that throttles",
    74: "wrong credentials",
}
ENGINES = {
    75: "a worker of a cluster that is killed",
    76: "an image that crashes or hangs its decoder on a cluster",
    77: "a scheduler that is gone",
    78: "a worker without DATA, without normstat, or with another version",
    79: "Ctrl-C while a cluster works",
    80: "workers that join or leave",
    81: "parts that overlap, miss one, or are of other settings or data",
}
CONTAINERS = {
    65: "a tar archive that is cut or damaged",
    66: "names in an archive that lead out of it, and what is no file",
    67: "a name that occurs twice in an archive",
    68: "a zip archive that is encrypted, a bomb, damaged or odd",
    69: "a Parquet file with null images, another column, a damaged footer, a huge row group",
    70: "an .npz file with Python objects",
    71: "a list that names what is not there, leads out, or is in another encoding",
}
FAULTS = CONTENT | TREES | STORAGE | PROCESSES | OWN_FILES | CONTAINERS | BUCKETS | ENGINES
#: What a report has as a property for each fault that its test owns, and what it gave.
OWNED, GOT = "fault", "got"
#: In the stash of a run: numbers of faults → files with a test that owns it, if collected.
OWNERS = pytest.StashKey[dict[int, set[str]]]()


def numbers(item: pytest.Item) -> list[int]:
    """Numbers of the faults that a test owns."""
    return [number for mark in item.iter_markers("fault") for number in mark.args]


def table(reports: list[Any]) -> Iterator[str]:
    """The table as Markdown, of the reports of tests that were run."""
    yield "| number | fault | test | result |"
    yield "|---|---|---|---|"
    rows = []
    for report in reports:
        found = dict(report.user_properties)
        test = report.nodeid.rpartition("/")[2]
        result = found.get(GOT, report.outcome)
        owned = [number for name, number in report.user_properties if name == OWNED]
        rows += [(number, FAULTS[number], test, result) for number in owned]
    for row in sorted(rows):
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"
