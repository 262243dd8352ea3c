"""Colors of drawings: enough contrast on white and on near-black (WCAG AA), and with dashes."""

from importlib.resources import files

#: Colors there are; the first comes again after the last.
COLORS = 6
#: Rules for drawings. Notebooks say themselves whether they are dark.
STYLE = files(__package__).joinpath("drawings.css").read_text("utf-8")


def color(index: int) -> str:
    """Class of the color of a set of images, by its number among all.

    >>> color(0), color(7)
    ('c0', 'c1')
    """
    return f"c{index % COLORS}"
