"""Endings of the names of files, in lower case, by which the kind of DATA is told."""

from itertools import product

TAR = (
    *(".tar", ".tar.gz", ".tgz"),
    *(".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz"),
)
ZIP = (".zip",)
PARQUET = (".parquet",)
HDF5 = (".h5", ".hdf5")
#: Of databases in a file of their own, and in a folder.
DATA_MDB = "data.mdb"
LMDB = (".lmdb", DATA_MDB)
NPY = (".npy",)
NPZ = (".npz",)

_TYPES = ("ubyte", "byte", "short", "int", "float", "double")
#: Endings of idx files, as of ``train-images-idx3-ubyte.gz``.
IDX = tuple(
    name + gzip
    for name in (*(f"idx{axes}-{type}" for axes, type in product(range(1, 5), _TYPES)), ".idx")
    for gzip in ("", ".gz")
)
#: Endings of the binary files of CIFAR-10, CIFAR-100 and STL-10.
CIFAR = (
    *(f"data_batch_{number}.bin" for number in range(1, 6)),
    *("test_batch.bin", "train.bin", "test.bin"),
    *("train_x.bin", "test_x.bin", "unlabeled_x.bin", "train_y.bin", "test_y.bin"),
)
#: Endings of lists and tables.
LISTS = (".txt",)
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
COCO = (".json",)
YOLO = (".yaml", ".yml")
#: Endings of files that are as folders of images.
FOLDERS = (
    *(*TAR, *ZIP, *PARQUET, *HDF5, *LMDB, *NPY, *NPZ, *IDX, *CIFAR),
    *(*LISTS, *TABLES, *COCO, *YOLO),
)
#: Endings of Python pickles, also of those of CIFAR-10.
PICKLES = (
    *(".pkl", ".pickle", ".pt", ".pth", ".joblib"),
    *(f"data_batch_{number}" for number in range(1, 6)),
    "test_batch",
)
#: Endings of all that is DATA as one object behind a URL.
OBJECTS = (*TAR, *ZIP, *PARQUET, ".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".json")


def with_dot(ext: str) -> str:
    """An extension as it stands in names, whether or not it was given with its dot.

    >>> with_dot("jpg"), with_dot(".jpg"), with_dot("")
    ('.jpg', '.jpg', '')
    """
    return ext if not ext or ext.startswith(".") else f".{ext}"


def with_ext(path: str, ext: str) -> str:
    """A path with an extension, unless it has it.

    >>> with_ext("a", ".jpg"), with_ext("a.JPG", ".jpg")
    ('a.jpg', 'a.JPG')
    """
    return path if path.lower().endswith(ext.lower()) else path + ext
