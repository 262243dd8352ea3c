"""Executors: a job mapped over shards, with results in the order of the shards."""

from collections.abc import Mapping
from types import MappingProxyType

from normstat.executors.cpus import available_cpus
from normstat.executors.executor import Executor, Job, Result
from normstat.executors.inprocess import InProcess
from normstat.executors.local import Local
from normstat.lazy import Row

#: Name of an executor → its class.
EXECUTORS: Mapping[str, Row] = MappingProxyType(
    {
        "inprocess": Row("normstat.executors.inprocess:InProcess"),
        "local": Row("normstat.executors.local:Local"),
    }
)

__all__ = ["EXECUTORS", "Executor", "InProcess", "Job", "Local", "Result", "available_cpus"]
