"""Options of a check, refused before any image is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.rules import MARGIN, MODES, refuse_levels, refuse_margin


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Questions to data and recorded statistics; see :func:`normstat.check`.

    Attributes
    ----------
    mode : ``same`` or ``compatible``.
    split : names of the splits to compare; empty: those that were asked for when it was recorded,
        or all that either has.
    margin : shift of a mean in σ, or of σ relative to itself, that counts as none.
    levels : rule → ``off``, ``warn`` or ``fail``, in place of the usual level.
    require_conclusive : fail the data also where a rule that could fail them cannot tell.
    """

    mode: str = "same"
    split: tuple[str, ...] = ()
    margin: float = MARGIN
    levels: Mapping[str, str] = field(default_factory=dict)
    require_conclusive: bool = False

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(
                f"{option('mode', shown(self.mode))}: should be one of {', '.join(MODES)}"
            )
        refuse_margin(self.margin)
        refuse_levels(self.levels)

    def looks_at(self, rule: str) -> bool:
        """True unless a rule is off."""
        return self.levels.get(rule) != "off"
