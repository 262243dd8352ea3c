"""``normstat explain``."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.cli.terminal import progress_on_stderr
from normstat.errors import UsageError
from normstat.files import shown

if TYPE_CHECKING:
    from normstat.verbs.explain.definitions import Known
    from normstat.verbs.explain.verb import Origin

# Fits that are shown: a number of one digit fits nearly everything.
_MOST = 8
_NUMBERS = re.compile(r"(?=.*\d)(?:mean|std|[-+=:\[\](),;\s\d.e])+", re.IGNORECASE | re.DOTALL)
_NAMES = re.compile(r"(?:mean|std)\s*[=:]", re.IGNORECASE)


# Typer would take a negative number for an option.
@app.command(context_settings={"ignore_unknown_options": True})
@prints
def explain(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NUMBERS|STATS|DATA",
            help="Mean, std or both, as in 0.4914,0.4822,0.4465; and the images that they are "
            "perhaps of, or their stats file.",
        ),
    ] = None,
    stats: Annotated[
        str | None, typer.Option(metavar="FILE", help="Stats file of the images.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="DATA", help="The images themselves, to be counted.")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Configuration that has the numbers, or preset:NAME."),
    ] = None,
    resize: options.Resize = None,
    crop: options.Crop = None,
    workers: options.Workers = 0,
    quiet: options.Quiet = False,
) -> int:
    """Tell where a mean or std comes from.

    That is, by which definition it is that of the data, or of something published.

    \b
    Examples:
      normstat explain 0.2023,0.1994,0.2010
      normstat explain 0.4914,0.4822,0.4465 0.2023,0.1994,0.2010 --stats cifar10.json
      normstat explain 0.485,0.456,0.406 0.229,0.224,0.225 ./data --resize 256 --crop 224
      normstat explain --config preprocessor_config.json --data ./data
    """
    from normstat.verbs.explain.verb import explain as explained
    from normstat.verbs.explain.verb import read_config

    given, places = _given(words or [])
    stats, data = _places(places, stats, data)
    if bool(config) == bool(given):
        where = f"{shown(places[0])}: is no number; " if places and not config else ""
        raise UsageError(
            f"{where}give the numbers, as in 0.2023,0.1994,0.2010, or --config FILE that has them"
        )
    if stats and data:
        raise UsageError(f"{shown(stats)} (stats file) and {shown(data)} (images): choose one")
    if not data and (resize or crop):
        raise UsageError("--resize and --crop: are for DATA; a stats file has its own")
    known = _known(context, stats, data, quiet, workers, {"resize": resize, "crop": crop})
    asked: list[Any] = (
        [given] if given else [*read_config(config or "", known.stats if known else None)]
    )
    found: list[Origin] = []
    for numbers in asked:
        origins = explained(*numbers, stats=known)
        found += origins
        _print(origins)
        for of, given_numbers in zip(("mean", "std"), numbers, strict=False):
            if not any(len(numbers) == 1 or origin.of == of for origin in origins):
                text = _text(given_numbers)
                print(f"{text}: nothing that is known comes near{_more(known, text)}")
    _print_needed(known, found)
    return 0


def _given(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Mean and std as they were written, in one word each or in several; and other words."""
    numbers = [word for word in words if _NUMBERS.fullmatch(word)]
    others = [word for word in words if not _NUMBERS.fullmatch(word)]
    for word in others:
        if word.startswith("-") and word != "-":
            raise UsageError(f"{shown(word)}: no such option; normstat explain --help lists them")
    text = _NAMES.sub(" ", " ".join(numbers))
    lists = re.findall(r"[\[(]([^\[\]()]*\d[^\[\]()]*)[\])]", text)
    if not lists:
        lists = re.sub(r"\s*[,;]\s*", ",", text).split()
    alone = all("," not in each.strip(",") for each in lists)
    if alone and len(lists) in (3, 6):  # of three channels, without commas
        lists = [",".join(lists[start : start + 3]) for start in range(0, len(lists), 3)]
    if len(lists) > 2:
        raise UsageError(
            f"{shown(text)}: should be one list of numbers or two, each with commas between, as in "
            "0.4914,0.4822,0.4465 0.2470,0.2435,0.2616"
        )
    return tuple(lists), others


def _places(words: list[str], stats: str | None, data: str | None) -> tuple[str | None, str | None]:
    """The stats file, or the images, with those words that are no numbers."""
    from normstat.statsfile import is_stats_file

    recorded = [word for word in words if is_stats_file(word)]
    files = [*recorded, *([stats] if stats else [])]
    places = [*(word for word in words if word not in recorded), *([data] if data else [])]
    if len(files) > 1 or len(places) > 1:
        names = ", ".join(map(shown, files if len(files) > 1 else places))
        raise UsageError(f"{names}: give one of them, and lists of numbers with commas between")
    return next(iter(files), None), next(iter(places), None)


def _known(
    context: typer.Context,
    stats: str | None,
    data: str | None,
    quiet: bool,
    workers: int,
    sizes: dict[str, Any],
) -> "Known | None":
    from normstat.statsfile import load
    from normstat.verbs.engine import Engine
    from normstat.verbs.explain.definitions import Known
    from normstat.verbs.explain.verb import measured

    if stats:
        return Known(load(stats))
    if not data:
        return None
    where = options.workers_of(context, "local", workers, 60.0)
    with where as run_by, progress_on_stderr(quiet) as progress:
        return measured(data, **sizes, engine=Engine.of(**run_by, progress=progress))


def _print(origins: "tuple[Origin, ...]") -> None:
    """A line for each, those that fit by chance as many others do only counted."""
    for of in dict.fromkeys(origin.of for origin in origins):
        same = [origin for origin in origins if origin.of == of]
        for origin in same[:_MOST]:
            how = "all digits fit" if origin.fits else f"{100 * origin.distance:.2g} % away"
            slip = f"; {origin.slip}" if origin.slip else ""
            print(f"{origin.of}: {origin.words}: {_shown(origin.values)} ({how}{slip})")
        if (more := len(same) - _MOST) > 0:
            print(f"{of}: and {more} more fit; numbers with more digits tell them apart")


def _print_needed(known: "Known | None", found: "list[Origin]") -> None:
    """Print what training needs, of the data or of those that are published."""
    from normstat.verbs.explain.verb import needed, published_needed

    if known and (right := needed(known.stats)):
        name, mean, std = right
        print(f"training needs, of {shown(name)}: mean {_shown(mean)}; std {_shown(std)}")
    elif row := published_needed(found):
        print(f"training needs the std {row.definition}: preset {row.name}: {_shown(row.std)}")
    if known and known.lacks and not any(origin.fits for origin in found):
        print("images have several sizes: --data DATA tries more definitions than --stats can")


def _more(known: "Known | None", numbers: str) -> str:
    """A clause on what could be tried."""
    if not known:
        return "; --stats FILE or --data DATA knows your images"
    given = len(numbers.split(","))
    channels = {len(split.channels) for split in known.stats.splits.values() if split.channels}
    if given in channels or not channels:
        return ""
    has = " or ".join(map(str, sorted(channels)))
    are, s = "are" if given > 1 else "is", "" if channels == {1} else "s"
    return f"; given {are} {given}, and the images have {has} channel{s}"


def _text(given: Any) -> str:
    return given if isinstance(given, str) else _shown(given)


def _shown(values: "tuple[float, ...]") -> str:
    texts = [f"{value:.7g}" for value in values]
    if any("e" in text or "." not in text for text in texts):
        return ", ".join(texts)
    decimals = max(len(text.partition(".")[2]) for text in texts)
    return ", ".join(f"{value:.{decimals}f}" for value in values)
