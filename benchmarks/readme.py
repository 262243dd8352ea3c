"""Put a result into the README: its tables there are written by this, and by nobody else.

::

    python benchmarks/readme.py [benchmarks/results/bench.json]

The result becomes ``benchmarks/results/published.json``; without one, the published one is used.
"""

import shutil
import sys

from results import Results
from runners import ROOT
from table import short

PUBLISHED = ROOT / "benchmarks" / "results" / "published.json"
README = ROOT / "README.md"
_BEGIN = "<!-- written by benchmarks/readme.py -->\n"
_END = "<!-- end -->\n"


def main() -> int:
    """Write the README's tables."""
    if len(sys.argv) > 1:
        shutil.copyfile(sys.argv[1], PUBLISHED)
    text = README.read_text(encoding="utf-8")
    README.write_text(with_tables(text, Results.load(PUBLISHED)), encoding="utf-8")
    return 0


def with_tables(readme: str, results: Results) -> str:
    """The README with the tables of these results between the marks."""
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"README.md: no place for tables between {_BEGIN!r} and {_END!r}")
    return f"{before}{begin}\n{short(results)}\n{end}{after}"


if __name__ == "__main__":
    sys.exit(main())
