"""Number of worker processes that make sense."""

import os


def available_cpus() -> int:
    """CPUs that this process may use: affinity and the limit of its control group.

    >>> available_cpus() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(cpus, round(quota))) if quota else cpus


def _cgroup_quota() -> float | None:
    """CPUs' worth of time that the control group (version 2, else 1) grants; None: no limit."""
    root = "/sys/fs/cgroup"
    try:
        with open(f"{root}/cpu.max") as file:
            quota, period = file.read().split()
    except OSError:
        try:
            with (
                open(f"{root}/cpu/cpu.cfs_quota_us") as quota_file,
                open(f"{root}/cpu/cpu.cfs_period_us") as period_file,
            ):
                quota, period = quota_file.read(), period_file.read()
        except OSError:
            return None
    if quota == "max" or int(quota) <= 0:
        return None
    return int(quota) / int(period)
