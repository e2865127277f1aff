"""The worker when its servers go away."""

from collections.abc import Callable

import redis
from arq.constants import default_queue_name, health_check_key_suffix

from chat.embedded import EmbeddedValkey
from tests.commands.processes import wait_until
from tests.servers import WorkerProcess

StartWorker = Callable[[], WorkerProcess]


def wait_for_work(worker: WorkerProcess, valkey: EmbeddedValkey) -> None:
    """Wait until the worker has given a sign of life, which it does before its first job."""
    with redis.Redis.from_url(valkey.url) as connection:
        wait_until(lambda: connection.exists(default_queue_name + health_check_key_suffix), worker.printed, timeout=60)


def test_it_waits_for_a_redis_that_is_lost(private_valkey: EmbeddedValkey, start_worker: StartWorker) -> None:
    worker = start_worker()
    wait_for_work(worker, private_valkey)

    private_valkey.kill()
    private_valkey.start()

    wait_for_work(worker, private_valkey)
    assert worker.stop() == 0, worker.printed()


def test_told_to_end_without_redis_it_ends_all_the_same(
    private_valkey: EmbeddedValkey, start_worker: StartWorker
) -> None:
    worker = start_worker()
    wait_for_work(worker, private_valkey)
    private_valkey.kill()

    assert worker.stop(timeout=30) == 0, worker.printed()
    assert "worker.left_without_goodbye" in worker.printed()


def test_without_redis_it_does_not_begin(private_valkey: EmbeddedValkey, start_worker: StartWorker) -> None:
    private_valkey.kill()
    worker = start_worker()
    assert worker.process.wait(timeout=30) == 1
    assert worker.printed().startswith("chat: Redis can't be reached")
