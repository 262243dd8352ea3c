"""Results as Markdown: promises, times, peers.

::

    python benchmarks/table.py RESULTS.json
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from results import Images, Results, Run, digits, times
from runners import RUNNERS
from targets import TARGETS

_OURS = ("normstat", "normstat-fast")
_SETS = ("typical", "large", "tiny")
#: Columns of a verb's table: peer, heading, and whether the number says how much faster we are.
_COMPARED = {
    "compute": (
        ("decode-only", "decode only", False),
        ("opencv", "OpenCV", False),
        ("dataloader", "DataLoader", True),
        ("numpy", "NumPy loop", True),
        ("scaler", "scikit-learn", True),
    ),
    "apply": (
        ("decode-write", "decode + write", False),
        ("albumentations", "OpenCV + albumentations + np.save", False),
    ),
}
_MISSING = "not installed"
_NOTES = """\
Medians of the ratios of {rounds} rounds in which all took turns, and the smallest and largest of
them; start-up included, files in the page cache. "= 1" is normstat's time over the other's,
"× faster" the other's over normstat's, with the same number of processes; but the NumPy and
scikit-learn loops have one, and the DataLoader two. Memory is peak resident memory: of the parent,
and summed over all processes, what they share counted in each."""


def report(results: Results) -> str:
    """All of it."""
    parts = [short(results), "### Peers", "", *_table(_peer_rows(results))]
    return "\n".join(parts) + "\n"


def short(results: Results) -> str:
    """What the README shows: where, promises, and normstat against each peer."""
    parts = [*_where(results), "", *_table(_target_rows(results)), ""]
    for verb in _COMPARED:
        parts += [f"`{verb}`:", "", *_table(_rows(results, verb)), ""]
    parts += [_NOTES.format(rounds=results.rounds), ""]
    parts += [
        f"{RUNNERS[name].title}: {_MISSING} ({how})." for name, how in results.missing.items()
    ]
    return "\n".join(parts) + "\n"


def _where(results: Results) -> Iterable[str]:
    if results.quick:
        yield "**A quick run, of few images: start-up weighs more than it should.**"
        yield ""
    yield ", ".join(f"{name} {found}".strip() for name, found in results.machine.items()) + "; "
    yield ", ".join(f"{name} {version}" for name, version in results.versions.items()) + ". "
    for verb in _COMPARED:
        sets = {name: results.images.get(f"{verb} {name}") for name in _SETS}
        yield (
            f"`{verb}`: " + ", ".join(_images(name, one) for name, one in sets.items() if one) + "."
        )


def _images(name: str, found: Images) -> str:
    pixels = f"{found.pixels / found.images / 1e6:.2g} Mpx"
    cost = f"{found.bytes / found.pixels:.2g} bytes a pixel"
    return f"{found.images:,} {name} JPEG files ({found.origin}, {pixels}, {cost})"


def _target_rows(results: Results) -> Iterable[Sequence[str]]:
    yield "", "against", "goal", "measured", ""
    for target in TARGETS:
        against = target.theirs.images
        if target.theirs.runner != target.ours.runner:
            against = RUNNERS[target.theirs.runner].title
        bound = f"≥ {target.bound:g} × faster" if target.faster else f"≤ {target.bound:g}"
        spread = target.measured(results)
        if spread:
            measured = digits(spread.middle) if target.memory else str(spread)
            yield target.title, against, bound, measured, "met" if target.met(spread) else "missed"
        else:
            absent = {target.ours.runner, target.theirs.runner} & set(results.missing)
            yield target.title, against, bound, _MISSING if absent else "not measured", ""


def _rows(results: Results, verb: str) -> Iterable[Sequence[str]]:
    compared = _COMPARED[verb]
    heads = [
        f"× faster than {title}" if faster else f"{title} = 1" for _, title, faster in compared
    ]
    yield "", "images", "processes", "an image", "ns/px", "MB, parent / all", *heads
    for key in results.runs:
        if key.verb == verb and key.images in _SETS and key.runner in _OURS:
            run = results.runs[key]
            ratios = [_ratio(results, run, peer, faster) for peer, _, faster in compared]
            start = RUNNERS[key.runner].title, key.images, str(key.workers)
            yield *start, *_cost(results, run), *ratios
    for who in _OURS:
        if who in results.missing:
            yield RUNNERS[who].title, _MISSING, *[""] * (4 + len(heads))


def _ratio(results: Results, ours: Run, peer: str, faster: bool) -> str:
    """One cell: what is not installed says so, what has no such number of processes is a dash."""
    if peer in results.missing:
        return _MISSING
    allowed = RUNNERS[peer].workers
    workers = 1 if allowed == (1,) else ours.key.workers
    theirs = results.runs.get(ours.key._replace(runner=peer, workers=workers))
    if not theirs:
        return "–"
    return str(times(theirs, ours) if faster else times(ours, theirs))


def _cost(results: Results, run: Run) -> Sequence[str]:
    """Time of an image and of a pixel, and memory."""
    images = results.set_of(run.key)
    seconds = median(run.seconds)
    each = seconds / images.images
    time = f"{digits(each * 1e3)} ms" if each >= 1e-3 else f"{digits(each * 1e6)} µs"
    return time, digits(seconds / images.pixels * 1e9), f"{_mb(run.parent)} / {_mb(run.total)}"


def _mb(memory: int | None) -> str:
    return "–" if memory is None else f"{memory / 1e6:.0f}"


def _peer_rows(results: Results) -> Iterable[Sequence[str]]:
    yield "", "", "images", "processes", "an image", "ns/px", "MB, parent / all", "seconds"
    for run in results.runs.values():
        verb, images, runner, workers = run.key
        part = f", on 1 of {run.every} images, scaled" if run.every > 1 else ""
        seconds = f"{median(run.seconds):.2f} ({min(run.seconds):.2f}–{max(run.seconds):.2f})"
        start = verb, RUNNERS[runner].title + part, images, str(workers)
        yield *start, *_cost(results, run), seconds
    for name, how in results.missing.items():
        for verb in RUNNERS[name].verbs:
            yield verb, RUNNERS[name].title, _MISSING, how, "", "", "", ""


def _table(rows: Iterable[Sequence[str]]) -> Iterable[str]:
    head, *body = rows
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in body:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    sys.stdout.write(report(Results.load(Path(sys.argv[1]))))
