"""Finding people by the start of their names."""

from chat.accounts.queries import find_people
from chat.db import Pool
from tests.factory import Factory


async def test_everyone_is_found_by_the_start_of_any_word(pool: Pool) -> None:
    factory = Factory(pool)
    viewer = await factory.user("viewer")
    await factory.user("klopez", display_name="Karin Lopez")
    await factory.user("karl", display_name="Karl O'Neil \\ Sons")
    await factory.user("gone", display_name="Karin Gone", deactivated_at=await pool.fetchval("select now()"))

    async def found(prefix: str) -> list[str]:
        people = await find_people(pool, viewer_id=viewer, prefix=prefix, limit=10)
        return [person.username for person in people]

    assert await found("kar") == ["klopez", "karl"]
    assert await found("KARL") == ["karl"]
    assert await found("ka lo") == ["klopez"]
    assert await found("@klo") == ["klopez"]
    assert await found("o'n") == ["karl"]
    assert await found("\\") == ["karl"]
    assert await found("' | 'k") == []
    assert await found("kar:* & !x") == []
    assert await found("\0\ud800") == ["klopez", "karl"]
    assert await found("") == ["klopez", "karl"]
    assert await found("view") == []
    assert await found("x" * 5000) == []
