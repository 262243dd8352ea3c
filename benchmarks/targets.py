"""What normstat wants to be at least, held against what was measured."""

from dataclasses import dataclass

from results import Key, Results, Spread, times

#: Sets for growth: files of 32 × 32 pixels.
FEW, MANY, MOST = "2,000 files", "20,000 files", "200,000 files"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for the ratio of two measurements.

    Attributes
    ----------
    title : of what.
    ours, theirs : the measurements.
    bound : no more than this; with ``faster``, theirs over ours is no less.
    memory : the ratio is of the parent's peak memory, not of time.
    """

    title: str
    ours: Key
    theirs: Key
    bound: float
    faster: bool = False
    memory: bool = False

    def measured(self, results: Results) -> Spread | None:
        """The ratio; None where one side was not measured."""
        ours, theirs = results.runs.get(self.ours), results.runs.get(self.theirs)
        if not ours or not theirs:
            return None
        if self.memory:
            if not ours.parent or not theirs.parent:
                return None
            ratio = ours.parent / theirs.parent
            return Spread(ratio, ratio, ratio)
        return times(theirs, ours) if self.faster else times(ours, theirs)

    def met(self, spread: Spread) -> bool:
        """Whether the middle of what was measured reaches the goal."""
        return spread.middle >= self.bound if self.faster else spread.middle <= self.bound


def _compute(images: str, theirs: str, bound: float, who: str = "normstat") -> Target:
    faster = theirs == "dataloader"
    title = f"compute, {images}{', with `fast`' if who == 'normstat-fast' else ''}"
    ours = Key("compute", images, who, 2)
    return Target(title, ours, ours._replace(runner=theirs), bound, faster)


def _apply(theirs: str, bound: float) -> Target:
    ours = Key("apply", "typical", "normstat", 2)
    return Target("apply float32, typical", ours, ours._replace(runner=theirs), bound)


def _grown(images: str) -> Key:
    return Key("compute", images, "normstat", 2)


TARGETS = (
    _compute("typical", "decode-only", 1.45),
    _compute("typical", "dataloader", 4.2),
    _compute("typical", "opencv", 1.15),
    _compute("large", "decode-only", 1.25),
    _compute("large", "dataloader", 5),
    _compute("large", "opencv", 1.05),
    _compute("tiny", "decode-only", 5),
    _compute("tiny", "dataloader", 10),
    _compute("tiny", "decode-only", 2.5, "normstat-fast"),
    _compute("tiny", "dataloader", 20, "normstat-fast"),
    _compute("tiny", "opencv", 2.0, "normstat-fast"),
    _apply("decode-write", 1.5),
    _apply("albumentations", 1.0),
    Target("time of 20,000 files", _grown(MANY), _grown(FEW), 10.3),
    Target("time of 200,000 files", _grown(MOST), _grown(MANY), 10.3),
    Target("peak memory of the parent, 200,000 files", _grown(MOST), _grown(FEW), 1.2, memory=True),
)
