"""Execution of a plan: an array for each image, or a record of why there is none."""

from collections.abc import Iterable, Iterator
from contextlib import closing

from normstat.executors import in_order
from normstat.images import Shard
from normstat.verbs.apply.plan import Forecast, Plan
from normstat.verbs.apply.result import Applied, RunTotals
from normstat.verbs.engine import Engine
from normstat.verbs.listeners import Progress
from normstat.verbs.run import Run, none_readable
from normstat.writers.index import index_line
from normstat.writers.outdir_checks import writing
from normstat.writers.writer import Writer


def execute(plan: Plan, forecast: Forecast, engine: Engine) -> Applied:
    """Write all arrays, the index, and at the end the record."""
    with plan.folder.begun(plan.record(), _outputs(plan.writer, plan.images.shards())):
        return _execute(plan, forecast, engine)


def _execute(plan: Plan, forecast: Forecast, engine: Engine) -> Applied:
    folder, writer = plan.folder, plan.writer
    with writing(folder.root):
        for split, number in forecast.rows.items():
            writer.begin(split, number)
    run = Run(
        plan.images,
        engine.executor,
        engine.progress,
        lambda shard: folder.plan(_outputs(writer, [shard])),
        survey=False,  # the measuring run has told it
    )
    totals = _written(plan, forecast, run, engine.progress)
    totals.refuse_unaccounted(run.listed)
    if not totals.images and not plan.part:
        folder.undo()
        raise none_readable(plan.images.source.root, run.listed.total(), totals.unreadable)
    files: list[str] = []
    with writing(folder.root):
        for split, number in forecast.rows.items():
            files.extend(writer.finish(split, number, totals.gaps(split, number)))
    facts = plan.record_of_part(forecast.headers)
    folder.finish(totals.record(run.listed) | facts, files)
    for remark in totals.remarks(plan.reading.frames):
        engine.progress.notice(remark)
    usage = writer.disk_usage(totals.arrays, forecast.disk)
    return Applied(
        listed=run.listed.total(),
        images=totals.images,
        files=usage.files,
        bytes=usage.bytes,
        free=forecast.disk.free,
        range=totals.range,
        first=tuple(totals.first),
        outputs=tuple(writer.output(row.split, row.path) for row in totals.first),
        unreadable=totals.records(),
        kept=totals.kept,
        record=folder.record,
    )


def _outputs(writer: Writer, shards: Iterable[Shard]) -> Iterator[str]:
    return (writer.output(shard.split, path) for shard in shards for path in shard.names)


def _written(plan: Plan, forecast: Forecast, run: Run, progress: Progress) -> RunTotals:
    """Write the arrays and their index."""
    totals = RunTotals(plan.images.selection.splits, plan.options.dtype, forecast.disk)
    with plan.folder.index() as index, closing(run.results(plan.job())) as results:
        for result in in_order(results):
            if result.failure:
                with writing(plan.folder.root):
                    raise result.failure
            for row in result.rows:
                number = totals.add(row)
                index.write(index_line(row, plan.writer, number))
            totals.unreadable.extend(result.unreadable)
            index.flush()
            progress.advance(len(result.rows) + len(result.unreadable))
    return totals
