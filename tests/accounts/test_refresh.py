"""Refresh tokens: used once, and whoever brings one a second time ends the session of both."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from chat.accounts.token_queries import delete_used_refresh_tokens
from chat.db import Pool
from chat.settings import Settings
from chat.web.tokens import hash_token, new_token
from tests.accounts.conftest import OpenProgram
from tests.accounts.signing_in import SigningIn
from tests.program import make_token
from tests.servers import Serve
from workers.jobs import forget_expired_sessions

ROUNDS = 12


async def test_new_tokens_take_the_place_of_the_old(program: SigningIn, pool: Pool) -> None:
    first = (await program.sign_up("karin", device="Karin's laptop")).json
    await pool.execute(
        "update sessions set expires_at = now() + interval '1 hour', last_used_at = now() - interval '1 h'"
    )

    answer = await program.refresh(first["refresh_token"])

    second = answer.json
    assert answer.status == 200
    assert set(second) == {"access_token", "token_type", "expires_in", "refresh_token", "user"}
    assert (second["token_type"], second["expires_in"]) == ("Bearer", 900)
    assert second["user"] == first["user"]
    assert second["refresh_token"] != first["refresh_token"]
    assert await program.is_let_in(second["access_token"])
    # It was not stolen, it only gets old.
    assert await program.is_let_in(first["access_token"])
    session = await pool.fetchrow("select *, expires_at - now() as left, now() - last_used_at as unused from sessions")
    assert timedelta(days=6, hours=23) < session["left"] <= timedelta(days=7)
    assert session["unused"] < timedelta(minutes=1)
    assert (session["kind"], session["name"]) == ("api", "Karin's laptop")


async def test_a_device_stays_signed_in_as_long_as_it_refreshes(program: SigningIn, pool: Pool) -> None:
    tokens = (await program.sign_up("karin")).json
    for _ in range(5):
        await pool.execute("update sessions set expires_at = expires_at - interval '6 days'")
        tokens = (await program.refresh(tokens["refresh_token"])).json

    assert await program.is_let_in(tokens["access_token"])
    await pool.execute("update sessions set expires_at = expires_at - interval '7 days'")
    assert (await program.refresh(tokens["refresh_token"])).refusal == (401, "AUTH_FAILED")


async def test_a_used_one_ends_the_session_of_whoever_has_its_successors(
    program: SigningIn, pool: Pool, capfd: pytest.CaptureFixture[str]
) -> None:
    stolen = (await program.sign_up("karin")).json
    other_device = (await program.log_in("karin")).json
    second = (await program.refresh(stolen["refresh_token"])).json
    third = (await program.refresh(second["refresh_token"])).json
    assert await program.is_let_in(third["access_token"])

    assert (await program.refresh(stolen["refresh_token"])).refusal == (401, "AUTH_FAILED")

    for tokens in (stolen, second, third):
        assert not await program.is_let_in(tokens["access_token"])
        assert (await program.refresh(tokens["refresh_token"])).status == 401
    assert await program.is_let_in(other_device["access_token"])
    assert (await program.refresh(other_device["refresh_token"])).status == 200
    assert await pool.fetchval("select count(*) from sessions") == 1
    logged = capfd.readouterr().out
    assert logged.count("token.reused") == 1
    for tokens in (stolen, second, third):
        assert tokens["access_token"] not in logged
        assert tokens["refresh_token"] not in logged


async def test_a_used_one_closes_the_sockets_of_its_session_on_every_process(
    serve: Serve, open_program: OpenProgram
) -> None:
    here, there = open_program(await serve()), open_program(await serve())
    stolen = (await here.sign_up("karin")).json
    other_device = (await here.log_in("karin")).json
    tokens = (await here.refresh(stolen["refresh_token"])).json
    stays = await there.open_socket(other_device["access_token"])
    sockets = [await one.open_socket(tokens["access_token"]) for one in (here, there)]

    assert (await here.refresh(stolen["refresh_token"])).status == 401

    assert [await socket.close_code() for socket in sockets] == [4403, 4403]
    assert stays.is_open


async def test_of_two_refreshes_at_the_same_instant_one_wins_and_the_session_ends(
    serve: Serve, open_program: OpenProgram, pool: Pool
) -> None:
    programs = [open_program(await serve()), open_program(await serve())]
    await programs[0].sign_up("karin")
    for number in range(ROUNDS):
        tokens = (await programs[0].log_in("karin")).json
        many = [program for program in programs for _ in range(1 + number % 4)]

        answers = await asyncio.gather(*(program.refresh(tokens["refresh_token"]) for program in many))

        assert sorted(answer.status for answer in answers) == [200] + [401] * (len(many) - 1)
        winner = next(answer for answer in answers if answer.status == 200).json
        assert not await programs[1].is_let_in(winner["access_token"])
        assert (await programs[1].refresh(winner["refresh_token"])).status == 401
    # The one of the registration.
    assert await pool.fetchval("select count(*) from sessions") == 1
    assert await pool.fetchval("select count(*) from refresh_tokens") == 1


async def test_refreshing_and_signing_out_at_the_same_instant_leaves_nobody_signed_in(
    serve: Serve, open_program: OpenProgram, pool: Pool
) -> None:
    programs = [open_program(await serve()), open_program(await serve())]
    await programs[0].sign_up("karin")
    for _ in range(ROUNDS):
        tokens = (await programs[0].log_in("karin")).json

        refreshed, ended = await asyncio.gather(
            programs[0].refresh(tokens["refresh_token"]),
            programs[1].post("/auth/logout", refresh_token=tokens["refresh_token"]),
        )

        assert (refreshed.status in (200, 401), ended.status) == (True, 204)
        assert not await programs[0].is_let_in(tokens["access_token"])
    assert await pool.fetchval("select count(*) from sessions") == 1


async def test_the_database_holds_no_token(program: SigningIn, pool: Pool) -> None:
    tokens = (await program.sign_up("karin")).json
    again = (await program.refresh(tokens["refresh_token"])).json

    rows = [
        str(dict(row)) for table in ("sessions", "refresh_tokens") for row in await pool.fetch(f"select * from {table}")
    ]
    hashes = await pool.fetch("select token_hash from refresh_tokens order by used_at nulls last")
    assert [row["token_hash"] for row in hashes] == [
        hash_token(tokens["refresh_token"]),
        hash_token(again["refresh_token"]),
    ]
    for secret in (tokens["refresh_token"], again["refresh_token"], tokens["access_token"]):
        assert not [row for row in rows if secret in row]
    assert await pool.fetchval("select token_hash from sessions") is None


@pytest.mark.parametrize("body", [{"refresh_token": ""}, {"refresh_token": None}, {}, None])
async def test_without_a_token_there_is_nothing_to_refresh(program: SigningIn, body: dict[str, Any] | None) -> None:
    assert (await program.ask("POST", "/auth/refresh", body)).refusal == (401, "AUTH_FAILED")


async def test_what_is_no_refresh_token_is_refused(program: SigningIn, pool: Pool) -> None:
    tokens = (await program.sign_up("karin")).json
    personal = await make_token(pool, UUID(tokens["user"]["id"]))
    good = tokens["refresh_token"]

    for token in (
        "x",
        new_token(),
        good[:-1],
        good + "A",
        good.swapcase(),
        tokens["access_token"],
        personal,
        "\0",
        "ü",
    ):
        assert (await program.refresh(token)).refusal == (401, "AUTH_FAILED"), token
    for value in (1, ["x"], {"a": "b"}, True):
        answer = await program.ask("POST", "/auth/refresh", {"refresh_token": value})
        assert answer.refusal == (422, "VALIDATION_ERROR")
    # None of them has used it up, or ended its session.
    assert (await program.refresh(good)).status == 200


async def test_a_deactivated_account_refreshes_nothing(program: SigningIn, pool: Pool) -> None:
    tokens = (await program.sign_up("karin")).json
    await pool.execute("update users set deactivated_at = now()")

    assert (await program.refresh(tokens["refresh_token"])).refusal == (401, "AUTH_FAILED")

    # It was refused, and not taken for a thief's.
    assert await pool.fetchval("select used_at is null from refresh_tokens")
    assert await pool.fetchval("select count(*) from sessions") == 1


async def test_the_worker_forgets_used_ones_that_would_have_run_out(
    program: SigningIn, pool: Pool, settings: Settings
) -> None:
    tokens = (await program.sign_up("karin")).json
    for _ in range(3):
        tokens = (await program.refresh(tokens["refresh_token"])).json
    used = await pool.fetch("select token_hash from refresh_tokens where used_at is not null order by created_at")
    await pool.execute(
        "update refresh_tokens set used_at = now() - interval '8 days' where token_hash = $1", used[0]["token_hash"]
    )
    assert len(used) == 3

    await forget_expired_sessions({"pool": pool, "settings": settings})

    assert await pool.fetchval("select count(*) from refresh_tokens") == 3
    await forget_expired_sessions({"pool": pool, "settings": msgspec.structs.replace(settings, refresh_token_days=30)})
    assert await pool.fetchval("select count(*) from refresh_tokens") == 3
    assert (await program.refresh(tokens["refresh_token"])).status == 200


async def test_forgetting_waits_for_nobody_who_signs_out(program: SigningIn, pool: Pool) -> None:
    tokens = (await program.sign_up("karin")).json
    await program.refresh(tokens["refresh_token"])
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from refresh_tokens for update")

        async with asyncio.timeout(2):
            await delete_used_refresh_tokens(pool, older_than=timedelta(0))

    assert await pool.fetchval("select count(*) from refresh_tokens") == 2
