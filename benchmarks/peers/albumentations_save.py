"""OpenCV, albumentations' ``Normalize`` and ``np.save`` in a pool of processes."""

from functools import partial

import albumentations
import cv2
import numpy as np
from task import Place, Task

_normalize = albumentations.Normalize()  # by ImageNet's mean and std


def write(place: Place, path: str) -> int:
    """Normalize one image and save it as (C, H, W)."""
    cv2.setNumThreads(1)  # the processes are what runs at the same time
    pixels = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
    array = _normalize(image=pixels)["image"]
    np.save(place.array(path), np.ascontiguousarray(array.transpose(2, 0, 1)))
    return 1


if __name__ == "__main__":
    task = Task.asked()
    task.answer(sum(task.each(partial(write, task.place))))
