"""People decide: the queue, one blind pair, the decision, and what labels there are."""

from collections.abc import Iterator
from typing import Final, get_args
from urllib.parse import quote

from aiohttp import web
from msgspec import Struct, structs

from replayd.adjudication.decisions import canary_is_left
from replayd.adjudication.opinions import (
    REASONS,
    Better,
    Opinion,
    OpinionBook,
    Turn,
)
from replayd.http.page.access import person_of
from replayd.http.page.forms import Forms
from replayd.http.page.pair import made_answer, view_of
from replayd.http.page.sides import Side, facing, side
from replayd.http.page.site import UNREADABLE, Site, number_of
from replayd.ledger.ledger import epochs
from replayd.model import Epoch
from replayd.results.decide_queue import (
    Asked,
    Claims,
    Opinions,
    asked,
    blinded,
    opinion_of,
    turn_of,
    waiting,
)
from replayd.results.history import Pair
from replayd.results.labels import LabelCounts, by_scorer, counts
from replayd.results.pair_view import rendered

MOST_TRIED: Final = 25  # pairs whose content is gone or equal, per request
MOST_CHECKPOINTS: Final = 8  # whose labels are shown
LONGEST: Final = 12_000  # characters of an answer


class Checkpoint(Struct, frozen=True, kw_only=True):
    """One epoch's labels."""

    epoch: Epoch
    counts: list[LabelCounts]


