"""`snaptrace worst | results`: the pairs behind a verdict."""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from msgspec import Struct
from rich.console import Console

from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.ledger.ledger import epochs
from replayd.model import Epoch
from replayd.results.epoch_list import alarm_from, named, settings_for, shown
from replayd.results.history import History
from replayd.results.pair_view import result_lines, worst_pairs
from replayd.results.terminal import worst_panel
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError, Format, print_json
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock


class Wanted(Struct, frozen=True, kw_only=True):
    """Which pairs are asked for."""

    canary: str = "canary"
    epoch: str = ""
    modality: str = ""
    limit: int = 5
    since_alert: bool = False


def worst(
    source: Source | None = None,
    *,
    canary: str = "canary",
    epoch: str = "",
    modality: str = "",
    since_alert: Annotated[bool, Parameter(negative="")] = False,
    limit: Annotated[int, Parameter(alias="-n")] = 5,
    media: Path | None = None,
    format: Format = "table",  # noqa: A002 - the name of the option
) -> int:
    """Show the pairs in which the canary did worst, with their media.

    Parameters
    ----------
    canary
        Name of the arm.
    epoch
        An earlier epoch, by its id or the beginning of it, its revision, or `previous`;
        the newest if not given. `snaptrace epochs` lists them.
    modality
        Only pairs of this modality.
    since_alert
        Only pairs of the stretch that the standing alarm speaks of.
    limit
        How many.
    media
        Folder for the media files; one in the temporary folder if not given.
    """
    opened = Opened.of(source)
    wanted = Wanted(
        canary=canary,
        epoch=epoch,
        modality=modality,
        limit=limit,
        since_alert=since_alert,
    )
    folder = media or Path(tempfile.gettempdir()) / "snaptrace-worst"
    document = (source or Source()).document()
    config = document.section("replayd", ReplaydConfig)
    try:
        return asyncio.run(
            show_worst(
                opened,
                Console(highlight=False),
                wanted=wanted,
                media=folder,
                output=format,
                config=config,
            )
        )
    except ReplaydError as error:
        raise CommandError(str(error)) from None


async def show_worst(
    opened: Opened,
    console: Console,
    *,
    wanted: Wanted,
    media: Path,
    output: Format = "table",
    config: ReplaydConfig | None = None,
) -> int:
    """Print the worst pairs; media are written below `media`."""
    history = history_of(opened)
    chosen = await chosen_epoch(opened, wanted.canary, wanted.epoch)
    first: dict[str, int] | None = None
    if wanted.since_alert:
        config = config or ReplaydConfig()
        first = await _since_alert(opened, history, chosen, config)
    found = worst_pairs(
        history,
        chosen,
        modality=wanted.modality,
        limit=wanted.limit,
        media_to=media,
        reading=lambda snapshot_id: opened.read("worst", [snapshot_id]),
        first=first,
    )
    pairs = [pair async for pair in found]
    if output == "table":
        for pair in pairs:
            console.print(worst_panel(pair))
        if not pairs:
            for line in await _none(opened, chosen, wanted.modality):
                console.print(line, markup=False)
    elif output == "json":
        print_json(pairs)
    else:
        for pair in pairs:
            sys.stdout.write(msgspec.json.encode(pair).decode() + "\n")
    return 0


async def _since_alert(
    opened: Opened, history: History, epoch: Epoch, config: ReplaydConfig
) -> dict[str, int]:
    """Return the first number by regressed modality; says on stderr since when.

    Raises:
        CommandError: no alarm stands in this epoch.
    """
    settings = settings_for(config, epoch.canary)
    state = await shown(opened.store, SystemClock(), settings, epoch)
    first = await alarm_from(history, epoch, state.modalities)
    if not first:
        raise CommandError(
            "\n".join(["no alarm stands in this epoch", *await _earlier(opened, epoch)])
        )
    for modality, number in first.items():
        since = state.modalities[modality].since_ns
        when = f", raised {at(since)}" if since else ""
        opened.errors.print(
            f"{modality}: the alarm speaks of pairs from #{number} on{when}",
            style="dim",
        )
    return first


async def _none(opened: Opened, epoch: Epoch, modality: str) -> list[str]:
    """Return why there is no worse pair, and where there may be some."""
    of = f" of {modality}" if modality else ""
    said = f"no pair{of} in which the canary did worse, in epoch {epoch.epoch[:12]}"
    return [
        f"{said} (revision {epoch.revision or '-'})",
        *await _earlier(opened, epoch),
    ]


async def _earlier(opened: Opened, epoch: Epoch) -> list[str]:
    """Return a hint at the epoch before, where a regression is carried over."""
    if not epoch.carried:
        return []
    known = await epochs(opened.store, epoch.canary)
    before = [each for each in known if each.sequence < epoch.sequence]
    carried = ", ".join(epoch.carried)
    revision = before[-1].revision or "-" if before else "-"
    look = f"snaptrace worst --canary {epoch.canary} --epoch previous"
    return [f"{carried} regressed in an earlier epoch (revision {revision}): {look}"]


def at(time_ns: int) -> str:
    """Return a time as tables show it."""
    return f"{datetime.fromtimestamp(time_ns / 1e9, UTC):%Y-%m-%d %H:%M} UTC"


def history_of(opened: Opened) -> History:
    """Return the history of a store."""
    return History(opened.store, opened.key, SystemClock())


async def chosen_epoch(opened: Opened, canary: str, wanted: str) -> Epoch:
    """Return the one epoch that a person means.

    Raises:
        CommandError: there is none, or several begin so.
    """
    known = await epochs(opened.store, canary)
    if not known:
        raise CommandError(f"nothing was judged under the canary name {canary!r}")
    found = named(known, wanted)
    if len(found) != 1:
        why = "several epochs begin" if found else "no epoch or revision begins"
        raise CommandError(
            f"{why} with {wanted!r}; `snaptrace epochs --canary {canary}` lists them"
        )
    return found[0]


def results(
    source: Source | None = None, *, canary: str = "canary", epoch: str = ""
) -> int:
    """Print every committed pair as a line of JSON: numbers and ids, no content.

    Parameters
    ----------
    canary
        Name of the arm.
    epoch
        An earlier epoch, as for `worst`; the newest if not given.
    """
    opened = Opened.of(source)

    async def write() -> None:
        history = history_of(opened)
        chosen = await chosen_epoch(opened, canary, epoch)
        async for line in result_lines(history, chosen):
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()

    try:
        asyncio.run(write())
    except ReplaydError as error:
        raise CommandError(str(error)) from None
    return 0
