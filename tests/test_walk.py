"""The walk over a folder: its order, its shards, and what counts as an image."""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opened import opened
from test_sources import found, surveyed, tree

from normstat.images import Shard

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and names as POSIX has them")
# Names around the byte of "/", other scripts, and bytes that are no UTF-8.
PIECES = ["a", "A", "b", "a.jpg", "a-", "a!", "a0", "ä", "a\u0308", "日", "\U0001f600", " a", "z~"]
if sys.platform.startswith("linux"):
    PIECES += ["a\udcff", "\udc80", "a\n", "a\x1b[0m"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty folder whose own name says nothing."""
    return tree(tmp_path / "data")


def shards(root: Path) -> list[Shard]:
    """All of them."""
    source = opened(root)
    return list(source.shards(source.selection()))


def walked(root: str) -> list[bytes]:
    """Every file that os.walk finds, relative, sorted by bytes."""
    paths = [
        os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
        for folder, _, names in os.walk(root)
        for name in names
    ]
    return sorted(map(os.fsencode, paths))


@settings(deadline=None)
@given(
    folders=st.lists(st.lists(st.sampled_from(PIECES), max_size=3), max_size=8),
    names=st.lists(st.sampled_from(PIECES), min_size=1, max_size=8),
)
def test_the_order_is_that_of_the_bytes_of_paths(
    folders: list[list[str]], names: list[str]
) -> None:
    """Shards, one after the other, hold each image once, in bytes order of the whole path."""
    with tempfile.TemporaryDirectory() as root:
        for folder in [[], *folders]:
            place = os.path.join(root, *folder)
            os.makedirs(place, exist_ok=True)
            for name in names:
                open(os.path.join(place, f"{name}.png"), "w").close()
        paths = [os.fsencode(path) for shard in shards(Path(root)) for path in shard.names]
        assert paths == walked(root)


def test_a_file_beside_a_folder_of_its_name(data: Path) -> None:
    """A folder is sorted with its slash: after ``a.jpg`` and before ``a0.jpg``."""
    tree(data, "a/z.jpg", "a.jpg", "a-.jpg", "a0.jpg", "a!/b.jpg", "a.jpg.d/c.jpg")
    order = ["a!/b.jpg", "a-.jpg", "a.jpg", "a.jpg.d/c.jpg", "a/z.jpg", "a0.jpg"]
    assert found(opened(data)) == {"all": order}


def test_a_new_file_changes_one_shard(data: Path) -> None:
    """Only the shard that it falls into is other than before, or is cut in two by it."""
    tree(data, *(f"{index:04}.png" for index in range(1000)))
    for new in ("0.png", "0500x.png", "9999.png", "5/a.png"):
        before = {shard.names for shard in shards(data)}
        tree(data, new)
        after = {shard.names for shard in shards(data)}
        assert len(before) > 5
        assert len(before - after) <= 1
        assert 1 <= len(after - before) <= 2
        assert sum((Counter(paths) for paths in after - before), Counter()) - sum(
            (Counter(paths) for paths in before - after), Counter()
        ) == Counter([new])


@pytest.mark.matrix
def test_shards_of_small_files_are_about_128_long(data: Path) -> None:
    """The mean length is within a factor of two, whatever the names; none is empty."""
    tree(data, *(f"{index % 7}/{index}.png" for index in range(2500)))
    lengths = [len(shard) for shard in shards(data)]
    assert sum(lengths) == 2500
    assert 64 <= 2500 / len(lengths) <= 256
    assert min(lengths) >= 1


def test_a_large_file_ends_its_shard(data: Path) -> None:
    """4 MiB are the end of a shard, wherever the file stands."""
    tree(data, *(f"{index:02}.png" for index in range(20)))
    for index in (3, 4, 19):
        os.truncate(data / f"{index:02}.png", 5 << 20)
    lasts = [shard.names[-1] for shard in shards(data)]
    assert {"03.png", "04.png", "19.png"} <= set(lasts)


@pytest.mark.matrix
def test_shards_depend_on_paths_and_sizes_alone(tmp_path: Path) -> None:
    """Two folders of the same names and sizes, made in another order, have the same shards."""
    names = [f"{index}.png" for index in range(1000)]
    one, two = tree(tmp_path / "one", *names), tree(tmp_path / "two", *reversed(names))
    for name in names[::3]:
        (one / name).write_bytes(bytes(9000))
        (two / name).write_bytes(b"x" * 9000)
        os.utime(two / name, (0, 0))
    assert [shard.names for shard in shards(one)] == [shard.names for shard in shards(two)]


def test_a_shard_is_of_one_split(data: Path) -> None:
    """Where the split changes on the way, the shard ends."""
    tree(data, *(f"{index}/{split}/a.png" for index in range(9) for split in ("train", "val")))
    for shard in shards(data):
        assert {path.split("/")[1] for path in shard.names} == {shard.split}
    assert sum(map(len, shards(data))) == 18


FILES = ("a.png", "B.PNG", "c.jpg", "sub/a.png", "sub/Deep/c.jpeg", "mask/a.png", "mask/d.tif")
GLOBS = {
    "extension": (["*.png"], [], "a.png mask/a.png sub/a.png"),
    "case": (["*.PNG"], [], "B.PNG"),
    "several": (["B*", "*.jp*"], [], "B.PNG c.jpg sub/Deep/c.jpeg"),
    "name-anywhere": (["a.png"], [], "a.png mask/a.png sub/a.png"),
    "folder-name": (["sub"], [], "sub/Deep/c.jpeg sub/a.png"),
    "path": (["sub/a.png"], [], "sub/a.png"),
    "path-from-the-root": (["Deep/*"], [], ""),
    "path-star": (["s*/c.*"], [], "sub/Deep/c.jpeg"),
    "exclude-name": ([], ["a.png"], "B.PNG c.jpg mask/d.tif sub/Deep/c.jpeg"),
    "exclude-folder": ([], ["mask"], "B.PNG a.png c.jpg sub/Deep/c.jpeg sub/a.png"),
    "exclude-below": ([], ["sub/*"], "B.PNG a.png c.jpg mask/a.png mask/d.tif"),
    "exclude-case": ([], ["deep", "MASK", "sub"], "B.PNG a.png c.jpg mask/a.png mask/d.tif"),
    "both": (["*.png"], ["mask", "sub/*"], "a.png"),
    "set": (["[a-b]*"], ["*.[pP]*"], ""),
    "only-images": (["*"], [], "B.PNG a.png c.jpg mask/a.png mask/d.tif sub/Deep/c.jpeg sub/a.png"),
}  # fmt: skip


@pytest.mark.parametrize(("include", "exclude", "taken"), GLOBS.values(), ids=GLOBS)
def test_globs(data: Path, include: list[str], exclude: list[str], taken: str) -> None:
    """With a slash a glob is for the whole path, without for any part of it; case counts."""
    root = tree(data, *FILES, "sub/readme.txt")
    source = opened(root, include=include, exclude=exclude, labels="count")
    assert [path for paths in found(source).values() for path in paths] == taken.split()
    assert surveyed(source).images.total() == len(taken.split())


def test_an_excluded_folder_is_not_entered(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is not even listed."""
    tree(data, "a.png", "mask/deep/b.png", "sub/mask/c.png", "__MACOSX/d.png", ".git/e.png")
    scandir = os.scandir
    listed = []
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(path), scandir(path))[1])
    source = opened(data, exclude=["mask"])
    assert found(source) == {"all": ["a.png"]}
    surveyed(source)
    assert {os.path.relpath(path, data) for path in listed} == {".", "sub"}


