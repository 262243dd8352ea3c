"""Options of ``apply``, held against the statistics: refused, completed, or explained."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import ARRAY_LAYOUTS
from normstat.methods import METHODS, Needs, Normalizer, normalizer, split_of
from normstat.presets import Preset
from normstat.stats import Settings, SplitStats, Stats
from normstat.verbs.options import refuse_settings, refuse_unknown
from normstat.writers import WRITERS

#: Orders of the axes in ``.npy`` images that one array each is written for.
INPUT_LAYOUTS = ("auto", "hwc", "chw")
# Settings that decide the statistics, so that other images would not be normal with these.
_OF_STATISTICS = ("channels", "resize", "crop", "max_value")


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """Choices that decide the arrays of images, besides how the images are found.

    Attributes
    ----------
    source : statistics, a preset, the name of a method, or None.
    method, from_split, own_split, epsilon, dtype, layout, store, input_layout, exif : as for
        :func:`normstat.apply`.
    """

    source: Stats | SplitStats | Preset | str | None
    method: str | None
    from_split: str | None
    own_split: bool
    epsilon: float
    dtype: str
    layout: str
    store: str
    input_layout: str | None
    exif: bool

    def __post_init__(self) -> None:
        refuse_unknown("layout", self.layout, ARRAY_LAYOUTS)
        if self.input_layout is not None:
            refuse_unknown("input_layout", self.input_layout, INPUT_LAYOUTS)
        refuse_unknown("store", self.store, WRITERS)
        if self.own_split and not isinstance(self.source, Stats):
            raise UsageError(
                f"{option('own_split', True)}: only a stats file ({option('stats')}) has a split "
                "for each"
            )
        if isinstance(self.source, SplitStats):
            raise UsageError(
                "the statistics of a single split do not tell how its images were read; give all "
                "of them (Stats), and the name of the split as from_split"
            )
        if self.own_split and self.from_split:
            raise UsageError(f"{option('own_split', True)} and {option('from_split')}: choose one")

    def settings(self, asked: Mapping[str, Any]) -> Settings:
        """The settings that are asked for, the others as those of the statistics.

        Statistics of resized images are not those of the originals. That gray images become color
        is no other setting: among color they were counted so.
        """
        asked = {name: value for name, value in asked.items() if value is not None}
        refuse_settings(Settings(**asked))
        recorded = self.source.settings if isinstance(self.source, Stats) else Settings(**asked)
        for name in _OF_STATISTICS:
            value, theirs = asked.get(name), getattr(recorded, name)
            spreads = name == "channels" and (value, theirs) == ("rgb", "auto")
            if value not in (None, theirs) and not spreads:
                asks = option(name, value)
                was = f"with {option(name, theirs)}" if theirs else f"without {option(name)}"
                raise UsageError(
                    f"{asks}: the statistics were computed {was}; leave the option out, or compute "
                    f"statistics with {asks}"
                )
        # Images of a stack are read one by one.
        one = recorded.layout.removeprefix("n")
        layout = one if one in INPUT_LAYOUTS else "auto"
        own: dict[str, Any] = {
            "split": (),
            "covariance": False,
            # An array is of one image: the first frame, where statistics are of all.
            "frames": "channels" if recorded.frames == "channels" else "first",
            "layout": self.input_layout or layout,
        }
        return replace(recorded, **own, **asked)

    def normalizers(self, splits: Iterable[str]) -> dict[str, Normalizer]:
        """Split → normalizer of its images."""
        if isinstance(self.source, Stats):
            for name in splits if self.own_split else self._splits_of(self.source):
                split_of(self.source, name, "from_split")
        return {
            name: normalizer(
                self.source,
                method=self.method,
                split=name if self.own_split else self.from_split,
                epsilon=self.epsilon,
                dtype=self.dtype,
            )
            for name in splits
        }

    def notices(self) -> Iterator[str]:
        """Lines on statistics that may leak, and on those that a method does not use."""
        if self.own_split:
            yield (
                f"{option('own_split', True)}: every split has its own statistics; a single image "
                "in production has none"
            )
        elif self.from_split not in (None, "train"):
            yield (
                f"{option('from_split', shown(self.from_split))}: if these statistics saw images "
                "that you validate or test with, they have leaked"
            )
        if isinstance(self.source, Preset) and self.source.definition:
            yield f"{self.source.name} are published statistics: {self.source.what}"
        method = isinstance(self.source, Stats) and self.method
        if method and METHODS[method].needs is Needs.NOTHING:
            yield (
                f"{option('method', method)} uses no mean or std of the statistics: they only say "
                f"how images are read (channels, {option('resize')}, {option('crop')})"
            )

    def record_of_source(self) -> dict[str, Any]:
        """The preset, or the statistics with the images that they are of; JSON-ready."""
        stats = None
        if isinstance(self.source, Stats):
            stats = {
                name: {
                    field: f"{getattr(self.source.splits[name].fingerprint, field):032x}"
                    for field in ("paths", "files", "pixels")
                }
                for name in self._splits_of(self.source)
                if name in self.source.splits
            }
        preset = self.source.name if isinstance(self.source, Preset) else None
        return {"preset": preset, "stats": stats}

    def _splits_of(self, stats: Stats) -> tuple[str, ...]:
        return tuple(stats.splits) if self.own_split else (self.from_split or "train",)
