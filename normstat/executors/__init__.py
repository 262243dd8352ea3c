"""Executors: a job mapped over shards, with results in the order of the shards."""

from normstat.executors.cpus import available_cpus
from normstat.executors.executor import Executor, Job, Result
from normstat.executors.inprocess import InProcess
from normstat.executors.local import Local

__all__ = ["Executor", "InProcess", "Job", "Local", "Result", "available_cpus"]
