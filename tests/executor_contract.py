"""Laws of every executor: a new one inherits them by one line."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import jobs
import pytest

from normstat.executors import Executor, in_order
from normstat.images import Code, Shard, Unreadable

#: Seconds after which an executor that gives images up is to do so.
TIMEOUT = 0.5
SHARDS = jobs.shards()
EXPECTED = [shard.names for shard in SHARDS]
FATAL = {
    "segfault": "segfault: worker_crash (its decoder ended with SIGSEGV)",
    "abort": "abort: worker_crash (its decoder ended with SIGABRT)",
    "kill": "kill: worker_crash (its decoder ended with SIGKILL)",
    "exit 3": "exit 3: worker_crash (its decoder ended with exit status 3)",
    "exit 0": "exit 0: worker_crash (its decoder ended with exit status 0)",
    "no memory": f"no memory: {Code.OUT_OF_MEMORY} (its decoder ended with exit status 112)",
    "sleep": f"sleep: timeout (took more than {TIMEOUT} s)",
    "loop": f"loop: timeout (took more than {TIMEOUT} s)",
    "loop in C": f"loop in C: timeout (took more than {TIMEOUT} s)",
}


def mapped(executor: Executor, job: Any, shards: Iterable[Shard]) -> list[Any]:
    """The results of a job in the order of the shards, each there exactly once."""
    results = dict(paired := list(executor.map(job, shards)))
    assert sorted(results) == [*range(len(paired))]
    return list(in_order(paired))


class ExecutorContract(ABC):
    """Laws that hold wherever the work is done."""

    #: Shards that may be taken before the first result is.
    ahead: ClassVar[int] = 20

    @abstractmethod
    def made(self) -> Executor:
        """An executor; if it gives images up, then after :data:`TIMEOUT`."""

    def test_results_come_in_the_order_of_the_shards(self) -> None:
        """One for each, as one process would give them; and so do those of another run."""
        executor = self.made()
        for _ in range(2):
            assert mapped(executor, jobs.Names(), SHARDS) == EXPECTED

    def test_no_shards(self) -> None:
        """Nothing in, nothing out."""
        assert mapped(self.made(), jobs.Names(), []) == []

    def test_shards_without_images_have_results(self) -> None:
        """In their place, with the records that they bring."""
        record = Unreadable("all", "folder/", Code.PERMISSION_DENIED)
        shards = [
            Shard("all", jobs.NOWHERE, names, unreadable=(record,))
            for names in ((), ("a", "b"), (), ("c",))
        ]
        told = f"{record.path}: {record.code}"
        results = mapped(self.made(), jobs.Names(), shards)
        assert results == [(told, *shard.names) for shard in shards]

    def test_what_decides_a_shard_reaches_the_job(self) -> None:
        """Its samples with their places, and how many images come before."""
        shard = Shard("val", jobs.NOWHERE, ("a", "b"), places=((0, 9), "x"), start=7)
        (seen,) = mapped(self.made(), jobs.Seen(), [shard])
        assert seen == (repr(jobs.NOWHERE), "7", "val a (0, 9)", "val b 'x'")

    def test_an_exception_of_the_job_is_raised(self) -> None:
        """A bug is no bad image: it ends the run, and says what it is."""
        with pytest.raises((ZeroDivisionError, RuntimeError), match="the job is wrong"):
            mapped(self.made(), jobs.Names(), jobs.shards("error"))

    def test_an_exception_of_the_shards_is_raised(self) -> None:
        """What goes wrong while looking for work is raised where results are consumed."""

        def shards() -> Iterator[Shard]:
            yield from SHARDS[:5]
            raise LookupError("no more")

        with pytest.raises(LookupError, match="no more"):
            mapped(self.made(), jobs.Names(), shards())

    def test_few_shards_are_taken_ahead(self) -> None:
        """As results are wanted: memory does not grow with the data; after closing none is."""
        taken: list[Shard] = []

        def shards() -> Iterator[Shard]:
            for shard in jobs.shards(number=300):
                taken.append(shard)
                yield shard

        results = self.made().map(jobs.Names(), shards())
        next(results)
        time.sleep(0.3)
        assert len(taken) <= self.ahead
        results.close()
        number = len(taken)
        assert list(results) == []
        assert len(taken) == number


class IsolatingContract(ExecutorContract):
    """Laws of executors whose work may die without this process."""

    @pytest.mark.fault(27, 28, 29, 53)
    @pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
    @pytest.mark.parametrize("poison", FATAL)
    def test_only_the_image_that_ends_its_worker_is_lost(self, poison: str) -> None:
        """The record names the cause; every other name is there exactly once, in its place."""
        shards = jobs.shards(poison)
        results = mapped(self.made(), jobs.Names(), shards)
        told = {poison: FATAL[poison]}
        assert results == [tuple(told.get(name, name) for name in shard.names) for shard in shards]

    @pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
    def test_many_poisons_in_one_run(self) -> None:
        """Some next to each other, some that time out among them."""
        poisons = ("segfault", "abort", "exit 3", "loop", "no memory")
        shards = jobs.shards(*poisons, each=4, number=5)
        shards.append(Shard("all", jobs.NOWHERE, ("segfault", "segfault", "x", "abort")))
        results = mapped(self.made(), jobs.Names(), shards)
        assert results == [tuple(FATAL.get(name, name) for name in shard.names) for shard in shards]

    @pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
    def test_records_of_the_walk_survive_a_crash(self) -> None:
        """A shard's own records are neither lost nor doubled when it is run image by image."""
        record = Unreadable("all", "folder/", Code.PERMISSION_DENIED)
        shard = Shard("all", jobs.NOWHERE, ("a", "segfault", "b"), unreadable=(record,))
        (result,) = mapped(self.made(), jobs.Names(), [shard])
        assert result == ("folder/: permission_denied", "a", FATAL["segfault"], "b")

    def test_the_timeout_is_per_image(self) -> None:
        """A shard that takes long in all is no hanging image."""
        shard = Shard("all", jobs.NOWHERE, tuple(map(str, range(100))))  # a second in all
        assert mapped(self.made(), jobs.Names(0.01), [shard]) == [shard.names]
