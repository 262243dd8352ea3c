"""Rules: each compares statistics of now with the recorded ones, and says what it finds.

One file per family (identity, drift, content, order, depth, value range), and a table that has one
row for each rule.
"""

from normstat.rules.comparison import MARGIN, Comparison, Look, refuse_margin
from normstat.rules.table import (
    LEVELS,
    MODES,
    RULES,
    Rule,
    leveled,
    looked,
    refuse_levels,
    rule_named,
    warn_only,
)

__all__ = [
    "LEVELS",
    "MARGIN",
    "MODES",
    "RULES",
    "Comparison",
    "Look",
    "Rule",
    "leveled",
    "looked",
    "refuse_levels",
    "refuse_margin",
    "rule_named",
    "warn_only",
]
