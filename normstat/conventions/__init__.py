"""Constants of training runs: where frameworks write them, and what they may be."""

from normstat.conventions.config import Config, Constants
from normstat.conventions.read import read

__all__ = ["Config", "Constants", "read"]
