"""Live board of `snaptrace up`: read from both programs over HTTP, as anybody could."""

import asyncio
import re
import time
from collections import deque
from pathlib import Path

import aiohttp
import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from replayd.http.gate_api import PlansShown
from replayd.verdicts.gate_wait import fetch_verdicts
from snaptrace.cli.up import live_table
from snaptrace.cli.up.board_text import BoardState, Place, waits
from snaptrace.cli.up.live_table import Row
from snaptrace.runtime.events import wait

_EVERY_SECONDS = 1.0
_PLAN_EVERY_SECONDS = 5.0
_PACE_SECONDS = 60.0  # over which the pace of pairs is told
_LINE_EVERY_SECONDS = 60.0  # without a terminal, while nothing changes
_TIMEOUT = aiohttp.ClientTimeout(total=2.0)


class Board:
    """The live view of both programs while `up` runs."""

    def __init__(
        self,
        *,
        otlp: tuple[str, str],
        collector: str,
        replayd: str,
        page: str,
        folder: Path,
        lookback_hours: float,
        token: str = "",
    ) -> None:
        """Take addresses as host:port; two are empty where there is no replayd."""
        self._collector, self._replayd, self._page = collector, replayd, page
        self._folder, self._token = folder, token
        self._place = Place(
            grpc=otlp[0],
            http=otlp[1],
            lookback_hours=lookback_hours,
            replays=bool(replayd),
        )
        self._begun = time.monotonic()
        self._telling_since: float | None = None
        self._plans, self._planned_at = PlansShown(canaries={}), float("-inf")
        self._pairs: deque[tuple[float, dict[tuple[str, str], int]]] = deque()

    async def show(self, stop: asyncio.Event) -> None:
        """Show the board until `stop`: in place on a terminal, as lines elsewhere."""
        console = Console(highlight=False)
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            if console.is_terminal:
                with Live(console=console, auto_refresh=False) as live:
                    while not await wait(stop, _EVERY_SECONDS):
                        live.update(
                            self.render(await self._read(session)), refresh=True
                        )
            else:
                await self._say(session, stop, console)

    async def _say(
        self, session: aiohttp.ClientSession, stop: asyncio.Event, console: Console
    ) -> None:
        said, said_at = "", float("-inf")
        while not await wait(stop, _EVERY_SECONDS):
            state = await self._read(session)
            key, lines = self.lines(state)
            now = time.monotonic()
            if key != said or now - said_at >= _LINE_EVERY_SECONDS:
                said, said_at = key, now
                for line in lines:
                    console.print(line, soft_wrap=True, markup=False)

    def lines(self, state: BoardState) -> tuple[str, list[str]]:
        """Return plain lines, and what of them is news once it changes."""
        words = [f"{row.name} {row.verdict or 'waiting'}" for _, row in _rows(state)]
        counts = "; ".join(
            f"{row.name}: {row.seen} seen, {row.kept} kept, {row.replays} pairs, "
            f"{row.verdict or 'waiting'}"
            for _, row in _rows(state)
        )
        waiting = list(waits(state, self._place))
        elapsed = int(time.monotonic() - self._begun)
        head = [f"{elapsed:5d} s  {counts}"] if counts else []
        body = [f"{elapsed:5d} s    waits: {each}" for each in waiting]
        # Numbers in the sentences change each second; which sentences stand does not.
        kinds = [re.sub(r"[0-9.,]+", "", each.partition("(")[0]) for each in waiting]
        return repr((words, kinds)), head + body

    def render(self, state: BoardState) -> RenderableType:
        """Return the board for a terminal."""
        minutes, seconds = divmod(int(time.monotonic() - self._begun), 60)
        parts: list[RenderableType] = [
            Text.assemble(
                ("snaptrace up", "bold"),
                f"  {minutes}:{seconds:02d}  OTLP {self._place.grpc} (gRPC), ",
                f"{self._place.http} (HTTP)",
            )
        ]
        if self._page:
            parts.append(Text(f"page http://{self._page}/  logs {self._folder}/logs"))
        parts.append(Text())
        for title, rows in _tables(state):
            parts += [live_table.render(rows, Text(title, "bold")), Text()]
        parts += [
            Text.assemble(("waits for  ", "dim"), each)
            for each in waits(state, self._place)
        ]
        return Group(*parts)

    async def _read(self, session: aiohttp.ClientSession) -> BoardState:
        counted = await live_table.counted(session, self._collector)
        verdicts = None
        if self._replayd:
            base = f"http://{self._replayd}"
            verdicts = await fetch_verdicts(session, base, self._token)
            await self._plan(session, base)
        paces = self._paces(
            {}
            if verdicts is None
            else {
                (name, modality): shown.replays
                for name, view in verdicts.canaries.items()
                for modality, shown in view.modalities.items()
            }
        )
        now = time.monotonic()
        if counted.requests and self._telling_since is None:
            self._telling_since = now
        return BoardState(
            telling_seconds=now - (self._telling_since or now),
            counted=counted,
            verdicts=verdicts,
            plans=self._plans.canaries,
            paces=paces,
        )

    async def _plan(self, session: aiohttp.ClientSession, base: str) -> None:
        now = time.monotonic()
        if now - self._planned_at < _PLAN_EVERY_SECONDS:
            return
        self._planned_at = now
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            async with session.get(f"{base}/api/v1/plan", headers=headers) as answer:
                if answer.status == 200:
                    body = await answer.read()
                    self._plans = msgspec.json.decode(body, type=PlansShown)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
            return

    def _paces(self, pairs: dict[tuple[str, str], int]) -> dict[tuple[str, str], float]:
        """Return the pairs per minute of the last minute."""
        now = time.monotonic()
        self._pairs.append((now, pairs))
        while self._pairs[0][0] < now - _PACE_SECONDS:
            self._pairs.popleft()
        first_at, first = self._pairs[0]
        minutes = max(now - first_at, _EVERY_SECONDS) / 60
        return {
            name: max(count - first.get(name, 0), 0) / minutes
            for name, count in pairs.items()
        }


def _rows(state: BoardState) -> list[tuple[str, Row]]:
    return [(title, row) for title, rows in _tables(state) for row in rows]


def _tables(state: BoardState) -> list[tuple[str, list[Row]]]:
    """Return a table per canary; one of the collector's counts before there is any."""
    verdicts = msgspec.to_builtins(state.verdicts) if state.verdicts else {}
    counted = state.counted
    reading = live_table.TableReading(
        seen=dict(counted.seen), kept=dict(counted.kept), verdicts=verdicts
    )
    canaries = verdicts.get("canaries", {})
    if not canaries:
        rows = reading.rows("", tuple(sorted(counted.seen)))
        return [("calls", rows)] if rows else []
    found = []
    for name, view in canaries.items():
        seen = {*counted.seen, *view["modalities"]}
        title = f"{name}  revision {view['revision'] or '-'}"
        found.append((title, reading.rows(name, tuple(sorted(seen)))))
    return found
