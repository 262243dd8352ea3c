"""A dry run of ``apply``: the first images as arrays that are not written, and the size of all."""

from collections.abc import Iterator
from contextlib import closing

from normstat.images import Shard
from normstat.verbs.apply.plan import Forecast, Plan
from normstat.verbs.apply.result import Applied, range_of
from normstat.verbs.engine import Engine
from normstat.verbs.run import LOOK_AT, Images
from normstat.writers import ArrayRow


def preview(plan: Plan, forecast: Forecast, engine: Engine) -> Applied:
    """The arrays of the first images, and the size of all.

    Raises
    ------
    Stopped, UsageError
        A method has no answer for one of them.
    """
    rows: list[ArrayRow] = []
    with closing(
        engine.executor.map(plan.job(dry_run=True), _first_images(plan.images))
    ) as results:
        for result in results:
            if result.failure:
                raise result.failure
            rows.extend(result.rows)
    return Applied(
        listed=forecast.listed,
        images=forecast.arrays,
        files=forecast.usage.files,
        bytes=forecast.usage.bytes,
        free=forecast.disk.free,
        range=range_of(rows),
        first=tuple(rows),
        outputs=tuple(plan.writer.output(row.split, row.path) for row in rows),
        unreadable=forecast.unreadable,
    )


def _first_images(images: Images) -> Iterator[Shard]:
    left = LOOK_AT
    for shard in images.shards():
        first = shard.only(range(min(left, len(shard))))
        yield first
        left -= len(first)
        if not left:
            return