class Deciding:
    """Handlers below `/<canary>/decide` and `/<canary>/labels`."""

    def __init__(
        self, site: Site, book: OpinionBook, forms: Forms, share: float
    ) -> None:
        self._site, self._book, self._forms, self._share = site, book, forms, share
        self._claims = Claims()
        self._nothing_to_decide: set[tuple[str, int]] = set()

    async def next(self, request: web.Request) -> web.Response:
        """Lead to the next pair that this person may decide."""
        site, person = self._site, person_of(request)
        canary, view = site.canary(request)
        epoch = await site.epoch(canary, view.epoch)
        try:
            index = await site.indexes.index(epoch)
            opinions = await self._book.read(epoch.epoch)
            found = await self._free(
                epoch,
                asked(index, epoch, opinions, person.name, self._share),
                person.name,
            )
        except UNREADABLE as error:
            return site.failed(error)
        done = request.query.get("done", "")
        if found is not None:
            tail = f"?done={done}" if done.isascii() and done.isdigit() else ""
            where = f"/{quote(canary)}/decide/{quote(epoch.epoch)}/{found.number}{tail}"
            raise web.HTTPSeeOther(where)
        return site.page(
            "decided.html",
            canary=canary,
            decided=len([key for key in opinions if key[1] == 0]),
            left=len(waiting(index, epoch, opinions)),
            done=done if done.isascii() and done.isdigit() else "",
            epoch=epoch,
        )

    async def shown(self, request: web.Request) -> web.Response:
        """Show one pair blind, or say that it is decided."""
        site, person = self._site, person_of(request)
        pair = await site.pair(request)
        opinions = await self._book.read(pair.epoch.epoch)
        turn = self._turn(pair, opinions, person.name)
        blind = None if turn is None else _blind(pair, turn)
        if turn is None or blind is None:
            return site.page(
                "closed.html", pair=rendered(pair), opinions=_of(pair, opinions)
            )
        site.note(request, pair.result.snapshot_id)
        done = request.query.get("done", "")
        return site.page(
            "decide.html",
            **await view_of(pair),
            sides=blind,
            turn=turn,
            reasons=REASONS,
            form=self._forms.token(person),
            person=person,
            done=done if done.isascii() and done.isdigit() else "",
            left=await self._left(pair.epoch, opinions),
        )

    async def take(self, request: web.Request) -> web.Response:
        """Store a decision and lead to the next pair."""
        site, person = self._site, person_of(request)
        fields = await self._forms.read(request)
        better, reasons = fields.get("better", ""), tuple(fields.getall("reason", ()))
        if better not in get_args(Better) or not set(reasons) <= set(REASONS):
            raise web.HTTPBadRequest(text="left, right or tie, and known reasons\n")
        if better != "tie" and not reasons:
            raise web.HTTPBadRequest(text="a reason is wanted: go back, choose one\n")
        pair = await site.pair(request)
        opinions = await self._book.read(pair.epoch.epoch)
        turn = self._turn(pair, opinions, person.name)
        if turn is None or str(turn) != fields.get("turn", ""):
            raise web.HTTPConflict(text="somebody decided this pair meanwhile\n")
        opinion = structs.replace(
            opinion_of(pair.result, pair.epoch, turn),
            better=better,
            reasons=reasons,
            by=person.name,
            at_ns=site.clock.now_ns(),
        )
        site.note(
            request,
            pair.result.snapshot_id,
            decided=f"{better} ({', '.join(reasons) or 'no reason'})",
        )
        if not await self._book.put(opinion):
            raise web.HTTPConflict(text="somebody decided this pair meanwhile\n")
        where = f"/{quote(pair.epoch.canary)}/decide?done={pair.result.number}"
        raise web.HTTPSeeOther(where)

    async def output(self, request: web.Request) -> web.Response:
        """Return a medium that one side answered with, by side."""
        pair = await self._site.pair(request)
        opinions = await self._book.read(pair.epoch.epoch)
        turn = self._turn(pair, opinions, person_of(request).name)
        where, index = (
            request.match_info["side"],
            number_of(request.match_info["index"]),
        )
        if turn is None or where not in {"left", "right", "recorded"}:
            raise web.HTTPNotFound(text="the medium is gone\n")
        one = where if where == "recorded" else _arm_of(pair, turn, where)
        answer = made_answer(pair.made.get(one), index, where)
        self._site.note(request, pair.result.snapshot_id)
        return answer

    async def labels(self, request: web.Request) -> web.Response:
        """Show decisions per modality and checkpoint, and agreement."""
        site = self._site
        canary, view = site.canary(request)
        known = (await epochs(site.store, canary))[-MOST_CHECKPOINTS:]
        checkpoints = []
        for epoch in reversed(known):
            found = (await self._book.read(epoch.epoch)).values()
            checkpoints.append(
                Checkpoint(epoch=epoch, counts=counts(found, epoch.sides))
            )
        epoch = await site.epoch(canary, view.epoch)
        present = (await self._book.read(epoch.epoch)).values()
        return site.page(
            "labels.html",
            canary=canary,
            view=view,
            checkpoints=checkpoints,
            scorers=by_scorer(present, epoch.sides),
            now_ns=site.clock.now_ns(),
        )

    async def _free(
        self, epoch: Epoch, pairs: Iterator[Asked], by: str
    ) -> Asked | None:
        now = self._site.clock.monotonic_seconds()
        tried = 0
        for found in self._claims.next(epoch.epoch, pairs, by, now):
            if (epoch.epoch, found.number) in self._nothing_to_decide:
                continue
            if tried >= MOST_TRIED:
                return None
            tried += 1
            pair = await self._site.history.pair(epoch, found.number)
            if pair is not None and _blind(pair, found.turn) is not None:
                self._claims.take(epoch.epoch, found, by, now)
                return found
            self._nothing_to_decide.add((epoch.epoch, found.number))
        return None

    def _turn(self, pair: Pair, opinions: Opinions, by: str) -> Turn | None:
        return turn_of(pair.result, pair.epoch, opinions, by, self._share)

    async def _left(self, epoch: Epoch, opinions: Opinions) -> int:
        index = await self._site.indexes.index(epoch)
        return len(waiting(index, epoch, opinions))


def _blind(pair: Pair, turn: Turn) -> list[Side] | None:
    """Return the recording, left and right; None where there is nothing to decide."""
    told = rendered(pair)
    shown = blinded(told, turn, pair.epoch.sides)
    made = pair.made
    has_media = any(made[each].media for each in ("canary", "control") if each in made)
    if shown is None or (shown.alike and not has_media):
        return None
    found = []
    both = {"left": shown.left, "right": shown.right}
    for kind, said in both.items():
        # Against each other: what is nearer to the recording is likelier the control's.
        other = both["right" if kind == "left" else "left"]
        mine = made.get(_arm_of(pair, turn, kind))
        found.append(side(kind, said, other, mine, longest=LONGEST))
    recorded = side(
        "recorded", told.recorded, None, made.get("recorded"), longest=LONGEST
    )
    return [recorded, *facing(*found)]


def _arm_of(pair: Pair, turn: Turn, kind: str) -> str:
    number, salt = pair.result.number, pair.epoch.sides
    canary_left = canary_is_left(pair.epoch.epoch, number, salt) != (turn == 1)
    return "canary" if (kind == "left") == canary_left else "control"


def _of(pair: Pair, opinions: Opinions) -> list[Opinion]:
    number = pair.result.number
    return [opinions[number, turn] for turn in (0, 1) if (number, turn) in opinions]
