"""Options of ``apply`` held against the statistics: completed, refused, or explained."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from normstat.errors import UsageError
from normstat.files import shown
from normstat.images import ARRAY_LAYOUTS
from normstat.methods import METHODS, Needs, Normalizer, normalizer, split_of
from normstat.presets import Preset
from normstat.stats import Settings, SplitStats, Stats
from normstat.writers import WRITERS

#: Orders of the axes in ``.npy`` images that one array each is written for.
INPUT_LAYOUTS = ("auto", "hwc", "chw")
# Settings that decide the statistics, so that other images would not be normal with these.
_OF_STATISTICS = ("channels", "resize", "crop", "max_value")


@dataclass(frozen=True, slots=True)
class Options:
    """Choices that decide the arrays of images, besides how the images are found and read.

    Attributes
    ----------
    source : statistics, a preset, the name of a method, or None.
    method, from_split, own_split, epsilon, dtype, layout, store, exif : as for
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
    exif: bool

    def refuse(self, input_layout: str | None) -> None:
        """Refuse a choice that is unknown, and two that exclude each other.

        Raises
        ------
        UsageError
        """
        for option, value, known in (
            ("--layout", self.layout, ARRAY_LAYOUTS),
            ("--input-layout", "auto" if input_layout is None else input_layout, INPUT_LAYOUTS),
            ("--store", self.store, WRITERS),
        ):
            if value not in known:
                raise UsageError(f"{option} {shown(value)}: should be one of {', '.join(known)}")
        if self.own_split and not isinstance(self.source, Stats):
            raise UsageError("--own-split: only a stats file (--stats) has a split for each")
        if isinstance(self.source, SplitStats):
            raise UsageError(
                "the statistics of a single split do not tell how its images were read; give all "
                "of them (Stats), and the name of the split as from_split"
            )
        if self.own_split and self.from_split:
            raise UsageError("--own-split and --from: choose one")

    def settings(self, given: Mapping[str, Any], layout: str | None) -> Settings:
        """The settings that are given, the others as those of the statistics.

        Statistics of resized images are not those of the originals. That gray images become color
        is no other setting: among color they were counted so.

        Parameters
        ----------
        given : name → value, of :class:`normstat.stats.Settings`.
        layout : of ``.npy`` images whose record tells it; None: no record does.

        Raises
        ------
        UsageError
            The statistics were computed with others.
        """
        if not isinstance(self.source, Stats):
            return Settings(**{"layout": layout or "auto", **given})
        recorded = self.source.settings
        for name in _OF_STATISTICS:
            value, theirs = given.get(name), getattr(recorded, name)
            spreads = name == "channels" and (value, theirs) == ("rgb", "auto")
            if value not in (None, theirs) and not spreads:
                option = f"--{name.replace('_', '-')}"
                was = f"with {option} {theirs}" if theirs else f"without {option}"
                raise UsageError(
                    f"{option} {value}: the statistics were computed {was}; leave the option out, "
                    f"or compute statistics with {option} {value}"
                )
        if layout is None and recorded.layout in INPUT_LAYOUTS:
            layout = recorded.layout
        # An array is of one image: the first frame, where statistics are of all.
        frames = "channels" if recorded.frames == "channels" else "first"
        own = {"split": (), "covariance": False, "frames": frames, "layout": layout or "auto"}
        return replace(recorded, **{**own, **given})

    def normalizers(self, splits: Iterable[str]) -> dict[str, Normalizer]:
        """Split → normalizer of its images.

        Raises
        ------
        UsageError
            As :func:`normstat.normalizer`.
        """
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
                "--own-split: every split has its own statistics; a single image in production has "
                "none"
            )
        elif self.from_split not in (None, "train"):
            yield (
                f"--from {shown(self.from_split)}: if these statistics saw images that you "
                "validate or test with, they have leaked"
            )
        unused = isinstance(self.source, Stats) and self.method
        if unused and METHODS[unused].needs is Needs.NOTHING:
            yield (
                f"--method {unused} uses no mean or std of the statistics: they only say how "
                "images are read (channels, --resize, --crop)"
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
