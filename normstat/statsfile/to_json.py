"""Stats to text: one line for whatever holds nothing nested, keys in the order of the fields."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.json_state import Pack
from normstat.accumulators.tally import KindTally
from normstat.images import Kind, Unreadable, path_text
from normstat.stats import SplitStats, Stats
from normstat.statsfile.json_reader import FEW_BINS

SCHEMA = "normstat/stats/1"


def dumps(stats: Stats) -> str:
    """The text of a stats file.

    >>> from normstat.stats import Settings, Stats
    >>> print(dumps(Stats("0.1.0", {}, Settings(), {})).splitlines()[1])
      "schema": "normstat/stats/1",
    """
    splits = {name: _split_to_json(split) for name, split in stats.splits.items()}
    return render({"schema": SCHEMA} | _content(stats, splits))


def summary(stats: Stats) -> dict[str, Any]:
    """The content of a stats file without its states, for programs.

    >>> from normstat.stats import Settings, Stats
    >>> list(summary(Stats("0.1.0", {}, Settings(), {})))[:4]
    ['normstat', 'decoder', 'settings', 'complete']
    """
    splits = {name: summary_to_json(split) for name, split in stats.splits.items()}
    return _content(stats, splits)


def _content(stats: Stats, splits: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "normstat": stats.normstat,
        "decoder": stats.decoder,
        "settings": _plain(stats.settings),
        "complete": stats.complete,
        "skipped": {
            reason: {"images": skipped.images, "first": path_text(skipped.first)}
            for reason, skipped in stats.skipped.items()
        },
        "files": stats.files and _plain(stats.files),
        "parts": stats.parts and _plain(stats.parts) | {"names": f"{stats.parts.names:032x}"},
        "splits": splits,
        "unreadable": [record_to_json(record) for record in stats.unreadable],
    }


def record_to_json(record: Unreadable) -> dict[str, Any]:
    """Record of an image that could not be read."""
    return _plain(record) | {"path": path_text(record.path)}


def _plain(record: Any) -> dict[str, Any]:
    """The fields of a slotted dataclass or named tuple, in their order."""
    names = getattr(record, "_fields", None) or record.__slots__
    return {name: getattr(record, name) for name in names}


def summary_to_json(split: SplitStats) -> dict[str, Any]:
    """Numbers of a split that stand in front of its state."""
    nested = ("stderr", "per_image", "width", "height")
    content = _plain(split)
    del content["state"]
    content |= {name: _plain(content[name]) for name in nested}
    content["skipped_reasons"] = dict(split.skipped_reasons)
    content["fingerprint"] = split.fingerprint.to_json()
    return content


def _split_to_json(split: SplitStats) -> dict[str, Any]:
    kinds = split.state.kinds
    state = [kind_to_json(kind, kinds[kind], counts_to_json) for kind in sorted(kinds)]
    return summary_to_json(split) | {"state": {"kinds": state}}


def kind_to_json(kind: Kind, tally: KindTally, pack: Pack) -> dict[str, Any]:
    """The state of the images of one kind, with counts in the form that is wanted."""
    return {
        "dtype": kind.dtype,
        "channels": kind.channels,
        "scale": kind.scale,
        "files": tally.files,
        "values": tally.values.to_json(pack),
        "per_image": tally.per_image.to_json(),
        "width": _plain(tally.width),
        "height": _plain(tally.height),
        "modes": dict(sorted(tally.modes.items())),
        "formats": dict(sorted(tally.formats.items())),
        "notes": dict(sorted(tally.notes.items())),
        "fingerprint": tally.fingerprint.to_json(),
        "first": [path_text(path) for path in tally.first],
        "covariance": tally.covariance.to_json() if tally.covariance else None,
    }


def counts_to_json(counts: NDArray[np.int64], least: int) -> Any:
    """Counts of each channel: all of them, or those of the values that occur."""
    if counts.shape[1] == FEW_BINS:
        return counts.tolist()
    return [
        {"value": (present + least).tolist(), "count": channel[present].tolist()}
        for channel in counts
        for present in [np.flatnonzero(channel)]
    ]


def render(content: Mapping[str, Any]) -> str:
    """JSON that people can read: one line for whatever holds nothing nested.

    >>> print(render({"mean": [0.5, 0.25], "n": {"min": 1, "max": 2}}), end="")
    {
      "mean": [0.5, 0.25],
      "n": {"min": 1, "max": 2}
    }
    """
    return _render(content, "") + "\n"


def _render(value: Any, indent: str) -> str:
    inner = value.values() if isinstance(value, Mapping) else value if _is_nested(value) else ()
    if not any(map(_is_nested, inner)):
        return _on_one_line(value)
    deeper = indent + "  "
    if isinstance(value, Mapping):
        open_, close = "{", "}"
        items = [f"{_on_one_line(key)}: {_render(item, deeper)}" for key, item in value.items()]
    else:
        open_, close = "[", "]"
        items = [_render(item, deeper) for item in value]
    return f"{open_}\n{deeper}" + f",\n{deeper}".join(items) + f"\n{indent}{close}"


def _is_nested(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple))


def _on_one_line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isprintable():
        return text
    # Bytes of a file name that are no UTF-8, and what would confuse a terminal.
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
