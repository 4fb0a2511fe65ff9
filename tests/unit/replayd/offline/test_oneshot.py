"""`replay --dry-run` and sending once."""

import asyncio
import random

from fakes.leaping_loop import LoopClock
from fakes.provider import FakeProvider, completion
from fakes.stored_calls import image_call, text_call
from msgspec.structs import replace

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.config import ArmConfig
from replayd.offline.oneshot import dry_run, dry_run_through, send, send_all
from replayd.providers import PROVIDERS
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import Duration
from snaptrace.snapshot.model import Fidelity, Redaction, ReplacedText

NOW = 1_800_000_000_000_000_000
KEY = FleetKey(b"k" * 32)


def arm_of(url="http://127.0.0.1:9", **more):
    config = ArmConfig(role="canary", url=url, **{"model": "assistant-8", **more})
    settings = endpoint_settings("canary", config, {})
    endpoint = Endpoint(settings, PROVIDERS[config.api], LoopClock(), random.Random(1))
    return Arm("canary", config, endpoint)


def test_a_dry_run_shows_the_recorded_body_untouched():
    """If it failed, what is printed would not be what the app had sent."""
    body = {"model": "m", "messages": [], "stream": True, "user": "u1", "store": True}
    shown = dry_run(text_call(1, at_ns=NOW, body=body), {})
    assert shown["body"] == body
    assert shown["path"] == "/chat/completions"
    assert shown["fidelity"]["level"] == "as_observed"


def test_a_dry_run_puts_media_back():
    """If it failed, a printed request could not be sent by hand."""
    call = image_call(1, b"\x89PNG", KEY, at_ns=NOW)
    content = dry_run(call, {0: b"\x89PNG"})["body"]["messages"][0]["content"]
    assert content[1]["image_url"]["url"] == "data:image/png;base64,iVBORw=="


def test_a_dry_run_without_the_bytes_says_null():
    """If it failed, a missing image would be printed as something it is not."""
    call = image_call(1, b"\x89PNG", KEY, at_ns=NOW)
    content = dry_run(call, {})["body"]["messages"][0]["content"]
    assert content[1]["image_url"]["url"] is None


def test_a_dry_run_of_nothing_is_null():
    """If it failed, a call without content would look replayable."""
    call = text_call(1, at_ns=NOW, fidelity=Fidelity(level="unreplayable"))
    lost = type(call.request)(api="", body=None)
    shown = dry_run(text_call(1, at_ns=NOW, request=lost), {})
    assert shown["body"] is None


async def test_through_an_arm_hygiene_applies():
    """If it failed, a replay could be stored, streamed or sent under a user's name."""
    body = {"model": "m", "messages": [], "stream": True, "user": "u1", "store": True}
    shown = dry_run_through(arm_of(), text_call(1, at_ns=NOW, body=body), {})
    assert shown["body"] == {"model": "assistant-8", "messages": []}


async def test_through_an_arm_a_refusal_is_named():
    """If it failed, a case that no replay may send would look sendable."""
    body = {"model": "m", "messages": [], "web_search_options": {"x": 1}}
    shown = dry_run_through(arm_of(), text_call(1, at_ns=NOW, body=body), {})
    assert shown["refused"] == {
        "reason": "server_tool",
        "paths": ["web_search_options"],
    }


async def test_sending_returns_answer_beside_recording():
    """If it failed, a side-by-side look would compare the wrong texts."""
    async with FakeProvider(lambda _body: completion("It is 57.")) as server:
        arm = arm_of(server.url)
        async with arm.endpoint:
            sent = await send(arm, text_call(1, at_ns=NOW), {})
    assert (sent.outcome, sent.answer) == ("answered", "It is 57.")
    assert sent.recorded == "The total is 42."


async def test_sending_many_keeps_their_order():
    """If it failed, lines of output could not be matched to the store's listing."""
    async with FakeProvider() as server:
        arm = arm_of(server.url)

        def load(number):
            async def found():
                return text_call(number, at_ns=NOW), {}

            return found

        async with arm.endpoint:
            loads = [load(number) for number in range(20)]
            found = [sent async for sent in send_all(arm, loads, 4)]
    expected = [text_call(number, at_ns=NOW).snapshot_id for number in range(20)]
    assert [sent.snapshot_id for sent in found] == expected


def test_what_redaction_changed_is_named():
    """If it failed, a request that was never sent like this would look like it was."""
    call = image_call(1, b"\x89PNG", KEY, at_ns=NOW)
    media = tuple(
        replace(m, stripped=True, path="messages.content.image_url.url")
        for m in call.media
    )
    replaced = ReplacedText(
        path="messages.0.content.0.text", start=0, end=4, kind="email"
    )
    redacted = replace(
        call, media=media, redaction=Redaction(version="1", replaced=(replaced,))
    )
    said = dry_run(redacted, {0: b"\x89PNG"})["fidelity"]
    assert "messages.content.image_url.url" in said["missing"]
    assert "messages.content.text" in said["missing"]
    assert {"metadata_stripped", "text_redacted"} <= set(said["reasons"])


async def test_a_server_that_is_away_is_given_up_on():
    """If it failed, a wrong port would keep a person waiting for minutes."""
    arm = arm_of("http://127.0.0.1:9/v1", timeout=Duration(600))

    def load(number):
        async def found():
            return text_call(number, at_ns=NOW), {}

        return found

    async with asyncio.timeout(20), arm.endpoint:
        loads = [load(number) for number in range(12)]
        sent = [each async for each in send_all(arm, loads, 4)]
    assert {each.outcome for each in sent} == {"connection"}
    assert "given_up" in {each.reason for each in sent}


async def test_an_arm_without_a_model_asks_for_the_recorded_one():
    """If it failed, `--url` alone would ask for a model without a name."""
    shown = dry_run_through(arm_of(model=""), text_call(1, at_ns=NOW), {})
    assert shown["body"]["model"] == "assistant-7"
