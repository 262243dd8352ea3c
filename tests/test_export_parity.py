"""The script of ``make parity`` runs what was exported, here for NumPy alone."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import make
import numpy as np
import pytest

import normstat
from normstat.conventions.targets import TARGETS

SCRIPT = Path(__file__).parent / "parity" / "frameworks.py"


@pytest.mark.matrix
def test_exported_code_is_run_and_compared(tmp_path: Path) -> None:
    """A folder with an image and an exported snippet gives what ``apply`` gives."""
    image = make.pixels(1, 16, 12)
    stats = normstat.compute({"train": [image]}, workers=0)
    np.save(tmp_path / "image.npy", image)
    (tmp_path / "numpy.py").write_text(normstat.export(stats, "numpy"))
    command = [sys.executable, SCRIPT, "NumPy", tmp_path]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    np.testing.assert_allclose(
        np.load(tmp_path / "NumPy.npy"),
        normstat.normalizer(stats)(image),
        atol=1e-6,
    )


def test_frameworks_are_those_of_the_makefile() -> None:
    """Each takes a target that there is, in an environment that the Makefile makes for it."""
    spec = importlib.util.spec_from_file_location("frameworks", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (SCRIPT.parent.parent.parent / "Makefile").read_text()
    packages = dict(re.findall(r"^PARITY_(\w+) := (.*)$", text, re.MULTILINE))
    for framework in module.FRAMEWORKS.values():
        assert framework.target in TARGETS
        names = [name.replace("-", "_") for name in packages[framework.environment].split()]
        known = framework.distribution.replace("-", "_")
        assert known in names or known == "numpy"
