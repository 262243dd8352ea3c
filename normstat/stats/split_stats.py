"""Statistics as a user reads them: frozen, in unit scale, None where a number is undefined."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from normstat.accumulators.fingerprint import Fingerprint
from normstat.accumulators.histogram import Histogram
from normstat.accumulators.kinds import Values
from normstat.accumulators.tally import Extent, SplitTally
from normstat.constants import Channels
from normstat.images import MAX_PIXELS, NOTES, ReadOptions, Skipped, Unreadable

#: Quantiles that are recorded, as they are written.
QUANTILES = ("0.005", "0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99", "0.995")

Defined: TypeAlias = tuple[float | None, ...]
#: Row by row, a number for each pair of channels.
Matrix: TypeAlias = tuple[Channels, ...]


@dataclass(frozen=True, slots=True)
class MeanStd:
    """A mean and a std for each channel; None where there are no images to take them from."""

    mean: Channels | None = None
    std: Channels | None = None


@dataclass(frozen=True, slots=True)
class StandardError:
    """Standard errors of the pooled mean and std, with the image as the unit of sampling.

    None for each channel where they are not defined: fewer than two images, or a std of 0.
    """

    mean: Defined | None = None
    std: Defined | None = None


@dataclass(frozen=True, slots=True)
class SplitStats:
    """The statistics of one split.

    Attributes
    ----------
    listed, images, unreadable, skipped : listed = images + unreadable + skipped.
    skipped_reasons : reason → images skipped in the folders of this split.
    pixels : pixels counted, per channel.
    channels : ``("gray",)``, ``("R", "G", "B")`` or other names.
    dtype : of the stored pixels.
    scale : stored value that is 1.0 here: the largest that the format declares (255, 65535, 4095
        of 12 bits), 1 where there is none, or what `max_value` says.
    mean, std : pooled over all pixels, population (ddof 0).
    stderr : their standard errors, by image.
    per_image : averages over images of each image's own mean and own std (ddof 0 within it).
    min, max : smallest and largest pixel.
    quantiles : of all pixels, linearly interpolated; None where values were not counted, as in
        files of 0.1 of floating-point pixels.
    quantile_error : relative error, at most, of the pixels between which a quantile lies: 0 where
        each value has a count, 2**-8 of 32-bit and floating-point pixels; None without quantiles.
    covariance : of each pair of channels, over all pixels, population (ddof 0), squared unit
        scale; its diagonal is std². None if it was not asked for.
    width, height : extents in pixels.
    modes, formats : images by Pillow's mode and by file format.
    notes : images by :data:`normstat.images.NOTES`.
    fingerprint : of the images counted.
    state : what the rest was computed from, and what adding needs.
    """

    listed: int
    images: int
    unreadable: int
    skipped: int
    skipped_reasons: Mapping[str, int]
    pixels: int = 0
    channels: tuple[str, ...] | None = None
    dtype: str | None = None
    scale: int | None = None
    mean: Channels | None = None
    std: Channels | None = None
    stderr: StandardError = field(default_factory=StandardError)
    per_image: MeanStd = field(default_factory=MeanStd)
    min: Channels | None = None
    max: Channels | None = None
    quantiles: Mapping[str, Channels] | None = None
    quantile_error: float | None = None
    covariance: Matrix | None = None
    width: Extent = field(default_factory=Extent)
    height: Extent = field(default_factory=Extent)
    modes: Mapping[str, int] = field(default_factory=dict)
    formats: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(NOTES, 0))
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    state: SplitTally = field(default_factory=SplitTally, repr=False)

    def _repr_html_(self) -> str:
        from normstat.stats.notebook import as_html  # which knows this class

        return as_html({"": self})

    def values(self) -> Values | None:
        """The state of the pixel values; None without images."""
        majority = self.state.majority()
        return majority[1].values if majority else None

    def histogram(self) -> Histogram | None:
        """Counts of each value in each channel; None where values are not counted one by one."""
        values = self.values()
        return values.exact() if values else None


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings that decide the numbers, besides the images.

    Attributes
    ----------
    channels : ``auto``, ``gray`` or ``rgb``.
    include, exclude : globs.
    resize, crop : pixels, as for :func:`normstat.compute`; None if not asked for.
    layout : of ``.npy`` images, one of :data:`normstat.images.LAYOUTS`.
    frames : of files with several frames or pages, one of :data:`normstat.images.FRAMES`.
    max_value : stored value that is 1.0 in unit scale; None: the largest that a format declares.
    channel_names : of all images; None: as the files say.
    max_pixels : limit of width × height.
    split_dirs : split → folder given to it, relative to DATA.
    split : splits that were asked for; empty: every one found.
    covariance : how channels vary together was counted, too.
    labels : ``skip`` or ``count``, as for :class:`normstat.sources.SourceOptions`.
    source : ``kind`` of source, and the options of that kind; no path.
    """

    channels: str = "auto"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    resize: int | None = None
    crop: int | None = None
    layout: str = "auto"
    frames: str = "first"
    max_value: int | None = None
    channel_names: tuple[str, ...] | None = None
    max_pixels: int = MAX_PIXELS
    split_dirs: Mapping[str, str] = field(default_factory=dict)
    split: tuple[str, ...] = ()
    covariance: bool = False
    labels: str = "skip"
    source: Mapping[str, Any] = field(default_factory=lambda: {"kind": "folder"})

    def reading(self) -> ReadOptions:
        """Options that a decoder needs."""
        return ReadOptions(
            channels=self.channels,
            max_pixels=self.max_pixels,
            resize=self.resize,
            crop=self.crop,
            layout=self.layout,
            names=self.channel_names,
            max_value=self.max_value,
            frames=self.frames,
        )


