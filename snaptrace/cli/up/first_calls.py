"""One tiny call to an arm, before anything is started: does it answer with this key."""

import asyncio
import random
from collections.abc import Mapping

from msgspec import Struct

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.arms.outcomes import RULES
from replayd.config import ArmConfig
from replayd.providers import PROVIDERS
from replayd.providers.contract import Refusal
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import ConfigError
from snaptrace.snapshot.model import Answer, Fidelity, Request, Snapshot

_QUESTION = {
    "messages": [{"role": "user", "content": "Reply with OK."}],
}
SECONDS = 20.0  # for one call; a person waits
_SAID = {
    "status_401": "the key is refused: check api_key_env and the variable's value",
    "deadline": f"no answer within {SECONDS:g} s: check url, or wake it",
    "status_403": "the key may not use this model",
    "status_404": "no such path or model: check url and model",
    "ClientConnectorDNSError": "the host's name is unknown: check url",
    "ClientConnectorError": "nothing listens there: check url, and that it runs",
}


class Checked(Struct, frozen=True, kw_only=True):
    """The end of one call to an arm."""

    arm: str
    works: bool
    said: str


async def checked(
    arms: Mapping[str, ArmConfig], environ: Mapping[str, str]
) -> list[Checked]:
    """Ask every arm once, side by side."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_one(name, config, environ))
            for name, config in arms.items()
        ]
    return [task.result() for task in tasks]


async def _one(name: str, config: ArmConfig, environ: Mapping[str, str]) -> Checked:
    try:
        settings = endpoint_settings(name, config, environ)
    except ConfigError as error:
        return Checked(arm=name, works=False, said=str(error))
    clock, rng = SystemClock(), random.Random()  # noqa: S311 - spreads retries
    endpoint = Endpoint(settings, PROVIDERS[config.api], clock, rng)
    async with endpoint:
        request = Arm(name, config, endpoint).request(_snapshot(config), {})
        if isinstance(request, Refusal):
            return Checked(arm=name, works=True, said=f"not asked: {request.reason}")
        await endpoint.take_slot()
        deadline = asyncio.get_running_loop().time() + SECONDS
        found = await endpoint.attempt(request, deadline)
    reading = found.reading
    if RULES[reading.outcome].scored:
        return Checked(
            arm=name, works=True, said=f"answered in {found.latency_ms:.0f} ms"
        )
    why = reading.detail or reading.outcome
    said = f"{_SAID.get(why, reading.outcome)} ({why})"
    return Checked(arm=name, works=False, said=said)


def _snapshot(config: ArmConfig) -> Snapshot:
    """Return the smallest question, in the shape of OpenAI's chat."""
    return Snapshot(
        snapshot_id="0" * 32,
        trace_id="0" * 32,
        span_id="0" * 16,
        service="snaptrace-init",
        operation="chat",
        modality="text",
        request=Request(
            api="openai_chat", model=config.model, body={**_QUESTION, "max_tokens": 16}
        ),
        answer=Answer(),
        fidelity=Fidelity(level="exact"),
    )
