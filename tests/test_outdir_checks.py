"""What somebody has put into OUT is neither followed to the images nor waited for."""

import os
import sys
from pathlib import Path
from typing import Any

import applied
import make
import pytest
from command import here
from started import at_most

import normstat
from normstat.errors import UsageError
from normstat.writers.folder import OutputFolder

links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
posix = pytest.mark.skipif(sys.platform == "win32", reason="names as POSIX has them")
fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
AGAIN: dict[str, dict[str, Any]] = {
    "overwrite": {"overwrite": True},
    "continue": {"skip_existing": True},
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Images whose arrays have their names."""
    for place in range(2):
        for folder in ("train/cat", "train/dog"):
            array = make.npy(make.pixels(place, 6, 7))
            make.write(tmp_path / "data" / folder / f"{place}.npy", array)
    return tmp_path / "data"


# --------------------------------------------------------------------------------------- links


@links
@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("link", ["train", "train/dog"])
def test_a_folder_that_is_a_link_to_the_images(
    tmp_path: Path, data: Path, link: str, finished: bool, again: dict[str, Any]
) -> None:
    """It is named before anything is removed or written, also where no index knows of it."""
    out = tmp_path / "out"
    normstat.apply(data, out, "unit", workers=0)
    (out / link).rename(tmp_path / "moved")
    (out / link).symlink_to(data / link)
    if not finished:
        (out / "normstat.json").rename(out / "normstat.partial.json")
        (out / "index.jsonl").unlink()
    before = applied.tree(tmp_path)
    with pytest.raises(UsageError, match=rf"out/{link}: is a link"):
        normstat.apply(data, out, "unit", workers=0, **again)
    assert applied.tree(tmp_path) == before


@links
def test_other_links_stay(tmp_path: Path, data: Path) -> None:
    """OUT may be a link, and hold links that are on the way to no array, to nowhere, or arrays."""
    (tmp_path / "big").mkdir()
    (tmp_path / "out").symlink_to("big")
    out = tmp_path / "out"
    normstat.apply(data, out, "unit", workers=0)
    wanted = applied.arrays(out)
    (out / "images").symlink_to(data)
    (out / "nowhere").symlink_to("missing")
    (out / "train/dog/1.npy").unlink()
    (out / "train/dog/1.npy").symlink_to(data / "train/dog/1.npy")
    before = applied.tree(data)
    normstat.apply(data, out, "unit", overwrite=True, workers=0)
    assert applied.tree(data) == before
    assert (out / "images").is_symlink()
    (out / "images").unlink()
    assert {name: array.tobytes() for name, array in applied.arrays(out).items()} == {
        name: array.tobytes() for name, array in wanted.items()
    }


@links
@pytest.mark.parametrize("again", [{}, *AGAIN.values()], ids=["new", *AGAIN])
def test_the_folder_for_unfinished_files_is_no_link(
    tmp_path: Path, data: Path, again: dict[str, Any]
) -> None:
    """Nothing is written by way of it."""
    out = tmp_path / "out"
    out.mkdir()
    if again:
        normstat.apply(data, out, "unit", workers=0)
    (out / ".normstat").symlink_to(data)
    before = applied.tree(tmp_path)
    with pytest.raises(UsageError, match=r"\.normstat: is a link"):
        normstat.apply(data, out, "unit", workers=0, **again)
    assert applied.tree(tmp_path) == before


@links
def test_a_link_that_appears_while_a_run_goes_on(tmp_path: Path, data: Path) -> None:
    """Outputs behind it are not even noted, so nothing is written there."""
    out = OutputFolder(str(tmp_path / "out"))
    with out.begun({}, []):
        out.plan(["train/cat/0.npy"])
        (tmp_path / "out" / "train").symlink_to(data / "train")
        with pytest.raises(UsageError, match=r"train: is a link"):
            out.plan(["train/dog/0.npy"])


@links
def test_a_list_of_outputs_that_is_a_link(tmp_path: Path, data: Path) -> None:
    """No line is added to what it leads to."""
    out = tmp_path / "out"
    normstat.apply(data, out, "unit", workers=0)
    (out / "normstat.partial.jsonl").symlink_to(data / "train/cat/0.npy")
    before = applied.tree(tmp_path)
    with pytest.raises(UsageError, match=r"partial\.jsonl: is not a regular file"):
        normstat.apply(data, out, "unit", workers=0, skip_existing=True)
    assert applied.tree(tmp_path) == before
    normstat.apply(data, out, "unit", workers=0, overwrite=True)
    after = applied.tree(tmp_path)
    assert after == {name: before[name] for name in after}


# --------------------------------------------------------------------------------------- names


@posix
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_split_with_a_name_that_no_file_can_have(
    tmp_path: Path, data: Path, overwrite: bool
) -> None:
    """It is refused before anything is written or removed; files in folders need no such name."""
    out = tmp_path / "out"
    if overwrite:
        normstat.apply(data, out, "unit", workers=0)
    before = applied.tree(tmp_path)
    named = {"s" * 300: "train"}
    with pytest.raises(UsageError, match=r"sss\.npy: is too long"):
        normstat.apply(
            data, out, "unit", split_dir=named, store="stack", overwrite=overwrite, workers=0
        )
    assert applied.tree(tmp_path) == before
    done = normstat.apply(data, out, "unit", split_dir=named, overwrite=overwrite, workers=0)
    assert done.images == 4


# --------------------------------------------------------------------------------------- FIFOs

FILES = (
    "normstat.json",
    "normstat.partial.json",
    "normstat.partial.jsonl",
    "index.jsonl",
    "train/cat/0.npy",
)


def put_fifo(path: Path) -> None:
    """A FIFO, to which nobody ever writes, in the place of a file."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@fifos
@pytest.mark.parametrize("option", ["--overwrite", "--skip-existing"])
@pytest.mark.parametrize("name", FILES)
def test_a_fifo_is_not_waited_for(tmp_path: Path, data: Path, name: str, option: str) -> None:
    """It is replaced; but with --skip-existing what only a record would tell cannot be."""
    out = tmp_path / "out"
    normstat.apply(data, out, "unit", workers=0)
    wanted = applied.tree(out)
    put_fifo(out / name)
    with at_most(20):
        again = here("apply", data, out, "--method", "unit", option)
    if option == "--skip-existing" and name in ("normstat.json", "normstat.partial.jsonl"):
        assert again.returncode == 2
        assert "regular file" in again.stderr
    else:
        assert again.returncode == 0, again.stderr
        assert applied.tree(out) == wanted


@fifos
@pytest.mark.parametrize("name", ["normstat.json", "index.jsonl", "train/cat/0.npy"])
def test_no_image_is_made_of_a_fifo(tmp_path: Path, data: Path, name: str) -> None:
    """The way back names what is no file, and does not wait for it."""
    out = tmp_path / "out"
    normstat.apply(data, out, "unit", workers=0)
    put_fifo(out / name)
    with at_most(20):
        back = here("invert", out, tmp_path / "seen")
    assert back.returncode == 2, back.stderr
    assert name in back.stderr.replace("\n", "")


@links
@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("link", ["train", "train/dog", "train/cat/0.npy"])
@pytest.mark.parametrize("store", ["npy", "stack"])
def test_images_that_are_in_out(
    tmp_path: Path, data: Path, link: str, again: dict[str, Any], store: str
) -> None:
    """A link that leads from DATA into OUT is found before the images are removed as outputs."""
    out = tmp_path / "out"
    normstat.apply(data, out, "unit", workers=0)
    (tmp_path / "moved").mkdir()
    (data / link).rename(tmp_path / "moved/away")
    (data / link).symlink_to(out / link)
    before = applied.tree(tmp_path)
    with pytest.raises(UsageError, match=r"leads into .*out"):
        normstat.apply(data, out, "unit", workers=0, store=store, **again)
    assert applied.tree(tmp_path) == before
