"""The inspection page over a stored epoch, as a client or as a process serves it."""

import asyncio
import sys

from fakes.judged_epoch import KEY, image_pair, said, store_epoch, text_pair
from fakes.leaping_loop import LoopClock
from fakes.pair_results import START, live_of

from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.http.page import PageServer
from replayd.results.history import History
from replayd.results.index_reader import IndexReader
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import Verdicts
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Address
from snaptrace.store.audit import Audit


class ShownPage:
    """A page's server, with its store, epoch and the audit's lines."""

    def __init__(self, store, epoch, verdicts, audit=None, **more):
        self.store, self.epoch, self.audited = store, epoch, []
        clock = SystemClock()
        self.server = PageServer(
            Address("127.0.0.1:0"),
            lambda: verdicts,
            History(store, KEY, clock),
            IndexReader(store, clock),
            audit=audit or Audit("", self.audited.append),
            clock=clock,
            user_header="X-User",
            **more,
        )


async def shown_page(pairs, *, leading=True, live=None, **more):
    """Return a page over a stored epoch of `pairs`."""
    store, epoch = await store_epoch(pairs)
    board = Scoreboard(epoch, BoardSettings())
    async for result in History(store, KEY, LoopClock()).results(epoch):
        board.fold(result)
    now_ns = START + 3600 * 10**9
    view = VerdictComputation(board).view(now_ns, live or live_of("image", "text"))
    verdicts = Verdicts(canaries={"canary": view}, leading=leading)
    return ShownPage(store, epoch, verdicts, **more)


def example_pairs(many=120):
    """Return pairs of two modalities; the canary misreads every fifth image."""
    pairs = []
    for number in range(many):
        if number % 2:
            wrong = said("", "timeout") if number % 31 == 1 else "The total is 42."
            pairs.append(text_pair(number, wrong))
        else:
            values = {"North": 4210 + number, "South": 3100, "East": 875}
            if number % 10 == 0:
                values["North"] = values["North"] // 100
            text = "\n".join(f"{label}: {value}" for label, value in values.items())
            pairs.append(image_pair(number, text))
    return pairs


async def _serve():
    page = await shown_page(example_pairs())

    def ready():
        sys.stdout.write(page.bound + "\n")
        sys.stdout.flush()

    page.server._on_bound = lambda address: setattr(page, "bound", address)
    await page.server.run(ready, asyncio.Event())


if __name__ == "__main__":
    sys.exit(asyncio.run(_serve()))
