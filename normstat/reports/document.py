"""A verdict as JSON, for programs."""

import json
import math
from typing import Any

from normstat.images import path_text
from normstat.verdict import Case, Level, Value, Verdict

SCHEMA = "normstat/check/1"


def render(verdict: Verdict) -> str:
    """Every case, passes included, as they are; paths as the stats file has them.

    Undefined is null; what JSON has no number for (infinity) is a word.

    >>> json.loads(render(Verdict("same", ())))["exit_code"]
    0
    """
    counts = {level: [case.level for case in verdict.cases].count(level) for level in Level}
    content = {
        "schema": SCHEMA,
        "verdict": "fail" if verdict.failed else "pass",
        "exit_code": verdict.exit_code,
        "level": verdict.level,
        "mode": verdict.mode,
        "require_conclusive": verdict.require_conclusive,
        "counts": counts,
        "cases": [_case(case) for case in verdict.cases],
    }
    # ASCII, because a name that is no valid text has no UTF-8.
    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _case(case: Case) -> dict[str, Any]:
    return {
        "rule": case.rule,
        "level": case.level,
        "split": case.split,
        "other_split": case.other_split,
        "channel": case.channel,
        "message": case.message,
        "expected": _value(case.expected),
        "observed": _value(case.observed),
        "tolerance": _value(case.tolerance),
        "unit": case.unit,
        "paths": [path_text(path) for path in case.paths],
    }


def _value(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
