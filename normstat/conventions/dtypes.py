"""Largest values of pixel types: frameworks that scale by type divide by them."""

_LARGEST = {
    "uint8": 255,
    "int8": 127,
    "uint16": 65535,
    "int16": 32767,
    "uint32": 4294967295,
    "int32": 2147483647,
}


def largest(dtype: str) -> float:
    """Largest value of a type; 1 of floats, which nobody scales.

    >>> largest("uint16"), largest("float32")
    (65535, 1)
    """
    return _LARGEST.get(dtype, 1)
