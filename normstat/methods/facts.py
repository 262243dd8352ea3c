"""Numbers of a data set or a preset, for methods to choose from."""

from dataclasses import dataclass
from typing import Any

from normstat.constants import Constants
from normstat.errors import UsageError, option
from normstat.presets import Preset
from normstat.stats import SplitStats

_NONE = Constants((), ())


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers of a split, of a preset (which has no stats), or none, in unit scale."""

    name: str = "nothing"
    channels: tuple[str, ...] = ()
    constants: Constants = _NONE
    stats: SplitStats | None = None

    @classmethod
    def of_split(cls, split: SplitStats, name: str) -> "Facts":
        """Take the numbers of a split, or raise a UsageError if it has no images."""
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

    def need(self, method: str, fact: str, cure: str) -> Any:
        """Look up a number that only some statistics have, or raise a UsageError with a cure."""
        value = getattr(self.stats, fact, None)
        if value is None:
            raise UsageError(f"{method} needs {fact}, which {self.name} does not have; {cure}")
        return value
