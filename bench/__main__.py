"""`python -m bench [name…]`: measure, and print one table of figures, references, ratios and aims."""

import argparse
import asyncio
import importlib
import resource
import sys
from collections.abc import Callable, Coroutine

import uvloop

from bench.figures import Figure, print_table
from bench.stage import Stage

# In this order: what starts anew comes first, what fills the disk comes last.
BENCHES = (
    *("start", "weight", "latency", "sends", "fanout", "group", "costs", "receipts", "presence", "memory"),
    *("api", "lists", "rooms", "history"),
)

Measure = Callable[[Stage], Coroutine[None, None, list[Figure]]]


def main() -> None:
    """Run the benches that were named, or all. A missed aim is told in the table; a lost message ends the run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure: {', '.join(BENCHES)}; else all")
    names = parser.parse_args().names or BENCHES
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        parser.error(f"there is no bench called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    _allow_many_sockets()
    figures: list[Figure] = []
    with Stage() as stage:
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            measure: Measure = importlib.import_module(f"bench.{name}").measure
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                figures += runner.run(measure(stage))
            stage.stop_processes()
    print_table(figures)


def _allow_many_sockets() -> None:
    """As many open files as this account may have; the processes that we start inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
