"""Publications that are repeated until the server has them, without a timer for each.

A publication carries an id, by which the server knows it again for a while. Once it may
be there without anybody having heard so for longer than that, it is given up: a further
one might be there twice.

What is published within a moment goes out together, and the server is asked about the
last of it only: a stream numbers what it takes, so where two answers lie as far apart
as the publications they are about, all between them was taken. Where they do not, each
in between is repeated and asked about by itself.

Only a message of somebody else, or a repeated one, in the very place of one that was
lost deceives this. Such a number lies nowhere and no reply comes: the queue finds it
vanished and delivers it anew, so it costs time and never a second judgement.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

ANSWER_SECONDS = 5.0  # until a publication without an answer is repeated
LOOK_SECONDS = 1.0  # between two looks at those
TOGETHER_SECONDS = 0.002  # what is published within goes out at once
NO_PLACE = 0  # of what is sent once more
HAD_IT = 0  # in place of a sequence number: sent before


def _nothing() -> None:
    return


class Publication:
    """One message on its way to the server."""

    __slots__ = (
        "data",
        "headers",
        "is_stored",
        "on_unsure",
        "sent_at",
        "subject",
        "unsure_at",
    )

    def __init__(self, subject: str, data: bytes, mark: str) -> None:
        self.subject, self.data = subject, data
        self.headers = {"Nats-Msg-Id": mark}
        self.is_stored = False
        self.sent_at = float("-inf")
        self.unsure_at = float("inf")  # when the server may have forgotten the id
        self.on_unsure = _nothing


class _Sent(Struct, frozen=True):
    """A publication as it went out: the how many-th of all, and its token."""

    place: int
    token: int


class _Known(Struct, frozen=True):
    """A publication that the server took: the how many-th, and where it stands."""

    place: int
    sequence: int


class Publishing:
    """Publishes for one connection; `sure_seconds` is how long an id is known."""

    def __init__(self, sure_seconds: float) -> None:
        self._sure_seconds = sure_seconds
        self._client: Client | None = None
        self._inbox = ""
        self._next = 0
        self._open: dict[int, Publication] = {}
        self._fresh: list[int] = []  # tokens of what was not sent yet
        self._going = False  # somebody sends those soon
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = 0  # given to publications as they first went out
        self._unasked: deque[_Sent] = deque()  # sent since `_known`, not asked about
        self._known: _Known | None = None
        self._compares = False  # the last two answers left nothing in between open
        self._now: Callable[[], float] = lambda: 0.0  # the loop's, once it is open

    async def open(self, client: "Client") -> None:
        """Hear the server's answers on a connection."""
        self._client, self._now = client, asyncio.get_running_loop().time
        self._inbox = client.new_inbox()
        await client.subscribe(
            f"{self._inbox}.*",
            cb=self._heard,
            pending_msgs_limit=-1,
            pending_bytes_limit=-1,
        )

    def publish(self, publication: Publication) -> int:
        """Send a message soon; return the token by which it can be forgotten."""
        self._next += 1
        publication.sent_at = self._now()
        self._open[self._next] = publication
        self._fresh.append(self._next)
        if not self._going:
            self._going = True
            task = asyncio.ensure_future(self._send_fresh())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._next

    def forget(self, token: int) -> None:
        """Repeat a message no more. Idempotent."""
        if (one := self._open.pop(token, None)) is not None:
            one.on_unsure = _nothing  # it knows whoever knows the message: a cycle

    async def run(self) -> None:
        """Repeat what was not answered, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._client is None or not self._client.is_connected:
                continue
            overdue = self._now() - ANSWER_SECONDS
            for token, one in list(self._open.items()):
                if one.sent_at > overdue or token not in self._open:
                    continue
                if self._now() > one.unsure_at:
                    unsure = one.on_unsure
                    self.forget(token)
                    unsure()
                else:
                    # Without a place: the server may have it, and numbers it once.
                    await self._send(one, f"{NO_PLACE}-{token}")

    async def _send_fresh(self) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        fresh, self._fresh, self._going = self._fresh, [], False
        here = [(token, self._open[token]) for token in fresh if token in self._open]
        if not here:
            return
        last, _ = here[-1]
        for token, one in here:
            self._places += 1
            if token == last or not self._compares:
                await self._send(one, f"{self._places}-{token}")
            else:
                self._unasked.append(_Sent(self._places, token))
                await self._send(one)

    async def _send(self, one: Publication, asked: str = "") -> None:
        """Send a message; `asked` is the name under which its answer comes."""
        assert self._client is not None
        one.sent_at = self._now()
        # Until it is answered it may be there, and only its id tells.
        one.unsure_at = min(one.unsure_at, one.sent_at + self._sure_seconds)
        reply = f"{self._inbox}.{asked}" if asked else ""
        try:
            await self._client.publish(
                one.subject, one.data, reply=reply, headers=one.headers
            )
        except Exception:  # noqa: BLE001 - of whatever kind, it is repeated
            return

    async def _heard(self, message: "Msg") -> None:
        last = message.subject.rpartition(".")[2]
        place, token = map(int, last.split("-"))
        sequence = _sequence(message.data)
        if sequence is None:  # refused, or nobody is there: it is sure not to be
            if (one := self._open.get(token)) is not None:
                one.unsure_at = float("inf")
            return
        self._stored(token)
        if place != NO_PLACE and sequence != HAD_IT:
            self._compare(_Known(place, sequence))

    def _compare(self, known: _Known) -> None:
        """Take all that was sent between two answers as stored, if none is missing."""
        before, self._known = self._known, known
        self._compares = before is not None and (
            known.place - before.place == known.sequence - before.sequence
        )
        while self._unasked and self._unasked[0].place < known.place:
            sent = self._unasked.popleft()
            if self._compares:
                self._stored(sent.token)

    def _stored(self, token: int) -> None:
        if (one := self._open.get(token)) is not None:
            one.is_stored = True
            self.forget(token)


def _sequence(answer: bytes) -> int | None:
    """Return where a stream put a message; None: it did not take it."""
    try:
        found = json.loads(answer)
        sequence = int(found["seq"])
    except (ValueError, KeyError, TypeError):
        return None
    return HAD_IT if found.get("duplicate") else sequence
