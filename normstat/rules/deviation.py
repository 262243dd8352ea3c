"""How far means and stds are from those of a split: over all channels, in its σ."""

from collections.abc import Sequence
from math import hypot, inf

from normstat.rules.comparison import known
from normstat.stats import SplitStats
from normstat.stats.split_stats import Channels

#: How many times better numbers have to fit once a slip is undone.
BETTER = 5.0
#: A misfit in σ below which numbers count as those recorded.
FLOOR = 0.01


def misfit(split: SplitStats, mean: Sequence[float], std: Sequence[float]) -> float:
    """Root of the sum of squared differences from a split's means and stds, in its σ.

    Infinite if a number differs where the σ is 0.
    """
    means, stds = numbers(split)
    return hypot(
        *(_in_sigma(a - b, scale) for a, b, scale in zip(mean, means, stds, strict=True)),
        *(_in_sigma(a - b, b) for a, b in zip(std, stds, strict=True)),
    )


def numbers(split: SplitStats) -> tuple[Channels, Channels]:
    """Mean and std of each channel, in unit scale."""
    return known(split.mean), known(split.std)


def _in_sigma(difference: float, scale: float) -> float:
    if scale:
        return difference / scale
    return inf if difference else 0.0
