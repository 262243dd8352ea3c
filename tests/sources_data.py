"""The data of ``docs/sources.md``: one set of photos, in whatever images may lie in."""

import csv
import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import h5py
import lmdb
import make
import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet
from pydicom import Dataset, FileMetaDataset, dcmwrite, uid

import normstat

#: Split, class and number of each photo, and the bytes of its file.
PHOTOS = {
    f"{split}/{label}/{number}.jpg": make.encoded(
        make.pixels(7 * number + len(split + label), 48, 64), "JPEG"
    )
    for split, numbers in (("train", range(6)), ("val", range(3)))
    for label in ("cat", "horse")
    for number in numbers
}


def main(folder: Path) -> None:
    """Make all of it in a folder."""
    for name, data in PHOTOS.items():
        make.write(folder / "photos" / name, data)
    for part, label in (("north", "cat"), ("south", "horse")):
        for name in filter(lambda name: label in name, PHOTOS):
            make.write(folder / part / name, PHOTOS[name])
    tars(folder / "shards", "", "w")
    tars(folder / "packed", ".gz", "w:gz")
    tars(folder / "packed-more", ".xz", "w:xz")
    zips(folder / "photos.zip")
    tables(folder)
    lists(folder)
    parquets(folder / "parquet")
    stacks(folder)
    normstat.apply(folder / "photos", folder / "normalized", method="unit", store="stack")
    digits(folder / "mnist")
    cifar(folder / "cifar")
    hdf5(folder / "photos.h5")
    keys(folder / "photos.lmdb")
    scans(folder / "ct")


def tars(folder: Path, ending: str, mode: str) -> None:
    """Two archives of train, one of val, with texts beside the images."""
    folder.mkdir()
    archives = {
        "train-0000": "train/cat/",
        "train-0001": "train/horse/",
        "val-0000": "val/",
    }
    for archive, start in archives.items():
        with tarfile.open(folder / f"{archive}.tar{ending}", mode) as tar:  # type: ignore[call-overload]  # any mode
            for name in filter(lambda name: name.startswith(start), PHOTOS):
                path = name.partition("/")[2]
                for member, data in ((path, PHOTOS[name]), (path[:-3] + "cls", b"1")):
                    info = tarfile.TarInfo(member)
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))


def zips(path: Path) -> None:
    """All photos in one, with their folders."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in PHOTOS.items():
            archive.writestr(name, data)


def tables(folder: Path) -> None:
    """Rows with a path, a split and a class; also beside the images, and COCO's."""
    rows = [
        {"file_name": name, "split": name.split("/")[0], "label": name.split("/")[1]}
        for name in PHOTOS
    ]
    for path in (folder / "photos.csv", folder / "labeled" / "metadata.csv"):
        path.parent.mkdir(exist_ok=True)
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(
                {**row, "file_name": flat(row["file_name"])} if path.name != "photos.csv" else row
                for row in rows
            )
    for name, data in PHOTOS.items():
        make.write(folder / "labeled" / flat(name), data)
        make.write(folder / "coco" / name.split("/")[0] / flat(name), data)
    for split in ("train", "val"):
        names = [name for name in PHOTOS if name.startswith(split)]
        images = [{"id": number, "file_name": flat(name)} for number, name in enumerate(names)]
        text = json.dumps({"images": images, "annotations": [], "categories": []})
        make.write(folder / "coco" / "annotations" / f"instances_{split}.json", text.encode())


def flat(name: str) -> str:
    """The name of a photo that lies beside all others."""
    return name.replace("/", "-")


def lists(folder: Path) -> None:
    """Names that end in zero bytes, YOLO's three, and those of Pascal VOC."""
    make.write(folder / "photos.list", "".join(f"photos/{name}\0" for name in PHOTOS).encode())
    for name, data in PHOTOS.items():
        make.write(folder / "yolo" / "images" / name, data)
        make.write(folder / "voc" / "JPEGImages" / flat(name), data)
    make.write(
        folder / "yolo" / "data.yaml",
        b"path: .\ntrain: images/train\nval: images/val\nnames: [cat, horse]\n",
    )
    for split in ("train", "val"):
        names = [flat(name)[:-4] for name in PHOTOS if name.startswith(split)]
        text = "".join(f"{name}\n" for name in names)
        make.write(folder / "voc" / "ImageSets" / "Main" / f"{split}.txt", text.encode())


def parquets(folder: Path) -> None:
    """As the Hugging Face Hub has them: a struct of bytes and path, and a class."""
    folder.mkdir()
    for split in ("train", "val"):
        rows = [
            {"image": {"bytes": data, "path": flat(name)}, "label": "cat" in name}
            for name, data in PHOTOS.items()
            if name.startswith(split)
        ]
        table = pa.Table.from_pylist(rows)
        parquet.write_table(table, folder / f"{split}-00000-of-00001.parquet", row_group_size=5)


def arrays(split: str) -> np.ndarray:
    """The pixels of a split: shape (N, H, W, 3)."""
    files = [data for name, data in PHOTOS.items() if name.startswith(split)]
    return np.stack([np.asarray(Image.open(io.BytesIO(data))) for data in files])


def stacks(folder: Path) -> None:
    """One array of all images of a split, and both in one file."""
    np.save(folder / "train.npy", arrays("train"))
    np.savez(folder / "photos.npz", x_train=arrays("train"), x_val=arrays("val"))


def digits(folder: Path) -> None:
    """Files as those of MNIST."""
    for name, count in (("train", 6), ("t10k", 3)):
        images = np.stack([make.pixels(seed, 28, 28, 1) for seed in range(count)])
        header = b"\0\0\x08\x03" + np.array(images.shape, ">u4").tobytes()
        data = gzip.compress(header + images.tobytes())
        make.write(folder / f"{name}-images-idx3-ubyte.gz", data)
        labels = b"\0\0\x08\x01" + np.array([count], ">u4").tobytes() + bytes(count)
        make.write(folder / f"{name}-labels-idx1-ubyte.gz", gzip.compress(labels))


def cifar(folder: Path) -> None:
    """Files as those of CIFAR-10's binary version."""
    for name in ("data_batch_1.bin", "test_batch.bin"):
        images = [make.pixels(seed, 32, 32).transpose(2, 0, 1) for seed in range(4)]
        make.write(folder / name, b"".join(b"\1" + image.tobytes() for image in images))


def hdf5(path: Path) -> None:
    """A data set of arrays for each split."""
    with h5py.File(path, "w") as file:
        for split in ("train", "val"):
            file[f"{split}/images"] = arrays(split)


def keys(path: Path) -> None:
    """Keys that are names, values that are files."""
    with lmdb.open(str(path), map_size=1 << 24) as database, database.begin(write=True) as entries:
        for name, data in PHOTOS.items():
            entries.put(name.encode(), data)


def scans(folder: Path) -> None:
    """Slices of a CT, and a volume in one file."""
    for number, name in enumerate(("train/1.dcm", "train/2.dcm", "val/3.dcm")):
        array = make.pixels(number, 32, 40, 1, "uint16") // 16
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = uid.CTImageStorage, f"1.2.{number + 1}"
        dataset.Modality, dataset.PhotometricInterpretation = "CT", "MONOCHROME2"
        dataset.SamplesPerPixel, dataset.NumberOfFrames = 1, number + 1
        dataset.Rows, dataset.Columns = array.shape
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelRepresentation = 0
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"
        dataset.PixelData = np.stack([array] * (number + 1)).astype("<u2").tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        file = io.BytesIO()
        dcmwrite(file, dataset, enforce_file_format=True)
        make.write(folder / name, file.getvalue())
