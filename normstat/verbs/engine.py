"""Everything that decides how long a run takes, and no number."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from normstat.errors import UsageError, option
from normstat.executors import EXECUTORS, Executor, available_cpus
from normstat.files import shown
from normstat.verbs.listeners import Listener, Progress, Silent, heard
from normstat.verbs.options import refuse_below

_LONGEST = 1_000_000  # seconds; clocks cannot be set to much more


@dataclass(frozen=True, slots=True)
class Engine:
    """Place and manner of a run; with any of them the results are the same.

    Attributes
    ----------
    executor : maps jobs over shards.
    progress : is told how far the run is, and what a user should know.
    cache : file that keeps what is finished; None for none.
    max_errors : unreadable images beyond which a run ends early; None: never.
    lasting : keeps workers from one run to the next; an executor of somebody else is not ended.
    """

    executor: Executor
    progress: Progress = field(default_factory=Silent)
    cache: str | None = None
    max_errors: int | None = None
    lasting: AbstractContextManager[object] = field(default_factory=nullcontext)

    @classmethod
    def of(
        cls,
        workers: int | None = None,
        image_timeout: float = 60.0,
        executor: Executor | None = None,
        progress: Listener | None = None,
        cache: str | os.PathLike[str] | None = None,
        max_errors: int | None = None,
    ) -> "Engine":
        """The engine that a user's options ask for, see :func:`normstat.compute`.

        Raises
        ------
        UsageError
            An option out of range.
        """
        refuse_below("workers", workers, 0)
        refuse_below("max_errors", max_errors, 0)
        refuse_below("image_timeout", image_timeout, 0)
        if image_timeout > _LONGEST:
            raise UsageError(
                f"{option('image_timeout', image_timeout)}: should be {_LONGEST} or less; 0: never"
            )
        lasting: AbstractContextManager[object] = nullcontext()
        if executor is None and workers == 0:
            executor = EXECUTORS["inprocess"].load()()
        elif executor is None:
            local = EXECUTORS["local"].load()
            executor = lasting = local(workers or available_cpus(), image_timeout)
        if cache is not None:
            from normstat.cache import refuse_path  # not every Python has SQLite

            cache = os.fspath(cache)
            refuse_path(cache)
        return cls(executor, heard(progress), cache, max_errors, lasting)

    def refuse_as_cache(self, parameter: str, file: str | os.PathLike[str] | None) -> None:
        """Refuse another file of a run that is the cache: either would replace the other.

        Raises
        ------
        UsageError
        """
        if self.cache and file and os.path.realpath(file) == os.path.realpath(self.cache):
            raise UsageError(
                f"{option(parameter, shown(file))}: is the cache, too; give another name"
            )
