"""One result of arrays that were written in parts: the index and the record of a single run."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from normstat import files
from normstat.errors import StatsFileError, UsageError, option
from normstat.files import shown
from normstat.images import DTYPES, Kind, Unreadable
from normstat.methods import Normalizer, from_record
from normstat.sources.apply_record import RECORD, SCHEMA
from normstat.statsfile import render
from normstat.statsfile.from_json import record_from_json
from normstat.statsfile.json_reader import Node, parse
from normstat.verbs.apply.merged_index import again, merged_index
from normstat.verbs.apply.plan import record_of
from normstat.verbs.apply.preflight import HeaderTotals, KindTotals
from normstat.verbs.apply.result import by_path, record_of_result
from normstat.verbs.run import none_readable
from normstat.writers.index import INDEX
from normstat.writers.outdir_checks import DiskUsage, refuse_links, writing
from normstat.writers.part_folder import PARTS, PartFiles, part_files, remove_parts
from normstat.writers.run_record import earlier_record, number_of_parts, read_record

# Of a part alone; everything else that was decided is the same in each.
_COUNTED = ("complete", "range", "splits", "unreadable", "part")
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class MergedArrays:
    """Facts about arrays that were written in parts, and are one result now.

    Attributes
    ----------
    parts : how many.
    listed, images : found, and turned into arrays.
    unreadable : a record for each image without an array, in the order of their paths.
    """

    parts: int
    listed: int
    images: int
    unreadable: tuple[Unreadable, ...] = ()


def merge_arrays(out: str | os.PathLike[str]) -> MergedArrays:
    """Make one result of the parts that ``apply`` has written to a folder.

    ``index.jsonl`` and ``normstat.json`` become those of a single run over all images, to the byte.

    Parameters
    ----------
    out : folder that every part was written to (``shard``).

    Raises
    ------
    UsageError
        A part is missing, or not finished; parts had other settings, versions or images; there are
        none.
    OutputError
        The folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from normstat import apply
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.mkdir(f"{root}/images")
    ...     for value in range(9):
    ...         Image.new("L", (4, 2), value).save(f"{root}/images/{value}.png")
    ...     for part in ("1/2", "2/2"):
    ...         done = apply(f"{root}/images", f"{root}/out", "unit", shard=part, workers=0)
    ...     merge_arrays(f"{root}/out").images, sorted(os.listdir(f"{root}/out"))[-2:]
    (9, ['index.jsonl', 'normstat.json'])
    """
    root = os.fspath(out)
    refuse_links(root, PARTS)
    there = part_files(root)
    earlier = earlier_record(root)
    of = number_of_parts(earlier) if earlier else None
    if of is None:
        if earlier and read_record(root):  # a merge may have been killed before it tidied up
            remove_parts(root)
            if there:
                return _facts(there[0].of, Node(earlier, ""))
            raise UsageError(f"{shown(root)}: is one result already; no parts are left to merge")
        raise UsageError(
            f"{shown(root)}: holds no parts of arrays to merge; apply "
            f"{option('shard', metavar='I/N')} writes one"
        )
    parts = [_Part.read(root, number) for number in _all_finished(root, of)]
    _refuse_others(root, parts)
    merged = _merged(root, parts)
    index = merged_index(root, [(part.files, part.index) for part in parts])
    with writing(root):
        # Among the files of parts, so that a merge that is killed leaves nothing in OUT.
        for name, content in ((INDEX, index), (RECORD, render(merged).encode("utf-8"))):
            unfinished = f"{root}/{PARTS}/{name}"
            files.write(unfinished, content)
            os.replace(unfinished, f"{root}/{name}")
        remove_parts(root)
    return _facts(of, Node(merged, ""))


def _facts(of: int, record: Node) -> MergedArrays:
    splits = [_numbers(split) for _, split in record["splits"].items()]
    return MergedArrays(
        of,
        sum(listed for listed, _, _ in splits),
        sum(images for _, images, _ in splits),
        tuple(map(record_from_json, record["unreadable"].list())),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """The record of a part."""

    files: PartFiles
    content: Mapping[str, Any]
    names: int
    index: str
    headers: HeaderTotals
    normalizers: Mapping[str, Normalizer]
    range: tuple[float, float] | None
    splits: Mapping[str, tuple[int, int, int]]
    unreadable: tuple[Unreadable, ...]

    @classmethod
    def read(cls, root: str, names: PartFiles) -> "_Part":
        path = f"{root}/{names.record}"
        try:
            node = parse(files.read(path))
            if node["schema"].text() != SCHEMA:
                node["schema"].fail(f"should be {SCHEMA}")
            part = node["part"]
            return cls(
                names,
                node.value,
                part["names"].hexadecimal(),
                part["index"].sha256(),
                HeaderTotals(dict(map(_kind, part["kinds"].list()))),
                {name: _normalizer(each) for name, each in node["normalizers"].items()},
                node["range"].optional(_range),
                {name: _numbers(split) for name, split in node["splits"].items()},
                tuple(map(record_from_json, node["unreadable"].list())),
            )
        except OSError as error:
            raise UsageError(f"{shown(path)}: cannot be read ({error.strerror})") from error
        except StatsFileError as error:
            problem = shown(str(error))
            raise UsageError(f"{shown(path)}: {problem}; {again(names)}") from error


def _normalizer(node: Node) -> Normalizer:
    """The normalizer of a record, with numbers as they are there: whole ones stay so."""
    made = from_record(node.value)
    takes = replace(made.takes, scale=node["scale"].value)
    return replace(made, epsilon=node["epsilon"].value, takes=takes)


def _range(node: Node) -> tuple[float, float]:
    low, high = node.list(2)
    return low.number(), high.number()


def _numbers(split: Node) -> tuple[int, int, int]:
    """Images of a split: listed, turned into arrays, and unreadable."""
    return split["listed"].count(), split["images"].count(), split["unreadable"].count()


def _kind(node: Node) -> tuple[tuple[str, Kind], KindTotals]:
    channels = tuple(name.text() for name in node["channels"].list())
    kind = Kind(node["dtype"].one_of(DTYPES), channels, node["scale"].count())
    first = (0, 0, node["first"].path())
    return (node["split"].text(), kind), KindTotals(node["images"].count(), DiskUsage(), (first,))


def _all_finished(root: str, of: int) -> list[PartFiles]:
    """The files of all parts; a UsageError if one is not finished, or of another number."""
    there = part_files(root)
    for part in there:
        if part.of != of:
            raise UsageError(
                f"{shown(root)}/{part.record}: is a part of {part.of}, the others of {of}; remove "
                f"{shown(root)}, and write all parts of one number"
            )
    begun = {part for part in there if not os.path.exists(f"{root}/{part.record}")}
    finished = set(there) - begun
    missing = of - len(finished)
    if missing:
        all_parts = (PartFiles(number, of) for number in range(1, of + 1))
        first = list(islice((part for part in all_parts if part not in finished), _MOST_NAMED))
        listed = ", ".join(f"{part.number}{' (begun)' * (part in begun)}" for part in first)
        more = f" and {missing - _MOST_NAMED:,} more" if missing > _MOST_NAMED else ""
        raise UsageError(
            f"{shown(root)}: of {of} parts {listed}{more} {'is' if missing == 1 else 'are'} "
            f"missing; {again(first[0])}"
        )
    return sorted(finished)


def _refuse_others(root: str, parts: Sequence[_Part]) -> None:
    """Refuse parts of other settings, versions or images than the first has."""
    first, *others = parts
    for part in others:
        path, that = f"{root}/{part.files.record}", f"part {first.files.number}"
        names = [name for name in first.content if name not in _COUNTED]
        other = [name for name in names if part.content.get(name) != first.content[name]]
        other += ["splits"] * (part.splits.keys() != first.splits.keys())
        if other:
            raise UsageError(
                f"{shown(path)}: was made with other settings or versions than {that} "
                f"({', '.join(other)}); {again(part.files)}"
            )
        if part.names != first.names:
            raise UsageError(
                f"{shown(path)}: is a part of other images than {that}: the names that were listed "
                f"differ; {again(part.files)}, of one state of the data"
            )


def _merged(root: str, parts: Sequence[_Part]) -> dict[str, Any]:
    """The record of a single run over all images."""
    headers = HeaderTotals()
    for part in parts:
        headers += part.headers
    splits = dict.fromkeys(parts[0].splits, (0, 0, 0))
    for part in parts:
        for name, (listed, images, unreadable) in part.splits.items():
            before = splits[name]
            splits[name] = (before[0] + listed, before[1] + images, before[2] + unreadable)
    records = by_path(record for part in parts for record in part.unreadable)
    bound = headers.bound(parts[0].normalizers)  # refuses what one run would have
    ranges = [part.range for part in parts if part.range]
    if not ranges:
        total = sum(listed for listed, _, _ in splits.values())
        raise none_readable(root, total, records)
    content = parts[0].content
    decided = {name: value for name, value in content.items() if name not in _COUNTED}
    of_splits = record_of(bound)
    for name, record in of_splits["normalizers"].items():
        record["numbers"] = content["normalizers"][name]["numbers"]
    whole_range = min(low for low, _ in ranges), max(high for _, high in ranges)
    return decided | of_splits | record_of_result(whole_range, splits, records)
