"""Receipts: what a read asks of the servers, how soon its sender knows, a room of 1,000, and the worker's flush."""

from bench.figures import Figure
from bench.receipts import asked, flush, room, sizes, ticks
from bench.stage import Stage


async def measure(stage: Stage) -> list[Figure]:
    """One part after another, each with processes of its own."""
    figures = []
    for part in (asked, ticks, room, sizes, flush):
        figures += await part.measure(stage)
        stage.stop_processes()
    return figures
