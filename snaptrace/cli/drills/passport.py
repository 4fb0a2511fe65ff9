"""`snaptrace gate --attest | --verify`: verdicts as signed statements."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.text import Text

from replayd.config import ReplaydConfig
from replayd.drills.known import known_sensitivity
from replayd.errors import ReplaydError
from replayd.evidence.settings import settings_of
from replayd.offline.passport.envelope import (
    PassportError,
    opened_envelope,
    sealed_envelope,
)
from replayd.offline.passport.statement import (
    Passport,
    differences_of,
    passport_in,
    passport_of,
    statement_of,
)
from replayd.verdicts.gate import EXIT_CODES
from replayd.verdicts.views import CanaryView
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock

_UNKNOWN = 3


def attest(
    source: Source, canary: str, view: CanaryView, target: Path, key: Path
) -> None:
    """Write the passport of what replayd shows, recomputed from the store and signed.

    Raises:
        CommandError: there is none to be had; says why.
    """
    config = source.document().section("replayd", ReplaydConfig)
    if canary not in config.arms:
        raise CommandError(f"--attest needs the configuration of {canary}", _UNKNOWN)
    opened = Opened.of(source)

    async def made() -> Passport:
        drilled = await known_sensitivity(opened.store)
        settings, clock = settings_of(config, canary), SystemClock()
        return await passport_of(
            opened.store, clock, view, canary, settings=settings, drilled=drilled
        )

    try:
        sealed = sealed_envelope(statement_of(asyncio.run(made())), _read(key))
    except ReplaydError as error:
        raise CommandError(f"no passport: {error}", _UNKNOWN) from None
    target.write_bytes(sealed)


def verify(source: Source, file: Path, key: Path, *, revision: str = "") -> int:
    """Check a passport's signature and recompute it from the store; return the exit.

    As a gate's: 0 it passed, 1 it regressed, 2 undecided, 3 it cannot be trusted.
    """
    console, opened = Console(highlight=False), Opened.of(source)

    async def checked() -> tuple[Passport, list[str]]:
        passport = passport_in(opened_envelope(_read(file), [_read(key)]))
        if revision and passport.revision != revision:
            raise PassportError(f"it speaks of revision {passport.revision!r}")
        drilled = await known_sensitivity(opened.store)
        clock = SystemClock()
        return passport, await differences_of(opened.store, clock, passport, drilled)

    try:
        passport, differing = asyncio.run(checked())
    except ReplaydError as error:
        console.print(Text.assemble(("not verified: ", "bold red"), str(error)))
        return _UNKNOWN
    if differing:
        why = f"its results say otherwise in {', '.join(differing)}"
        console.print(Text.assemble(("not verified: ", "bold red"), why))
        return _UNKNOWN
    said = f"{passport.canary} revision {passport.revision or '-'}: {passport.gate}"
    rests = f"signed, and recomputed from {passport.sample.results} results"
    console.print(Text.assemble(("verified: ", "bold green"), f"{said}; {rests}"))
    return EXIT_CODES[passport.gate]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
