"""Whatever a program sends: no 5xx, and every answer is one that the API's own OpenAPI document promises."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from chat.db import Pool
from chat.folders import home_folder
from tests.conftest import NO_LIMITS
from tests.factory import Factory
from tests.program import make_token
from tests.servers import WebProcess

# The same requests each time, some two thousand of them: a failure can be looked into.
ARGUMENTS = (
    *("--phases", "coverage,fuzzing", "--max-examples", "10"),
    *("--seed", "20261121", "--generation-deterministic", "--no-shrink"),
    *("--request-timeout", "20", "--warnings", "off", "--output-truncate", "false", "--no-color"),
)
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"),
    *("response_headers_conformance", "allow_header_conformance", "unsupported_method", "ignored_auth"),
    *("negative_data_rejection", "missing_required_header"),
)
UNLIMITED = {name.upper(): str(value) for name, value in NO_LIMITS.items()}


async def someone_with_a_past(factory: Factory) -> tuple[UUID, dict[str, list[UUID]]]:
    """A person who is in conversations of each kind, and what may be asked for."""
    ada, bo, cy = [await factory.user(name) for name in ("ada", "bo", "cy")]
    conversations = [await factory.direct(ada, bo), await factory.group(bo, ada, cy), await factory.group(ada, bo)]
    for conversation in conversations:
        said = [(person, f"Message {number}", factory.later()) for number in range(20) for person in (ada, bo)]
        await factory.say(conversation, said)
    messages = [
        row["id"]
        for row in await factory.pool.fetch(
            "select id from messages where conversation_id = any ($1) and seq < 9", conversations
        )
    ]
    return ada, {
        "conversation_id": conversations,
        "room_id": conversations,
        "user_id": [bo, cy],
        "message_id": messages,
    }


def configuration(known: dict[str, list[UUID]]) -> str:
    """Most ids in addresses are of what is there."""
    lines = []
    for name, ids in known.items():
        values = ", ".join(f'"{each}"' for each in ids)
        lines.append(f"[dictionaries.{name}]\nvalues = [{values}]")
    lines.append("[parameters]")
    lines.extend(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in known)
    return "\n".join(lines)


async def test_nothing_that_is_sent_breaks_the_api_or_its_promises(
    start_web: Callable[..., WebProcess], factory: Factory, pool: Pool, tmp_path: Path
) -> None:
    person, known = await someone_with_a_past(factory)
    token = await make_token(pool, person)
    server = start_web(**UNLIMITED)
    config = tmp_path / "schemathesis.toml"
    config.write_text(configuration(known))
    program = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "schemathesis",
        *("--config-file", config, "run", f"{server.url}/api/openapi.json", *ARGUMENTS),
        *("--checks", ",".join(CHECKS), "--header", f"Authorization: Bearer {token}"),
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks", "PYTHONPATH": str(home_folder())},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await program.communicate()
    assert program.returncode == 0, printed.decode()
    assert "http.failed" not in server.printed()
