"""Provenance of the numbers: versions, settings and fingerprints; and the numbers for programs."""

import json
from collections.abc import Iterator
from typing import Any

from normstat.markup import table, text
from normstat.reports.page.sections import MOST_PRODUCTS, paragraph, section
from normstat.reports.page.subject import Subject
from normstat.stats import Settings, SplitStats, Stats
from normstat.statsfile.to_json import SCHEMA, summary_to_json

# Bins of sizes that a page has room for.
_MOST_BINS = 1000
_PRINTS = {
    "paths": "names of the files",
    "files": "names and bytes",
    "pixels": "names and pixels",
    "content": "pixels alone",
}


def provenance(stats: Stats) -> str:
    """Write the section."""
    return section("Where these numbers come from", _parts(stats))


def _parts(stats: Stats) -> Iterator[str]:
    rows = [
        ("normstat", text(stats.normstat)),
        *(
            (text(library), text(version or "not used"))
            for library, version in stats.decoder.items()
        ),
        ("schema of the stats file", text(SCHEMA)),
        *((text(name), text(value)) for name, value in _settings(stats.settings)),
    ]
    if stats.files:
        rows.append(
            ("list of files", f"{text(stats.files.name)}<br><code>{stats.files.sha256}</code>")
        )
    yield table("Versions and settings", ("what", "value"), rows, (0, 1))
    yield "<h3>Fingerprints</h3>"
    yield paragraph(
        "Sets of images with the same fingerprint have the same names, bytes or pixels, wherever "
        "they are and in whatever order."
    )
    prints = [
        (text(name), text(meaning), f"<code>{print_[which]}</code>")
        for name, split in stats.splits.items()
        for print_ in [split.fingerprint.to_json()]
        for which, meaning in _PRINTS.items()
        if which in print_
    ]
    yield table("Fingerprints", ("split", "of", "fingerprint"), prints, (0, 1, 2))


def _settings(settings: Settings) -> Iterator[tuple[str, str]]:
    """Settings that were made; what is None, empty or off was not asked for."""
    for name in settings.__slots__:
        value = getattr(settings, name)
        if value not in (None, (), {}, False):
            plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield name, plain


def summary(subject: Subject) -> str:
    """The numbers for programs, as the stats file names them, without the state.

    A covariance or sizes that the page has no room for are left out. Nothing in it ends the
    element that it stands in, or begins another.
    """
    content: dict[str, Any] = {"schema": "normstat/report/1"}
    if stats := subject.stats:
        content |= {
            "normstat": stats.normstat,
            "decoder": dict(stats.decoder),
            "settings": {name: getattr(stats.settings, name) for name in stats.settings.__slots__},
            "complete": stats.complete,
            "splits": {name: _numbers(split) for name, split in stats.splits.items()},
        }
    if verdict := subject.verdict:
        content["verdict"] = {
            "verdict": "fail" if verdict.failed else "pass",
            "exit_code": verdict.exit_code,
            "mode": verdict.mode,
        }
    return json.dumps(content, allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e")


def _numbers(split: SplitStats) -> dict[str, Any]:
    numbers = summary_to_json(split)
    if len(split.channels or ()) > MOST_PRODUCTS:
        del numbers["covariance"]
    if split.sizes and len(split.sizes.counts) > _MOST_BINS:
        del numbers["sizes"]
    return numbers
