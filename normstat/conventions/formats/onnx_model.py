"""Constants in an ONNX model: the Sub and the Div at its beginning."""

from typing import Any

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it has none
from onnx import numpy_helper

from normstat.conventions.formats.stated import inverse, stated
from normstat.errors import StatsFileError


def content(data: bytes) -> Any:
    """The first Sub of a constant that a Div or Mul by one follows, of stored pixels.

    Examples
    --------
    >>> content(b"?")
    Traceback (most recent call last):
    normstat.errors.StatsFileError: not an ONNX model
    """
    try:
        graph = onnx.load_model_from_string(data).graph
    except DecodeError as error:
        raise StatsFileError("not an ONNX model") from error
    constants = {tensor.name: tensor for tensor in graph.initializer}
    by_input = {name: node for node in graph.node for name in node.input}
    for sub in graph.node:
        after = by_input.get(sub.output[0]) if sub.output else None
        if sub.op_type != "Sub" or after is None or after.op_type not in ("Div", "Mul"):
            continue
        mean, std = constants.get(sub.input[1]), constants.get(after.input[1])
        if mean is None or std is None:
            continue
        values = [numpy_helper.to_array(tensor).ravel().tolist() for tensor in (mean, std)]
        spread = inverse(values[1]) if after.op_type == "Mul" else values[1]
        return {sub.output[0]: stated(values[0], spread, "stored", 255)}
    return {}
