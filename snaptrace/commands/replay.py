"""`snaptrace replay`: snapshots sent once, or printed as they would be sent."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from replayd.arms import Arm, endpoint_settings
from replayd.config import ReplaydConfig
from replayd.endpoint import Endpoint
from replayd.oneshot import Load, Sent, dry_run, dry_run_through, send_all
from replayd.providers import PROVIDERS
from snaptrace.commands.edge import CommandError, Format, print_json
from snaptrace.commands.opened import Opened
from snaptrace.commands.options import Source
from snaptrace.runtime.clock import SystemClock
from snaptrace.snapshots.browse import Found, media_of
from snaptrace.snapshots.model import Snapshot


def replay(
    source: Source | None = None,
    *,
    id: Annotated[tuple[str, ...], Parameter(negative="")] = (),  # noqa: A002 - the name of the option
    all: Annotated[bool, Parameter(negative="")] = False,  # noqa: A002
    arm: str | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    format: Format = "table",  # noqa: A002
    in_flight: int = 16,
) -> int:
    """Send snapshots to one arm once, and show each answer beside the recorded one.

    With --dry-run nothing is sent: prints the exact request as it was recorded (or,
    with --arm, as that arm would be sent) and how far it is what was really sent.

    Parameters
    ----------
    id
        A snapshot id, or the beginning of one; may be repeated.
    all
        Every snapshot of the store.
    arm
        One of replayd.arms.
    dry_run
        Print requests instead of sending them.
    in_flight
        Requests at once.
    """
    if bool(id) == all:
        raise CommandError("name snapshots with --id, or take --all", 2)
    if arm is None and not dry_run:
        raise CommandError("name an arm with --arm, or add --dry-run", 2)
    run = _Run(source or Source(), id, arm, format)
    return asyncio.run(run.print_requests() if dry_run else run.send(in_flight))


class _Run:
    """One call of the command."""

    def __init__(
        self, source: Source, ids: tuple[str, ...], arm: str | None, output: Format
    ) -> None:
        self._opened = Opened.of(source)
        self._settings = source.document().section("replayd", ReplaydConfig)
        self._ids, self._arm, self._output = ids, arm, output

    async def _chosen(self) -> AsyncIterator[Found]:
        browser = await self._opened.browser()
        known: set[str] = set()
        async for found in browser.snapshots():
            name = found.snapshot.snapshot_id
            if name in known or not (
                not self._ids or any(name.startswith(each) for each in self._ids)
            ):
                continue
            known.add(name)
            yield found

    async def _open_arm(self, stack: AsyncExitStack) -> Arm | None:
        if self._arm is None:
            return None
        config = self._settings.arms.get(self._arm)
        if config is None:
            there = ", ".join(self._settings.arms) or "none"
            raise CommandError(
                f"no arm {self._arm!r} in replayd.arms; there are: {there}", 2
            )
        settings = endpoint_settings(self._arm, config, os.environ)
        endpoint = Endpoint(
            settings, PROVIDERS[config.api], SystemClock(), random.SystemRandom()
        )
        return Arm(self._arm, config, await stack.enter_async_context(endpoint))

    async def print_requests(self) -> int:
        """Print each request as JSON; a table has no room for a body."""
        async with AsyncExitStack() as stack:
            arm = await self._open_arm(stack)
            rows = []
            async for found in self._chosen():
                self._opened.read("replay --dry-run", [found.snapshot.snapshot_id])
                held = await media_of(self._opened.store, self._opened.key, found)
                shown = (
                    dry_run(found.snapshot, held)
                    if arm is None
                    else dry_run_through(arm, found.snapshot, held)
                )
                if self._output == "json":
                    rows.append(shown)
                    continue
                sys.stdout.buffer.write(msgspec.json.encode(shown) + b"\n")
            if self._output == "json":
                print_json(rows)
            sys.stdout.buffer.flush()
        return 0

    async def send(self, in_flight: int) -> int:
        """Send each; exit 1 if any had no answer."""
        failed = 0
        async with AsyncExitStack() as stack:
            arm = await self._open_arm(stack)
            assert arm is not None
            chosen = [found async for found in self._chosen()]
            ids = [found.snapshot.snapshot_id for found in chosen]
            self._opened.read(f"replay --arm {arm.name}", ids)
            sent: list[Sent] = []
            with self._opened.progress() as progress:
                bar = progress.add_task(f"asking {arm.name}", total=len(chosen))
                async for each in send_all(arm, map(self._load, chosen), in_flight):
                    progress.advance(bar)
                    failed += each.outcome != "answered"
                    if self._output == "jsonl":
                        sys.stdout.buffer.write(msgspec.json.encode(each) + b"\n")
                        sys.stdout.buffer.flush()
                    else:
                        sent.append(each)
        if self._output == "json":
            print_json(sent)
        elif self._output == "table":
            _print_sent(sent)
        return 1 if failed else 0

    def _load(self, found: Found) -> Load:
        async def load() -> tuple[Snapshot, dict[int, bytes]]:
            return found.snapshot, await media_of(
                self._opened.store, self._opened.key, found
            )

        return load


def _print_sent(sent: list[Sent]) -> None:
    """Print recorded and new answer side by side."""
    table = Table(show_lines=True, header_style="bold")
    for heading in ("snapshot", "outcome", "recorded", "answered now"):
        table.add_column(heading, overflow="fold")
    for each in sent:
        outcome = each.outcome if not each.reason else f"{each.outcome}: {each.reason}"
        same = each.recorded == each.answer
        calls = "\n".join(f"→ {c['name']}({c['arguments']})" for c in each.tool_calls)
        table.add_row(
            each.snapshot_id[:12],
            outcome,
            Text(each.recorded),
            Text(
                "the same" if same else f"{each.answer}\n{calls}".strip(),
                "dim" if same else "",
            ),
        )
    Console(highlight=False).print(table if sent else "no snapshots chosen")
