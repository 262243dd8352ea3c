"""What is exported, run in the real frameworks, against normstat's own: a table of differences.

``make parity`` runs it with the environments that it makes; no model and no weights are needed. The
exit code is 1 if one differs.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from frameworks import FRAMEWORKS, Framework

import normstat
from normstat.conventions.targets import TARGETS, Target
from normstat.errors import UsageError
from normstat.verbs.export import write

ROOT = Path(__file__).parent.parent.parent
_BIN = "Scripts" if os.name == "nt" else "bin"
#: Normalized pixels differ by less: the rounding of float32, a few times.
MOST = 1e-6
#: Kind of images → channels, their names, dtype, and what 8-bit pixels are multiplied by.
IMAGES = {
    "RGB, 8 bits": (3, ("R", "G", "B"), "uint8", 1),
    "gray, 8 bits": (1, ("gray",), "uint8", 1),
    "6 bands, 16 bits": (6, None, "uint16", 250),
}
_SIDE = 64
_QUIET = {
    "KERAS_BACKEND": "tensorflow",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_TIMEOUT = 300


def main() -> int:
    """Print a line for each framework and kind of images."""
    print(f"{'framework':15} {'version':14} {'images':17} {'largest difference':>18}  verdict")
    wrong = ran = 0
    with tempfile.TemporaryDirectory() as folder:
        cases = dict(written(Path(folder)))
        for name, framework in FRAMEWORKS.items():
            for version, images, difference, verdict in compared(name, framework, cases):
                print(f"{name:15} {version:14} {images:17} {difference:>18}  {verdict}", flush=True)
                wrong += verdict not in ("same", "not installed")
                ran += verdict == "same"
    return 1 if wrong or not ran else 0


def written(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each kind of images with a folder: an image, normalized by normstat too, and all exports."""
    random = np.random.default_rng(16)
    for number, (kind, (channels, names, dtype, factor)) in enumerate(IMAGES.items()):
        case = folder / str(number)
        case.mkdir()
        pixels = random.normal(110, 70, (_SIDE, _SIDE, channels)).clip(0, 255).astype("uint8")
        pixels[0, :2] = [[0], [255]]  # black and white, where differences are largest
        image = (pixels * factor).astype(dtype)
        (split,) = normstat.compute([image], layout="hwc").splits.values()
        split = replace(split, channels=names or split.channels)
        np.save(case / "image.npy", image)
        np.save(case / "expected.npy", normstat.normalizer(split)(image))
        for name, row in TARGETS.items():
            target: Target = row.load()
            try:
                content = write(split, name, allow_approximate=True).content
            except UsageError:
                continue  # a target that takes no such images
            (case / f"{name}{target.suffix}").write_bytes(content)
        yield kind, case


def compared(
    name: str, framework: Framework, cases: dict[str, Path]
) -> Iterator[tuple[str, str, str, str]]:
    """Version, kind of images, largest difference and verdict; the last word of an error."""
    target: Target = TARGETS[framework.target].load()
    taken = {
        kind: case
        for kind, case in cases.items()
        if (case / f"{framework.target}{target.suffix}").exists()
        and (IMAGES[kind][2] == "uint8" or not framework.eight)
    }
    python = ROOT / f".venv-parity-{framework.environment}" / _BIN / "python"
    if not python.exists():
        yield "", ", ".join(taken), "", "not installed"
        return
    script = Path(__file__).with_name("frameworks.py")
    run = subprocess.run(
        [python, script, name, *taken.values()],
        capture_output=True,
        text=True,
        env={**os.environ, **_QUIET},
        timeout=_TIMEOUT,
    )
    if run.returncode:
        error = run.stderr.strip().rpartition("\n")[2]
        missing = error.startswith(("ModuleNotFoundError", "importlib.metadata.PackageNotFound"))
        yield "", ", ".join(taken), "", "not installed" if missing else error
        return
    version = run.stdout.split()[-1]
    for kind, case in taken.items():
        expected, found = np.load(case / "expected.npy"), np.load(case / f"{name}.npy")
        # Gray images are fed as RGB where a framework wants three channels.
        difference = float(np.abs(found - expected).max())
        same = found.dtype == np.float32 and found.shape[:2] == expected.shape[:2]
        verdict = "same" if same and difference <= MOST else "differs"
        yield version, kind, f"{difference:.1e}", verdict


if __name__ == "__main__":
    sys.exit(main())
