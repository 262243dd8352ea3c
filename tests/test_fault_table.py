"""Faults through the command line, made and survived; and each fault of the list has an owner.

``make faults`` prints the table of all tests that own one, here and elsewhere.
"""

import json
import os
import shutil
import socket
import sqlite3
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import chdir, closing
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import applied
import fault_cases
import fault_list
import make
import numpy as np
import pytest
import test_same_bytes
import test_unreadable
from fault_cases import (
    Case,
    alone,
    beside_a_good_one,
    compute,
    here,
    misdeed,
    posix_only,
    said,
    there,
)
from inject import Fault, injected
from opened import opened
from PIL import Image
from started import at_most, patch

GOOD = fault_cases.GOOD
RGB, GRAY, GRAY16, FLOAT = (getattr(test_unreadable, n) for n in ("RGB", "GRAY", "GRAY16", "FLOAT"))
JPEG, PNG = test_unreadable.JPEG, test_unreadable.PNG
Run = Callable[[Path], str]
MARK = "pytest.mark." + "fault("


def frames(format: str) -> bytes:
    """Two pictures in one file."""
    one, two = (Image.fromarray(make.pixels(seed, 12, 17)) for seed in (1, 2))
    return make.encoded(one, format, save_all=True, append_images=[two])


def turned(place: Path) -> str:
    """The same picture in all eight orientations has one mean."""
    means = set()
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = make.encoded(RGB, "JPEG", exif=exif)
        text = alone(content, f"{orientation}.jpg")(place / str(orientation))
        stats = json.loads((place / str(orientation) / "s.json").read_text("utf-8"))
        means.add((text, tuple(stats["splits"]["all"]["mean"])))
    return f"{len(means)} result"


def exactly(
    array: "np.ndarray[tuple[int, int], np.dtype[np.uint16]]", content: bytes, name: str
) -> Run:
    """16 bits, and the mean and std that integers give."""

    def run(place: Path) -> str:
        text = alone(content, name)(place)
        (split,) = json.loads((place / "s.json").read_text("utf-8"))["splits"].values()
        mean = float(Fraction(int(array.sum(dtype=np.int64)), array.size * 65535))
        return text + "; exact" * (split["dtype"] == "uint16" and split["mean"] == [mean])

    return run


def zeros_in_a_scan(place: Path) -> str:
    """No decoder sees it; a check against the record does."""
    file = make.write(place / "data" / "a.jpg", JPEG)
    make.write(place / "data" / "good.png", GOOD)
    compute(place)
    at = 2 * len(JPEG) // 3
    file.write_bytes(JPEG[:at] + bytes(64) + JPEG[at + 64 :])
    later = here("compute", place / "data", "-q", "-o", place / "later.json")
    check = here("check", "data", "--stats", "s.json", "--mode", "same", cwd=place)
    return f"{said(later, place / 'later.json')}; check: exit {check.code}"


def only_pointers(place: Path) -> str:
    for name in ("a.jpg", "b.png"):
        make.write(place / "data" / name, test_unreadable.LFS)
    return compute(place, words=("git lfs pull",))


def more_pixels_allowed(place: Path) -> str:
    """What is too large by default may be read."""
    content = test_unreadable.UNREADABLE["A11-png-bomb"][1]
    make.write(place / "data" / "x.png", content)
    return compute(place, "--max-pixels", "200000000")


def kinds(*contents: tuple[str, bytes]) -> Run:
    """Files of several kinds in one folder."""

    def run(place: Path) -> str:
        for name, content in contents:
            make.write(place / "data" / name, content)
        return compute(place)

    return run


# --------------------------------------------------------------------------------- names and trees


def odd_names(place: Path) -> str:
    """All count, and every report is valid with them in it."""
    (place / "data").mkdir()
    for name in test_same_bytes.NAMES:
        with open(os.fsencode(place / "data") + b"/" + name + b".png", "wb") as file:
            file.write(GOOD)
    text = compute(place)
    for name in test_same_bytes.NAMES[::2]:
        with open(os.fsencode(place / "data") + b"/" + name + b".png", "wb") as file:
            file.write(GOOD[:-20])
    reports = [part for end in ("json", "xml", "md") for part in ("--report", f"r.{end}")]
    run = here("check", "data", "--stats", "s.json", *reports, cwd=place)
    json.loads((place / "r.json").read_text("utf-8"))
    ET.parse(place / "r.xml")
    clean = all(line.isprintable() for line in (run.out + run.err).split("\n"))
    clean = clean and not any(line.startswith("::") for line in run.out.split("\n"))
    return f"{text}; check: exit {run.code}, reports valid" + ", escaped" * clean


