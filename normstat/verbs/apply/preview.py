"""A look at what ``apply`` would write: the first images, as the arrays that they would become."""

from collections.abc import Iterator
from contextlib import closing

from normstat.executors import Executor
from normstat.images import Shard
from normstat.verbs.apply.plan import Forecast, Plan
from normstat.verbs.apply.result import Applied, range_of
from normstat.verbs.run import LOOK_AT, Images
from normstat.writers import Nowhere, Row


def look(plan: Plan, forecast: Forecast, engine: Executor) -> Applied:
    """What the first images would become, and how much there would be of all.

    Raises
    ------
    Stopped, UsageError
        A method has no answer for one of them.
    """
    rows: list[Row] = []
    with closing(engine.map(plan.job(Nowhere()), _first_images(plan.images))) as results:
        for result in results:
            if result.failure:
                raise result.failure
            rows.extend(result.rows)
    writer = plan.writer(forecast.shape, resume=False)
    return Applied(
        listed=forecast.listed,
        images=forecast.needs.arrays,
        files=forecast.needs.files,
        bytes=forecast.needs.bytes,
        free=forecast.free,
        range=range_of(rows),
        first=tuple(rows),
        outputs=tuple(writer.output(row.split, row.path) for row in rows),
        unreadable=forecast.demands.unreadable,
    )


def _first_images(images: Images) -> Iterator[Shard]:
    left = LOOK_AT
    for shard in images.shards():
        first = shard.only(range(min(left, len(shard))))
        yield first
        left -= len(first)
        if not left:
            return
