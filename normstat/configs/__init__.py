"""A training run's constants, held against the data; and what a project asks of a check."""

from normstat.configs.reading import read
from normstat.configs.records import Config, Constants
from normstat.configs.settings import CheckSettings, settings
from normstat.configs.slips import slips

__all__ = ["CheckSettings", "Config", "Constants", "read", "settings", "slips"]
