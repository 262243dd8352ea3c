"""Make the data of ``make demo``: two small data sets, one of them with a damaged file."""

import sys
from pathlib import Path

import make


def main(folder: Path) -> None:
    """``photos`` with a gray image among RGB ones and a file cut short; ``scans`` of 16 bits."""
    photos = folder / "photos"
    for split, number in (("train", 12), ("val", 4), ("test", 4)):
        for index in range(number):
            seed = 100 * len(split) + index
            picture = make.pixels(seed, 90 + 6 * (index % 4), 120)
            make.write(photos / split / f"{index:02}.jpg", make.encoded(picture, "JPEG"))
    gray = make.encoded(make.pixels(1, 96, 120, channels=1), "JPEG")
    make.write(photos / "train" / "gray.jpg", gray)
    whole = make.encoded(make.pixels(2, 96, 120), "JPEG")
    make.write(photos / "train" / "cut-short.jpg", whole[: len(whole) // 2])
    for index in range(6):
        scan = make.pixels(index, 64, 80, channels=1, dtype="uint16")
        make.write(folder / "scans" / f"{index}.png", make.encoded(scan))
    print(f"made {photos} and {folder / 'scans'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
