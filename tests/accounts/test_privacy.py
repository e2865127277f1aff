"""What people let others know of them: what they have read, and whether they are there."""

import asyncio

import pytest

from chat.accounts.privacy_actions import change_privacy, privacy
from chat.accounts.privacy_model import PrivacySettings
from chat.events import Event, PersonChanged
from chat.services import Services
from tests.accounts.conftest import Browse
from tests.device import Connect, Device
from tests.factory import Factory
from tests.html import read, texts
from tests.plain_browser import Browser


async def test_at_first_everything_is_shared_and_each_thing_is_changed_by_itself(
    services: Services, factory: Factory, events: list[Event]
) -> None:
    ada, bo = await factory.user(), await factory.user()
    assert await privacy(services, viewer_id=ada) == PrivacySettings(True, "everyone", False)
    assert await change_privacy(services, viewer_id=ada) == PrivacySettings(True, "everyone", False)
    assert events == []

    assert (await change_privacy(services, viewer_id=ada, invisible=True)).invisible
    await change_privacy(services, viewer_id=ada, presence_sharing="nobody")
    await change_privacy(services, viewer_id=ada, read_receipts_enabled=False)
    assert await privacy(services, viewer_id=ada) == PrivacySettings(False, "nobody", True)
    assert await privacy(services, viewer_id=bo) == PrivacySettings(True, "everyone", False)
    assert events == [PersonChanged(ada)] * 3


async def test_the_settings_are_saved_without_scripts(browse: Browse, factory: Factory) -> None:
    hers = await browse(await factory.user("ada"))
    assert 'href="/settings/privacy"' in (await hers.get("/settings")).text
    assert await chosen(hers) == {"read-receipts", "sharing-everyone"}

    answer = await hers.submit("/settings/privacy", presence_sharing="contacts", invisible="on")
    assert (answer.status, answer.location) == (303, "/settings/privacy")
    assert texts((await hers.get("/settings/privacy")).text, "notice") == ["Your privacy settings are saved."]
    assert await chosen(hers) == {"sharing-contacts", "invisible"}

    # Nothing that a form can't offer.
    await hers.submit("/settings/privacy", presence_sharing="friends", read_receipts="on")
    assert await chosen(hers) == {"sharing-contacts", "read-receipts"}


async def chosen(browser: Browser) -> set[str]:
    """The boxes that are ticked, by their ids."""
    page = await browser.get("/settings/privacy")
    return {element.id for element in read(page.text) if "checked" in element.attributes}


async def up_to_date(*devices: Device) -> None:
    """What they share has been looked up again: their pages ask anew for what they see."""
    await asyncio.gather(*(device.expect("system:resync") for device in devices))


@pytest.mark.parametrize("where", ["in the settings", "in the conversation"])
async def test_who_stops_sharing_is_not_seen_to_read_from_then_on(
    browse: Browse, connect: Connect, factory: Factory, where: str
) -> None:
    ada, bo, conversation = await factory.pair()
    hers, his = await connect(ada), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
    await hers.send(conversation, "One")
    await his.expect("message:received", seq=1)
    await his.say("receipt:read", conversation_id=conversation, up_to_seq=1)
    await hers.expect("receipt:updated", user_id=bo, read_up_to=1)

    form = await browse(bo)
    if where == "in the settings":
        await form.submit("/settings/privacy", presence_sharing="everyone")
    else:
        await form.submit(f"/c/{conversation}/receipts", page=f"/c/{conversation}/details", receipts="off")
    await up_to_date(his)
    await hers.send(conversation, "Two")
    await his.expect("message:received", seq=2)
    await his.say("receipt:read", conversation_id=conversation, up_to_seq=2)

    await hers.expect("receipt:updated", user_id=bo, delivered_up_to=2, read_up_to=None)
    assert not [frame for frame in hers.frames if frame.get("user_id") == str(bo) and frame.get("read_up_to") == 2]


async def test_one_conversation_can_be_shared_where_the_settings_share_none(
    browse: Browse, connect: Connect, factory: Factory
) -> None:
    ada, bo, conversation = await factory.pair()
    form = await browse(bo)
    await form.submit("/settings/privacy", presence_sharing="everyone")
    answer = await form.submit(f"/c/{conversation}/receipts", page=f"/c/{conversation}/details", receipts="on")
    assert (answer.status, answer.location) == (303, f"/c/{conversation}/details")
    page = await form.get(f"/c/{conversation}/details")
    assert {"receipts-on"} == {
        element.id
        for element in read(page.text)
        if element.id.startswith("receipts-") and "checked" in element.attributes
    }
    hers, his = await connect(ada), await connect(bo)
    for device in (hers, his):
        await device.watch(conversation)
    await hers.send(conversation, "One")
    await his.expect("message:received", seq=1)
    await his.say("receipt:read", conversation_id=conversation, up_to_seq=1)
    await hers.expect("receipt:updated", user_id=bo, read_up_to=1)
