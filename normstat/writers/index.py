"""``index.jsonl``: a line for each array, in the order of the walk."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from operator import index as whole
from typing import Any

from normstat import files
from normstat.errors import UsageError
from normstat.files import shown
from normstat.images import path_from_text, path_text
from normstat.writers.journal import array_inside, inside
from normstat.writers.writer import ArrayRow, Writer

#: In OUT.
INDEX = "index.jsonl"
#: Of a line of a part: where the image is in the walk over all images.
AT = "at"
_NO_LINE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class IndexLine:
    """A line of the index.

    Attributes
    ----------
    input, output : relative to DATA and to OUT.
    row : of a stack; None where the file is the image's own.
    split : of the image.
    shape : of the array.
    dtype, channels : of the image's pixels.
    a, b : of ``y = a * x + b`` on stored pixels, where each image has its own.
    scale : stored value that is 1.0 in unit scale, where it is not what the dtype says.
    """

    input: str
    output: str
    row: int | None
    split: str
    shape: tuple[int, ...]
    dtype: str
    channels: tuple[str, ...]
    a: tuple[float, ...] | None = None
    b: tuple[float, ...] | None = None
    scale: int | None = None


def index_line(row: ArrayRow, writer: Writer, number: int) -> str:
    """The line of the index for an image; `number` arrays of its split lie before it."""
    content: dict[str, Any] = {
        "input": path_text(row.path),
        "output": path_text(writer.output(row.split, row.path)),
        "row": None if writer.file_per_image else number,
        "split": row.split,
        "shape": row.shape,
        "dtype": row.kind.dtype,
        "channels": row.kind.channels,
        "a": row.a,
        "b": row.b,
        "scale": None if row.kind.has_usual_scale else row.kind.scale,
        AT: row.position,
    }
    return json.dumps({name: value for name, value in content.items() if value is not None}) + "\n"


def read_index(root: str, index: str = INDEX) -> Iterator[IndexLine]:
    """The lines of an index, a file of OUT.

    Raises
    ------
    UsageError
        There is no index, or a line is not one of ``apply``'s.
    """
    for number, text in enumerate(_texts_of(f"{root}/{index}"), 1):
        try:
            line = _line(json.loads(text))
        except _NO_LINE as error:
            raise UsageError(
                f"{shown(root)}/{index}: line {number} is not one that apply writes"
            ) from error
        yield line


def _texts_of(path: str) -> Iterator[bytes]:
    try:
        with files.opened(path) as file:
            yield from file
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise UsageError(f"{shown(path)}: {problem}; run apply again") from error


def _line(content: Any) -> IndexLine:
    row = content.get("row")
    shape = tuple(map(whole, content["shape"]))
    a, b = (_numbers(content[name]) if name in content else None for name in ("a", "b"))
    scale = whole(content["scale"]) if "scale" in content else None
    if scale is not None and scale < 1:
        raise ValueError("a scale is 1 or more")
    if len(a or ()) != len(b or ()) or (a and len(a) not in (1, shape[0], shape[-1])):
        raise ValueError("a and b should have a number for each channel")
    return IndexLine(
        inside(path_from_text(content["input"])),
        array_inside(path_from_text(content["output"])),
        None if row is None else whole(row),
        _text(content["split"]),
        shape,
        _text(content["dtype"]),
        tuple(map(_text, content["channels"])),
        a,
        b,
        scale,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("should be a string")
    return value


def _numbers(values: Any) -> tuple[float, ...]:
    numbers = tuple(map(float, values))
    if not all(map(math.isfinite, numbers)):
        raise ValueError("should be finite numbers")
    return numbers
