"""Who is there: online, away and offline, on which device, told to those who watch."""

from tests.device import Connect
from tests.factory import Factory
from tests.presence.conftest import watching


async def test_who_comes_goes_away_and_leaves_is_told_to_those_who_watch(factory: Factory, connect: Connect) -> None:
    ada, bo, _ = await factory.pair()
    hers = await watching(await connect(ada), bo)
    assert (await hers.expect("presence:update", user_id=bo))["status"] == "offline"

    his = await connect(bo)
    await his.say("presence:heartbeat", device="mobile")
    online = await hers.expect("presence:update", user_id=bo, status="online")
    assert online == {"type": "presence:update", "user_id": str(bo), "status": "online", "device": "mobile", "last_seen_at": None}
