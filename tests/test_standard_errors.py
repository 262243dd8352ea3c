"""Standard errors cover: of sets whose population is known, 99 % of intervals hold its numbers."""

from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from arrays import tally
from numpy.typing import NDArray

from normstat.accumulators.tally import SplitTally
from normstat.stats import summarize_split

SETS = 300
#: Fewer, and the interval of a std is too narrow: its error is estimated, and skewed.
IMAGES = 400
KINDS_OF_IMAGES = 60
#: Quantile of the normal distribution that leaves 1 % outside.
Z = 2.576


def population(dtype: str) -> list[NDArray[Any]]:
    """Images that differ more from each other than their pixels do, and are brighter if larger."""
    dice = np.random.default_rng(1)
    images = []
    for _ in range(KINDS_OF_IMAGES):
        height, width = dice.integers(3, 10, 2)
        around = dice.normal(120 + height * width / 3, 35, 3)
        pixels = dice.normal(around, dice.uniform(3, 15), (height, width, 3))
        images.append(np.clip(pixels.round(), 0, 255).astype(dtype))
    return images


@pytest.mark.sampled
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_intervals_cover(dtype: str) -> None:
    """Mean and std of all pixels lie within 2.576 standard errors in 97.5 to 99.8 % of sets."""
    images = population(dtype)
    pixels = np.concatenate([image.reshape(-1, 3) for image in images]).astype("f8")
    truth = {"mean": pixels.mean(axis=0), "std": pixels.std(axis=0)}
    often = [
        list(accumulate([tally(image).splits["train"]] * 30, initial=SplitTally()))
        for image in images
    ]
    dice = np.random.default_rng(2)
    held: dict[str, list[bool]] = {"mean": [], "std": []}
    for _ in range(SETS):
        drawn = dice.multinomial(IMAGES, [1 / len(images)] * len(images))
        state = sum((often[kind][number] for kind, number in enumerate(drawn)), SplitTally())
        found = summarize_split(state)
        assert found.images == IMAGES
        for name, values in truth.items():
            off = np.array(getattr(found, name)) - values / (found.scale or 1)
            held[name] += list(abs(off) <= Z * np.array(getattr(found.stderr, name)))
    for name, each in held.items():
        assert 0.975 <= np.mean(each) <= 0.998, name
