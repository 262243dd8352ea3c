"""A section of a page."""

from collections.abc import Iterable

from normstat.errors import Message
from normstat.markup import text

#: Channels whose covariance a page has room for.
MOST_PRODUCTS = 16


def section(heading: str, parts: Iterable[str], kind: str = "") -> str:
    r"""A heading and what stands below it, which is HTML already.

    >>> section("Images", ["<p>none</p>"])
    '<section><h2>Images</h2>\n<p>none</p>\n</section>'
    """
    of_kind = f' class="{kind}"' if kind else ""
    content = "\n".join(parts)
    return f"<section{of_kind}><h2>{text(heading)}</h2>\n{content}\n</section>"


def paragraph(words: str) -> str:
    """Plain text as a paragraph.

    >>> paragraph("a < b")
    '<p>a &lt; b</p>'
    """
    return f"<p>{text(words)}</p>"


def code(words: str) -> str:
    """A command, with options as flags.

    >>> from normstat.errors import option
    >>> code(f"normstat compute DATA {option('files', metavar='FILE')}")
    '<code>normstat compute DATA --files FILE</code>'
    """
    return f"<code>{text(Message(words).on_command_line())}</code>"
