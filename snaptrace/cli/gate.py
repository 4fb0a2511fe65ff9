"""`snaptrace gate | worst | results`: verdicts, said to people and pipelines."""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import aiohttp
import msgspec
from cyclopts import Parameter
from rich.console import Console, RenderableType
from rich.live import Live

from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.model import Epoch
from replayd.planning.gate_plan import plan_of
from replayd.results.history import History
from replayd.results.pair_view import result_lines, worst_pairs
from replayd.results.terminal import gate_lines, plan_table, verdict_table, worst_panel
from replayd.verdicts.gate import GateAnswer
from replayd.verdicts.gate_wait import fetch_verdicts, wait_at_gate
from replayd.verdicts.views import Verdicts
from snaptrace.cli.drills import passport
from snaptrace.cli.options import Source, on_loopback, with_store
from snaptrace.cli.output import EXIT_USAGE, CommandError, Format, print_json
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import Duration

_TIMEOUT = aiohttp.ClientTimeout(total=10)


def base_url(source: Source, url: str | None) -> str:
    """Return where replayd answers: as named, else as configured."""
    if url:
        return url
    listen = source.document().section("replayd", ReplaydConfig).metrics.listen
    return f"http://{on_loopback(listen)}"


def token_of(source: Source) -> str:
    """Return what guards replayd's answers, "" where nothing does.

    Raises:
        CommandError: the configured file cannot be read.
    """
    path = source.document().section("replayd", ReplaydConfig).page_token_file
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else ""
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None


def _seconds(_kind: object, tokens: object) -> float:
    return float(Duration.parse(tokens[0].value))  # type: ignore[index] # one token


Wait = Annotated[float, Parameter(converter=_seconds, accepts_keys=False)]


def gate(
    source: Source | None = None,
    *,
    canary: str = "",
    revision: str = "",
    wait: Wait = 0.0,
    oldest: Wait = 0.0,
    url: str | None = None,
    attest: Path | None = None,
    verify: Path | None = None,
    key: Path | None = None,
    store: str = "",
    format: Annotated[  # noqa: A002 - the name of the option
        Format, Parameter(help="table, or json as GET /api/v1/verdicts.")
    ] = "table",
) -> int:
    """Ask whether a canary may go on.

    Exits 0 if it passed, 1 if it regressed, 2 while undecided or changed, 3 if nobody
    could tell: no such canary, another revision is judged, the verdict is too old.

    Parameters
    ----------
    canary
        Name of the arm.
    revision
        The revision that must have been judged; any if not given.
    wait
        Wait so long for a decision, as 30m.
    oldest
        Refuse a verdict computed longer ago than this.
    url
        Base URL of replayd; the configured metrics address if not given.
    attest
        Write the verdict here as a signed in-toto statement, whatever it is.
    verify
        Check such a statement instead: its signature, and its results in the store.
    key
        PEM file: the private key for --attest, the public one for --verify.
    store
        URL of the store; the configured one if not given.
    """
    source = with_store(source or Source(), store)
    if verify is not None:
        return passport.verify(source, verify, _needed(key), revision=revision)
    if not canary:
        raise CommandError("name the arm with --canary", EXIT_USAGE)
    base, token = base_url(source, url), token_of(source)
    console = Console(stderr=format != "table", highlight=False)
    answer, verdicts = asyncio.run(
        _ask(
            base,
            canary,
            token=token,
            revision=revision,
            wait_seconds=wait,
            oldest_seconds=oldest or None,
            console=console,
        )
    )
    if attest is not None:
        view = verdicts.canaries.get(canary) if verdicts else None
        if view is None or answer.state == "unknown":
            raise CommandError(f"no passport: {'; '.join(answer.why)}", 3)
        passport.attest(source, canary, view, attest, _needed(key))
    if format == "table":
        console.print(gate_lines(answer))
    elif format == "jsonl":
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    elif verdicts is None:
        print_json({"canaries": {}, "gate": msgspec.to_builtins(answer)})
    else:
        only = {name: v for name, v in verdicts.canaries.items() if name == canary}
        print_json({"canaries": only, "gate": msgspec.to_builtins(answer)})
    return answer.exit_code


def _needed(key: Path | None) -> Path:
    if key is None:
        raise CommandError("name the key with --key", EXIT_USAGE)
    return key


