"""Commands killed at random moments: some of each kind (``make torture`` has hundreds)."""

import random
import sys
from pathlib import Path

import pytest
import torture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> torture.Ground:
    """Images, and what undisturbed runs make of them."""
    return torture.Ground.prepared(tmp_path_factory.mktemp("torture"))


OWNED = {"compute": 51, "apply": 61, "workers": 52}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.fault(OWNED[kind])) for kind in torture.KINDS]
)
@pytest.mark.parametrize("seed", range(3))
def test_killed(tmp_path: Path, ground: torture.Ground, kind: str, seed: int) -> None:
    """No process stays behind, and in the end the bytes are those of an undisturbed run."""
    torture.KINDS[kind](ground, tmp_path, random.Random(f"{kind} {seed}"))
