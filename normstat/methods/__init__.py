"""Normalizing: each method is one map of pixels, the same for all images or each one's own."""

from normstat.methods.choice import normalizer, source_named, split_of
from normstat.methods.maps import Coefficients
from normstat.methods.normalizing import RESULTS, Normalizer
from normstat.methods.record import from_record
from normstat.methods.table import METHODS, Method, Needs

__all__ = [
    "METHODS",
    "RESULTS",
    "Coefficients",
    "Method",
    "Needs",
    "Normalizer",
    "from_record",
    "normalizer",
    "source_named",
    "split_of",
]
