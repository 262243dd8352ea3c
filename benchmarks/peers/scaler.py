"""scikit-learn's ``StandardScaler``, fed with the pixels of one image after the other."""

import numpy as np
from PIL import Image
from sklearn.preprocessing import StandardScaler
from task import Task


def main() -> None:
    """Fit the scaler, in one process."""
    task = Task.asked()
    scaler = StandardScaler(copy=False)
    for path in task.paths:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        scaler.partial_fit(pixels.reshape(-1, 3))
    task.answer(len(task.paths), scaler.mean_ / 255, scaler.scale_ / 255)


if __name__ == "__main__":
    main()
