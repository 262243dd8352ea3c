"""Whom the benchmarks measure, and how each is started."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_BIN = "Scripts" if os.name == "nt" else "bin"
#: As ``make bench`` names them: with the peers, without any of them, and with PyTorch only, because
#: albumentations starts more slowly where it finds it.
ENVIRONMENT = ".venv-bench"
PLAIN = ".venv-bench-plain"
TORCH = ".venv-bench-torch"
_HAS_NONE = "import normstat, importlib.util as u; assert not u.find_spec('simplejpeg')"
_HAS_FAST = (
    "import simplejpeg; from importlib.metadata import metadata;"
    "assert 'fast' in (metadata('normstat').get_all('Provides-Extra') or ())"
)


@dataclass(frozen=True, slots=True)
class Job:
    """What one process is to do.

    Attributes
    ----------
    verb : ``compute`` or ``apply``.
    folder : of the images.
    workers : number of processes.
    every : only every so many images are read.
    out : where the stats file or the arrays go.
    """

    verb: str
    folder: Path
    workers: int
    every: int
    out: Path


@dataclass(frozen=True, slots=True)
class Runner:
    """One way to do what normstat does, or a part of it.

    Attributes
    ----------
    name : in the results.
    title : in a table.
    verbs : those it is measured against.
    environment : the virtual environment it runs in.
    script : in ``peers``; empty for normstat itself.
    needs : Python that fails where something is not installed.
    install : how to get that.
    workers : the numbers of processes it is measured with.
    most_pixels : a slow one reads no more than about so many, and its time is scaled up; 0: all.
    per_image : its std is the mean of images' own, not that of all pixels.
    """

    name: str
    title: str
    verbs: tuple[str, ...]
    environment: str = ENVIRONMENT
    script: str = ""
    needs: str = "import normstat"
    install: str = "make bench"
    workers: tuple[int, ...] = (1, 2)
    most_pixels: int = 0
    per_image: bool = False

    def command(self, job: Job) -> list[str]:
        """What to start."""
        if not self.script:
            return [self.program("normstat"), *_normstat(job)]
        peer = str(ROOT / "benchmarks" / "peers" / self.script)
        words = [self.program("python"), peer, str(job.folder), str(job.workers)]
        return [*words, "--every", str(job.every), "--out", str(job.out)]

    def missing(self) -> bool:
        """Whether something is not installed that it needs."""
        test = [self.program("python"), "-c", self.needs]
        try:
            return subprocess.run(test, capture_output=True, check=False).returncode != 0
        except OSError:  # not even the environment is there
            return True

    def program(self, name: str) -> str:
        """A command of its environment."""
        return str(ROOT / self.environment / _BIN / name)


def _normstat(job: Job) -> list[str]:
    common = ["-q", "-j", str(job.workers)]
    if job.verb == "compute":
        return ["compute", str(job.folder), "-o", str(job.out), *common]
    what = ["--preset", "imagenet", "--channels", "rgb"]
    return ["apply", str(job.folder), str(job.out), *what, *common]


_BOTH = ("compute", "apply")
_COMPUTE = ("compute",)
_APPLY = ("apply",)
NORMSTAT = Runner("normstat", "normstat", _BOTH, PLAIN, needs=_HAS_NONE)
RUNNERS = {
    runner.name: runner
    for runner in (
        NORMSTAT,
        Runner(
            "normstat-fast",
            "normstat[fast]",
            _BOTH,
            needs=_HAS_FAST,
            install='pip install "normstat[fast]"',
        ),
        Runner(
            "decode-only",
            "decode only (simplejpeg)",
            _COMPUTE,
            script="decode_only.py",
            needs="import simplejpeg",
            install="pip install simplejpeg",
        ),
        Runner(
            "decode-write",
            "decode + write (simplejpeg)",
            _APPLY,
            script="decode_and_write.py",
            needs="import simplejpeg",
            install="pip install simplejpeg",
        ),
        Runner(
            "dataloader",
            "PyTorch DataLoader loop",
            _COMPUTE,
            TORCH,
            "dataloader.py",
            needs="import torch",
            install="make bench TORCH=1, that is pip install torch==2.13.0",
            workers=(2,),
            per_image=True,
        ),
        Runner(
            "opencv",
            "OpenCV meanStdDev",
            _COMPUTE,
            script="opencv.py",
            needs="import cv2",
            install="pip install opencv-python-headless",
        ),
        Runner(
            "numpy",
            "NumPy loop",
            _COMPUTE,
            script="numpy_loop.py",
            workers=(1,),
            most_pixels=20_000_000,
            per_image=True,
        ),
        Runner(
            "scaler",
            "scikit-learn StandardScaler",
            _COMPUTE,
            script="scaler.py",
            needs="import sklearn",
            install="pip install scikit-learn",
            workers=(1,),
            most_pixels=10_000_000,
        ),
        Runner(
            "albumentations",
            "OpenCV + albumentations + np.save",
            _APPLY,
            script="albumentations_save.py",
            needs="import albumentations, cv2",
            install="pip install albumentations",
        ),
    )
}
