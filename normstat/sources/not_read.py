"""Files that no kind of source reads: named, with the one command that helps."""

import difflib
import os
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import FORMATS
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.split_words import exact_glob, quoted

#: As many bytes of a file as are looked at.
_START = 512
_DATA = "DATA is a folder of images, or a file that holds or names many (docs/sources.md)"
_RENAMES = "if they are DICOM, `find . -type f ! -name '*.*' -exec mv {} {}.dcm ';'` renames them"
_PATTERN = re.compile(r"[*?[{]")


class Format(NamedTuple):
    """Files that are known and not read.

    Attributes
    ----------
    what : such a file is, in words.
    cure : what makes DATA of FILE, whose name without its last extension is NAME.
    endings : of their names.
    signatures : their first bytes, one of these.
    """

    what: str
    cure: str
    endings: tuple[str, ...]
    signatures: tuple[bytes, ...] = ()


_TO_ARRAY = 'numpy.save("images.npy", array) writes images that are arrays'
_FORMATS = (
    Format(
        "a NIfTI volume",
        'numpy.save("NAME.npy", nibabel.load("FILE").get_fdata()) makes an array of it',
        (".nii", ".nii.gz"),
    ),
    Format("a RAR archive", "`unrar x FILE` unpacks it", (".rar", ".cbr"), (b"Rar!\x1a\x07",)),
    Format("a 7z archive", "`7z x FILE` unpacks it", (".7z",), (b"7z\xbc\xaf\x27\x1c",)),
    Format(
        "compressed by Zstandard",
        "`zstd -d FILE` unpacks it",
        (".zst", ".tzst"),
        (b"\x28\xb5\x2f\xfd",),
    ),
    Format("compressed by xz", "`xz -dk FILE` unpacks it", (".xz", ".txz"), (b"\xfd7zXZ\0",)),
    Format("compressed by bzip2", "`bzip2 -dk FILE` unpacks it", (".bz2", ".tbz2"), (b"BZh",)),
    Format("compressed by LZ4", "`lz4 -d FILE` unpacks it", (".lz4",), (b"\x04\x22\x4d\x18",)),
    Format("compressed by gzip", "`gzip -dk FILE` unpacks it", (".gz", ".tgz"), (b"\x1f\x8b",)),
    Format(
        "an Arrow table",
        '`datasets.Dataset.from_file("FILE").to_parquet("NAME.parquet")` makes Parquet of it',
        (".arrow", ".feather"),
        (b"ARROW1",),
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
        tuple(b"\x80%c" % protocol for protocol in range(2, 6)),
    ),
    Format(
        "a file of PyTorch (weights, or pickled tensors), which is never opened",
        'numpy.save("images.npy", tensor.numpy()) writes images that are a tensor',
        (".pt", ".pth", ".ckpt"),
    ),
    Format("weights of a model", _TO_ARRAY, (".safetensors", ".onnx", ".pb", ".keras", ".gguf")),
    Format(
        "a MATLAB file", f"{_TO_ARRAY}, as scipy.io.loadmat reads them", (".mat",), (b"MATLAB",)
    ),
    Format(
        "a video",
        "`ffmpeg -i FILE NAME-%06d.png` writes its frames",
        (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv"),
        (b"\x1aE\xdf\xa3",),
    ),
    Format("a PDF", "`pdftoppm -png FILE NAME` writes its pages", (".pdf",), (b"%PDF",)),
    Format("a pointer of DVC", "`dvc pull FILE` fetches the data", (".dvc",)),
    Format("a pointer of Git LFS", "`git lfs pull` fetches it", (), (b"version https://git-lfs",)),
)
# Place and bytes of files that are DATA under another name, and the ending that it needs.
_MISNAMED = (
    (0, b"PK\3\4", "a zip archive", ".zip"),
    (257, b"ustar", "a tar archive", ".tar"),
    (0, b"PAR1", "a Parquet file", ".parquet"),
    (0, b"\x93NUMPY", "a NumPy array", ".npy"),
)


def refusal(path: str, error: OSError | ValueError) -> UsageError:
    """Name DATA that is no folder, or none that can be listed, and what helps.

    Parameters
    ----------
    error : of listing it.
    """
    if not path:
        return UsageError(f"'': the name of DATA is empty; {_DATA}")
    if isinstance(error, FileNotFoundError) and not os.path.lexists(path):
        return _missing(path)
    if isinstance(error, NotADirectoryError) and os.path.isfile(path):
        return _file(path)
    reason = error.strerror if isinstance(error, OSError) else error
    return UsageError(f"{shown(path)}: cannot be read ({reason}); {_DATA}")


def advice(extensions: Iterable[str], endings: Collection[str], is_file: bool = False) -> str:
    """A sentence on files in a folder without images, the first that there is one for.

    Parameters
    ----------
    extensions : of the files, the most frequent first.
    endings : of files that are DATA.
    is_file : the files are in another file, and no folder.

    Examples
    --------
    >>> advice([".md", ".mp4"], [])
    '.mp4 is a video; `ffmpeg -i FILE NAME-%06d.png` writes its frames'
    >>> advice([".md"], [])
    ''
    """
    for extension in extensions:
        if not extension:
            return f"files without an extension are not looked into; {_RENAMES}"
        if extension in endings:
            if is_file:
                return f"{extension} in a file is not looked into: unpack it, and give that as DATA"
            return f"{extension} is DATA by itself: give such a file in place of the folder"
        if found := _by_name(extension):
            return f"{extension} is {found.what}; {found.cure}"
    return ""


def _missing(path: str) -> UsageError:
    folder, name = os.path.split(path)
    if _PATTERN.search(name):
        return UsageError(
            f"{shown(path)}: no such file, and a pattern is for files that hold many images; give "
            f"the folder as DATA, with {option('include', shown(name), for_shell=True)}"
        )
    near = _near(folder, name)
    hint = f"; {quoted(os.path.join(folder, near))} is there" if near else ""
    return UsageError(f"{shown(path)}: there is no such file or folder{hint}; {_DATA}")


def _file(path: str) -> UsageError:
    folder, name = os.path.split(path)
    if extension_of(name) in FORMATS:
        return UsageError(
            f"{shown(path)}: a single image; give its folder ({quoted(folder or '.')}) as DATA, "
            f"with {option('include', exact_glob(name), for_shell=True)} for this one alone"
        )
    start = _start(path)
    if not start:
        return UsageError(f"{shown(path)}: is empty; {_DATA}")
    if found := _by_name(name.lower()) or _by_content(start):
        cure = _cure(found, quoted(path), shown(os.path.splitext(path)[0]))
        return UsageError(f"{shown(path)}: {found.what}; {cure}")
    for at, signature, what, ending in _MISNAMED:
        if start.startswith(signature, at):
            return UsageError(
                f"{shown(path)}: {what}, by its first bytes: rename it to {shown(name)}{ending}"
            )
    return UsageError(
        f"{shown(path)}: neither its name nor its first bytes are of a kind that is read; {_DATA}"
    )


def _cure(found: Format, file: str, name: str) -> str:
    return found.cure.replace("FILE", file).replace("NAME", name)


def _by_name(name: str) -> Format | None:
    fitting = (f for f in _FORMATS if f.endings and name.endswith(f.endings))
    return next(fitting, None)


def _by_content(start: bytes) -> Format | None:
    return next((f for f in _FORMATS if start.startswith(f.signatures)), None)


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
