"""Python pickles: refused, as reading one runs whatever it says."""

from typing import NoReturn

from normstat.errors import UsageError
from normstat.files import shown
from normstat.sources.options import SourceOptions


def refuse_pickles(path: str, options: SourceOptions) -> NoReturn:  # noqa: ARG001  # as for others
    """Raise a UsageError that names the safe way.

    >>> try:
    ...     refuse_pickles("data_batch_1", SourceOptions())
    ... except UsageError as error:
    ...     print(str(error).partition(";")[0])
    data_batch_1: Python pickles are never opened, as that runs what they say
    """
    raise UsageError(
        f"{shown(path)}: Python pickles are never opened, as that runs what they say; for CIFAR "
        "download the binary version (cifar-10-binary.tar.gz), else load it where you trust it "
        "and save its arrays with numpy.savez"
    )
