"""A gate API served beside a command's own loop, and the plans that it shows."""

import asyncio
import threading
from contextlib import contextmanager

from aiohttp import web
from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of

from replayd.config import ReplaydConfig
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.http.gate_api import GateApi
from replayd.planning.cost import Traffic, costed_plans
from replayd.verdicts.compute import VerdictComputation
from snaptrace.runtime.config import load

ARMS = {
    "canary": {"role": "canary", "url": "http://c/v1", "model": "new"},
    "production": {"role": "control", "url": "http://p/v1", "model": "old"},
}


class FixedClock:
    """Always the same moment."""

    def now_ns(self):
        """Unix time."""
        return START

    def monotonic_seconds(self):
        """Unused here."""
        return 0.0


def plans(units_per_hour=1000.0, **more):
    """Return what a replayd with these settings would plan."""
    document = load(None, {})
    document.tree["replayd"] = {"arms": ARMS, **more}
    config = document.section("replayd", ReplaydConfig)
    traffic = Traffic(
        cases=9,
        input_tokens=1000.0,
        output_tokens=0.0,
        fresh_units_per_hour=units_per_hour,
    )
    board = Scoreboard(epoch_of("text"), BoardSettings())
    board.fold(result_of(0))
    view = VerdictComputation(board).view(START + SECOND, live_of("text"))
    found = costed_plans(
        config,
        "canary",
        view,
        dict.fromkeys(view.modalities, traffic),
        production_calls_per_hour=1e7,
    )
    return {"canary": list(found)}


@contextmanager
def served(*, lines=(), found=None, token="", verdicts=None):
    """Serve the API from a thread of its own: the command has its own loop."""
    started, kept = threading.Event(), []

    async def declare(_name, _revision):
        raise KeyError

    async def serve():
        api = GateApi(
            lambda: verdicts,
            FixedClock(),
            declare,
            token,
            budget=lambda: lines,
            plans=lambda: found or {},
        )
        app = web.Application()
        for path, handler in api.routes().items():
            method, _, route = path.partition(" ")
            app.router.add_route(method, route, handler)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        kept.extend(
            (runner.addresses[0][1], lambda: loop.call_soon_threadsafe(over.set))
        )
        started.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    try:
        yield f"http://127.0.0.1:{kept[0]}"
    finally:
        kept[1]()
        thread.join()
