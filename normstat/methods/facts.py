"""Numbers of a data set or a preset, for methods to choose from."""

from dataclasses import dataclass
from typing import Any

from normstat.constants import Constants
from normstat.errors import UsageError, option
from normstat.presets import Preset
from normstat.stats import SplitStats


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers of one split, or of a preset, in unit scale.

    Attributes
    ----------
    name : their origin, for messages.
    channels : their names, in the order of the numbers.
    constants : mean and std.
    stats : the statistics of a split; None for a preset.
    """

    name: str
    channels: tuple[str, ...]
    constants: Constants
    stats: SplitStats | None = None

    @classmethod
    def of_split(cls, split: SplitStats, name: str) -> "Facts":
        """Take the numbers of a split.

        Raises
        ------
        UsageError
            It has no images.
        """
        if split.channels is None or split.mean is None or split.std is None:
            raise UsageError(
                f"{name}: no image was counted; choose another split with {option('from_split')}"
            )
        return cls(name, split.channels, Constants(split.mean, split.std), split)

    @classmethod
    def of_preset(cls, preset: Preset) -> "Facts":
        """Take the numbers of a preset.

        >>> from normstat.presets import preset
        >>> Facts.of_preset(preset("facenet")).constants.mean
        (0.5, 0.5, 0.5)
        """
        name = f"preset {preset.name}"
        return cls(name, preset.channels, preset.constants.to(1, preset.order))

    @classmethod
    def none(cls) -> "Facts":
        """Know nothing, for methods that need nothing."""
        return cls("nothing", (), Constants((), ()))

    def need(self, method: str, fact: str, cure: str) -> Any:
        """Look up a number that only some statistics have.

        Raises
        ------
        UsageError
            These do not.
        """
        value = getattr(self.stats, fact, None)
        if value is None:
            raise UsageError(f"{method} needs {fact}, which {self.name} does not have; {cure}")
        return value
