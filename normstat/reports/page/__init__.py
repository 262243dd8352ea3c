"""Statistics as one page of HTML, for somebody who has never heard of normstat."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from normstat.markup import STYLE, text
from normstat.reports.page.answer import answer, lead
from normstat.reports.page.checked import checked
from normstat.reports.page.covariance import covariance
from normstat.reports.page.images import images
from normstat.reports.page.listed import Listed, listed, unlisted
from normstat.reports.page.provenance import provenance, summary
from normstat.reports.page.sections import paragraph
from normstat.reports.page.shapes import shapes
from normstat.reports.page.shifts import shifts
from normstat.reports.page.style import PAGE
from normstat.reports.page.subject import Compared, Shift, Subject
from normstat.verdict import Verdict

__all__ = ["Compared", "Listed", "Shift", "Subject", "page", "render"]


def render(verdict: Verdict, recorded: Callable[[], Subject] | None = None) -> str:
    """The page of what a verdict is about, with the verdict on top; of the verdict alone.

    >>> render(Verdict("same", ())).count("<h2>Check: passed</h2>")
    1
    """
    subject = recorded() if recorded else Subject("Check")
    return page(replace(subject, verdict=verdict))


def page(subject: Subject) -> str:
    """Write the page: one file without a script, a font or a request to anywhere."""
    title = text(subject.title)
    content = "\n".join(_sections(subject))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{PAGE}{STYLE}</style>
</head>
<body>
<main class="normstat">
<h1><span class=small>Pixel statistics</span><br>{title}</h1>
{content}
</main>
<script type="application/json" id="normstat">{summary(subject)}</script>
</body>
</html>
"""


def _sections(subject: Subject) -> Iterator[str]:
    if subject.verdict:
        yield checked(subject.verdict)
    if (stats := subject.stats) is None:
        return
    if subject.verdict:
        yield paragraph("The statistics below are those that were recorded.")
    yield from lead(stats)
    yield from answer(stats)
    yield images(stats)
    yield from shapes(stats)
    yield from shifts(subject.compared, stats.splits)
    yield from covariance(stats)
    yield listed(subject.files) if subject.files else unlisted(stats)
    yield provenance(stats)
