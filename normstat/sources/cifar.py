"""Binary files of CIFAR-10, CIFAR-100 and STL-10: records of labels and planes of color."""

import os
from typing import NamedTuple

from normstat import files
from normstat.errors import UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import Code, Reason
from normstat.sources.endings import CIFAR
from normstat.sources.given import given_files
from normstat.sources.numbered import Stack
from normstat.sources.options import SourceOptions
from normstat.sources.packed_arrays import as_records
from normstat.sources.stacked_images import StackedImages
from normstat.sources.stacks import ListedArrays, Stacks
from normstat.sources.tree.split_words import split_names
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

_LOOKED_AT = 100


class _Format(NamedTuple):
    """Records of one kind of file: the numbers of classes of its labels, and the planes."""

    classes: tuple[int, ...]
    shape: tuple[int, int, int]
    axes: tuple[int, ...] = ()

    @property
    def stride(self) -> int:
        channels, height, width = self.shape
        return len(self.classes) + channels * height * width


_CIFAR10 = _Format((10,), (3, 32, 32))
_CIFAR100 = _Format((20, 100), (3, 32, 32))
_STL10 = _Format((), (3, 96, 96), (0, 2, 1))  # column by column


def open_cifar(path: str, options: SourceOptions) -> TreeSource:
    """Open a binary file of CIFAR or STL-10, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, or an option does not fit.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("data_batch_1.bin", "test_batch.bin"):
    ...         with open(f"{root}/{name}", "wb") as file:
    ...             _ = file.write(bytes(3073))
    ...     source = open_cifar(root, SourceOptions())
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('train', ('data_batch_1.bin/000000',)), ('test', ('test_batch.bin/000000',))]
    """
    if options.layout not in ("auto", "chw", "nchw"):
        raise UsageError(
            f"{option('layout', options.layout)}: these files have planes of color; leave it out"
        )
    given, listed = given_files(path, CIFAR), ListedArrays()
    for name, file in given.files.items():
        try:
            with as_records():
                _add(listed, name, file)
        except UnreadableImage as error:
            listed.broken[name] = error
            listed.assign(name, _split_of(name), name)
    return TreeSource(Stacks(given, listed, {"kind": "cifar"}), options)


def _add(listed: ListedArrays, name: str, path: str) -> None:
    base = name.rpartition("/")[2].lower()
    if base.endswith("_y.bin"):
        listed.skip(Reason.NO_IMAGE, name)
        return
    with files.opened(path) as file:
        status = os.fstat(file.fileno())
        size = status.st_size
        start = file.read(_LOOKED_AT * _CIFAR100.stride)
    if not size:
        raise UnreadableImage(Code.EMPTY, "zero bytes")
    form = _form(base, size)
    for at in range(0, len(start), form.stride):
        labels = tuple(start[at : at + len(form.classes)])
        if any(label >= most for label, most in zip(labels, form.classes, strict=False)):
            raise UnreadableImage(Code.NOT_AN_IMAGE, f"labels {labels}: no binary file of CIFAR")
    whole, over = divmod(size, form.stride)
    images = StackedImages(
        path,
        size,
        status.st_mtime_ns,
        start=len(form.classes),
        stride=form.stride,
        shape=form.shape,
        images=whole,
        axes=form.axes,
    )
    listed.stacks[name] = Stack(images, whole, form.stride, version_of(status), is_cut=bool(over))
    listed.remarks.append(
        f"{shown(name)}: {whole:,} images of {form.shape[1]} × {form.shape[2]} pixels"
    )
    listed.assign(name, _split_of(name), name)


def _split_of(name: str) -> str:
    base = name.rpartition("/")[2].lower()
    splits = {"unlabeled"} if base.startswith("unlabeled") else split_names(base) or {"train"}
    return next(iter(splits))


def _form(base: str, size: int) -> _Format:
    if base.endswith("_x.bin"):
        return _STL10
    forms = (_CIFAR10, _CIFAR100) if "batch" in base else (_CIFAR100, _CIFAR10)
    return next((form for form in forms if not size % form.stride), forms[0])
