"""The benchmarks: peers do the job they are compared in, and tables say what was measured."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import median

import engines
import numpy as np
import pytest
import readme
import results
import rounds
import sets
import sources
import table
import targets
from command import environment
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from runners import NORMSTAT, RUNNERS, Job, Runner

import normstat

pytestmark = pytest.mark.bench
PEERS = Path(readme.__file__).parent / "peers"
COUNT = 12


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Small generated photos of the benchmarks."""
    return sets.generated(tmp_path_factory.mktemp("bench"), "tiny", COUNT)


@pytest.fixture(scope="module")
def truth(photos):
    """What normstat finds in them."""
    return normstat.compute(photos).splits["train"]


def asked(peer, needs, *arguments):
    """What a peer prints, or a skipped test where it has not what it needs."""
    pytest.importorskip(needs, exc_type=ImportError)
    command = [sys.executable, PEERS / peer, *map(str, arguments)]
    env = environment(NO_ALBUMENTATIONS_UPDATE="1")
    output = subprocess.run(command, check=True, capture_output=True, env=env, timeout=120).stdout
    return json.loads(output)


POOLED = [("opencv.py", "cv2"), ("scaler.py", "sklearn")]
PER_IMAGE = [("numpy_loop.py", "PIL"), ("dataloader.py", "torch")]


@pytest.mark.parametrize(("peer", "needs"), POOLED)
@pytest.mark.parametrize("workers", [1, 2])
def test_peers_over_all_pixels_find_the_same(photos, truth, peer, needs, workers):
    """A peer that pools all pixels finds normstat's mean and std."""
    found = asked(peer, needs, photos, workers)
    assert found["images"] == COUNT
    np.testing.assert_allclose(found["mean"], truth.mean, rtol=1e-9)
    np.testing.assert_allclose(found["std"], truth.std, rtol=1e-9)


@pytest.mark.parametrize(("peer", "needs"), PER_IMAGE)
def test_peers_image_by_image_find_the_same(photos, truth, peer, needs):
    """A loop that averages over images finds normstat's per-image mean and std."""
    found = asked(peer, needs, photos, 2)
    assert found["images"] == COUNT
    np.testing.assert_allclose(found["mean"], truth.per_image.mean, rtol=1e-5)
    np.testing.assert_allclose(found["std"], truth.per_image.std, rtol=1e-3)  # ddof 1 in PyTorch


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("every", [1, 5])
def test_the_limit_decodes_what_it_is_asked_to(photos, every, workers):
    """The limit for compute reads every Nth image, once."""
    found = asked("decode_only.py", "simplejpeg", photos, workers, "--every", every)
    assert found["images"] == len(range(0, COUNT, every))