def linked(target: str, name: str) -> Run:
    """A link beside an image in a folder."""

    def run(place: Path) -> str:
        make.write(place / "data" / "a" / "0.png", GOOD)
        make.write(place / "outside" / "1.png", GOOD)
        (place / "data" / "a" / name).symlink_to(target)
        return compute(place)

    return run


def no_file(kind: str) -> Run:
    """What has the name of an image and is none."""

    def run(place: Path) -> str:
        make.write(place / "data" / "good.png", GOOD)
        path = place / "data" / "x.jpg"
        server = socket.socket(socket.AF_UNIX)
        with server, chdir(place / "data"):
            if kind == "fifo":
                os.mkfifo("x.jpg")
            elif kind == "socket":
                server.bind("x.jpg")
            else:
                path.symlink_to("nowhere" if kind == "dangling" else "/dev/zero")
            return compute(place)

    return run


def walk_of(folders: int, each: int) -> Run:
    """How much memory it takes to look at the names, compared with a tenth of them."""

    def looked_at(root: Path) -> tuple[int, int]:
        source = opened(root)
        tracemalloc.start()
        try:
            number = sum(map(len, source.shards(source.selection())))
            return number, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def run(place: Path) -> str:
        peaks = []
        for part in sorted({folders // 10 or 1, folders}):
            root = place / f"of-{part}"
            for folder in range(part):
                (root / f"{folder:04}").mkdir(parents=True)
                for index in range(each):
                    os.close(os.open(root / f"{folder:04}/{index}.png", os.O_CREAT | os.O_WRONLY))
            number, peak = looked_at(root)
            peaks.append(peak)
        bounded = len(peaks) == 2 and peaks[1] < 1.5 * peaks[0] + 100_000
        return f"{number} found" + "; memory bounded" * bounded

    return run


def no_images(place: Path) -> str:
    make.write(place / "data" / "a.txt", b"")
    return compute(place, words=("no images",))


def one_image(width: int, height: int) -> Run:
    """What a single image leaves undefined is null."""

    def run(place: Path) -> str:
        text = alone(make.encoded(make.pixels(1, height, width)), "a.png")(place)
        (split,) = json.loads((place / "s.json").read_text("utf-8"))["splits"].values()
        undefined = all(value is None for value in split["stderr"].values())
        return text + "; stderr null" * (undefined or split["stderr"]["mean"][0] is None)

    return run


def split_of_which_nothing_can_be_read(place: Path) -> str:
    make.write(place / "data" / "train" / "a.png", GOOD)
    make.write(place / "data" / "val" / "a.png", b"")
    text = compute(place)
    val = json.loads((place / "s.json").read_text("utf-8"))["splits"]["val"]
    return text + "; nulls" * (val["mean"] is None or val["mean"] == [None])


def twice(change: Callable[[Image.Image], Image.Image]) -> Run:
    """A picture of train in val, too, perhaps changed."""

    def run(place: Path) -> str:
        for index in range(6):
            split = ("train", "val")[index % 2]
            make.write(
                place / "data" / split / f"{index}.png", make.encoded(make.pixels(index, 40, 50))
            )
        compute(place)
        copy = make.encoded(change(Image.fromarray(make.pixels(0, 40, 50))))
        make.write(place / "data" / "val" / "copy.png", copy)
        command = ("check", "data", "--stats", "s.json", "--mode", "compatible")
        run = here(*command, cwd=place)
        return f"check: exit {run.code}" + "; leakage" * ("leakage" in run.out)

    return run


# ---------------------------------------------------------------------------------------- storage


def three(place: Path) -> None:
    """A folder ``data`` of three images."""
    for index in range(3):
        make.write(
            place / "data" / "train" / f"{index}.png", make.encoded(make.pixels(index, 30, 40))
        )


def full_disk(*arguments: str, out: str) -> Run:
    """Every write to a file fails from the first on."""

    def run(place: Path) -> str:
        three(place)
        compute(place)
        (place / "to").mkdir()
        make.write(place / "to" / "old.json", b"old")
        fault = Fault(str(place / "to"), "write", 1, "ENOSPC", lasting=True)
        with injected(fault):
            ended = here(*arguments, cwd=place)
        text = said(ended, words=("No space left", "mounted at"))
        left = sorted(os.listdir(place / "to" / out)) if out else sorted(os.listdir(place / "to"))
        intact = (place / "to" / "old.json").read_bytes() == b"old"
        clean = not any(name.endswith((".tmp", ".normstat", ".npy")) for name in left)
        return text + "; old file intact" * intact + "; no debris" * clean

    return run


def output(name: str) -> Run:
    """An output that is an input, or a folder."""

    def run(place: Path) -> str:
        three(place)
        before = applied.tree(place)
        text = said(here("compute", "data", "-o", name, cwd=place))
        return text + "; nothing changed" * (applied.tree(place) == before)

    return run


def too_many_errors(place: Path) -> str:
    three(place)
    for index in range(3):
        make.write(place / "data" / "train" / f"x{index}.png", PNG[: len(PNG) // 2])
    return compute(place, "--max-errors", "1", words=("truncated",))


# ------------------------------------------------------------------------------------- processes


def no_worker_starts(place: Path) -> str:
    three(place)
    code = "import os, sys\nif '-c' in sys.orig_argv:\n    os._exit(9)\n"
    return compute(place, words=("cannot be started",), env=patch(place / "none", code))


def same_bytes(*runs: partial[fault_cases.Ended]) -> Run:
    """Each of these runs gives what a plain one gives, or exit code 4 and the cause."""

    def run(place: Path) -> str:
        three(place)
        compute(place)
        wanted = (place / "s.json").read_bytes()
        outcomes = set()
        for each in runs:
            ended = each(cwd=place)
            same = ended.code == 0 and (place / "o.json").read_bytes() == wanted
            outcomes.add("the same bytes" if same else f"exit {ended.code}")
            (place / "o.json").unlink(missing_ok=True)
        return " and ".join(sorted(outcomes))

    return run


plain = partial(there, "compute", "data", "-o", "o.json", "-q")


def limited(name: str, limit: int) -> partial[fault_cases.Ended]:
    """A run that may take less than usual."""

    def set_limit() -> None:
        import resource

        resource.setrlimit(getattr(resource, name), (limit, limit))

    return partial(plain, preexec_fn=set_limit)


# ----------------------------------------------------------------------------- the tool's own files


def stats_file(change: Callable[[bytes], bytes], size: int = 0) -> Run:
    """A stats file that something has happened to."""

    def run(place: Path) -> str:
        three(place)
        compute(place)
        file = place / "s.json"
        file.write_bytes(change(file.read_bytes()))
        if size:
            os.truncate(file, size)
        ended = here("check", "data", "--stats", "s.json", cwd=place)
        return said(ended) + "; one sentence" * (len(ended.err.splitlines()) == 1)

    return run


def split_that_is_not_recorded(place: Path) -> str:
    three(place)
    compute(place)
    command = ("apply", "data", "out", "--stats", "s.json", "--from", "val")
    return said(here(*command, cwd=place)) + "; nothing written" * (not (place / "out").exists())


def damaged_cache(damage: Callable[[Path], object]) -> Run:
    """A cache that something has happened to, between two runs with it."""

    def run(place: Path) -> str:
        three(place)
        here("compute", place / "data", "-q", "-o", place / "s.json")
        cached = ("compute", "data", "--cache", "c", "-o")
        here(*cached, "first.json", cwd=place)
        damage(place / "c")
        ended = here(*cached, "o.json", cwd=place)
        same = (place / "o.json").read_bytes() == (place / "s.json").read_bytes()
        warned = "; warned" * any(words in ended.err for words in ("c: is ", "damaged"))
        return said(ended) + "; the same bytes" * same + warned

    return run


def zeros_in_the_middle(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as cache:
        cache.seek(size // 2)
        cache.write(bytes(size // 2))


def of_another_version(file: Path) -> None:
    with closing(sqlite3.connect(file)) as cache:
        cache.execute("PRAGMA user_version = 99")


def other_channels(place: Path) -> str:
    make.write(place / "gray" / "a.png", make.encoded(GRAY))
    here("compute", place / "gray", "-q", "-o", place / "s.json")
    three(place)
    ended = here("apply", "data", "out", "--stats", "s.json", "--from", "all", cwd=place)
    return said(ended) + "; nothing written" * (not (place / "out").exists())


def nothing_to_divide_by(place: Path) -> str:
    make.write(place / "data" / "a.png", make.encoded(Image.new("RGB", (5, 4), (7, 8, 9))))
    compute(place)
    ended = here("apply", "data", "out", "--stats", "s.json", "--from", "all", cwd=place)
    return said(ended, words=("--epsilon",))


def two_inputs_for_one_output(place: Path) -> str:
    make.write(place / "data" / "a.png", GOOD)
    make.write(place / "data" / "a.jpg", JPEG)
    ended = here("apply", "data", "out", "--method", "unit", cwd=place)
    return said(ended) + "; nothing written" * (not (place / "out").exists())


def std_of(array: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", expected: float) -> Run:
    def run(place: Path) -> str:
        text = alone(make.encoded(array), "a.png")(place)
        (split,) = json.loads((place / "s.json").read_text("utf-8"))["splits"].values()
        return text + "; exact" * (split["std"][0] == expected)

    return run


def floats_far_from_zero(place: Path) -> str:
    array = (make.pixels(6, 90, 140, channels=1) / np.float32(51) + 1e4).astype("float32")
    text = alone(make.tiff(array), "a.tif")(place)
    (split,) = json.loads((place / "s.json").read_text("utf-8"))["splits"].values()
    wanted = float(array.astype("f8").std())
    return text + "; exact" * (abs(split["std"][0] / wanted - 1) < 1e-12)


def other_locale(place: Path) -> str:
    three(place)
    texts = set()
    for run, options in ((here, {}), (there, {"env": {"LC_ALL": "de_DE.UTF-8"}})):
        run("compute", "data", "-o", "s.json", "-q", cwd=place, **options)
        texts.add((place / "s.json").read_bytes())
    mean = json.loads(texts.pop())["splits"]["train"]["mean"][0]
    return "the same bytes" * (not texts) + "; shortest" * (f"{mean!r}".startswith("0."))


ODD_255 = np.full((1000, 1000), 255, np.uint8)
ODD_255[0, 0] = 254
ONE = "exit 3: 1 counted, "
TWO = ("exit 0: 2 counted",)
ODD_NAMES = f"exit 0: {len(test_same_bytes.NAMES)} counted; check: exit 1, reports valid, escaped"
LOST = "exit 3: 2 counted, "
PROGRESSIVE = make.encoded(RGB, "JPEG", progressive=True)
CMYK = make.encoded(Image.fromarray(np.dstack([RGB, GRAY]), "CMYK"), "JPEG")
YCCK = CMYK.replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
RGBA = Image.fromarray(np.dstack([RGB, GRAY]))
PALETTE = Image.fromarray(RGB).quantize(30)
NOTED = "exit 0: 2 counted; {} noted"
CASES = [
    Case(3, "only LFS pointers", ("exit 2; says 'git lfs pull'",), only_pointers),
    Case(5, "progressive JPEG, cut and closed", (*TWO, ONE + "truncated"),
         beside_a_good_one(PROGRESSIVE[: len(PROGRESSIVE) // 2] + b"\xff\xd9", "x.jpg")),
    Case(6, "64 zeros in a JPEG scan", ("exit 0: 2 counted; check: exit 1",), zeros_in_a_scan),
    Case(7, "garbage after the end", TWO, beside_a_good_one(JPEG + b"garbage" * 99, "x.jpg")),
    Case(7, "two JPEGs in one file", TWO, beside_a_good_one(JPEG + JPEG, "x.jpg")),
    Case(11, "the same with --max-pixels", ("exit 0: 1 counted",), more_pixels_allowed),
    *(Case(13, f"16-bit gray {name}", ("exit 0: 1 counted; exact",), exactly(array, content, name))
      for array, content, name in (
          (GRAY16, make.encoded(GRAY16), "a.png"),
          (GRAY16, make.tiff(GRAY16, "<"), "little.tif"),
          (GRAY16, make.tiff(GRAY16, ">"), "big.tif"),
          (GRAY16, test_unreadable.netpbm("P5", GRAY16, 65535), "a.pgm"))),
    Case(15, "CMYK JPEG", (NOTED.format("CMYK"),), beside_a_good_one(CMYK, "x.jpg", "CMYK")),
    Case(15, "YCCK JPEG", (NOTED.format("CMYK"),), beside_a_good_one(YCCK, "x.jpg", "CMYK")),
    *(Case(16, f"alpha: {name}", (NOTED.format("alpha_dropped"),),
           beside_a_good_one(content, "x.png", "alpha_dropped"))
      for name, content in (
          ("RGBA", make.encoded(RGBA)), ("LA", make.encoded(RGBA.convert("LA"))),
          ("palette", make.encoded(PALETTE, transparency=1)))),
    Case(17, "1 bit", (NOTED.format("1"),),
         beside_a_good_one(make.encoded(Image.fromarray(GRAY).convert("1")), "x.png", "1")),
    Case(19, "gray and RGB", TWO, kinds(("a.png", make.encoded(GRAY)), ("b.png", PNG))),
    Case(20, "16 bits among 8", ("exit 3: 2 counted, other_depth",),
         kinds(("a.png", PNG), ("b.png", GOOD), ("c.png", make.encoded(GRAY16)))),
    Case(21, "EXIF orientations 1 to 8", ("1 result",), turned),
    *(Case(22, f"several frames: {format}", (NOTED.format("multi_frame"),),
           beside_a_good_one(frames(format), f"x.{end}", "multi_frame"))
      for format, end in (("GIF", "gif"), ("WEBP", "webp"), ("PNG", "png"), ("TIFF", "tif"))),
    Case(23, "ICC profile", (NOTED.format("icc_profile"),),
         beside_a_good_one(make.encoded(RGB, icc_profile=b"profile" * 9), "x.png", "icc_profile")),
    *(Case(24, f"{width} × {height}", TWO, beside_a_good_one(
           make.encoded(np.full((height, width), 9, "u1"), format), f"x.{format.lower()}"))
      for width, height, format in ((1, 1, "PNG"), (1, 100_000, "PNG"), (65_500, 1, "JPEG"))),
    Case(26, "PNG called .jpg", (NOTED.format("extension_mismatch"),),
         beside_a_good_one(PNG, "x.jpg", "extension_mismatch")),
    Case(27, "a decoder that hangs", (LOST + "timeout",), misdeed("hang", "--image-timeout", "1")),
    Case(28, "a decoder that crashes", (LOST + "worker_crash",), misdeed("segfault")),
    Case(29, "a decoder that eats memory", (LOST + "out_of_memory", LOST + "worker_crash"),
         misdeed("memory")),
    Case(31, "pickled objects in .npy", (ONE + "unsupported_pixels",),
         beside_a_good_one(make.npy(np.array([[{}, []]], object)), "x.npy")),
    Case(32, "odd names", (ODD_NAMES,), posix_only(odd_names)),
    Case(33, "names that differ in case or normal form", ("exit 0: 4 counted",),
         posix_only(fault_cases.tree("a.png", "A.png", "e\u0301.png", "\u00e9.png"))),
    Case(34, "a link that leads in a circle", ("exit 0: 1 counted",),
         posix_only(linked("..", "up"))),
    Case(35, "a link to a folder outside", TWO, posix_only(linked("../../outside", "out"))),
    *(Case(36, kind, (ONE + "not_regular",), posix_only(no_file(kind)))
      for kind in ("dangling", "fifo", "socket", "device")),
    Case(36, "a folder called x.jpg", TWO, fault_cases.tree("a.png", "x.jpg/b.png")),
    Case(38, "many folders (40 in place of thousands)", ("1600 found; memory bounded",),
         walk_of(40, 40)),
    Case(39, "one large folder (2,000 names)", ("2000 found",), walk_of(1, 2000)),
    Case(40, "no images", ("exit 2; says 'no images'",),
         no_images),
    Case(40, "a split of which nothing can be read", ("exit 3: 1 counted, empty; nulls",),
         split_of_which_nothing_can_be_read),
    Case(40, "one image", ("exit 0: 1 counted; stderr null",), one_image(5, 4)),
    Case(40, "one pixel", ("exit 0: 1 counted; stderr null",), one_image(1, 1)),
    Case(41, "leftovers of other systems", ("exit 0: 1 counted",),
         fault_cases.tree("a.png", "._a.png", "__MACOSX/a.png", "Thumbs.db", ".DS_Store")),
    Case(42, "an image in two splits", ("check: exit 1; leakage",), twice(lambda image: image)),
    Case(42, "a mirrored one", ("check: exit 0",),
         twice(lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))),
    Case(43, "deleted before it is opened", (LOST + "vanished",), misdeed("vanish")),
    Case(44, "replaced once while it is read", ("exit 0: 3 counted",), misdeed("replace once")),
    Case(44, "grown once while it is read", ("exit 0: 3 counted", LOST + "corrupt"),
         misdeed("grow once")),
    Case(44, "growing", (LOST + "changed_while_read",), misdeed("grow")),
    Case(45, "EIO once", ("exit 0: 3 counted",), misdeed("EIO once")),
    Case(45, "EIO", (LOST + "io_error",), misdeed("EIO")),
    *(Case(46, f"full disk: {name}",
           ("exit 4; says 'No space left'; says 'mounted at'; old file intact; no debris",),
           posix_only(full_disk(*arguments, out=out)))
      for name, arguments, out in (
          ("stats", ("compute", "data", "-o", "to/old.json"), ""),
          ("report", ("check", "data", "--stats", "s.json", "--report", "to/old.json"), ""),
          ("arrays", ("apply", "data", "to/out", "--method", "unit"), "out"))),
    Case(48, "output is a folder", ("exit 2; nothing changed",), output("data")),
    Case(48, "output is an image", ("exit 2; nothing changed",), output("data/train/0.png")),
    Case(49, "more errors than allowed", ("exit 4; says 'truncated'",), too_many_errors),
    Case(54, "workers cannot start", ("exit 4; says 'cannot be started'",), no_worker_starts),
    *(Case(55, f"--workers {n}", ("the same bytes",), same_bytes(partial(plain, "-j", n)))
      for n in ("0", "7", "64")),
    *(Case(56, name, ("the same bytes", "exit 4"), posix_only(same_bytes(*runs)))
      for name, runs in (
          ("64 open files", [limited("RLIMIT_NOFILE", 64)]),
          ("1 GB of memory", [limited("RLIMIT_AS", 1 << 30)]))),
    *(Case(57, f"stats file: {name}", ("exit 2; one sentence",), stats_file(change, size))
      for name, change, size in (
          ("cut", lambda data: data[: len(data) // 2], 0),
          ("NaN", lambda data: data.replace(b'"mean": [', b'"mean": [NaN, ', 1), 0),
          ("a key twice", lambda data: data.replace(b'"complete"', b'"schema": 1, "complete"'), 0),
          ("unknown schema", lambda data: data.replace(b"stats/1", b"stats/2"), 0),
          ("nested deep", lambda _: b"[" * 100_000, 0),
          ("500 MB", lambda data: data, 500_000_000))),
    Case(57, "a split that is not recorded", ("exit 2; nothing written",),
         split_that_is_not_recorded),
    Case(58, "statistics of other channels", ("exit 2; nothing written",), other_channels),
    Case(59, "a std of 0", ("exit 2; says '--epsilon'",), nothing_to_divide_by),
    *(Case(60, f"cache: {name}", ("exit 0; the same bytes" + warned,), damaged_cache(damage))
      for name, damage, warned in (
          ("damaged", zeros_in_the_middle, "; warned"),
          ("cut", lambda file: os.truncate(file, 5000), "; warned"),
          ("empty", lambda file: os.truncate(file, 0), ""),
          ("a foreign file", lambda file: file.write_text("notes\n" * 99), "; warned"),
          ("of another version", of_another_version, "; warned"))),
    Case(62, "two inputs, one output", ("exit 2; nothing written",), two_inputs_for_one_output),
    Case(63, "a constant image", ("exit 0: 1 counted; exact",),
         std_of(np.full((9, 7), 77, np.uint8), 0.0)),
    Case(63, "999,999 of 255 and one of 254", ("exit 0: 1 counted; exact",),
         std_of(ODD_255, float((Decimal(999_999) / 10**12).sqrt() / 255))),
    Case(63, "floats far from zero", ("exit 0: 1 counted; exact",), floats_far_from_zero),
    Case(64, "numbers in another locale", ("the same bytes; shortest",), other_locale),
]  # fmt: skip


CASE = [
    pytest.param(case, id=f"{case.number:02}-{case.fault}", marks=pytest.mark.fault(case.number))
    for case in CASES
]


@pytest.mark.parametrize("case", CASE)
def test_fault(tmp_path: Path, case: Case, record_property: Callable[[str, object], None]) -> None:
    """The command line gives what is required: see the row."""
    with at_most(60):
        got = case.run(tmp_path)
    record_property(fault_list.GOT, got)
    if got == "not made here":
        pytest.skip(got)
    assert got in case.required
    shutil.rmtree(tmp_path)


def test_each_fault_of_the_list_has_an_owner(request: pytest.FixtureRequest) -> None:
    """A test that is marked so; the list is that of the numbers."""
    numbers = set(fault_list.FAULTS)
    assert numbers == set(range(1, 82))
    owners = request.config.stash[fault_list.OWNERS]
    marked = {
        p.name for p in Path(__file__).parent.glob("test_*.py") if MARK in p.read_text("utf-8")
    }
    if not marked <= set().union(*owners.values()):
        pytest.skip("not all tests were collected")
    assert set(owners) == numbers
