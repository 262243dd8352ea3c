"""Identity of an installation: everything but settings and pixels that decides a number."""

import platform

import numpy as np

from normstat import __version__
from normstat.accumulators.tally import STATE
from normstat.decode import with_lossy


def identity() -> dict[str, str | None]:
    """Name → version. Where all are equal, the same images have the same states.

    NumPy and the machine are among them: floating-point pixels are added up in an order that the
    processor may decide.

    >>> identity()["normstat"] == __version__
    True
    """
    return {
        "normstat": __version__,
        "state": str(STATE),
        **with_lossy(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
