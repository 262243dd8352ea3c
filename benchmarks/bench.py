"""Measure normstat against what a user would do instead, side by side.

::

    make bench [QUICK=1] [TORCH=1] [BENCH_DATA=FOLDER]

makes the environments that are needed, and in one of them calls ``python benchmarks/bench.py
[--quick] [--data FOLDER]``. The tables are printed, and written to ``benchmarks/results`` as
Markdown and JSON; there are none of a run that failed.
``benchmarks/readme.py`` puts a result into the README.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from measure import Failed
from PIL import features
from results import Images, Key, Results
from rounds import Lane, clear, take_turns, to_terminal
from runners import NORMSTAT, ROOT, RUNNERS, Runner
from sets import FULL, QUICK, Plan, counted, generated, linked
from table import report

_DATA = ROOT / "benchmarks" / "data"
_RESULTS = ROOT / "benchmarks" / "results"
_PACKAGES = (
    *("normstat", "numpy", "pillow", "simplejpeg", "opencv-python-headless", "albumentations"),
    "scikit-learn",
)


def main() -> int:
    """Measure, print, write; exits with 1 where a runner failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer images and rounds")
    parser.add_argument("--data", type=Path, help="folder of JPEG files, for typical images")
    arguments = parser.parse_args()
    try:
        results = measured(QUICK if arguments.quick else FULL, arguments.data)
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    text = report(results)
    results.save(_RESULTS / "bench.json")
    (_RESULTS / "bench.md").write_text(text, encoding="utf-8")
    to_terminal("")
    print(text, end="")
    return 0


def measured(plan: Plan, data: Path | None) -> Results:
    """Everything, in the order of the tables.

    Raises
    ------
    Failed
        normstat is not installed, or a runner failed.
    """
    missing = {name: runner.install for name, runner in RUNNERS.items() if runner.missing()}
    if NORMSTAT.name in missing:
        raise Failed(f"normstat is not installed in {NORMSTAT.environment}: run make bench")
    results = Results(plan.quick, machine(), versions(missing), {}, missing, {})
    present = [runner for name, runner in RUNNERS.items() if name not in missing]
    for verb, counts in (("compute", plan.compute), ("apply", plan.apply)):
        for images, count in counts.items():
            folder, origin = _folder(verb, images, count, data, plan.quick)
            size = results.images[f"{verb} {images}"] = counted(folder, origin)
            lanes = _lanes(Key(verb, images, "", 0), present, folder, size, plan.workers)
            _add(results, list(lanes), plan)
    _add(results, list(_growth(plan, results)), plan)
    return results


def _folder(verb: str, images: str, count: int, data: Path | None, quick: bool) -> tuple[Path, str]:
    if data and images == "typical":
        most = count if quick or verb == "apply" else 0
        return linked(_DATA, data, most), "real"
    to_terminal(f"{count} {images} images")
    return generated(_DATA, images, count), "generated"


def _lanes(
    key: Key, runners: Iterable[Runner], folder: Path, size: Images, workers: Sequence[int]
) -> Iterable[Lane]:
    """Everybody who knows the verb, with each number of processes, or the only one they have."""
    out = _DATA / ("out" if key.verb == "apply" else "out.json")
    for runner in runners:
        if key.verb in runner.verbs:
            for number in runner.workers if len(runner.workers) == 1 else workers:
                own = key._replace(runner=runner.name, workers=number)
                yield Lane.of(runner, own, folder, size, out)


def _growth(plan: Plan, results: Results) -> Iterable[Lane]:
    """Only normstat, with two processes, on ever more files."""
    for images, count in plan.growth.items():
        to_terminal(images)
        folder = generated(_DATA, images, count)
        size = results.images[f"compute {images}"] = counted(folder, "generated")
        yield from _lanes(Key("compute", images, "", 0), [NORMSTAT], folder, size, (2,))


def _add(results: Results, lanes: list[Lane], plan: Plan) -> None:
    clear(_DATA / "out")
    for run in take_turns(lanes, plan.rounds, to_terminal):
        results.runs[run.key] = run


def machine() -> dict[str, str]:
    """What the machine is, without its name."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        f"{cpus} CPUs": _cpu(),
        platform.system(): platform.machine(),
        "Python": platform.python_version(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def versions(missing: dict[str, str]) -> dict[str, str]:
    """Of what is measured; libjpeg-turbo is that of Pillow."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    found["libjpeg-turbo"] = features.version("libjpeg_turbo") or "unknown"
    if "dataloader" not in missing:
        found["torch"] = _torch()
    return found


def _torch() -> str:
    python = RUNNERS["dataloader"].program("python")
    say = "import torch; print(torch.__version__)"
    return subprocess.run(
        [python, "-c", say], capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
