"""A verdict as Markdown, for a pull request or a job's summary."""

import re
from collections.abc import Iterator, Sequence

from normstat.reports import text, words
from normstat.verdict import Verdict

# Whatever GitHub or CommonMark may take for markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!@:])")


def render(verdict: Verdict, recorded: object = None) -> str:
    r"""A heading with the verdict, and a table with a row for each finding, the worst first.

    >>> print(render(Verdict("same", ())))
    ### normstat check: passed
    <BLANKLINE>
    passed (mode same, exit code 0)\: nothing was looked at
    <BLANKLINE>
    """
    return "\n".join(_lines(verdict)) + "\n"


def within(verdict: Verdict, most: int) -> str:
    """As :func:`render`, without the last rows if it has more than so many bytes in UTF-8.

    >>> within(Verdict("same", ()), 1000) == render(Verdict("same", ()))
    True
    """
    whole = render(verdict)
    if len(whole.encode("utf-8")) <= most:
        return whole
    kept: list[str] = []
    size = 0
    left_out = "The other findings do not fit here."
    for line in _lines(verdict):
        size += len(line.encode("utf-8")) + 1
        if size > most - len(left_out) - 2:
            break
        kept.append(line)
    return "\n".join([*kept, "", left_out, ""])


def _lines(verdict: Verdict) -> Iterator[str]:
    yield f"### normstat check: {'FAILED' if verdict.failed else 'passed'}"
    yield ""
    yield plain(words.conclusion(verdict))
    if verdict.findings:
        yield ""
        yield table_row((*text.HEADERS, "what"))
        yield "|" + " --- |" * (len(text.HEADERS) + 1)
    for row, case in zip(text.rows(verdict), verdict.findings, strict=True):
        yield table_row((*row, words.message(case)))


def table_row(cells: Sequence[str]) -> str:
    r"""A row of a table, with cells that are no markup.

    >>> print(table_row(("a|b", "1")))
    | a\|b | 1 |
    """
    return "| " + " | ".join(map(plain, cells)) + " |"


def plain(cell: str) -> str:
    r"""A text in which nothing is markup.

    >>> print(plain("a_b"))
    a\_b
    """
    return _MARKUP.sub(r"\\\1", cell)
