"""Bodies of a megabyte: only what is in flight is in memory, and nothing afterwards."""

import asyncio
import gc
import json
import random
import tracemalloc
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from fakes.leaping_loop import LoopClock
from fakes.led_epoch import NOW, cases
from fakes.provider import completion
from fakes.stored_calls import image_call
from fakes.waiting import turns, until

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.budget.accounting import SpendingAccount
from replayd.budget.control_rate import ControlRate
from replayd.budget.limits import Budgets, Prices
from replayd.cases.loader import Loaded
from replayd.config import ArmConfig, BudgetConfig, ControlRateConfig
from replayd.evaluation.pair import PairReplay
from replayd.model import Planned
from replayd.providers import PROVIDERS
from replayd.scoring.recorded import Recorded
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import Duration
from snaptrace.snapshot.codec import pack_snapshot

IMAGE_BYTES = 1_000_000
BASE64_BYTES = IMAGE_BYTES * 4 // 3  # whatever holds it is at least as large
PAIRS, AT_ONCE = 10, 2
OK = json.dumps(completion("ok")).encode()


def bodies():
    """Count the blocks of memory that are as large as a body."""
    traces = tracemalloc.take_snapshot().traces
    return sum(trace.size >= BASE64_BYTES for trace in traces)


class Server:
    """Reads requests without keeping them; answers when it is let."""

    def __init__(self, answer=OK, status="200 OK", header="x: y"):
        self.received = 0
        self.may_answer = asyncio.Event()
        length = len(answer or b"")
        lines = f"HTTP/1.1 {status}", header, f"content-length: {length}", "", ""
        self._head = "\r\n".join(lines).encode()
        self._answer = answer

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                left = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                while left:
                    left -= len(await reader.read(min(left, 2**16)))
                self.received += 1
                await self.may_answer.wait()
                if self._answer is None:
                    break
                writer.write(self._head + self._answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def world(canary, control, *, per_minute=1e9, seconds=60.0):
    """Yield a function that asks one pair; both arms take two calls at once."""
    clock, rng = LoopClock(NOW), random.Random(1)
    rate = ControlRate(
        ControlRateConfig(share_of_production=1.0, per_minute=per_minute), 86_400.0
    )
    rate.observed(10**9)
    spending = SpendingAccount(Budgets(BudgetConfig(), {}), Prices({}), rate, clock)
    async with AsyncExitStack() as stack:
        arms = []
        for role, server in (("canary", canary), ("control", control)):
            listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
            await stack.enter_async_context(listening)
            port = listening.sockets[0].getsockname()[1]
            config = ArmConfig(
                role=role,
                url=f"http://127.0.0.1:{port}/v1",
                model=role,
                concurrency=AT_ONCE,
                timeout=Duration(seconds),
            )
            settings = endpoint_settings(role, config, {})
            endpoint = Endpoint(settings, PROVIDERS[config.api], clock, rng)
            arms.append(Arm(role, config, await stack.enter_async_context(endpoint)))
        replay = PairReplay(*arms, spending, rng)
        data = bytes(IMAGE_BYTES)
        call = image_call(1, data, FleetKey(b"k" * 32), at_ns=NOW)
        loaded = Loaded(call, {0: data}, Recorded(pack_snapshot(call)))

        async def load():
            return loaded

        async def ask(number):
            case = cases(1)[0]
            return await replay.pair(
                Planned(number=number, case=case, lane="traffic"), NOW, load
            )

        yield ask, [arm.endpoint for arm in arms]


@pytest.fixture
def counted():
    """Count blocks of memory, and let nothing be tidied up by looking for cycles."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


@pytest.mark.usefixtures("counted")
async def test_what_waits_for_its_turn_holds_no_body():
    """If it failed, memory would grow with the queue and not with what is asked."""
    canary, control = Server(), Server()
    async with world(canary, control) as (ask, _), asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(number)) for number in range(PAIRS)]
        await until(lambda: canary.received == control.received == AT_ONCE)
        assert bodies() == 2 * AT_ONCE
        canary.may_answer.set()
        control.may_answer.set()
        await asyncio.wait(asked)
        assert bodies() == 0
    assert canary.received == control.received == PAIRS


@pytest.mark.usefixtures("counted")
async def test_what_waits_for_the_control_holds_no_body():
    """If it failed, a low cap would fill the memory with images that nobody sends."""
    canary, control = Server(), Server()
    canary.may_answer.set()
    control.may_answer.set()
    async with world(canary, control, per_minute=1) as (ask, _):
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(ask(number)) for number in range(PAIRS)]
            await until(lambda: sum(task.done() for task in asked) == 1)
            assert bodies() == 0
            for task in asked:
                task.cancel()
        assert control.received == 1


@pytest.mark.usefixtures("counted")
async def test_what_waits_to_be_sent_again_holds_no_body():
    """If it failed, an arm that says 429 would fill the memory meanwhile."""
    refusing = {"status": "429 Slow", "header": "retry-after: 30"}
    canary, control = Server(b"{}", **refusing), Server()
    canary.may_answer.set()
    control.may_answer.set()
    async with world(canary, control) as (ask, ends), asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(number)) for number in range(AT_ONCE)]
        await until(lambda: canary.received and control.received)
        await until(lambda: all(end.state().in_flight == 0 for end in ends))
        await turns()
        assert bodies() == 0
        assert not any(task.done() for task in asked)
        for task in asked:
            task.cancel()


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    ("answer", "seconds", "outcome"),
    [(b"no JSON", 60.0, "malformed"), (None, 1.0, "connection"), (OK, 1.0, "timeout")],
    ids=["malformed", "closed", "hanging"],
)
async def test_no_body_outlives_a_request_that_fails(answer, seconds, outcome):
    """If it failed, an error would keep its request until somebody looks for cycles."""
    canary, control = Server(answer), Server()
    if outcome != "timeout":
        canary.may_answer.set()
    control.may_answer.set()
    async with world(canary, control, seconds=seconds) as (ask, _):
        found = await ask(1)
        assert found.answers.canary.outcome == outcome
        assert found.answers.control.outcome == "answered"
        del found
        await turns()
        assert bodies() == 0
