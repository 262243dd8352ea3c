"""A verdict as JSON, for programs; and back."""

import json
import math
import os
from typing import Any

from normstat import files
from normstat.errors import StatsFileError, UsageError
from normstat.files import shown
from normstat.images import path_text
from normstat.statsfile.json_reader import Node, parse
from normstat.verdict import Case, Level, Value, Verdict

SCHEMA = "normstat/check/1"


def render(verdict: Verdict, recorded: object = None) -> str:
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
        "warn_only": sorted(verdict.warn_only),
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
        "named": case.named,
        "in_pairs": case.in_pairs,
    }


def _value(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def read(file: str | os.PathLike[str]) -> Verdict:
    """The verdict in a JSON report.

    Raises
    ------
    UsageError
        It cannot be read, is none, or its verdict is not that of its cases.

    Examples
    --------
    >>> import tempfile
    >>> verdict = Verdict("same", (Case("drift", Level.FAIL, "darker", observed=-math.inf),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files.write(f"{folder}/check.json", render(verdict).encode())
    ...     read(f"{folder}/check.json").failed
    True
    """
    cure = "a check writes one where its report is named FILE.json"
    try:
        return _verdict(parse(files.read(os.fspath(file))))
    except OSError as error:
        raise UsageError(f"{shown(file)}: cannot be read ({error.strerror}); {cure}") from error
    except StatsFileError as error:
        raise UsageError(
            f"{shown(file)}: is no JSON report of a check ({error}); {cure}"
        ) from error


def _verdict(node: Node) -> Verdict:
    node["schema"].one_of((SCHEMA,))
    verdict = Verdict(
        node["mode"].text(),
        tuple(map(_case_of, node["cases"].list())),
        node["require_conclusive"].truth(),
        frozenset(rule.text() for rule in node.get("warn_only", []).list()),
    )
    if (node["verdict"].text() == "fail") != verdict.failed:
        node["verdict"].fail("is not what its cases come to")
    return verdict


def _case_of(node: Node) -> Case:
    return Case(
        rule=node["rule"].text(),
        level=Level(node["level"].one_of(tuple(Level))),
        message=node["message"].text(),
        split=node["split"].optional(Node.text),
        channel=node["channel"].optional(Node.text),
        expected=_value_of(node["expected"]),
        observed=_value_of(node["observed"]),
        tolerance=_value_of(node["tolerance"]),
        unit=node["unit"].text(),
        paths=tuple(path.path() for path in node["paths"].list()),
        named=node.get("named", 0).count(),
        other_split=node["other_split"].optional(Node.text),
        in_pairs=node.get("in_pairs", False).truth(),
    )


def _value_of(node: Node) -> Value:
    if node.value is None or isinstance(node.value, str):
        return None if node.value is None else node.text()
    return node.value if type(node.value) is int else node.number()
