"""``normstat invert``."""

from typing import Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.options import Quiet
from normstat.cli.terminal import progress_on_stderr
from normstat.files import shown


@app.command()
@prints
def invert(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder that apply has written.")],
    images: Annotated[str, typer.Argument(metavar="IMAGES", help="Folder for PNG images.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace images of the same names in IMAGES.")
    ] = False,
    quiet: Quiet = False,
) -> int:
    """Turn the arrays of apply back into images.

    To look at what a model sees.

    \b
    Example:
      normstat invert ./arrays ./seen
    """
    with progress_on_stderr(quiet) as progress:
        from normstat.verbs.invert import invert as invert_to

        result = invert_to(out, images, overwrite=overwrite, progress=progress)
    if not quiet:
        exact = (
            "the very pixels that apply read"
            if result.lossless
            else "close to the pixels that apply read, but not all equal"
        )
        print(f"{result.images} images written to {shown(images)}, {exact}")
    return 0
