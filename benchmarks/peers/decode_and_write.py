"""The limit for apply: decode, and write as many bytes as the array has, whatever they are."""

from functools import partial

import numpy as np
import simplejpeg
from task import Place, Task

_HEADER = 128  # of a .npy file
_values = np.ones(0, np.float32)  # kept: its memory is not what is measured


def write(place: Place, path: str) -> int:
    """Decode one image and write a file of the size of its float32 array."""
    global _values
    with open(path, "rb") as file:
        pixels = simplejpeg.decode_jpeg(file.read())
    size = _HEADER // 4 + pixels.size
    if _values.size < size:
        _values = np.ones(size, np.float32)
    with open(place.array(path), "wb", buffering=0) as file:
        file.write(_values[:size])
    return 1


if __name__ == "__main__":
    task = Task.asked()
    task.answer(sum(task.each(partial(write, task.place))))
