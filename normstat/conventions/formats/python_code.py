"""Constants in Python code: what transforms are called with. Nothing of it is run."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from normstat.conventions.formats.calls import READERS, Call
from normstat.conventions.formats.python_values import Names, values_of
from normstat.conventions.formats.stated import inverse, stated
from normstat.conventions.formats.utf8 import utf8
from normstat.errors import StatsFileError


def content(data: bytes) -> Any:
    r"""Each call that has constants, by its name and line; without any, variables that have them.

    >>> found = content(b"MEAN = [0.5]\nnormalize = v2.Normalize(MEAN, std=(0.25,))")
    >>> list(found), found["v2.Normalize in line 2"]["std"]
    (['v2.Normalize in line 2'], [0.25])
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strings such as "\d", which are its author's
            module = ast.parse(utf8(data))
        names, calls = values_of(module)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise StatsFileError(f"not Python: {error}") from error
    found: dict[str, Any] = {}
    for name, constants in list(_of_calls(calls)) or [*_of_methods(calls), *_of_variables(names)]:
        if constants not in found.values():  # training and validation have the same
            found[name] = constants
    return found


def _of_calls(calls: list[Call]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for call in calls:
        reader = READERS.get(call.name)
        constants = reader(call, calls) if reader else None
        if constants and None not in (constants["mean"], constants["std"]):
            yield f"{call.function} in line {call.line}", constants


def _of_methods(calls: list[Call]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """OpenVINO's ``preprocess().mean([…])`` and ``preprocess().scale([…])``, which divides."""
    means = [call for call in calls if call.function.endswith("preprocess().mean")]
    scales = [call for call in calls if call.function.endswith("preprocess().scale")]
    for mean, scale in zip(means, scales, strict=False):
        name = f"preprocess().mean in line {mean.line}"
        yield name, stated(mean.get(0), scale.get(0), "stored", 255)


def _of_variables(names: Names) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Pairs as MEAN and STD, whose unit nobody says, and OpenCV's parameters of a blob."""
    for name, value in names.items():
        start, last = name[:-4], name[-4:]
        if last.lower() != "mean":
            continue
        if (scale := names.get(f"{start}scalefactor")) is not None:
            yield name, stated(value, inverse(scale), "stored", 255)
            continue
        std = names.get(start + ("STD" if last.isupper() else "std"))
        if std is not None and start.lower().endswith("pixel_"):
            yield name, stated(value, std, "stored", 255, "BGR")  # Detectron2's
        elif std is not None:
            yield name, stated(value, std, "white", None, None)
