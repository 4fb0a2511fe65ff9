"""Proposed changes of a suite file: a difference to review, never a write."""

import asyncio
import difflib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from replayd.http.page.access import person_of
from replayd.http.page.site import Site
from replayd.results.history import Pair
from replayd.results.pair_view import rendered
from snaptrace.suite.document import IGNORE_WORDS
from snaptrace.suite.edit import template, with_ignore, with_pins
from snaptrace.suite.errors import SuiteFileError
from snaptrace.suite.patterns import pattern_problem

LONGEST: Final = 200  # characters of a field
LARGEST_BYTES: Final = 2**20
NAME: Final = "suite.yaml"
SCOPES: Final = ("case", "route", "service", "modality", "all")
KINDS: Final = (*IGNORE_WORDS, "json", "pattern")


class SuiteChanges:
    """Handlers of a pair's `/pin` and `/ignore`."""

    def __init__(self, site: Site, suite_file: str) -> None:
        self._site, self._file = site, suite_file

    async def pin(self, request: web.Request) -> web.Response:
        """Propose to pin the pair's case."""
        pair = await self._site.pair(request)
        entry: dict[str, str | bool] = {
            "id": pair.result.snapshot_id,
            "owner": person_of(request).name,
            "why": _field(request, "why") or f"pair {pair.result.number} went wrong",
            "since": _today(self._site.clock.now_ns()),
        }
        return await self._proposed(
            request, pair, "pin", lambda text: with_pins(text, [entry])
        )

    async def ignore(self, request: web.Request) -> web.Response:
        """Propose a rule by which what differs here counts as noise."""
        pair = await self._site.pair(request)
        kind, scope = _field(request, "kind"), _field(request, "scope") or "case"
        value = _field(request, "value")
        wrong = _wrong(kind, scope, value)
        if not kind or wrong:
            return self._form(pair, wrong, 400 if wrong else 200)
        within = _scope(scope, pair)
        return await self._proposed(
            request, pair, "ignore", lambda text: with_ignore(text, kind, value, within)
        )

    def _form(self, pair: Pair, wrong: str, status: int) -> web.Response:
        return self._site.page(
            "ignore.html",
            status=status,
            pair=rendered(pair),
            wrong=wrong,
            kinds=KINDS,
            scopes=SCOPES,
        )

    async def _proposed(
        self, request: web.Request, pair: Pair, what: str, change: Callable[[str], str]
    ) -> web.Response:
        """Show the difference, or hand it out as a patch."""
        try:
            before = await asyncio.to_thread(self._text)
            after = change(before or template("release", ""))
        except (OSError, UnicodeDecodeError, SuiteFileError) as error:
            raise web.HTTPConflict(text=f"{self._file or NAME}: {error}\n") from None
        name = Path(self._file).name if self._file else NAME
        lines = difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{name}" if before else "/dev/null",
            f"b/{name}",
        )
        patch = "".join(lines)
        if request.query.get("as") == "patch":
            headers = {"Content-Disposition": f'attachment; filename="{what}.patch"'}
            return web.Response(text=patch, content_type="text/x-diff", headers=headers)
        query = urlencode({**request.query, "as": "patch"})
        return self._site.page(
            "proposed.html",
            pair=rendered(pair),
            what=what,
            patch=patch.splitlines(),
            file=self._file,
            query=query,
        )

    def _text(self) -> str:
        if not self._file:
            return ""
        with Path(self._file).open("rb") as file:
            return file.read(LARGEST_BYTES).decode("utf-8")


def _wrong(kind: str, scope: str, value: str) -> str:
    """Return why an ignore rule makes no sense; "" if it does."""
    if kind and kind not in KINDS:
        return f"kind: one of {', '.join(KINDS)}"
    if scope not in SCOPES:
        return f"scope: one of {', '.join(SCOPES)}"
    if kind in {"json", "pattern"} and not value:
        return f"{kind}: a value is wanted"
    return pattern_problem(value) if kind == "pattern" else ""


def _scope(scope: str, pair: Pair) -> dict[str, str]:
    if scope == "all":
        return {}
    if scope == "case":
        return {"id": pair.result.snapshot_id}
    return {scope: str(getattr(pair.result, scope))}


def _field(request: web.Request, name: str) -> str:
    value = request.query.get(name, "").strip()
    if len(value) > LONGEST or not value.isprintable():
        raise web.HTTPBadRequest(text=f"{name}: {LONGEST} printable characters\n")
    return value


def _today(now_ns: int) -> str:
    return f"{datetime.fromtimestamp(now_ns / 1e9, UTC):%Y-%m-%d}"
