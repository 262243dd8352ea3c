"""How often two random halves of one set of images are told apart, where nothing has changed.

::

    python benchmarks/halves.py FOLDER [--splits 300] [--seed 0]

Each image is counted once; the state of a half is the sum of those of its images. ``check --mode
compatible`` promises a joint 99 %: of a hundred splits at most one fails or warns. Its bounds are
looked at, too: halves that differ by more than a bound, whatever the margin, are counted.
"""

import argparse
import sys
from collections import Counter
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from normstat import SplitStats, Stats, check
from normstat.accumulators.tally import Tally
from normstat.rules import RULES
from normstat.rules.effects import effects
from normstat.stats import Settings, summarize
from normstat.verbs.counting import Count
from normstat.verbs.running import Images
from normstat.verdict import Level

SPLIT = "all"
#: Nothing but the rule in question.
DRIFT_ONLY = {name: "off" for name in RULES if name != "drift"}


def main() -> int:
    """Simulate, print, and exit with 0 if the promise is kept."""
    arguments = _arguments()
    images = counted(arguments.folder)
    random = np.random.default_rng(arguments.seed)
    levels: Counter[Level] = Counter()
    outside = 0
    for _ in range(arguments.splits):
        now, recorded = halves(images, random)
        levels[check(now, recorded, mode="compatible", levels=DRIFT_ONLY).level] += 1
        outside += beyond_bounds(now.splits[SPLIT], recorded.splits[SPLIT])
    print(f"{len(images)} images, {arguments.splits} random halves, drift at its defaults")
    for level in Level:
        print(f"{level:>12} {levels[level]:4} {levels[level] / arguments.splits:7.1%}")
    quiet = 1 - (levels[Level.FAIL] + levels[Level.WARN]) / arguments.splits
    print(f"neither fail nor warn: {quiet:.1%}")
    print(f"any difference beyond its bound: {outside / arguments.splits:.1%}")
    return 0 if quiet >= 0.99 else 1


def counted(folder: Path) -> list[Tally]:
    """The state of each image of a folder, as if all were of one split."""
    settings = Settings()
    images = Images.of(folder, settings, ())
    count = Count(settings.reading())
    shards = images.source.shards(images.selection)
    tallies = [count(single) for shard in shards for single in shard.singles()]
    return [Tally({SPLIT: state}) for tally in tallies for state in tally.splits.values()]


def halves(images: list[Tally], random: np.random.Generator) -> tuple[Stats, Stats]:
    """Statistics of a random half, and of the other."""
    order = random.permutation(len(images)).tolist()
    middle = len(images) // 2
    first, second = (
        summarize(reduce(add, [images[i] for i in half]), [SPLIT], Settings(), {"normstat": "0"})
        for half in (order[:middle], order[middle:])
    )
    return first, second


def beyond_bounds(now: SplitStats, recorded: SplitStats) -> bool:
    """Whether a mean or a std differs by more than the joint bounds allow."""
    number = 2 * len(now.channels or ())
    return any(
        effect.size is None or effect.bound is None or effect.size > effect.bound
        for effect in effects(now, recorded, number)
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
