"""Whatever happens between Enter and the other screen, in any order: each screen and each copy ends as the
database is."""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.conversation import EMOJIS, KINDS, TEXTS, Change, Conversation, World


def test_every_screen_ends_as_the_database_is(world: World) -> None:
    run_state_machine_as_test(
        lambda: Conversation(world),  # type: ignore[arg-type] # any function that makes one
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # to shrink a run that fails would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seed", range(3))
def test_many_changes_that_cross_end_on_each_screen_as_in_the_database(world: World, seed: int) -> None:
    """Many steps of what people do most, where Hypothesis takes a few of each kind."""
    chance = Random(seed)
    steps = (
        ["change"] * 8 + ["send"] * 5 + ["reply"] * 3 + ["return"] * 2 + ["write", "cut", "pause", "redis", "postgres"]
    )
    conversation = Conversation(world)
    conversation.begin()

    def a_change() -> Change:
        return chance.choice(KINDS), chance.randrange(1_000), chance.choice(TEXTS), chance.choice(EMOJIS)

    for _ in range(120):
        number = chance.randrange(5)
        match chance.choice(steps):
            case "change":
                conversation.change(number, [a_change() for _ in range(chance.randint(1, 6))])
            case "send":
                conversation.send_all_that_waits(number)
            case "reply":
                conversation.reply(number, chance.choice(TEXTS), chance.randrange(1_000))
            case "return":
                conversation.come_back(number, chance.randrange(2))
            case "write":
                conversation.write(number, [chance.choice(TEXTS)])
            case "cut":
                conversation.cut(number)
            case "pause":
                conversation.a_moment_passes()
            case "redis":
                conversation.redis_drops_everyone()
            case "postgres":
                conversation.postgres_drops_everyone()
    conversation.teardown()
