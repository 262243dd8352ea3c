"""Exit code of a run that met unreadable images: 0 if so many are accepted, else 3."""

import sys

from normstat.errors import UnreadableImage


def exit_code(unreadable: int, allowed: int, listed_in: str, quiet: bool) -> int:
    """The exit code of a run with so many unreadable images, after a line that explains it."""
    accepted = unreadable <= allowed
    if unreadable and not (quiet and accepted):
        print(
            f"{unreadable} unreadable accepted by --allow-unreadable {allowed}"
            if accepted
            else f"exit code {UnreadableImage.exit_code}: {unreadable} unreadable, see "
            f"{listed_in}; --allow-unreadable {unreadable} accepts that",
            file=sys.stderr,
        )
    return 0 if accepted else UnreadableImage.exit_code
