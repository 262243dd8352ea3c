"""OUT is filled: an array for each image, or a record of why there is none."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

import numpy as np

from normstat.errors import NothingToRead, Stopped
from normstat.executors import Executor
from normstat.files import shown
from normstat.images import Shard
from normstat.verbs.apply.job import Written
from normstat.verbs.apply.plan import Forecast, Plan
from normstat.verbs.apply.result import Applied, Done
from normstat.verbs.listeners import Progress
from normstat.verbs.run import Run, most_frequent
from normstat.writers import Npy, Stack
from normstat.writers.index import index_line
from normstat.writers.outdir_checks import writing


def outputs_of(writer: Npy | Stack, shards: Iterable[Shard]) -> Iterator[str]:
    """Where the arrays of images go, relative to OUT; a stack is named for each of its images."""
    return (writer.output(shard.split, path) for shard in shards for path in shard.names)


def fill(
    plan: Plan, forecast: Forecast, engine: Executor, progress: Progress, writer: Npy | Stack
) -> Applied:
    """Write all arrays, the index, and at the end the record, to a folder that was begun.

    Raises
    ------
    UsageError
        Not one image can be read, or a folder on the way to an output is a link.
    Stopped
        The disk is full, a method has no answer for an image, or DATA has changed meanwhile.
    """
    folder, data = plan.folder, plan.images.source.root
    stack = writer if isinstance(writer, Stack) else None
    if stack:
        _begin(stack, forecast.rows)
    run = Run(
        plan.images,
        engine,
        progress,
        lambda shard: folder.plan(outputs_of(writer, [shard])),
        survey=False,  # the measuring run has told it
    )
    done = _written(plan, run, progress, writer)
    if run.images != forecast.rows:
        raise Stopped(f"{shown(data)}: files were added or removed meanwhile")
    done.refuse_unaccounted(run.listed)
    if not done.images:
        folder.undo()
        raise NothingToRead(
            f"{shown(data)}: none of {run.listed.total()} images can be read "
            f"({most_frequent(done.unreadable)})"
        )
    if stack:
        _finish(stack, forecast.rows, done)
    folder.finish(done.result(run.listed))
    for remark in done.remarks(plan.reading.frames):
        progress.notice(remark)
    files = len(forecast.rows) if stack else done.images
    return Applied(
        listed=run.listed.total(),
        images=done.images,
        files=files,
        bytes=done.bytes(np.dtype(plan.dtype).itemsize, files),
        free=forecast.free,
        range=done.range,
        first=tuple(done.first),
        outputs=tuple(writer.output(row.split, row.path) for row in done.first),
        unreadable=done.records(),
        kept=done.kept,
    )


def _begin(stack: Stack, rows: Mapping[str, int]) -> None:
    with writing(stack.root):
        for split, number in rows.items():
            stack.begin(split, number)


def _finish(stack: Stack, rows: Mapping[str, int], done: Done) -> None:
    with writing(stack.root):
        for split, number in rows.items():
            stack.finish(split, number, done.gaps(split, number))


def _written(plan: Plan, run: Run, progress: Progress, writer: Npy | Stack) -> Done:
    """Write the arrays and their index."""
    done = Done(plan.images.selection.splits)
    stacked = isinstance(writer, Stack)
    with plan.folder.index() as index, closing(run.results(plan.job(writer))) as results:
        for result in results:
            _raise_failure(result, plan.folder.root)
            for row in result.rows:
                number = done.add(row)
                index.write(index_line(row, writer, number if stacked else None))
            done.unreadable.extend(result.unreadable)
            index.flush()
            progress.advance(len(result.rows) + len(result.unreadable))
    return done


def _raise_failure(result: Written, root: str) -> None:
    if isinstance(result.failure, OSError):
        with writing(root):
            raise result.failure
    if result.failure:
        raise result.failure