class ListOfFiles(NamedTuple):
    """The companion of a stats file that has a line for each image.

    Attributes
    ----------
    name : of the file, which lies beside the stats file.
    sha256 : of its bytes, hexadecimal.
    """

    name: str
    sha256: str


class Parts(NamedTuple):
    """The parts of a data set that statistics are of.

    Attributes
    ----------
    of : how many parts there are.
    have : numbers of those that were counted, from 1.
    names : of all images of the whole data set, hashed and added: the same for parts of one walk.
    """

    of: int
    have: tuple[int, ...]
    names: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The statistics of a data set; what a stats file holds.

    Attributes
    ----------
    normstat : version that computed them.
    decoder : versions of Pillow and of the JPEG library.
    settings : what decided the numbers.
    splits : split → statistics.
    unreadable : a record for each image that could not be counted; of those of another depth
        than their split's, the first ten.
    skipped : reason → images left out that are in no split.
    files : the list of files that was written beside them; None if none was.
    parts : those that were counted, where parts are missing; None if these are all images.
    """

    normstat: str
    decoder: Mapping[str, str | None]
    settings: Settings
    splits: Mapping[str, SplitStats]
    unreadable: tuple[Unreadable, ...] = ()
    skipped: Mapping[str, Skipped] = field(default_factory=dict)
    files: ListOfFiles | None = None
    parts: Parts | None = None

    @property
    def complete(self) -> bool:
        """True if every image was counted."""
        return not (self.parts or any(split.unreadable for split in self.splits.values()))

    def _repr_html_(self) -> str:
        from normstat.stats.notebook import as_html  # which knows this class

        return as_html(self.splits)

    def __add__(self, other: "Stats") -> "Stats":
        """The statistics of the images of both, see :func:`normstat.merge`."""
        from normstat.stats.merging import merged  # which makes such an object

        return merged((("the first", self), ("the second", other)))

    def __sub__(self, other: "Stats") -> "Stats":
        """The statistics of the images that only these have, see :func:`normstat.subtract`."""
        from normstat.stats.merging import without  # which makes such an object

        return without(self, other)
