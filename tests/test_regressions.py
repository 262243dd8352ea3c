"""Each bug that was met once, so that it is not met again."""

import json
import os
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import make
import numpy as np
import pytest
from arrays import tally
from command import environment, here, normstat
from PIL import Image

import normstat as library
from normstat.decode.tiff import extra
from normstat.errors import UsageError
from normstat.executors import Local
from normstat.stats import summarize_split


def records(folder):
    """The codes of what could not be read beside one good image."""
    make.write(folder / "good.png", make.encoded(make.pixels(1, 5, 7)))
    stats = library.compute(folder, workers=0)
    assert stats.splits["all"].images == 1
    return [record.code for record in stats.unreadable]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_output_through_a_link_spares_an_image(tmp_path):
    """What would be replaced is looked at, not the name of a link to it."""
    image = make.write(tmp_path / "data" / "a.png", make.encoded(make.pixels(1, 5, 7)))
    before = image.read_bytes()
    (tmp_path / "out.json").symlink_to(image)
    assert here("compute", "data", "-o", "out.json", cwd=tmp_path).returncode == 2
    assert image.read_bytes() == before


def test_a_gray_jpeg_with_one_wrong_byte_is_a_record(tmp_path):
    """Whatever the proof of a cut JPEG meets in damaged bytes, the run goes on."""
    data = make.encoded(Image.new("L", (24, 24), 128), "JPEG", restart_marker_blocks=1)
    for place in range(330, len(data), 3):
        damaged = bytearray(data)
        damaged[place] = 0x7F
        make.write(tmp_path / "data" / f"{place}.jpg", bytes(damaged))
    stats = library.compute(tmp_path / "data", workers=0)
    assert {record.code for record in stats.unreadable} <= {"truncated", "corrupt"}
    assert stats.splits["all"].listed == len(range(330, len(data), 3))


def test_white_is_zero_in_16_bits(tmp_path, monkeypatch):
    """Pillow leaves such pixels inverted: tifffile reads them, or nobody does."""
    array = make.pixels(1, 5, 7, 1, "uint16")
    make.write(tmp_path / "data" / "a.tif", make.tiff(array, photometric=0))
    (mean,) = library.compute(tmp_path / "data", workers=0).splits["all"].mean
    assert mean == pytest.approx((65535 - array.astype(float)).mean() / 65535, rel=1e-12)
    monkeypatch.setattr(extra, "installed", lambda: None)
    assert records(tmp_path / "data") == ["unsupported_pixels"]


def test_a_palette_image_without_palette_is_corrupt(tmp_path):
    """Indices without colors are not black."""
    make.write(tmp_path / "data" / "a.png", make.png(3, 2, (b"\0" + bytes([1, 2, 3])) * 2, 8, 3))
    assert records(tmp_path / "data") == ["corrupt"]


def test_color_pfm_is_an_image_that_is_not_supported(tmp_path):
    """Three floating-point channels cannot be held, and that is what the record says."""
    make.write(tmp_path / "data" / "a.pfm", b"PF\n1 1\n-1.0\n" + struct.pack("<3f", 1, 2, 3))
    assert records(tmp_path / "data") == ["unsupported_pixels"]


