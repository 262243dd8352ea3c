"""Constants in C and C++: arrays of numbers, by their names."""

import re
from typing import Any

from normstat.conventions.formats.stated import inverse, stated
from normstat.conventions.formats.utf8 import utf8
from normstat.errors import StatsFileError

_ARRAY = re.compile(r"(?<!\w)(\w+)\s*\[\w*\]\s*=\s*\{([^{}]*)\}")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
#: Ends of names of a mean and of its partner, and what the latter is.
_PAIRS = (("mean_vals", "norm_vals", True), ("mean", "std", False), ("MEAN", "STD", False))


def content(data: bytes) -> Any:
    """Pairs of arrays: mean and std, whose unit nobody says, and ncnn's, of stored pixels.

    >>> text = b"const float mean_vals[1] = {127.5f}; const float norm_vals[1] = {0.5f};"
    >>> content(text)["mean_vals"]["std"]
    [2.0]
    """
    arrays = {
        name: [_number(word, name) for word in body.split(",") if word.strip()]
        for name, body in _ARRAY.findall(_COMMENT.sub(" ", utf8(data)))
        if name.endswith(tuple(end for mean, std, _ in _PAIRS for end in (mean, std)))
    }
    found: dict[str, Any] = {}
    for end, partner, inverts in _PAIRS:
        for name, mean in arrays.items():
            std = arrays.get(name.removesuffix(end) + partner) if name.endswith(end) else None
            if std is None:
                continue
            if inverts:
                found[name] = stated(mean, inverse(std), "stored", 255)
            else:
                found[name] = stated(mean, std, "white", None, None)
    return found


def _number(word: str, name: str) -> float:
    try:
        return float(word.strip().rstrip("fF"))
    except ValueError as error:
        raise StatsFileError(f"/{name}: {word.strip()[:40]!r} is no number") from error