JUNK = """
._a.jpg .hidden.png .png __MACOSX/a.jpg sub/__macosx/a.jpg Thumbs.db .DS_Store .git/a.png
jpg a.jpg.txt png. a
"""


def test_what_is_no_image(data: Path) -> None:
    """Hidden files, leftovers of other systems and other extensions; any case of ours is one."""
    images = ["X.JPG", "a.JpEg", "b.tiff", "c.d.webp"]
    source = opened(tree(data, *JUNK.split(), *images))
    assert found(source) == {"all": images}
    extensions = {".jpg": 1, ".jpeg": 1, ".tiff": 1, ".webp": 1, ".db": 1, ".txt": 1, ".": 1}
    assert surveyed(source).extensions == extensions | {"": 2}


@posix
def test_links(data: Path) -> None:
    """Linked folders are walked, out of DATA and twice as well; loops are not; files are listed."""
    outside = tree(data.parent / "outside", "o.png", "deep/p.png")
    tree(data, "a/x.png", "x.jpg/y.png", "b/")
    links = {
        "a/up": "..",
        "a/self": ".",
        "b/a": "../a",  # from a way that has not been through a: walked, up to the next loop
        "out": outside,
        "out2": outside,
        "file.png": outside / "o.png",
        "dangling.png": "nowhere",
        "circle.png": "circle.png",
    }
    for name, target in links.items():
        (data / name).symlink_to(target)
    paths = found(opened(data))["all"]
    assert paths == sorted(paths)
    assert paths == [
        *("a/x.png", "b/a/x.png", "circle.png", "dangling.png", "file.png"),
        *("out/deep/p.png", "out/o.png", "out2/deep/p.png", "out2/o.png", "x.jpg/y.png"),
    ]
    assert surveyed(opened(data)).images == {"all": len(paths)}


@posix
def test_a_loop_over_two_folders_ends(data: Path) -> None:
    """Folders that link to each other are walked once on each way."""
    tree(data, "a/x.png", "b/y.png")
    (data / "a/b").symlink_to("../b")
    (data / "b/a").symlink_to("../a")
    assert found(opened(data)) == {"all": ["a/b/y.png", "a/x.png", "b/a/x.png", "b/y.png"]}
