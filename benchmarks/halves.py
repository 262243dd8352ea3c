"""How often two samples of one source are told apart, where nothing has changed.

::

    python benchmarks/halves.py FOLDER [--splits 300] [--seed 0]

Two simulations. Random halves of a folder; and small new sets against a large recorded one, both
drawn from a source of much the same frames of which a few in a hundred are blank: most small sets
have none of those, and by themselves look more certain than they are.

Each image is counted once; the state of a set is the sum of those of its images. ``check --mode
compatible`` promises a joint 99 %: of a hundred pairs at most one fails or warns. Its bounds are
looked at, too: pairs that differ by more than a bound, whatever the margin, are counted.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from normstat import SplitStats, Stats, check
from normstat.accumulators.tally import Tally
from normstat.rules import RULES
from normstat.rules.effects import effects
from normstat.sources import open_source
from normstat.stats import Settings, summarize
from normstat.verbs.compute.job import Count
from normstat.verdict import Level

SPLIT = "all"
#: Nothing but the rule in question.
DRIFT_ONLY = {name: "off" for name in RULES if name != "drift"}
#: Share of the pairs, at least, that neither fail nor warn.
QUIET = 0.99
#: Of the source with rare blank images: their shares; sizes of new sets; of the recorded one.
ODD, NEW, RECORDED, FRAMES = (0.01, 0.02), (10, 40, 160), 1000, 200


def main() -> int:
    """Simulate, print, and exit with 0 if the promise is kept."""
    arguments = _arguments()
    random = np.random.default_rng(arguments.seed)
    images = counted(arguments.folder)
    pairs = (halves(images, random) for _ in range(arguments.splits))
    kept = [judged(f"random halves of {len(images)} images", pairs)]
    source = Source.generated(random)
    for share, new in product(ODD, NEW):
        pairs = (source.pair(new, share, random) for _ in range(arguments.splits))
        title = f"{new} new images against {RECORDED}, {share:.1%} of the source blank"
        kept.append(judged(title, pairs))
    return 0 if all(kept) else 1


def judged(title: str, pairs: Iterable[tuple[Stats, Stats]]) -> bool:
    """Print what drift at its defaults says of pairs; whether it was quiet as promised."""
    levels: Counter[Level] = Counter()
    outside = 0
    for now, recorded in pairs:
        levels[check(now, recorded, mode="compatible", levels=DRIFT_ONLY).level] += 1
        outside += beyond_bounds(now.splits[SPLIT], recorded.splits[SPLIT])
    total = levels.total()
    quiet = 1 - (levels[Level.FAIL] + levels[Level.WARN]) / total
    print(f"{title}, {total} times")
    print("    " + ", ".join(f"{level} {levels[level]}" for level in Level))
    print(f"    neither fail nor warn {quiet:.1%}, beyond a bound {outside / total:.1%}")
    return quiet >= QUIET


@dataclass(frozen=True, slots=True)
class Source:
    """Images that are drawn from, with replacement, so that it has no end.

    Attributes
    ----------
    frames : states of single images which are much the same.
    blank : that of an image unlike them.
    """

    frames: list[Tally]
    blank: Tally

    @classmethod
    def generated(cls, random: np.random.Generator) -> "Source":
        """Frames of noise about a level that hardly moves, and a white one."""
        with TemporaryDirectory() as name:
            folder = Path(name)
            for index in range(FRAMES):
                noise = random.normal(random.normal(60, 3), 20, (24, 32, 3))
                Image.fromarray(noise.clip(0, 255).astype("u1")).save(folder / f"{index}.png")
            Image.new("RGB", (32, 24), "white").save(folder / "white.png")
            *frames, blank = counted(folder)  # in the order of names: digits before letters
        return cls(frames, blank)

    def pair(self, new: int, share: float, random: np.random.Generator) -> tuple[Stats, Stats]:
        """Statistics of a small sample, and of a large one."""
        return self.sample(new, share, random), self.sample(RECORDED, share, random)

    def sample(self, number: int, share: float, random: np.random.Generator) -> Stats:
        """Statistics of some images, of which about a share is blank."""
        blank = random.random(number) < share
        chosen = random.integers(len(self.frames), size=number).tolist()
        return summed(
            self.blank if odd else self.frames[index]
            for odd, index in zip(blank, chosen, strict=True)
        )


def counted(folder: Path) -> list[Tally]:
    """The state of each image of a folder, as if all were of one split."""
    settings = Settings()
    source = open_source(folder)
    count = Count(settings.reading())
    shards = source.shards(source.selection())
    tallies = [count(single).tally for shard in shards for single in shard.singles()]
    return [Tally({SPLIT: state}) for tally in tallies for state in tally.splits.values()]


def halves(images: list[Tally], random: np.random.Generator) -> tuple[Stats, Stats]:
    """Statistics of a random half, and of the other."""
    order = random.permutation(len(images)).tolist()
    middle = len(images) // 2
    return summed(images[i] for i in order[:middle]), summed(images[i] for i in order[middle:])


def summed(images: Iterable[Tally]) -> Stats:
    """Statistics of a set, from the states of its images."""
    return summarize(reduce(add, images), [SPLIT], Settings(), {"normstat": "0"})


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