def arrays(folder):
    """Sizes of the arrays below a folder, by relative path."""
    found = {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*.npy")}
    assert len(found) == COUNT
    return found


@pytest.fixture(scope="module")
def applied(photos, tmp_path_factory):
    """What normstat writes."""
    out = tmp_path_factory.mktemp("bench") / "out"
    normstat.apply(photos, out, "imagenet", channels="rgb", split=["train"])
    return out


@pytest.mark.parametrize("workers", [1, 2])
def test_the_limit_writes_as_many_bytes(photos, applied, tmp_path, workers):
    """The limit for apply writes files of the names and sizes of normstat's."""
    asked("decode_and_write.py", "simplejpeg", photos, workers, "--out", tmp_path)
    assert arrays(tmp_path) == arrays(applied)


def test_albumentations_writes_the_same_numbers(photos, applied, tmp_path):
    """The peer of apply writes normstat's arrays, but for the rounding of float32."""
    pytest.importorskip("cv2", exc_type=ImportError)
    asked("albumentations_save.py", "albumentations", photos, 2, "--out", tmp_path)
    assert arrays(tmp_path) == arrays(applied)
    for path in arrays(applied):
        np.testing.assert_allclose(np.load(tmp_path / path), np.load(applied / path), atol=1e-5)


def test_photos_are_the_same_every_time(tmp_path):
    """An image depends on its number only, not on how many are made, and has the size it should."""
    few, more = (sets.generated(tmp_path, "typical", count) for count in (1, 2))
    for path in few.rglob("*.jpg"):
        assert path.read_bytes() == (more / path.relative_to(few)).read_bytes()
    found = sets.counted(more, "generated")
    assert found.images == 2
    assert found.pixels / 2 == pytest.approx(210_000, rel=0.2)


def test_links_to_real_photos_are_evenly_chosen(photos, tmp_path):
    """With BENCH_DATA, no more links than asked for lead to the JPEG files of that folder."""
    Image.new("RGB", (4, 4)).save(photos.parent / "not-a-jpeg.png")
    for most, count in ((0, COUNT), (5, 4), (COUNT, COUNT)):
        folder = sets.linked(tmp_path, photos.parent, most)
        targets_of = {path.resolve() for path in folder.rglob("*.jpg")}
        assert len(targets_of) == count
        assert targets_of <= {path.resolve() for path in photos.rglob("*.jpg")}


def lanes(photos, tmp_path, *runners):
    """Compute with these runners, in the environment of the tests."""
    size = sets.counted(photos, "generated")
    for runner in runners:
        key = results.Key("compute", "tiny", runner.name, 1)
        here = replace(runner, environment=sys.prefix)
        yield rounds.Lane.of(here, key, photos, size, tmp_path / "out.json")


needs_scripts = pytest.mark.skipif(
    sys.platform == "win32", reason="make bench starts commands of an environment on Linux or macOS"
)


@needs_scripts
def test_rounds_measure_everybody(photos, tmp_path, monkeypatch):
    """Each runner is timed once a round, and its memory is known on Linux."""
    monkeypatch.setenv("PYTHONPATH", str(readme.ROOT))
    both = list(lanes(photos, tmp_path, NORMSTAT, RUNNERS["numpy"]))
    assert [lane.job.every for lane in both] == [1, 1]
    for run in rounds.take_turns(both, 2, lambda text: None):
        assert len(run.seconds) == 2
        assert min(run.seconds) > 0
        if sys.platform == "linux":
            assert 5e6 < run.parent <= run.total


def test_a_part_is_scaled_without_the_start(photos, tmp_path):
    """Of a part of the images only the time of reading is scaled up, so it is no less."""
    few = replace(RUNNERS["numpy"], most_pixels=4 * 1024)
    (lane,) = lanes(photos, tmp_path, few)
    assert lane.job.every == 3
    usage = rounds.Usage(5.0, None, None, json.dumps({"images": 4, "seconds": 2.0}))
    assert lane._scaled(usage) == 5 + 2 * (12 / 4 - 1)


@needs_scripts
def test_who_finds_something_else_is_no_peer(photos, tmp_path, monkeypatch):
    """A runner whose numbers are not normstat's ends the benchmark with an error."""
    monkeypatch.setenv("PYTHONPATH", str(readme.ROOT))
    # It averages over images, but claims not to.
    wrong = replace(RUNNERS["numpy"], per_image=False)
    with pytest.raises(rounds.Failed, match="numpy"):
        rounds.take_turns(list(lanes(photos, tmp_path, NORMSTAT, wrong)), 1, lambda text: None)


def test_what_is_not_there_is_missing(tmp_path):
    """A runner without its environment, or without its module, is known to be missing."""
    assert Runner("x", "x", (), environment=str(tmp_path)).missing()
    if sys.platform != "win32":
        assert Runner("x", "x", (), environment=sys.prefix, needs="import no_such_module").missing()
        assert not Runner("x", "x", (), environment=sys.prefix, needs="import json").missing()


def test_commands_name_what_they_are_asked(tmp_path):
    """Peers and normstat get the folder, the number of processes and the place for output."""
    job = Job("apply", tmp_path / "in", 2, 3, tmp_path / "out")
    for runner in RUNNERS.values():
        for verb in runner.verbs:
            words = runner.command(replace(job, verb=verb))
            assert {str(job.folder), "2", str(job.out)} <= set(words)


SECONDS = st.integers(1, 1000)


def run(name, seconds, workers=2, images="typical", **more):
    """A measurement of compute."""
    key = results.Key("compute", images, name, workers)
    return results.Run(key, tuple(map(float, seconds)), **more)


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=7))
def test_ratios_are_of_rounds(both):
    """A ratio is the median of the rounds' own ratios; with itself it is 1."""
    ours, theirs = zip(*both, strict=True)
    spread = results.times(run("a", ours), run("b", theirs))
    exact = [Fraction(a, b) for a, b in zip(ours, theirs, strict=True)]
    assert spread.middle == pytest.approx(float(median(exact)))
    assert (spread.least, spread.most) == (float(min(exact)), float(max(exact)))
    assert results.times(run("a", ours), run("a", ours)).middle == 1


