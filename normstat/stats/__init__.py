"""Frozen summaries of states: what a user reads, in unit scale (stored value / ``scale``)."""

from normstat.stats.digits import aligned, common_decimals, supported_digits
from normstat.stats.remarks import left_out_images, remarks, sentences
from normstat.stats.split_stats import (
    QUANTILES,
    ListOfFiles,
    MeanStd,
    Parts,
    Settings,
    SplitStats,
    StandardError,
    Stats,
)
from normstat.stats.summarize import split_order, summarize, summarize_split

__all__ = [
    "QUANTILES",
    "ListOfFiles",
    "MeanStd",
    "Parts",
    "Settings",
    "SplitStats",
    "StandardError",
    "Stats",
    "aligned",
    "common_decimals",
    "left_out_images",
    "remarks",
    "sentences",
    "split_order",
    "summarize",
    "summarize_split",
    "supported_digits",
]
