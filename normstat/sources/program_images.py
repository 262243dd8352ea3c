"""Images that a program has: arrays, tensors and Pillow images, alone or behind a name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NoReturn

import numpy as np

from normstat.errors import UsageError
from normstat.files import shown
from normstat.images import Payload, path_bytes
from normstat.images.npy_header import is_told_by

# Modes of a Pillow image whose array has the pixels; PNG says what is special about the others.
_PLAIN_MODES = ("L", "RGB", "I", "F", "I;16")
_PNG_MODES = ("1", "P", "LA", "RGBA")
# Layouts of stacks, and the axis of channels in each; a stack of gray images has no such axis.
_STACKS = {"nhwc": 3, "nchw": 1}
_GRAY_STACK = 3


def named_image(item: Any, where: str, layout: str = "auto") -> tuple[str | None, Payload]:
    """The name of an item, if it has one, and its image: an array of its own, or a PNG file.

    Parameters
    ----------
    item : an array, a tensor, a Pillow image; or several things, the first of them an image, or a
        name before an image.
    where : it is, for messages.
    layout : of arrays.

    Raises
    ------
    UsageError
        It is none of them.

    Examples
    --------
    >>> named_image(("a.png", np.zeros((2, 3))), "0")[0]
    'a.png'
    >>> named_image((np.zeros((2, 3)), "cat"), "0")[1].shape
    (2, 3)
    """
    if not isinstance(item, tuple | list):
        return None, payload_of(item, where, layout)
    if len(item) > 1 and isinstance(item[0], str):
        refuse_name(item[0], where)
        return item[0], payload_of(item[1], where, layout)
    if not item or isinstance(item[0], int | float | list):
        _refuse(item, where, "give a NumPy array")
    return None, payload_of(item[0], where, layout)


def refuse_name(name: Any, where: str) -> None:
    r"""Raise a UsageError for what no image can be called.

    >>> try:
    ...     refuse_name("a\0.png", "3")
    ... except UsageError as error:
    ...     print(error)
    image 3: 'a\x00.png' is no name
    """
    try:
        is_name = isinstance(name, str) and bool(path_bytes(name)) and "\0" not in name
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        is_name = False
    if not is_name:
        raise UsageError(f"image {shown(where)}: {shown(repr(name))} is no name")


def gray_stack(payload: Payload, layout: str) -> Payload:
    """An array of three axes with its fourth, where a layout of stacks says that it is one of gray.

    >>> gray_stack(np.zeros((9, 2, 3)), "nhwc").shape, gray_stack(np.zeros((9, 2, 3)), "nchw").shape
    ((9, 2, 3, 1), (9, 1, 2, 3))
    """
    if isinstance(payload, bytes) or payload.ndim != _GRAY_STACK or layout not in _STACKS:
        return payload
    return np.expand_dims(payload, _STACKS[layout])


def payload_of(image: Any, where: str, layout: str = "auto") -> Payload:
    """The pixels of an image as an array of its own, or as a PNG file.

    Parameters
    ----------
    image : an array, a tensor, or a Pillow image.
    where : it is, for messages.
    layout : of arrays; a Pillow image has its own.

    Raises
    ------
    UsageError
        It is none of them.

    Examples
    --------
    >>> from PIL import Image
    >>> payload_of(Image.new("L", (3, 2)), "0").shape, payload_of(Image.new("P", (3, 2)), "0")[1:4]
    ((2, 3), b'PNG')
    """
    mode = getattr(image, "mode", None)
    if isinstance(mode, str) and hasattr(image, "getbands"):
        if mode in _PNG_MODES or not _is_told(image, layout):
            file = BytesIO()
            with _loaded(where):
                image.save(file, "PNG", compress_level=1)
            return file.getvalue()
        if mode not in _PLAIN_MODES:
            _refuse(image, where, f'its mode is {mode}; convert it, as with .convert("RGB")')
    elif not is_array(image):
        keys = ", ".join(map(repr, image)) if isinstance(image, Mapping) else ""
        cure = f"it has {keys}: give the image alone" if keys else "give an array of pixels"
        _refuse(image, where, cure)
    refuse_masked(image, f"image {shown(where)}")
    try:
        # Of its own, as who gives it may write the next one into the same memory.
        with _loaded(where):
            array = np.array(on_cpu(image), order="C")
    except (TypeError, ValueError) as error:
        raise UsageError(f"image {shown(where)}: is no array ({shown(str(error))})") from error
    if array.dtype.hasobject:
        _refuse(image, where, "it holds Python objects, as rows of several lengths do")
    if array.ndim < 2:
        _refuse(image, where, f"its shape is {array.shape}; an image has height and width")
    return array


def _is_told(image: Any, layout: str) -> bool:
    """True for a Pillow image whose array is read as it is; in others channels may be rows."""
    if image.mode == "RGB":
        return layout == "hwc" or (layout == "auto" and is_told_by((image.height, 0, 3)))
    return image.mode != "L" or layout in ("auto", "hwc", "chw")


@contextmanager
def _loaded(where: str) -> Iterator[None]:
    """Raise a UsageError for a Pillow image whose file turns out to be damaged."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"image {shown(where)}: cannot be loaded ({shown(str(error))})") from error


def refuse_masked(array: Any, what: str) -> None:
    """Raise a UsageError for an array of NumPy with masked values: pixels have no mask.

    >>> try:
    ...     refuse_masked(np.ma.masked_equal([[0, 1]], 0), "image 3")
    ... except UsageError as error:
    ...     print(error)
    image 3: has masked values, which would count; .filled(VALUE) makes pixels of them
    """
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise UsageError(
            f"{what}: has masked values, which would count; .filled(VALUE) makes pixels of them"
        )


def is_array(value: Any) -> bool:
    """True for what NumPy takes for an array.

    >>> is_array(np.zeros(3)), is_array([0])
    (True, False)
    """
    return any(hasattr(value, name) for name in ("__array__", "__array_interface__"))


def on_cpu(value: Any) -> Any:
    """A tensor in the memory that NumPy sees; whatever else as it is.

    >>> on_cpu(5)
    5
    """
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _refuse(image: Any, where: str, cure: str) -> NoReturn:
    raise UsageError(f"image {shown(where)}: {type(image).__name__} is no image; {cure}")
