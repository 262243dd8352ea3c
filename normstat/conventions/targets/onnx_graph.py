"""The graph of an ONNX model that normalizes: a cast, Sub and Div."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from normstat.conventions.targets.target import Exported

# As old as they can be, so that every runtime of these years reads the file.
_OPSET = 13
_IR = 8


def model(of: Exported) -> bytes:
    """The bytes of a model from stored pixels ``image`` to ``normalized``.

    Both have shape (N, C, height, width); ``onnx.compose.merge_models`` puts it before another.
    """
    shape: list[str | int | None] = ["N", len(of.channels), "height", "width"]
    constants = [
        numpy_helper.from_array(
            np.array(values, dtype=np.float32).reshape(1, len(values), 1, 1), name
        )
        for name, values in (("mean", of.stored.mean), ("std", of.stored.std))
    ]
    pixels = helper.np_dtype_to_tensor_dtype(np.dtype(of.dtype))
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("Sub", ["pixels", "mean"], ["centered"]),
            helper.make_node("Div", ["centered", "std"], ["normalized"]),
        ],
        "normalize",
        [helper.make_tensor_value_info("image", pixels, shape)],
        [helper.make_tensor_value_info("normalized", TensorProto.FLOAT, shape)],
        constants,
    )
    made = helper.make_model(
        graph,
        producer_name="normstat",
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        doc_string=(
            f"{of.origin}; stored pixels (white is {of.white:g}), channels "
            f"{', '.join(of.channels)}, (N, C, H, W), {of.dtype}"
        ),
    )
    checker.check_model(made)
    content: bytes = made.SerializeToString(deterministic=True)
    return content
