"""Drawings as SVG: a text to put into a page, without a script, a font or a request to anywhere.

Each has a title and a description for those who do not see it, and no identifier that could meet
that of another drawing in the same document. Colors are those of :data:`normstat.markup.STYLE`.
"""

from normstat.svg.colors import COLORS, color
from normstat.svg.curves import Curve, chart
from normstat.svg.intervals import Interval, intervals

__all__ = ["COLORS", "Curve", "Interval", "chart", "color", "intervals"]
