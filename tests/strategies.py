"""Hypothesis strategies for images: not square, few pixels, every kind."""

from typing import Any

import numpy as np
from arrays import KINDS
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from normstat.images import Kind


def images(kind: Kind) -> st.SearchStrategy[NDArray[Any]]:
    """Arrays of shape (H, W, C) of a kind, constant ones and extreme values among them."""
    elements: st.SearchStrategy[Any]
    if not kind.bins and kind.dtype != "int32":
        bits = np.dtype(kind.dtype).itemsize * 8
        elements = st.floats(-60_000, 60_000, width=bits)
    else:
        info = np.iinfo(kind.dtype)
        elements = st.integers(int(info.min), int(info.max))
    shapes = st.tuples(st.integers(1, 5), st.integers(1, 7), st.just(len(kind.channels)))
    return shapes.flatmap(lambda shape: hnp.arrays(kind.dtype, shape, elements=elements))


def sets(kind: Kind, least: int = 1, most: int = 5) -> st.SearchStrategy[list[NDArray[Any]]]:
    """Lists of images of one kind."""
    return st.lists(images(kind), min_size=least, max_size=most)


kinds = st.sampled_from(KINDS)
exact_kinds = st.sampled_from([kind for kind in KINDS if kind.bins])
