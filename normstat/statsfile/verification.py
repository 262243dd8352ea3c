"""Recompute a split's statistics from its state; reject a file that says otherwise.

People read and programs compare the numbers in front; the state behind them is what they were
computed from. An edit by hand changes one and leaves the other.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from normstat.accumulators.tally import SplitTally
from normstat.stats import SplitStats, summarize_split
from normstat.statsfile.json_reader import Node
from normstat.statsfile.to_json import summary_to_json

# Far below any standard error, and above what programs lose that write JSON again.
_ROUNDING = 1e-9


def derived(node: Node, state: SplitTally) -> SplitStats:
    """The statistics of the state of a split.

    Raises
    ------
    StatsFileError
        The state is none of any images, or the split says otherwise somewhere: with the pointer
        and both values.
    """
    skipped = {reason: number.size() for reason, number in node.get("skipped_reasons", {}).items()}
    split = _summarized(node["state"], state, skipped)
    expected = summary_to_json(split)
    # Files from before there was such a member do not have it.
    if not skipped:
        del expected["skipped_reasons"]
    notes = dict(node["notes"].items())
    expected["notes"] = {
        note: number for note, number in expected["notes"].items() if number or note in notes
    }
    for name in ("quantile_error", "sizes"):
        if name not in node.value:
            del expected[name]
    if expected["fingerprint"]["content"] is node["fingerprint"].get("content").value is None:
        del expected["fingerprint"]["content"]
    _refuse_other(node, expected)
    for name in ("modes", "formats"):  # whose names are data: one more is a difference, too
        for more in node[name].value.keys() - expected[name].keys():
            node[name][more].fail("is in no image of the state; compute the file again")
    return split


def _summarized(node: Node, state: SplitTally, skipped: Mapping[str, int]) -> SplitStats:
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            return summarize_split(state, skipped)
    # No images have such sums: division by zero, a negative square, a root too large to write.
    except (ArithmeticError, ValueError, IndexError):
        node.fail("is of no images: its sums contradict each other; compute the file again")


def _refuse_other(node: Node, expected: Any) -> None:
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            _refuse_other(node[key], value)
    elif isinstance(expected, (list, tuple)):
        if node.value == list(expected):  # a whole row at once: files may have many
            return
        for item, value in zip(node.list(len(expected)), expected, strict=True):
            _refuse_other(item, value)
    elif not _says(node, expected):
        node.fail(
            f"is {node.value!r:.100}, but what it was computed from (its split's state) gives "
            f"{expected!r}; compute the file again"
        )


def _says(node: Node, expected: Any) -> bool:
    if isinstance(expected, float):
        return math.isclose(node.number(), expected, rel_tol=_ROUNDING)
    return type(node.value) is type(expected) and bool(node.value == expected)
