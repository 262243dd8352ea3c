"""What methods may know of a data set: the numbers of its statistics, or of a preset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from normstat.errors import UsageError, option
from normstat.methods.maps import Channels
from normstat.presets import Preset
from normstat.stats import SplitStats


@dataclass(frozen=True, slots=True)
class Facts:
    """Constants of one split, or of a preset, in unit scale.

    Attributes
    ----------
    name : where they are from, for messages.
    channels : their names, in the order of the numbers.
    mean, std, min, max, quantiles, covariance : as in :class:`normstat.stats.SplitStats`; None
        where they are not known.
    """

    name: str
    channels: tuple[str, ...]
    mean: Channels
    std: Channels
    min: Channels | None = None
    max: Channels | None = None
    quantiles: Mapping[str, Channels] | None = None
    covariance: tuple[Channels, ...] | None = None

    @classmethod
    def of_split(cls, split: SplitStats, name: str) -> "Facts":
        """Those of a split.

        Raises
        ------
        UsageError
            It has no images.
        """
        if split.channels is None or split.mean is None or split.std is None:
            raise UsageError(
                f"{name}: no image was counted; choose another split with {option('from_split')}"
            )
        return cls(
            name,
            split.channels,
            split.mean,
            split.std,
            split.min,
            split.max,
            split.quantiles,
            split.covariance,
        )

    @classmethod
    def of_preset(cls, preset: Preset) -> "Facts":
        """Those of a preset.

        >>> from normstat.presets import preset
        >>> Facts.of_preset(preset("facenet")).mean
        (0.5, 0.5, 0.5)
        """
        return cls(
            f"preset {preset.name}",
            preset.channels,
            tuple(value / preset.scale for value in preset.mean),
            tuple(value / preset.scale for value in preset.std),
        )

    def need(self, method: str, fact: str, cure: str) -> Any:
        """A number that not every source has.

        Raises
        ------
        UsageError
            This one does not.
        """
        value = getattr(self, fact)
        if value is None:
            raise UsageError(f"{method} needs {fact}, which {self.name} does not have; {cure}")
        return value
