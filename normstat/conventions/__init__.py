"""Constants of training runs: where frameworks write them, and what they may be."""

from normstat.conventions.config import Config
from normstat.conventions.read import PRESET, read

__all__ = ["PRESET", "Config", "read"]
