"""Inspection of NATS for a person: servers, streams, and what waits in each pool."""

import asyncio
from typing import Any

import msgspec
from msgspec import Struct

from replayd.config import ReplaydConfig
from replayd.config.workers import WorkersConfig
from replayd.workers import connection, streams
from replayd.workers.streams import Names

ANSWER_SECONDS = 6.0  # of a server, to be connected


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    what: str
    ok: bool
    why: str = ""
    numbers: dict[str, int] = {}


def pools_of(config: ReplaydConfig) -> list[str]:
    """Return the pools that the arms of a configuration name."""
    return sorted({arm.pool for arm in config.arms.values()}) or [""]


async def inspected(config: ReplaydConfig) -> list[Finding]:
    """Look at NATS with the credentials that leader and workers use.

    Raises:
        ConfigError: the settings cannot work.
    """
    workers = config.workers
    connection.check(workers.nats)
    try:
        # The library itself would try for ever.
        async with asyncio.timeout(ANSWER_SECONDS):
            client = await connection.connect(
                workers.nats, "snaptrace-doctor", on_lost=_nothing, on_back=_nothing
            )
    except Exception as error:  # noqa: BLE001 - of whatever kind, it is told
        return [Finding(what="connection", ok=False, why=type(error).__name__)]
    try:
        found = [Finding(what="connection", ok=True)]
        found += await _streams(client.jetstream(timeout=5), workers, pools_of(config))
        return found
    finally:
        await client.close()


async def _nothing() -> None:
    return


async def _streams(js: Any, config: WorkersConfig, pools: list[str]) -> list[Finding]:  # noqa: ANN401 - of an optional dependency
    names = Names(config.nats.prefix)
    found = []
    try:
        await js.account_info()
    except Exception as error:  # noqa: BLE001
        why = f"no JetStream for this account ({type(error).__name__})"
        return [Finding(what="jetstream", ok=False, why=why)]
    for stream in (names.jobs, names.replies):
        try:
            state = (await js.stream_info(stream)).state
        except Exception as error:  # noqa: BLE001
            why = f"not there yet: a leader makes it ({type(error).__name__})"
            found.append(Finding(what=stream, ok=False, why=why))
        else:
            numbers = {"messages": state.messages, "bytes": state.bytes}
            found.append(Finding(what=stream, ok=True, numbers=numbers))
    for pool in pools:
        consumer = names.consumer(pool)
        if not await streams.is_there(js, names.jobs, consumer):
            why = "not there yet: a leader or a worker makes it"
            found.append(Finding(what=f"pool {pool!r}", ok=False, why=why))
            continue
        info = await js.consumer_info(names.jobs, consumer)
        numbers = {
            "pending": info.num_pending or 0,
            "busy": info.num_ack_pending or 0,
            # Requests for numbers that wait: none means that no worker has a place.
            "asking": info.num_waiting or 0,
        }
        found.append(Finding(what=f"pool {pool!r}", ok=True, numbers=numbers))
    return found


def told(findings: list[Finding]) -> list[str]:
    """Return one line each."""
    lines = []
    for one in findings:
        facts = ", ".join(f"{value} {name}" for name, value in one.numbers.items())
        state = "ok" if one.ok else "failed"
        lines.append(
            f"{one.what}: {state}" + (f"; {one.why or facts}" * bool(one.why or facts))
        )
    return lines


def plain(findings: list[Finding]) -> list[object]:
    """Return the findings as JSON has them."""
    return [msgspec.to_builtins(one) for one in findings]
