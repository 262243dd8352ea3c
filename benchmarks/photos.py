"""Images for the benchmarks: like photos in what they cost to decode, the same on every machine.

::

    python benchmarks/photos.py FOLDER {typical,large,tiny,digits} COUNT

Edges come from "dead leaves", discs of many sizes that hide each other, which is how outlines in
photos are distributed (Lee, Mumford & Huang 2001); texture has the 1/f amplitude spectrum of
natural scenes (Field 1987); the last bit is sensor noise. A scene is painted once and photographed
often: each image is a piece of one, mirrored or not, in its own light. What counts is what a pixel
costs: 0.2 bytes and, with simplejpeg, 3.7 ns, where photos from the web had 0.2 bytes and 3.9 ns.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

_SCENE = (3200, 2240)  # width and height; the largest image is a piece of one
_LEAVES = 1500
# Chosen by bytes per pixel; all in stored units but the first, which is in pixels.
_LENS = 0.9
_ROUGHEST = 8
_NOISE = 1.8
_PER_FOLDER = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """What the images of one set are like.

    Attributes
    ----------
    width, height : of an image, in pixels.
    reduce : by how much a scene is scaled down first, which makes it as sharp as such photos are.
    varied : sides vary by a tenth, and some files are gray or progressive.
    scenes : how many are painted.
    is_gray : they are gray, and in PNG files, as those of MNIST and its kin.
    """

    width: int
    height: int
    reduce: int
    varied: bool
    scenes: int
    is_gray: bool = False


KINDS = {
    "typical": Kind(525, 400, 2, True, 8),
    "large": Kind(3000, 2000, 1, False, 8),
    "tiny": Kind(32, 32, 8, False, 2),
    "digits": Kind(28, 28, 8, False, 2, is_gray=True),
}


def main() -> int:
    """Write one set of images."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    photos(arguments.folder, arguments.kind, arguments.count)
    return 0


def photos(folder: Path, kind: str, count: int) -> Path:
    """Write ``count`` files below ``folder``, unless it is there already."""

    def fill(unfinished: Path) -> None:
        for number in range(0, count, _PER_FOLDER):
            (unfinished / "train" / f"{number // _PER_FOLDER:03}").mkdir(parents=True)
        with ProcessPoolExecutor() as pool:
            work = partial(_photograph, unfinished, kind, count)
            list(pool.map(work, range(min(count, KINDS[kind].scenes))))

    return whole(folder, fill)


def whole(folder: Path, fill: Callable[[Path], None]) -> Path:
    """A folder that has its name only when it is filled."""
    if not folder.exists():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        fill(unfinished)
        os.replace(unfinished, folder)
    return folder


def _photograph(folder: Path, kind: str, count: int, scene: int) -> None:
    """All images of one scene, taken in turn with the others."""
    look = KINDS[kind]
    painted = Image.fromarray(painting(scene)).reduce(look.reduce)
    for number in range(scene, count, look.scenes):
        image, options = _image(painted, look, number)
        ending = "png" if look.is_gray else "jpg"
        name = folder / "train" / f"{number // _PER_FOLDER:03}" / f"{number:06}.{ending}"
        image.save(name, **options)


def _image(scene: Image.Image, kind: Kind, number: int) -> tuple[Image.Image, dict[str, int]]:
    """One piece of a scene, and how to encode it."""
    random = np.random.default_rng([1, number])
    width, height = kind.width, kind.height
    if kind.varied:
        width = int(width * random.uniform(0.9, 1.1))
        height = int(height * random.uniform(0.9, 1.1))
    left = int(random.integers(0, scene.width - width + 1))
    top = int(random.integers(0, scene.height - height + 1))
    image = scene.crop((left, top, left + width, top + height))
    if random.random() < 0.5:
        image = ImageOps.mirror(image)
    gain, gamma = random.uniform(0.7, 1.1), random.uniform(0.8, 1.25)
    light = np.clip(255 * gain * (np.arange(256) / 255) ** gamma, 0, 255).astype(np.uint8)
    image = image.point(light.tolist() * 3)
    if kind.is_gray or (kind.varied and random.random() < 0.03):
        image = image.convert("L")
    progressive = int(kind.varied and random.random() < 0.1)
    return image, {"quality": int(random.integers(85, 93)), "progressive": progressive}


def painting(seed: int) -> NDArray[np.uint8]:
    """A scene: leaves, texture, noise. Shape (H, W, 3), stored units."""
    random = np.random.default_rng([0, seed])
    width, height = _SCENE
    leaves = _leaves(random, 30, 235).filter(ImageFilter.GaussianBlur(_LENS))
    rough = np.asarray(_leaves(random, 0, _ROUGHEST).convert("L"), dtype=np.float32)
    scene = np.asarray(leaves, dtype=np.float32)
    # A tile of texture continues in the next one: what the Fourier transform makes is periodic.
    scene += (rough * np.tile(_texture(random, height // 2, width // 2), (2, 2)))[:, :, None]
    scene += random.standard_normal(scene.shape, dtype=np.float32) * _NOISE
    return np.clip(scene, 0, 255).astype(np.uint8)


def _leaves(random: np.random.Generator, darkest: float, lightest: float) -> Image.Image:
    """Discs whose area falls with their number: as much is covered by small ones as by large."""
    image = Image.new("RGB", _SCENE, (int((darkest + lightest) / 2),) * 3)
    draw = ImageDraw.Draw(image)
    radii = 900 / np.sqrt(1 + np.arange(_LEAVES)[::-1] * random.uniform(0.5, 1.5))
    for radius in radii[::-1]:
        x, y = random.uniform(0, _SCENE[0]), random.uniform(0, _SCENE[1])
        flat = radius * random.uniform(0.3, 1)
        box = (x - radius, y - flat, x + radius, y + flat)
        gray, tint = random.uniform(darkest, lightest), random.normal(0, 14, 3)
        draw.ellipse(box, fill=tuple(np.clip(gray + tint, 0, 255).astype(int).tolist()))
    return image


def _texture(random: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Noise of amplitude 1/f, shape (H, W), of mean 0 and std 1."""
    noise = np.fft.rfft2(random.standard_normal((height, width), dtype=np.float32))
    down = np.fft.fftfreq(height)[:, None] * height
    across = np.fft.rfftfreq(width)[None, :] * width
    frequency = np.hypot(down, across)
    frequency[0, 0] = np.inf
    texture = np.fft.irfft2(noise / frequency, s=(height, width))
    normalized: NDArray[np.float32] = (texture / texture.std()).astype(np.float32)
    return normalized


if __name__ == "__main__":
    sys.exit(main())
