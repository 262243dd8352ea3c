"""Imports of the processes of a cluster of Dask on this machine, made before there are any."""

import os
from contextlib import suppress
from importlib import import_module

# As Dask has it in processes that import by themselves. A fork has no threads but its own.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

for _module in ("distributed.nanny", "normstat.executors.dask", "normstat.decode.packages"):
    with suppress(Exception):  # who needs it says what is missing, or what is wrong with it
        import_module(_module)
