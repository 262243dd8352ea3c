"""The same images give the same statistics, whatever kind of DATA they lie in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import all_kinds
import pytest
from command import here


@pytest.fixture(scope="module")
def images() -> all_kinds.Arrays:
    return all_kinds.few()


def computed(data: list[Path], *options: str | Path) -> str:
    run = here("compute", *data, "-o", "-", *options)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def of_folder(
    images: all_kinds.Arrays, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Any]:
    place = tmp_path_factory.mktemp("folder")
    data = all_kinds.pack("folder", place, all_kinds.files_of(images), images)
    return all_kinds.common(computed(data))


@pytest.mark.parametrize("kind", all_kinds.KINDS)
def test_statistics_are_those_of_a_folder(
    kind: str, images: all_kinds.Arrays, of_folder: Mapping[str, Any], tmp_path: Path
) -> None:
    """Mean, std, quantiles, values per image and content; also from a cache that has a part."""
    (tmp_path / "data").mkdir()
    data = all_kinds.pack(kind, tmp_path / "data", all_kinds.files_of(images), images)
    whole = computed(data)
    assert all_kinds.common(whole) == of_folder
    cache = tmp_path / "cache"
    computed(data, "--split", "test", "--cache", cache)
    assert computed(data, "--cache", cache) == whole


def test_several_data_may_come_in_any_order(images: all_kinds.Arrays, tmp_path: Path) -> None:
    """The bytes of the stats file are the same, whatever the kinds."""
    files = all_kinds.files_of(images)
    data: list[Path] = []
    for kind in ("folder", "tar", "csv", "npz"):
        (tmp_path / kind).mkdir()
        data += all_kinds.pack(kind, tmp_path / kind, files, images)
    orders = (data, data[::-1], data[2:] + data[:2])
    found = {computed(order) for order in orders}
    assert len(found) == 1