@pytest.fixture
def some():
    """Results of normstat, its limit and a loop; PyTorch is missing."""
    runs = (
        run("normstat", [1.4, 1.5, 1.6], parent=50_000_000, total=150_000_000),
        run("decode-only", [1, 1, 1]),
        run("numpy", [30, 30, 30], workers=1, every=8),
        run("normstat", [1, 1, 1], images=targets.FEW, parent=50_000_000),
        run("normstat", [10, 11, 10], images=targets.MANY, parent=50_000_000),
        run("normstat", [90, 90, 90], images=targets.MOST, parent=55_000_000),
    )
    size = results.Images(1000, 200_000_000, 40_000_000, "generated")
    images = {f"compute {one.key.images}": size for one in runs}
    missing = {"dataloader": RUNNERS["dataloader"].install}
    by_key = {one.key: one for one in runs}
    return results.Results(False, {"2 CPUs": "fast"}, {"numpy": "2"}, images, missing, by_key)


def line(text, *starts):
    """Cells of the one row of the tables that begins so."""
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines()]
    (found,) = (row for row in rows if row[: len(starts)] == list(starts))
    return found[len(starts) :]


def test_tables_say_what_was_measured(some):
    """Time of an image and a pixel, memory, and the ratios, in the right direction."""
    text = table.report(some)
    cells = line(text, "normstat", "typical", "2")
    assert cells[:3] == ["1.50 ms", "7.50", "50 / 150"]
    assert cells[3] == "1.50 (1.40–1.60)"
    assert cells[6] == "20.0 (18.8–21.4)"
    assert "on 1 of 8 images, scaled" in text


def test_promises_are_held_against_what_was_measured(some):
    """A promise is met or not, by the median; without measurement it is neither."""
    text = table.short(some)
    limit = RUNNERS["decode-only"].title
    assert line(text, "compute, typical", limit) == ["≤ 1.45", "1.50 (1.40–1.60)", "missed"]
    assert line(text, "time of 20,000 files", targets.FEW)[1:] == ["10.0 (10.0–11.0)", "met"]
    assert line(text, "peak memory of the parent, 200,000 files", targets.FEW)[1:] == [
        "1.10",
        "met",
    ]
    assert line(text, "compute, large", limit)[1:] == ["not measured", ""]


def test_who_is_missing_is_shown(some):
    """A peer that is not installed stands in every table, with how to install it."""
    text = table.report(some)
    title = RUNNERS["dataloader"].title
    assert line(text, "compute, typical", title)[1:] == ["not installed", ""]
    assert line(text, "normstat", "typical", "2")[5] == "not installed"
    assert line(text, "compute", title)[0] == "not installed"
    assert "torch==2.13.0" in text


def test_results_are_saved_whole(some, tmp_path):
    """What is loaded is what was saved."""
    some.save(tmp_path / "bench.json")
    assert results.Results.load(tmp_path / "bench.json") == some


def test_the_readme_has_the_published_results():
    """The README's tables are those of the published results, which name no machine."""
    text = readme.README.read_text(encoding="utf-8")
    assert readme.with_tables(text, results.Results.load(readme.PUBLISHED)) == text
    where = " ".join(results.Results.load(readme.PUBLISHED).machine)
    assert re.fullmatch(r"\d+ CPUs (Linux|Darwin|Windows) Python", where)


def test_a_readme_without_a_place_is_refused(some):
    """Tables are not put anywhere else."""
    with pytest.raises(ValueError, match="no place for tables"):
        readme.with_tables("# normstat\n", some)


def test_containers_are_held_against_the_folder(tmp_path, monkeypatch, capsys):
    """Each that is read here finds the same numbers and has a ratio; the others have a line."""
    monkeypatch.setattr(sources, "_DATA", tmp_path)
    sources.compared("digits", COUNT, 1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("    ")
    assert any(line.startswith("    folder ") for line in lines)
    for container in sources.CONTAINERS:
        (line,) = (
            line
            for line in lines
            if line.strip().startswith((container.name + " ", container.name + ":"))
        )
        assert ("left out" in line) == bool(container.missing())
        assert ("×" in line) != bool(container.missing())


def test_a_ratio_above_its_limit_is_said(capsys):
    """By the median of the rounds, whatever one of them was."""
    folder = sources.Lane("folder", Path(), None, [1.0, 1.0, 1.0])
    assert sources.judged(sources.Lane("tar", Path(), 1.0, [0.9, 0.9, 5.0]), folder)
    assert not sources.judged(sources.Lane("zip", Path(), 1.0, [1.1, 1.1, 0.1]), folder)
    within, above = capsys.readouterr().out.splitlines()
    assert "× 0.90 (0.90 to 5.00)  within 1" in within
    assert "× 1.10 (0.10 to 1.10)  ABOVE 1" in above


def test_engines_at_the_size_of_clusters(tmp_path: Path) -> None:
    """What stands in for a cluster does the work: every shard, and every name."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert 0 < engines.busy(4, 20, 0.01, tmp_path / "a.png") <= 1
    assert engines.memory(20_000, tmp_path / "a.png") > 10
