"""Everything that decides how long a run takes, and no number."""

import os
from collections.abc import Iterator
from concurrent import futures
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from normstat.errors import EngineLost, UsageError, option
from normstat.executors import EXECUTORS, Executor
from normstat.files import shown
from normstat.verbs.listeners import Listener, Progress, Silent, heard
from normstat.verbs.options import refuse_below

#: Where a run is to be done: see :func:`normstat.compute`.
Where: TypeAlias = str | Executor | futures.Executor

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
        engine: Where | None = None,
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
        if engine is None:
            engine = "inprocess" if workers == 0 else "local"
        if isinstance(engine, str):
            made = _named(engine, workers, image_timeout)
            executor, lasting = made, made
        elif isinstance(engine, futures.Executor):
            from normstat.executors.futures import Futures  # which only few runs need

            executor = Futures(engine, image_timeout)
        else:
            executor = engine
        if cache is not None:
            from normstat.cache import refuse_path  # not every Python has SQLite

            cache = os.fspath(cache)
            refuse_path(cache)
        return cls(executor, heard(progress), cache, max_errors, lasting)

    @contextmanager
    def running(self, continues: str = "") -> Iterator[None]:
        """Keep the engine as long as its runs take, and tell who took part.

        Parameters
        ----------
        continues : clause on how the runs can be continued when the engine is lost, if there is
            no cache.
        """
        try:
            with self.lasting:
                self.executor.listen(self.progress.warning)
                yield
                for remark in self.executor.remarks():
                    self.progress.notice(remark)
        except EngineLost as lost:
            kept = "; ".join(getattr(lost, "__notes__", ()))
            if kept:
                how = f"{kept}, and the same command continues"
            elif self.cache:
                how = "nothing was finished, so the same command begins anew"
            else:
                how = continues
            if not how:
                raise
            raise EngineLost(f"{lost.message.template}; {how}") from lost

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


def _named(engine: str, workers: int | None, image_timeout: float) -> Any:
    """The executor that a word asks for."""
    name, colon, place = engine.partition(":")
    if name not in EXECUTORS or (colon and not place):
        words = f"{', '.join(EXECUTORS)}, dask:ADDRESS or dask:FILE.json"
        raise UsageError(f"{option('engine', shown(engine))}: should be one of {words}")
    return EXECUTORS[name].load().of(place, workers, image_timeout)
