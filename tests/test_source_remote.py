"""Objects behind URLs keep the laws of all sources."""

from itertools import product
from pathlib import Path

import pytest
from buckets import Buckets
from hypothesis import given
from hypothesis import strategies as st
from source_contract import SourceContract

from normstat.sources import Source, open_source
from normstat.sources.stores import Listed, Object
from normstat.sources.stores.ordered import OrderedListing

pytestmark = pytest.mark.matrix  # they start servers


class TestRemote(SourceContract):
    """The same files in a bucket."""

    @pytest.fixture(autouse=True)
    def _bucket(self, s3: Buckets) -> None:
        self._server = s3

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        self._server.buckets["laws"] = {f"a/{root.name}/{name}": images[name] for name in images}

    def opened(self, root: Path) -> Source:
        return open_source(f"s3://laws/a/{root.name}")


_PARTS = ["a", "b", "a-b", "ab", "é", "0.png", "a.png"]
_EVERY = ["/".join(parts) for depth in (1, 2, 3) for parts in product(_PARTS, repeat=depth)]
_KEYS = st.sets(st.sampled_from(_EVERY), max_size=30)


class Keys:
    """Storage of some keys, which lists so many at a time."""

    def __init__(self, keys: set[str], size: int) -> None:
        self.keys = sorted(keys, key=str.encode)
        self.size = size
        self.pages: list[str] = []
        self.folders: list[str] = []

    def page(self, token: str) -> tuple[list[Object], str]:
        self.pages.append(token)
        start = int(token or 0)
        end = start + self.size
        objects = [Object(key, 1, b"v", "t") for key in self.keys[start:end]]
        return objects, str(end) if end < len(self.keys) else ""

    def folder(self, path: str) -> Listed:
        self.folders.append(path)
        below = [key[len(path) :].split("/") for key in self.keys if key.startswith(path)]
        return Listed(
            sorted({parts[0] for parts in below if len(parts) > 1}),
            sorted(Object(parts[0], 1, b"v", "t") for parts in below if len(parts) == 1),
        )


@given(_KEYS, st.integers(1, 7), st.randoms(use_true_random=False))
def test_pages_of_all_depths_give_the_names_of_each_folder(
    keys: set[str], size: int, random: object
) -> None:
    """Whichever is asked for first, and again; each page is asked for once."""
    store, alone = Keys(keys, size), Keys(keys, size)
    listing = OrderedListing(store)
    folders = {"", "nowhere/"} | {
        key[: end + 1] for key in keys for end, letter in enumerate(key) if letter == "/"
    }
    order = sorted(folders)
    random.shuffle(order)  # type: ignore[attr-defined]  # a random.Random
    for path in order + order:
        assert listing.folder(path) == alone.folder(path)
    assert len(store.pages) == len(set(store.pages))
    assert len(store.folders) == len(set(store.folders))


def test_many_small_folders_cost_no_request_each() -> None:
    """The pages have their names, and few are looked into before."""
    store = Keys({f"train/{n // 3:05}/{n:05}.png" for n in range(9000)}, 100)
    listing = OrderedListing(store)
    for path in ["", "train/"]:
        listing.folder(path)
    for name in listing.folder("train/").folders:
        assert len(listing.folder(f"train/{name}/").objects) == 3
    assert len(store.pages) == 90
    assert store.folders == ["", "train/"]
