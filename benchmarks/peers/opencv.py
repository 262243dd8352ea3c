"""OpenCV in a pool of processes: ``imread`` and ``meanStdDev``, pooled over all pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray
from task import Task


def sums(path: str) -> NDArray[np.float64]:
    """Pixels, their sums and sums of squares for B, G and R; shape (7,)."""
    cv2.setNumThreads(1)  # the processes are what runs at the same time
    pixels = cv2.imread(path)
    mean, std = cv2.meanStdDev(pixels)
    count = pixels.shape[0] * pixels.shape[1]
    return np.concatenate([[count], (count * mean)[:, 0], (count * (std**2 + mean**2))[:, 0]])


def main() -> None:
    """Measure, and add up."""
    task = Task.asked()
    total, images = np.zeros(7), 0
    for one in task.each(sums):
        total += one
        images += 1
    mean = total[3:0:-1] / total[0]
    std = np.sqrt(total[6:3:-1] / total[0] - mean**2)
    task.answer(images, mean / 255, std / 255)


if __name__ == "__main__":
    main()
