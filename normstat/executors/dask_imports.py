"""Imports of the processes of a cluster of Dask on this machine, made before there are any."""

from contextlib import suppress
from importlib import import_module

#: What takes them long.
MODULES = ("distributed.nanny", "normstat.executors.dask", "normstat.decode.packages")

for _module in MODULES:
    with suppress(Exception):  # who needs it says what is missing, or what is wrong with it
        import_module(_module)
