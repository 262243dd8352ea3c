"""A dry run of ``apply``: the first images as arrays that are not written, and the size of all."""

from collections.abc import Iterator
from contextlib import closing

from normstat.executors import in_order
from normstat.images import Shard
from normstat.verbs.apply.plan import Forecast, Plan
from normstat.verbs.apply.result import Applied, RunTotals
from normstat.verbs.engine import Engine
from normstat.verbs.run import LOOK_AT, Images


def preview(plan: Plan, forecast: Forecast, engine: Engine) -> Applied:
    """The arrays of the first images, and the size of all."""
    totals = RunTotals(plan.images.selection.splits, plan.options.dtype, forecast.disk)
    job = plan.job(dry_run=True)
    with closing(engine.executor.map(job, _first_images(plan.images))) as results:
        for result in in_order(results):
            if result.failure:
                raise result.failure
            for row in result.rows:
                totals.add(row)
    return Applied(
        listed=forecast.listed,
        images=forecast.arrays,
        files=forecast.usage.files,
        bytes=forecast.usage.bytes,
        free=forecast.disk.free,
        range=totals.range,
        first=tuple(totals.first),
        outputs=tuple(plan.writer.output(row.split, row.path) for row in totals.first),
        unreadable=forecast.headers.unreadable,
    )


def _first_images(images: Images) -> Iterator[Shard]:
    left = LOOK_AT
    for shard in images.shards():
        first = shard.only(range(min(left, len(shard))))
        yield first
        left -= len(first)
        if not left:
            return
