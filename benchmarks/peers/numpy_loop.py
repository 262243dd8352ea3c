"""The loop that people write with NumPy: the mean of each image's mean and std, in one process."""

import numpy as np
from PIL import Image
from task import Task


def main() -> None:
    """Measure image by image."""
    task = Task.asked()
    mean, std = np.zeros(3), np.zeros(3)
    for path in task.paths:
        pixels = np.asarray(Image.open(path).convert("RGB")) / 255
        mean += pixels.mean(axis=(0, 1))
        std += pixels.std(axis=(0, 1))
    task.answer(len(task.paths), mean / len(task.paths), std / len(task.paths))


if __name__ == "__main__":
    main()
