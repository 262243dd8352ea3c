"""Files that no kind of source reads: named, with the one command that helps."""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import FORMATS
from normstat.sources.kind import Kind
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.split_words import exact_glob, quoted

#: As many bytes of a file as are looked at.
_START = 512
_RENAMES = "if they are DICOM, `find . -type f ! -name '*.*' -exec mv {} {}.dcm ';'` renames them"
_PATTERN = re.compile(r"[*?[{]")


class Format(NamedTuple):
    """Files that are known and not read.

    Attributes
    ----------
    what : such a file is, in words.
    cure : what makes DATA of FILE, whose name without its last extension is NAME.
    endings : of their names.
    signature : their first bytes.
    """

    what: str
    cure: str
    endings: tuple[str, ...]
    signature: bytes = b""


_TO_ARRAY = 'numpy.save("images.npy", array) writes images that are arrays'
_FORMATS = (
    Format(
        "a NIfTI volume",
        'numpy.save("NAME.npy", nibabel.load("FILE").get_fdata()) makes an array of it',
        (".nii", ".nii.gz"),
    ),
    Format("a RAR archive", "`unrar x FILE` unpacks it", (".rar", ".cbr"), b"Rar!\x1a\x07"),
    Format("a 7z archive", "`7z x FILE` unpacks it", (".7z",), b"7z\xbc\xaf\x27\x1c"),
    Format(
        "compressed by Zstandard",
        "`zstd -d FILE` unpacks it",
        (".zst", ".tzst"),
        b"\x28\xb5\x2f\xfd",
    ),
    Format("compressed by xz", "`xz -dk FILE` unpacks it", (".xz", ".txz"), b"\xfd7zXZ\0"),
    Format("compressed by bzip2", "`bzip2 -dk FILE` unpacks it", (".bz2", ".tbz2"), b"BZh"),
    Format("compressed by LZ4", "`lz4 -d FILE` unpacks it", (".lz4",), b"\x04\x22\x4d\x18"),
    Format("compressed by gzip", "`gzip -dk FILE` unpacks it", (".gz", ".tgz"), b"\x1f\x8b"),
    Format(
        "an Arrow table",
        '`datasets.Dataset.from_file("FILE").to_parquet("NAME.parquet")` makes Parquet of it',
        (".arrow", ".feather"),
        b"ARROW1",
    ),
    Format(
        "a file of TFRecords",
        "`tf.io.write_file` of TensorFlow writes their images to a folder",
        (".tfrecord", ".tfrecords"),
    ),
    Format(
        "a Python pickle, which is never opened, as it may run anything",
        f"{_TO_ARRAY} that you trust",
        (".pkl", ".pickle", ".joblib"),
        b"\x80\x04",
    ),
    Format(
        "a file of PyTorch (weights, or pickled tensors), which is never opened",
        'numpy.save("images.npy", tensor.numpy()) writes images that are a tensor',
        (".pt", ".pth", ".ckpt"),
    ),
    Format("weights of a model", _TO_ARRAY, (".safetensors", ".onnx", ".pb", ".keras", ".gguf")),
    Format("a MATLAB file", f"{_TO_ARRAY}, as scipy.io.loadmat reads them", (".mat",), b"MATLAB"),
    Format(
        "a video",
        "`ffmpeg -i FILE NAME-%06d.png` writes its frames",
        (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv"),
        b"\x1aE\xdf\xa3",
    ),
    Format("a PDF", "`pdftoppm -png FILE NAME` writes its pages", (".pdf",), b"%PDF"),
    Format("a pointer of DVC", "`dvc pull FILE` fetches the data", (".dvc",)),
    Format("a pointer of Git LFS", "`git lfs pull` fetches it", (), b"version https://git-lfs"),
)
# Place and bytes of files that are DATA under another name, and the ending that it needs.
_MISNAMED = (
    (0, b"PK\3\4", "a zip archive", ".zip"),
    (257, b"ustar", "a tar archive", ".tar"),
    (0, b"PAR1", "a Parquet file", ".parquet"),
    (0, b"\x89HDF", "an HDF5 file", ".h5"),
    (0, b"\x93NUMPY", "a NumPy array", ".npy"),
)


def refuse_missing(path: str, kinds: Mapping[str, Kind]) -> None:
    """Raise a UsageError for DATA that is not there, with what may be meant."""
    if not path:
        raise UsageError(f"'': the name of DATA is empty; it is {_known(kinds)}")
    if "\0" in path or os.path.lexists(path):
        return
    folder, name = os.path.split(path)
    if _PATTERN.search(name):
        raise UsageError(
            f"{shown(path)}: no such file, and a pattern is for files that hold many images; give "
            f"the folder as DATA, with {option('include', shown(name), for_shell=True)}"
        )
    near = _near(folder, name)
    hint = f"; {quoted(os.path.join(folder, near))} is there" if near else ""
    raise UsageError(
        f"{shown(path)}: there is no such file or folder{hint}; DATA is {_known(kinds)}"
    )


def refuse_file(path: str, kinds: Mapping[str, Kind]) -> None:
    """Raise a UsageError for a file that no kind reads, with what it is and what helps."""
    if not os.path.isfile(path):
        return
    folder, name = os.path.split(path)
    if extension_of(name) in FORMATS:
        raise UsageError(
            f"{shown(path)}: a single image; give its folder ({quoted(folder or '.')}) as DATA, "
            f"with {option('include', exact_glob(name), for_shell=True)} for this one alone"
        )
    start = _start(path)
    if not start:
        raise UsageError(f"{shown(path)}: is empty; DATA is {_known(kinds)}")
    found = _by_name(name.lower()) or _by_content(start)
    if found:
        stem = os.path.splitext(path)[0]
        raise UsageError(f"{shown(path)}: {found.what}; {_cure(found, quoted(path), shown(stem))}")
    for at, signature, what, ending in _MISNAMED:
        if start.startswith(signature, at) and ending in _endings(kinds):
            raise UsageError(
                f"{shown(path)}: {what}, by its first bytes: rename it to {shown(name)}{ending}"
            )
    raise UsageError(
        f"{shown(path)}: neither its name nor its first bytes are of a kind that is read; DATA is "
        f"{_known(kinds)}"
    )


def advice(extensions: Iterable[str], kinds: Mapping[str, Kind]) -> str:
    """A sentence on files in a folder without images, the first that there is one for.

    Parameters
    ----------
    extensions : of the files, the most frequent first.

    Examples
    --------
    >>> advice([".md", ".mp4"], {})
    '.mp4 is a video; `ffmpeg -i FILE NAME-%06d.png` writes its frames'
    >>> advice([".md"], {})
    ''
    """
    for extension in extensions:
        if not extension:
            return f"files without an extension are not looked into; {_RENAMES}"
        if extension in _endings(kinds):
            return f"{extension} is DATA by itself: give such a file in place of the folder"
        if found := _by_name(extension):
            return f"{extension} is {found.what}; {found.cure}"
    return ""


def _cure(found: Format, file: str, name: str) -> str:
    return found.cure.replace("FILE", file).replace("NAME", name)


def _by_name(name: str) -> Format | None:
    fitting = (f for f in _FORMATS if f.endings and name.endswith(f.endings))
    return next(fitting, None)


def _by_content(start: bytes) -> Format | None:
    return next((f for f in _FORMATS if f.signature and start.startswith(f.signature)), None)


def _start(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_START)
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be read ({error.strerror})") from error


def _near(folder: str, name: str) -> str:
    """The name in a folder that is most like another."""
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return ""
    return next(iter(difflib.get_close_matches(name, names, 1, 0.75)), "")


def _endings(kinds: Mapping[str, Kind]) -> list[str]:
    return [ending for kind in kinds.values() for ending in kind.endings]


def _known(kinds: Mapping[str, Kind]) -> str:
    return f"a folder of images, or one of {', '.join(sorted(_endings(kinds)))}"
