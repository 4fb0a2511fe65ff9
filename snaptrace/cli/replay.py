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

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.arms.outcomes import has_answer
from replayd.config import ArmConfig, ReplaydConfig
from replayd.offline.oneshot import Load, Sent, dry_run, dry_run_through, send_all
from replayd.providers import PROVIDERS
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_json
from snaptrace.cli.replay_output import SentPrinter
from snaptrace.cli.session import Opened, query_of
from snaptrace.runtime.clock import SystemClock
from snaptrace.snapshot.model import Snapshot
from snaptrace.store import pins
from snaptrace.store.browser import Pinned, media_of

AT_ONCE = 256  # snapshots held and put down in the audit together
ASKED_BY_URL = "canary"  # the arm's name where there is no configuration


def replay(
    source: Source | None = None,
    *,
    id: Annotated[tuple[str, ...], Parameter(negative="")] = (),  # noqa: A002 - the name of the option
    suite: str = "",
    where: str = "",
    all: Annotated[bool, Parameter(negative="")] = False,  # noqa: A002
    arm: str = "",
    url: str = "",
    api: str = "openai_chat",
    model: str = "",
    api_key_env: str = "",
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    format: Format = "table",  # noqa: A002
    in_flight: int = 16,
) -> int:
    """Send snapshots once, and show each answer beside the recorded one.

    With --dry-run nothing is sent: prints the exact request as it was recorded (or,
    with --arm or --url, as it would be sent there) and how far it is what was really
    sent. Exits 1 if any snapshot got no usable answer.

    Parameters
    ----------
    id
        A snapshot id, or the beginning of one; may be repeated.
    suite
        Every snapshot pinned in this suite.
    where
        Every snapshot that meets a filter; `snaptrace fields` lists what it may ask.
    all
        Every snapshot of the store.
    arm
        One of replayd.arms.
    url
        Base URL of any endpoint instead of an arm, as http://canary/v1.
    api
        With --url: which API the endpoint speaks.
    model
        With --url: the model to ask for; the recorded one if not given.
    api_key_env
        With --url: environment variable that holds the credential.
    dry_run
        Print requests instead of sending them.
    in_flight
        Requests at once.
    """
    if bool(id) + bool(suite) + bool(where) + all != 1:
        raise CommandError(
            "name snapshots with --id, --suite NAME, --where FILTER or --all", 2
        )
    if bool(arm) + bool(url) > 1:
        raise CommandError("take --arm or --url, not both", 2)
    if not (arm or url or dry_run):
        raise CommandError(
            "name an arm with --arm, an endpoint with --url, or add --dry-run", 2
        )
    if in_flight < 1:
        raise CommandError("--in-flight is at least 1", 2)
    source = source or Source()
    asked: tuple[str, ArmConfig] | None = None
    if url:
        asked = (
            ASKED_BY_URL,
            ArmConfig(
                role="canary", url=url, api=api, model=model, api_key_env=api_key_env
            ),
        )
    elif arm:
        asked = arm, _configured(source, arm)
    run = _Run(source, ids=id, suite=suite, where=where, asked=asked, output=format)
    return asyncio.run(run.print_requests() if dry_run else run.send(in_flight))


def _configured(source: Source, name: str) -> ArmConfig:
    arms = source.document().section("replayd", ReplaydConfig).arms
    if (config := arms.get(name)) is None:
        there = ", ".join(arms) or "none"
        raise CommandError(f"no arm {name!r} in replayd.arms; there are: {there}", 2)
    return config