async def _ask(
    base: str,
    canary: str,
    *,
    token: str,
    revision: str,
    wait_seconds: float,
    oldest_seconds: float | None,
    console: Console,
) -> tuple[GateAnswer, Verdicts | None]:
    latest: list[Verdicts | None] = [None]
    planned = False

    def progress(
        verdicts: Verdicts | None,
        answer: GateAnswer,
        show: Callable[[RenderableType], None],
    ) -> None:
        nonlocal planned
        latest[0] = verdicts
        view = verdicts.canaries.get(canary) if verdicts else None
        if view is None:
            show(f"{base}: {'; '.join(answer.why)}")
            return
        if not planned:
            planned = True
            console.print(plan_table(plan_of(view)))
        show(verdict_table(canary, view))

    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        with _display(console) as show:
            answer = await wait_at_gate(
                lambda: fetch_verdicts(session, base, token),
                canary,
                clock=SystemClock(),
                sleep=asyncio.sleep,
                progress=lambda verdicts, answer: progress(verdicts, answer, show),
                revision=revision,
                wait_seconds=wait_seconds,
                oldest_seconds=oldest_seconds,
            )
    return answer, latest[0]


@contextmanager
def _display(console: Console) -> Iterator[Callable[[RenderableType], None]]:
    """Yield how to show a state: in place on a terminal, once at the end elsewhere."""
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda shown: live.update(shown, refresh=True)
        return
    last: list[RenderableType] = []

    def keep(shown: RenderableType) -> None:
        last[:] = [shown]

    yield keep
    for shown in last:
        console.print(shown)


def _history(opened: Opened) -> History:
    return History(opened.store, opened.key, SystemClock())


async def _newest_epoch(history: History, canary: str, epoch: str) -> Epoch:
    found = await history.epoch(canary, epoch)
    if found is None:
        raise CommandError(f"nothing was judged under the canary name {canary!r}")
    return found


def worst(
    source: Source | None = None,
    *,
    canary: str = "canary",
    epoch: str = "",
    modality: str = "",
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
        An earlier epoch; the newest if not given.
    modality
        Only pairs of this modality.
    limit
        How many.
    media
        Folder for the media files; one in the temporary folder if not given.
    """
    opened = Opened.of(source)
    folder = media or Path(tempfile.gettempdir()) / "snaptrace-worst"
    console = Console(highlight=False)
    try:
        return asyncio.run(
            show_worst(
                opened,
                console,
                canary=canary,
                epoch=epoch,
                modality=modality,
                limit=limit,
                media=folder,
                output=format,
            )
        )
    except ReplaydError as error:
        raise CommandError(str(error)) from None


async def show_worst(
    opened: Opened,
    console: Console,
    *,
    canary: str,
    epoch: str = "",
    modality: str = "",
    limit: int = 5,
    media: Path,
    output: Format = "table",
) -> int:
    """Print the worst pairs; media are written below `media`."""
    history = _history(opened)
    chosen = await _newest_epoch(history, canary, epoch)
    pairs = [
        pair
        async for pair in worst_pairs(
            history,
            chosen,
            modality=modality,
            limit=limit,
            media_to=media,
            reading=lambda snapshot_id: opened.read("worst", [snapshot_id]),
        )
    ]
    if output == "table":
        for pair in pairs:
            console.print(worst_panel(pair))
        if not pairs:
            console.print("no pair in which the canary did worse")
    elif output == "json":
        print_json(pairs)
    else:
        for pair in pairs:
            sys.stdout.write(msgspec.json.encode(pair).decode() + "\n")
    return 0


def results(
    source: Source | None = None, *, canary: str = "canary", epoch: str = ""
) -> int:
    """Print every committed pair as a line of JSON: numbers and ids, no content.

    Parameters
    ----------
    canary
        Name of the arm.
    epoch
        An earlier epoch; the newest if not given.
    """
    opened = Opened.of(source)

    async def write() -> None:
        history = _history(opened)
        chosen = await _newest_epoch(history, canary, epoch)
        async for line in result_lines(history, chosen):
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()

    try:
        asyncio.run(write())
    except ReplaydError as error:
        raise CommandError(str(error)) from None
    return 0
