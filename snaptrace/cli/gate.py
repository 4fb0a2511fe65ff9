"""`snaptrace gate`: the verdict, said to people and pipelines."""

import asyncio
import sys
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
from replayd.planning.gate_plan import plan_of
from replayd.results.terminal import gate_lines, plan_table, verdict_table
from replayd.verdicts.gate import GateAnswer
from replayd.verdicts.gate_wait import fetch_verdicts, wait_at_gate
from replayd.verdicts.views import Verdicts
from snaptrace.cli.drills import passport
from snaptrace.cli.evidence import verdict_junit
from snaptrace.cli.options import Source, on_loopback, with_store
from snaptrace.cli.output import EXIT_USAGE, UNWRITTEN, CommandError, Format, print_json
from snaptrace.runtime.clock import Clock, SystemClock
from snaptrace.runtime.config import Duration
from snaptrace.suite.lock import SHOWN_HASH

WAITING_LINE_SECONDS = 30.0
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
    junit: Path | None = None,
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
    junit
        Write the answer here as JUnit XML, one case per modality; only a pass is green.
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
    if "://" in canary:
        why = f"--canary {canary}: a gate asks replayd about an arm by name; replayd's"
        raise CommandError(f"{why} address is --url", EXIT_USAGE)
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
    view = verdicts.canaries.get(canary) if verdicts else None
    if junit is not None:
        _write(junit, verdict_junit.junit(canary, view, answer))
    if attest is not None:
        if view is None or answer.state == "unknown":
            raise CommandError(f"no passport: {'; '.join(answer.why)}", 3)
        passport.attest(source, canary, view, attest, _needed(key))
    if format == "table":
        console.print(gate_lines(answer), *_suite_lines(verdicts), sep="\n")
    elif format == "jsonl":
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    elif verdicts is None:
        print_json({"canaries": {}, "gate": msgspec.to_builtins(answer)})
    else:
        only = {name: v for name, v in verdicts.canaries.items() if name == canary}
        said = {"gate": msgspec.to_builtins(answer), "suites": verdicts.suites}
        print_json({"canaries": only, **said})
    return answer.exit_code


def _suite_lines(verdicts: Verdicts | None) -> list[str]:
    """Return which suites' pins the verdict was given on, and their versions."""
    suites = {} if verdicts is None else verdicts.suites
    return [
        f"pins of suite {name}, version {version[:SHOWN_HASH]}"
        for name, version in sorted(suites.items())
    ]


def _write(path: Path, text: str) -> None:
    """Write a file beside what is printed.

    Raises:
        CommandError: it cannot be written; the exit code is none of a verdict's.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = f"--junit {path}: {error.strerror}"
        raise CommandError(why, UNWRITTEN) from None


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
    waiting = _Waiting(SystemClock())

    def progress(
        verdicts: Verdicts | None,
        answer: GateAnswer,
        show: Callable[[RenderableType], None],
    ) -> None:
        nonlocal planned
        latest[0] = verdicts
        view = verdicts.canaries.get(canary) if verdicts else None
        if wait_seconds and not console.is_terminal:
            waiting.say(answer)
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


class _Waiting:
    """Lines on stderr for who waits in a pipe: on change, else every half minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said, self._said_at = "", float("-inf")

    def say(self, answer: GateAnswer) -> None:
        """Say what is waited for, if that is news."""
        now = self._clock.monotonic_seconds()
        words = f"{answer.state} {answer.modalities}"
        if words == self._said and now - self._said_at < WAITING_LINE_SECONDS:
            return
        self._said, self._said_at = words, now
        why = "; ".join((*answer.why, *answer.warnings)) or answer.state
        sys.stderr.write(f"waiting: {why}\n")
        sys.stderr.flush()
