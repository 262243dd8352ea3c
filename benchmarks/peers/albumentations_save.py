"""OpenCV, albumentations' ``Normalize`` and ``np.save`` in a pool of processes."""

from functools import partial

import albumentations
import cv2
import numpy as np
from task import Task, answer

_normalize = albumentations.Normalize()  # by ImageNet's mean and std


def write(task: Task, path: str) -> int:
    """Normalize one image and save it as (C, H, W)."""
    cv2.setNumThreads(1)  # the processes are what runs at the same time
    pixels = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
    array = _normalize(image=pixels)["image"]
    np.save(task.array(path), np.ascontiguousarray(array.transpose(2, 0, 1)))
    return 1


if __name__ == "__main__":
    task = Task.asked()
    answer(sum(task.each(partial(write, task))))
