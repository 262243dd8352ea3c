"""Colors of sets of images, which style sheets define."""

#: Colors there are; the first comes again after the last.
COLORS = 6


def color(index: int) -> str:
    """Class of the color of a set of images, by its number among all.

    >>> color(0), color(7)
    ('c0', 'c1')
    """
    return f"c{index % COLORS}"
