"""Commands killed at random moments, again and again: ``make torture``.

Whatever is killed, no process stays behind, and the same command, continued, leaves the same bytes
as a run that nobody has disturbed. If it was the parent, what was being written may stay under its
temporary name, and the journal of the cache; nothing else stays.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import applied
import make
from command import here, normstat
from started import eventually, finish, started, workers

_IMAGES = 24
_SPLITS = ("train", "val", "test")
WRITTEN = ("out.json", "out", "cache")
TEMPORARY = ".normstat-*.tmp"
LEFT_BY_THE_KILLED = (TEMPORARY, "cache-journal")
_LONGEST = 90.0  # seconds for a run that nobody kills, on a machine that is busy


@dataclass(frozen=True)
class Ground:
    """Where it happens.

    Attributes
    ----------
    folder : with ``data``, and what undisturbed runs have made of it.
    seconds : that an undisturbed run of ``compute`` takes.
    """

    folder: Path
    seconds: float

    @classmethod
    def prepared(cls, folder: Path) -> "Ground":
        """Images for several shards, one of them cut, and the results."""
        for index in range(_IMAGES):
            ppm = make.encoded(make.pixels(index, 200, 201), "PPM")
            make.write(folder / "data" / _SPLITS[index % 3] / f"{index}.ppm", ppm)
        make.write(folder / "data" / "train" / "cut.ppm", ppm[:9999])
        start = time.monotonic()
        run = normstat("compute", folder / "data", "-q", "-o", folder / "whole.json")
        assert run.returncode == 3, run.stderr
        seconds = time.monotonic() - start
        run = here("apply", folder / "data", folder / "whole", "--method", "unit", "-q")
        assert run.returncode == 3, run.stderr
        return cls(folder, seconds)

    def compute(self, place: Path) -> list[str | Path]:
        """The command, as it begins and as it is continued."""
        files: list[str | Path] = ["-o", place / "out.json", "--cache", place / "cache"]
        return ["compute", self.folder / "data", "-q", *files]

    def apply(self, place: Path) -> list[str | Path]:
        return ["apply", self.folder / "data", place / "out", "--method", "unit", "-q"]

    def refuse_wrong_stats(self, place: Path) -> None:
        assert (place / "out.json").read_bytes() == (self.folder / "whole.json").read_bytes()

    def refuse_wrong_arrays(self, place: Path) -> None:
        assert applied.tree(place / "out") == applied.tree(self.folder / "whole")


def killed_compute(ground: Ground, place: Path, dice: random.Random) -> None:
    """SIGKILL to the parent, some times in a row; then the same command comes to its end."""
    for _ in range(dice.randint(1, 3)):
        _kill_parent(ground.compute(place), ground, dice)
        if (place / "out.json").exists():  # it was faster
            ground.refuse_wrong_stats(place)
        _refuse_others(place, *WRITTEN, *LEFT_BY_THE_KILLED)
    assert here(*ground.compute(place)).returncode == 3
    ground.refuse_wrong_stats(place)
    _refuse_others(place, *WRITTEN, TEMPORARY)  # the journal has served its purpose


def killed_apply(ground: Ground, place: Path, dice: random.Random) -> None:
    """The same for arrays, continued with --skip-existing."""
    _kill_parent(ground.apply(place), ground, dice)
    whole = applied.arrays(ground.folder / "whole")
    for name, array in applied.arrays(place / "out").items():
        assert (array == whole[name]).all()
    assert here(*ground.apply(place), "--skip-existing").returncode == 3
    ground.refuse_wrong_arrays(place)


def killed_workers(ground: Ground, place: Path, dice: random.Random) -> None:
    """SIGKILL to workers: the run itself goes on, no image is lost or blamed."""
    use = dice.choice([ground.compute, ground.apply])
    with started(*use(place)) as process:
        for _ in range(2):
            victims = workers(process)
            time.sleep(dice.uniform(0, ground.seconds / 2))
            if victims:
                with suppress(ProcessLookupError):
                    os.kill(dice.choice(sorted(victims)), signal.SIGKILL)
        stderr = finish(process, _LONGEST)
    assert process.returncode == 3, stderr
    check = ground.refuse_wrong_stats if use == ground.compute else ground.refuse_wrong_arrays
    check(place)
    _refuse_others(place, *WRITTEN)


def _refuse_others(place: Path, *patterns: str) -> None:
    """Refuse a file or folder that nobody may have left."""
    names = [path.name for path in place.iterdir()]
    assert not [name for name in names if not any(fnmatch(name, known) for known in patterns)]


def _kill_parent(command: list[str | Path], ground: Ground, dice: random.Random) -> None:
    with started(*command) as process:
        time.sleep(dice.uniform(0, 1.2 * ground.seconds))
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        finish(process)  # its workers too


KINDS: dict[str, Callable[[Ground, Path, random.Random], None]] = {
    "compute": killed_compute,
    "apply": killed_apply,
    "workers": killed_workers,
}


def _places(folder: Path, number: int) -> Iterator[Path]:
    for index in range(number):
        place = folder / f"{index}"
        place.mkdir()
        yield place
        shutil.rmtree(place)


def main() -> None:
    """So many kills of each kind; the seed that failed is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ground = Ground.prepared(Path(name))
        for kind, torture in KINDS.items():
            for index, place in enumerate(_places(Path(name), options.kills)):
                try:
                    torture(ground, place, random.Random(f"{options.seed} {kind} {index}"))
                except BaseException:
                    print(f"{kind}: failed; --seed {options.seed}, number {index}", flush=True)
                    raise
            print(f"{kind}: {options.kills} times the same bytes", flush=True)
    assert eventually(lambda: not Path(name).exists())


if __name__ == "__main__":
    sys.exit(main())