def test_standard_errors_of_integers_far_from_zero():
    """The low part of a mean counts: at 2**31 it is where the differences between images are."""
    small = np.random.default_rng(0).integers(0, 900, (9, 5, 7, 1))
    images = (2**31 - 1000 + small).astype("int32")
    expected = np.std(small.mean(axis=(1, 2, 3)), ddof=1) / 3
    split = summarize_split(tally(*images).splits["train"])
    assert split.stderr.mean[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed by a shell")
@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_is_no_traceback(tmp_path, closed):
    """As a daemon starts it: the stats file is written, with exit code 0."""
    make.write(tmp_path / "data" / "a.png", make.encoded(make.pixels(1, 5, 7)))
    arguments = ["compute", "data", "-o", "s.json"]
    run = normstat(*arguments, cwd=tmp_path, preexec_fn=lambda: os.close(closed))
    assert run.returncode == 0
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["complete"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no /dev/stdout")
def test_standard_output_by_its_name(tmp_path):
    """A pipe is written to, not renamed over."""
    make.write(tmp_path / "data" / "a.png", make.encoded(make.pixels(1, 5, 7)))
    run = normstat("compute", "data", "-q", "-o", "/dev/stdout", cwd=tmp_path)
    assert json.loads(run.stdout)["splits"]["all"]["images"] == 1


def test_no_more_threads_than_shards(tmp_path):
    """Workers beyond the number of shards cost nothing."""
    make.write(tmp_path / "a.png", make.encoded(make.pixels(1, 5, 7)))
    many = library.compute(tmp_path, engine=Local(1_000_000))
    assert many == library.compute(tmp_path, workers=0)


@pytest.mark.parametrize("seconds", [float("inf"), 1e10])
def test_a_time_that_no_clock_can_be_set_to(tmp_path, seconds):
    """Refused before the work, not by the clock."""
    with pytest.raises(UsageError, match="image_timeout="):
        library.compute(tmp_path, image_timeout=seconds)


def test_workers_run_no_code_of_the_current_folder(tmp_path):
    """A data set is not a program: modules that lie where the command is run are not imported."""
    make.write(tmp_path / "data" / "a.png", make.encoded(make.pixels(1, 5, 7)))
    for name in ("pickle", "struct", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hostile')")
    code = "import sys; sys.path[:] = [p for p in sys.path if p]; from normstat.cli import main;"
    code += "sys.exit(main(['compute', 'data', '-q']))"
    run = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment(), check=False
    )
    assert run.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_to_above_the_data_is_not_followed(tmp_path):
    """Every folder above DATA is an ancestor too: through a link to it all would count twice."""
    make.write(tmp_path / "set" / "a" / "x.png", make.encoded(make.pixels(1, 5, 7)))
    (tmp_path / "set" / "a" / "up").symlink_to(tmp_path)
    assert library.compute(tmp_path / "set", workers=0).splits["all"].listed == 1


def test_a_folder_given_by_its_whole_path_leaves_no_trace_of_it(tmp_path):
    """The stats file names the folder relative to DATA, however it was given."""
    make.write(tmp_path / "data" / "2023" / "x.png", make.encoded(make.pixels(1, 5, 7)))
    whole, relative = (
        library.compute(tmp_path / "data", split_dir={"train": folder}, workers=0)
        for folder in (tmp_path / "data" / "2023", "./2023/")
    )
    assert whole == relative
    assert whole.settings.split_dirs == {"train": "2023"}


@pytest.mark.matrix
@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_the_same_bytes_after_a_worker_was_killed(tmp_path):
    """Killing a worker in the middle of a run changes no byte of the stats file."""
    for index in range(60):
        picture = make.pixels(index, 120, 160)
        kind = ("PNG", ".png") if index % 3 else ("TIFF", ".tif")
        array = picture if index % 3 else picture[..., 0].astype("float32")
        folder = "color" if index % 3 else "floats"
        path = tmp_path / "data" / folder / f"{index}{kind[1]}"
        make.write(path, make.encoded(array, kind[0]))
    command = [sys.executable, "-m", "normstat", "compute", "data", "-q", "-j", "2", "-o"]
    subprocess.run([*command, "usual.json"], cwd=tmp_path, env=environment(), check=False)
    with subprocess.Popen([*command, "s.json"], cwd=tmp_path, env=environment()) as run:
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
        killed = set()
        while run.poll() is None and len(killed) < 3:
            with suppress(FileNotFoundError, ProcessLookupError):  # it, or the run, has ended
                for child in set(children.read_text().split()) - killed:
                    os.kill(int(child), signal.SIGKILL)
                    killed.add(child)
        run.wait()
    assert killed
    assert (tmp_path / "s.json").read_bytes() == (tmp_path / "usual.json").read_bytes()
