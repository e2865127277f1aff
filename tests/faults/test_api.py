"""A server that the API needs goes away: programs are told that it is worth trying again, and nothing is lost."""

from typing import Any
from uuid import UUID, uuid4

from chat.db import Pool
from chat.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.factory import Factory
from tests.faults.conftest import Start, becomes
from tests.program import Answer, Program, make_token


async def say(program: Program, conversation_id: UUID, body: dict[str, Any]) -> Answer:
    """Send a message."""
    return await program.ask("POST", f"/conversations/{conversation_id}/messages", body)


async def test_while_the_database_is_away_programs_are_asked_to_come_back(
    private_postgres: EmbeddedPostgres, start: Start, pool: Pool
) -> None:
    ada, _, conversation = await Factory(pool).pair()
    web = await start(SEND_RETRIES="0")
    of_ada = Program(web.url, await make_token(pool, ada))
    body = {"content": "Hello", "client_message_id": uuid4()}
    try:
        assert (await of_ada.get("/conversations")).status == 200
        private_postgres.kill()
        for answer in (await of_ada.get("/conversations"), await say(of_ada, conversation, body)):
            assert answer.refusal == (503, "UNAVAILABLE")
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json["error"]["retry_after"] > 0
        private_postgres.start()

        async def is_saved() -> bool:
            return (await say(of_ada, conversation, body)).status in {200, 201}

        await becomes(is_saved)
        assert (await say(of_ada, conversation, body)).status == 200
        assert len((await of_ada.get(f"/conversations/{conversation}/messages")).json["items"]) == 1
    finally:
        await of_ada.http.close()


async def test_without_redis_programs_go_on(private_valkey: EmbeddedValkey, start: Start, pool: Pool) -> None:
    ada, _, conversation = await Factory(pool).pair()
    web = await start(HISTORY_LIMIT_PER_MINUTE="60", SEND_LIMIT_PER_MINUTE="30")
    of_ada = Program(web.url, await make_token(pool, ada))
    try:
        private_valkey.kill()
        body = {"content": "Hello", "client_message_id": uuid4()}
        assert (await say(of_ada, conversation, body)).status == 201
        assert (await of_ada.get(f"/conversations/{conversation}/messages")).status == 200
        assert (await of_ada.get("/users/search")).status == 200
    finally:
        await of_ada.http.close()
