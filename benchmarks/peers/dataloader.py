"""The loop from the PyTorch forum: a DataLoader, and the mean of each image's mean and std.

Images differ in size, so a batch is one image. Tensors are made as torchvision's ``ToTensor`` does.
"""

import numpy as np
import torch
from PIL import Image
from task import Task
from torch.utils.data import DataLoader, Dataset


class Images(Dataset[torch.Tensor]):
    """Images as tensors (C, H, W) of 0 to 1."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        image = Image.open(self.paths[index]).convert("RGB")
        pixels = torch.from_numpy(np.array(image))
        return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


def main() -> None:
    """Measure as the forum does."""
    task = Task.asked()
    loader = DataLoader(Images(task.paths), batch_size=1, num_workers=task.workers)
    mean, std, images = torch.zeros(3), torch.zeros(3), 0
    for batch in loader:
        pixels = batch.view(batch.size(0), batch.size(1), -1)
        mean += pixels.mean(2).sum(0)
        std += pixels.std(2).sum(0)
        images += batch.size(0)
    task.answer(images, mean / images, std / images)


if __name__ == "__main__":
    main()
