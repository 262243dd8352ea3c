"""Exact per-channel statistics of image data sets, and whether they are still true.

>>> import normstat
>>> print(*(name for name in normstat.__all__ if name.islower() and name[0] != "_"))
apply check compute explain export invert load merge merge_arrays normalizer report save \
subtract
"""

from typing import TYPE_CHECKING

from normstat.lazy import attributes

if TYPE_CHECKING:
    from normstat.errors import NormstatError
    from normstat.methods import Normalizer, normalizer
    from normstat.presets import Preset
    from normstat.stats import Settings, SplitStats, Stats
    from normstat.statsfile import load, save
    from normstat.verbs.accumulator import Accumulator
    from normstat.verbs.apply.merge_arrays import MergedArrays, merge_arrays
    from normstat.verbs.apply.result import Applied
    from normstat.verbs.apply.verb import apply
    from normstat.verbs.check.verb import check
    from normstat.verbs.compute.verb import compute
    from normstat.verbs.explain.verb import Origin, explain
    from normstat.verbs.export import export
    from normstat.verbs.invert import Inverted, invert
    from normstat.verbs.merge import merge, subtract
    from normstat.verbs.report import report
    from normstat.verdict import Case, Level, Verdict

__version__ = "0.1.0"

# Name -> module, imported when the name is first used: `normstat --version` needs no NumPy.
_LAZY = {
    "Accumulator": "normstat.verbs.accumulator",
    "Applied": "normstat.verbs.apply.result",
    "Case": "normstat.verdict",
    "Inverted": "normstat.verbs.invert",
    "Level": "normstat.verdict",
    "MergedArrays": "normstat.verbs.apply.merge_arrays",
    "Normalizer": "normstat.methods",
    "NormstatError": "normstat.errors",
    "Origin": "normstat.verbs.explain.verb",
    "Preset": "normstat.presets",
    "Settings": "normstat.stats",
    "SplitStats": "normstat.stats",
    "Stats": "normstat.stats",
    "Verdict": "normstat.verdict",
    "apply": "normstat.verbs.apply.verb",
    "check": "normstat.verbs.check.verb",
    "compute": "normstat.verbs.compute.verb",
    "explain": "normstat.verbs.explain.verb",
    "export": "normstat.verbs.export",
    "invert": "normstat.verbs.invert",
    "load": "normstat.statsfile",
    "merge": "normstat.verbs.merge",
    "merge_arrays": "normstat.verbs.apply.merge_arrays",
    "normalizer": "normstat.methods",
    "report": "normstat.verbs.report",
    "save": "normstat.statsfile",
    "subtract": "normstat.verbs.merge",
}
__all__ = [
    "Accumulator",
    "Applied",
    "Case",
    "Inverted",
    "Level",
    "MergedArrays",
    "Normalizer",
    "NormstatError",
    "Origin",
    "Preset",
    "Settings",
    "SplitStats",
    "Stats",
    "Verdict",
    "__version__",
    "apply",
    "check",
    "compute",
    "explain",
    "export",
    "invert",
    "load",
    "merge",
    "merge_arrays",
    "normalizer",
    "report",
    "save",
    "subtract",
]


__getattr__ = attributes(__name__, _LAZY)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
