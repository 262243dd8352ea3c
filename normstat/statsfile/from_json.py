"""Text to stats, or a refusal that says where in the file."""

from typing import Any

from normstat.accumulators.fingerprint import Fingerprint
from normstat.accumulators.kinds import empty_states
from normstat.accumulators.sizes import Sizes
from normstat.accumulators.tally import Extent, KindTally, SplitTally
from normstat.images import DTYPES, FRAMES, LAYOUTS, Code, Kind, Skipped, Unreadable
from normstat.sources import LABELS
from normstat.stats import ListOfFiles, Parts, Settings, Stats
from normstat.statsfile.json_reader import Node, parse
from normstat.statsfile.to_json import SCHEMA
from normstat.statsfile.verification import derived


def loads(text: str | bytes) -> Stats:
    """The statistics in the text of a stats file; see :func:`normstat.load`."""
    root = parse(text)
    if isinstance(root.value, dict) and "schema" not in root.value:
        root.fail("'schema' is missing, so this is no stats file; normstat compute writes them")
    schema = root["schema"].text()
    if schema != SCHEMA:
        root["schema"].fail(f"this version reads {SCHEMA!r}, found {schema!r}")
    unreadable = tuple(record_from_json(node) for node in root["unreadable"].list())
    splits = {
        name: derived(node, _state(name, node["state"], unreadable))
        for name, node in root["splits"].items(least=1)
    }
    kinds = (tally for split in splits.values() for tally in split.state.kinds.values())
    stats = Stats(
        normstat=root["normstat"].text(),
        decoder={name: node.optional(Node.text) for name, node in root["decoder"].items()},
        settings=_settings(root["settings"], any(tally.covariance for tally in kinds)),
        splits=splits,
        unreadable=unreadable,
        skipped={
            reason: Skipped(node["images"].size(), node["first"].path())
            for reason, node in root.get("skipped", {}).items()
        },
        files=root.get("files").optional(
            lambda node: ListOfFiles(node["name"].path(), node["sha256"].sha256())
        ),
        parts=root.get("parts").optional(_parts),
    )
    if stats.files and "/" in stats.files.name.replace("\\", "/"):
        root["files"]["name"].fail("should be the name of a file, without a folder")
    if root["complete"].truth() != stats.complete:
        root["complete"].fail(
            "should be true if and only if no part is missing and no image is unreadable"
        )
    return stats


def record_from_json(node: Node) -> Unreadable:
    """Record of an image that could not be read."""
    return Unreadable(
        split=node["split"].text(),
        path=node["path"].path(),
        code=node["code"].one_of(tuple(Code)),
        detail=node["detail"].text(),
        sha256=node.get("sha256").optional(Node.sha256),
    )


def _parts(node: Node) -> Parts:
    have = tuple(number.size() for number in node["have"].list())
    parts = Parts(node["of"].size(), have, node["names"].hexadecimal())
    if not have or list(have) != sorted(set(have)) or have[-1] > parts.of:
        node["have"].fail("should be different numbers of parts, in order")
    return parts


def _settings(node: Node, has_covariance: bool) -> Settings:
    return Settings(
        channels=node["channels"].one_of(("auto", "gray", "rgb")),
        include=tuple(glob.text() for glob in node["include"].list()),
        exclude=tuple(glob.text() for glob in node["exclude"].list()),
        resize=node["resize"].optional(Node.size),
        crop=node["crop"].optional(Node.size),
        layout=node.get("layout", "hwc").one_of(LAYOUTS),
        frames=node.get("frames", "first").one_of(FRAMES),
        max_value=node.get("max_value").optional(Node.size),
        channel_names=node.get("channel_names").optional(_channels),
        max_pixels=node["max_pixels"].size(),
        split_dirs={name: folder.text() for name, folder in node["split_dirs"].items()},
        split=tuple(name.text() for name in node.get("split", []).list()),
        # Files from before this was recorded say it by what they have.
        covariance=node.get("covariance", has_covariance).truth(),
        # Before there was a choice, labels were images like others.
        labels=node.get("labels", "count").one_of(LABELS),
        source=_source(node.get("source", {"kind": "folder"})),
    )


def _source(node: Node) -> dict[str, Any]:
    recorded: dict[str, Any] = {"kind": node["kind"].text()}
    for name, option in node.items():
        value = option.value
        recorded[name] = (
            tuple(each.text() for each in option.list())
            if isinstance(value, list)
            else value
            if isinstance(value, bool)
            else option.optional(Node.text)
        )
    return recorded


def _state(name: str, node: Node, unreadable: tuple[Unreadable, ...]) -> SplitTally:
    kinds = dict(map(kind_from_json, node["kinds"].list()))
    # Images of another depth are in the state themselves; their records were made from it.
    of_kinds = {path for tally in kinds.values() for path in tally.first}
    records = (record for record in unreadable if record.split == name)
    return SplitTally(kinds, tuple(record for record in records if record.path not in of_kinds))


def kind_from_json(node: Node) -> tuple[Kind, KindTally]:
    """The state of the images of one kind."""
    # Files from before a format could declare its own maximum have no scale here.
    scale = node.get("scale", 0)
    kind = Kind(node["dtype"].one_of(DTYPES), _channels(node["channels"]), scale.whole())
    empty = empty_states(kind)
    values = empty.values.from_json(node["values"])
    per_image = empty.per_image.from_json(node["per_image"])
    sizes = node.get("sizes").optional(Sizes.from_json)
    if sizes is not None and sizes.images != per_image.images:
        node["sizes"].fail(f"is of {sizes.images} images, and per_image of {per_image.images}")
    return kind, KindTally(
        values=values,
        per_image=per_image,
        files=node.get("files", per_image.images).whole(),
        width=_extent(node["width"]),
        height=_extent(node["height"]),
        sizes=sizes,
        modes=_counter(node["modes"]),
        formats=_counter(node["formats"]),
        notes=_counter(node["notes"]),
        fingerprint=Fingerprint.from_json(node["fingerprint"]),
        first=tuple(path.path() for path in node["first"].list()),
        covariance=node.get("covariance").optional(empty.covariance.from_json),
    )


def _channels(node: Node) -> tuple[str, ...]:
    return tuple(channel.text() for channel in node.list())


def _extent(node: Node) -> Extent:
    return Extent(node["min"].optional(Node.whole), node["max"].optional(Node.whole))


def _counter(node: Node) -> dict[str, int]:
    return {name: count.whole() for name, count in node.items()}
