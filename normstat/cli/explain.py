"""``normstat explain``."""

from typing import TYPE_CHECKING, Annotated

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.errors import UsageError

if TYPE_CHECKING:
    from normstat.stats import Stats


@app.command()
@prints
def explain(
    context: typer.Context,
    mean: Annotated[
        str, typer.Argument(metavar="[MEAN]", help="Numbers, as in 0.4914,0.4822,0.4465.")
    ] = "",
    std: Annotated[
        str | None,
        typer.Argument(metavar="[STD]", help="The std with it; one alone may be either."),
    ] = None,
    stats: Annotated[
        str | None, typer.Option(metavar="FILE", help="Stats file of the images.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="DATA", help="The images themselves, to be counted.")
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Configuration that has the numbers.")
    ] = None,
    workers: options.Workers = 0,
) -> int:
    """Tell where a mean or std comes from.

    That is, by which definition it is that of the data, or of something published.

    \b
    Examples:
      normstat explain 0.2023,0.1994,0.2010
      normstat explain 0.4914,0.4822,0.4465 0.2023,0.1994,0.2010 --stats cifar10.json
      normstat explain --config preprocessor_config.json --data ./data
    """
    from normstat.verbs.explain import explain as explained
    from normstat.verbs.explain import needed, read_config

    if bool(config) == bool(mean):
        raise UsageError("give the numbers, or --config FILE that has them")
    if stats and data:
        raise UsageError("--stats and --data: choose one")
    known = _known(context, stats, data, workers)
    asked = [(mean, std)] if mean else read_config(config or "")
    for given_mean, given_std in asked:
        origins = explained(given_mean, given_std, stats=known)
        for origin in origins:
            how = "all digits fit" if origin.fits else f"{100 * origin.distance:.2g} % away"
            print(f"{origin.of}: {origin.words}: {_shown(origin.values)} ({how})")
        if not origins:
            print(f"{given_mean}: nothing that is known comes near; --stats FILE knows your data")
    if known and (right := needed(known)):
        name, right_mean, right_std = right
        print(f"training needs, of {name}: mean {_shown(right_mean)}; std {_shown(right_std)}")
    return 0


def _known(
    context: typer.Context, stats: str | None, data: str | None, workers: int
) -> "Stats | None":
    if stats:
        from normstat.statsfile import load

        return load(stats)
    if not data:
        return None
    from normstat.verbs.compute.verb import compute

    with options.workers_of(context, "local", workers, 60.0) as run_by:
        return compute(data, **run_by)


def _shown(values: "tuple[float, ...]") -> str:
    return ", ".join(f"{value:.7g}" for value in values)
