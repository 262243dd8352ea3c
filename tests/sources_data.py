"""The data of ``docs/sources.md``: one set of photos, in whatever images may lie in."""

import io
import tarfile
from pathlib import Path

import make
import numpy as np
from pydicom import Dataset, FileMetaDataset, dcmwrite, uid

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
    tars(folder / "shards")
    scans(folder / "ct")


def tars(folder: Path) -> None:
    """Two archives of train, one of val, with texts beside the images."""
    folder.mkdir()
    archives = {
        "train-0000": "train/cat/",
        "train-0001": "train/horse/",
        "val-0000": "val/",
    }
    for archive, start in archives.items():
        with tarfile.open(folder / f"{archive}.tar", "w") as tar:
            for name in filter(lambda name: name.startswith(start), PHOTOS):
                path = name.partition("/")[2]
                for member, data in ((path, PHOTOS[name]), (path[:-3] + "cls", b"1")):
                    info = tarfile.TarInfo(member)
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))


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
