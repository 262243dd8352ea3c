"""Executors: a job mapped over shards, wherever there are processes for it."""

from collections.abc import Mapping
from types import MappingProxyType

from normstat.executors.cpus import available_cpus
from normstat.executors.executor import Executor, Job, Result, in_order
from normstat.executors.inprocess import InProcess
from normstat.executors.local import Local
from normstat.lazy import Row

#: Name of an engine → class of its executor. ``of(place, workers, image_timeout)`` makes one from
#: a user's words, where ``place`` is what follows the name and a colon.
EXECUTORS: Mapping[str, Row] = MappingProxyType(
    {
        "local": Row("normstat.executors.local:Local"),
        "inprocess": Row("normstat.executors.inprocess:InProcess"),
        "dask": Row("normstat.executors.dask:Dask", "dask"),
    }
)

__all__ = [
    "EXECUTORS",
    "Executor",
    "InProcess",
    "Job",
    "Local",
    "Result",
    "available_cpus",
    "in_order",
]