class _Run:
    """One call of the command."""

    def __init__(
        self,
        source: Source,
        *,
        ids: tuple[str, ...],
        suite: str,
        where: str,
        asked: tuple[str, ArmConfig] | None,
        output: Format,
    ) -> None:
        self._opened = Opened.of(source)
        self._ids, self._suite, self._asked = ids, suite, asked
        self._query = query_of(where)
        self._output = output
        self._most = 0  # snapshots there can be

    async def _chosen(self) -> AsyncIterator[list[Pinned]]:
        """Yield what was asked for, each once, a bounded number at a time."""
        known: set[str] = set()
        part: list[Pinned] = []
        async for found in self._pinned() if self._suite else self._stored():
            if found.snapshot.snapshot_id in known:
                continue
            known.add(found.snapshot.snapshot_id)
            part.append(found)
            if len(part) == AT_ONCE:
                yield part
                part = []
        if part:
            yield part
        self._check_found(known)

    def _check_found(self, known: set[str]) -> None:
        """Refuse to end well where something named is not there.

        Raises:
            CommandError: says what was not found.
        """
        for each in self._ids:
            if not any(name.startswith(each) for name in known):
                raise CommandError(f"no snapshot begins with {each}; see `ls`")
        if self._suite and not known:
            raise CommandError(f"no suite {self._suite}, or nothing pinned; see `pin`")

    async def _stored(self) -> AsyncIterator[Pinned]:
        if self._query.terms:
            search = await self._opened.search()
            async for found in search.found(self._query):
                self._most += 1
                yield Pinned(found.name, found.snapshot)
            return
        browser = await self._opened.browser()
        self._most = len(self._ids) or browser.records
        async for found in browser.snapshots():
            name = found.snapshot.snapshot_id
            if not self._ids or any(name.startswith(each) for each in self._ids):
                yield Pinned(found.name, found.snapshot)

    async def _pinned(self) -> AsyncIterator[Pinned]:
        browser = await self._opened.browser()  # knows who was erased
        async for name, _, snapshot in pins.pinned(self._opened.store, self._suite):
            if not browser.is_erased(snapshot):
                self._most += 1
                yield Pinned(name, snapshot)

    async def _open_arm(self, stack: AsyncExitStack) -> Arm | None:
        if self._asked is None:
            return None
        name, config = self._asked
        settings = endpoint_settings(name, config, os.environ)
        endpoint = Endpoint(
            settings, PROVIDERS[config.api], SystemClock(), random.SystemRandom()
        )
        return Arm(name, config, await stack.enter_async_context(endpoint))

    async def print_requests(self) -> int:
        """Print each request as JSON; a table has no room for a body."""
        async with AsyncExitStack() as stack:
            arm = await self._open_arm(stack)
            rows = []
            async for part in self._chosen():
                self._audit("replay --dry-run", part)
                for found in part:
                    held = await self._media(found)
                    shown = (
                        dry_run(found.snapshot, held)
                        if arm is None
                        else dry_run_through(arm, found.snapshot, held)
                    )
                    if self._output == "json":
                        rows.append(shown)
                    else:
                        sys.stdout.buffer.write(msgspec.json.encode(shown) + b"\n")
            if self._output == "json":
                print_json(rows)
            sys.stdout.buffer.flush()
        return 0

    async def send(self, in_flight: int) -> int:
        """Send each; exit 1 if any had no usable answer."""
        failed, rows = 0, list[Sent]()
        printer = SentPrinter()
        shares = self._output == "table" and printer.console.is_terminal
        async with AsyncExitStack() as stack:
            arm = await self._open_arm(stack)
            assert arm is not None
            progress = stack.enter_context(
                self._opened.progress(printer.console if shares else None)
            )
            bar = progress.add_task(f"asking {arm.name}", total=None)
            async for part in self._chosen():
                progress.update(bar, total=self._most)
                self._audit(f"replay --arm {arm.name}", part)
                async for each in send_all(arm, map(self._load, part), in_flight):
                    progress.advance(bar)
                    failed += not has_answer(each.outcome)
                    if self._output == "table":
                        printer.show(each)
                    elif self._output == "jsonl":
                        sys.stdout.buffer.write(msgspec.json.encode(each) + b"\n")
                        sys.stdout.buffer.flush()
                    else:
                        rows.append(each)
        if self._output == "json":
            print_json(rows)
        elif self._output == "table":
            printer.sum_up(arm.config)
        return 1 if failed else 0

    def _audit(self, command: str, part: list[Pinned]) -> None:
        self._opened.read(command, [found.snapshot.snapshot_id for found in part])

    async def _media(self, found: Pinned) -> dict[int, bytes]:
        opened = self._opened
        return await media_of(opened.store, opened.key, found)

    def _load(self, found: Pinned) -> Load:
        async def load() -> tuple[Snapshot, dict[int, bytes]]:
            return found.snapshot, await self._media(found)

        return load
