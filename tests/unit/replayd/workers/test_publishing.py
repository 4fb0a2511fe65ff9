"""Publications: few answers tell what is stored, and what is unsure is repeated."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from fakes.waiting import until

from replayd.workers import publishing
from replayd.workers.publishing import Publication, Publishing

SUBJECT = "p.jobs._.c"


class Stream:
    """A server's stream, and the client connected to it."""

    is_connected = True

    def __init__(self):
        self.ids, self.sequence = set(), 0
        self.refused = set()  # ids that it never takes
        self.sent, self.asked = [], 0
        self.answers = True

    def new_inbox(self):
        return "_INBOX.x"

    async def subscribe(self, subject, cb, **_limits):
        assert subject == "_INBOX.x.*"
        self.heard = cb

    async def publish(self, subject, _data, reply, headers):
        assert subject == SUBJECT
        mark = headers["Nats-Msg-Id"]
        self.sent.append(mark)
        if mark in self.refused:
            answer = {"error": {"code": 503}}
        elif mark in self.ids:
            answer = {"seq": 1, "duplicate": True}
        else:
            self.ids.add(mark)
            self.sequence += 1
            answer = {"seq": self.sequence}
        if reply:
            self.asked += 1
            if self.answers:
                told = SimpleNamespace(subject=reply, data=json.dumps(answer).encode())
                await self.heard(told)

    def others_publish(self):
        """Take what somebody else published."""
        self.sequence += 1


@pytest.fixture
async def opened(monkeypatch):
    """Return an open publishing, its stream, and a clock's hand."""
    hand = SimpleNamespace(seconds=100.0)
    made, stream = Publishing(sure_seconds=60.0), Stream()
    await made.open(stream)
    made._now = lambda: hand.seconds
    monkeypatch.setattr(publishing, "LOOK_SECONDS", 0.0)
    return made, stream, hand


def of(*names):
    return [Publication(SUBJECT, b"job", name) for name in names]


async def sent(made, stream, *names):
    """Publish together; return the publications once all went out."""
    found, before = of(*names), len(stream.sent)
    for each in found:
        made.publish(each)

    async def are_out():
        return len(stream.sent) >= before + len(names)

    await until(are_out)
    return found


async def test_one_answer_speaks_for_all_that_went_out_together(opened):
    """If it failed, a leader would read an answer for every number."""
    made, stream, _ = opened
    await sent(made, stream, "a", "b")  # nothing to compare with yet
    asked = stream.asked
    many = await sent(made, stream, *(f"n{each}" for each in range(50)))
    assert stream.asked == asked + 1
    assert all(each.is_stored for each in many)
    assert not made._open


async def test_what_an_answer_cannot_speak_for_is_repeated_and_asked_about(opened):
    """If it failed, a number that the server refused would wait for ever."""
    made, stream, hand = opened
    await sent(made, stream, "a", "b")
    stream.refused = {"n1"}
    many = await sent(made, stream, "n0", "n1", "n2")
    assert [each.is_stored for each in many] == [False, False, True]
    stream.refused, hand.seconds = set(), hand.seconds + publishing.ANSWER_SECONDS + 1
    await repeated(made, many)
    assert stream.sent[-2:] == ["n0", "n1"]
    assert stream.sequence == 5


async def test_another_publisher_costs_answers_and_no_certainty(opened):
    """If it failed, one of our numbers could be missing behind somebody else's."""
    made, stream, _ = opened
    await sent(made, stream, "a", "b")
    stream.refused = {"n1"}
    stream.others_publish()
    stream.others_publish()
    many = await sent(made, stream, "n0", "n1", "n2")
    assert [each.is_stored for each in many] == [False, False, True]
    asked = stream.asked
    more = await sent(made, stream, "m0", "m1", "m2")
    assert stream.asked == asked + 2  # one more, to be sure again
    assert all(each.is_stored for each in more)


async def test_repeating_what_the_server_has_ends(opened):
    """If it failed, repeats would upset the comparison, and bring on repeats."""
    made, stream, hand = opened
    await sent(made, stream, "a", "b")
    stream.answers = False
    many = await sent(made, stream, "n0", "n1", "n2")
    stream.answers, hand.seconds = True, hand.seconds + publishing.ANSWER_SECONDS + 1
    await repeated(made, many)
    asked = stream.asked
    more = await sent(made, stream, "m0", "m1", "m2")
    assert stream.asked == asked + 1
    assert all(each.is_stored for each in more)


async def test_what_stays_unsure_for_too_long_is_given_up(opened):
    """If it failed, a number that NATS lost would be there twice, or never."""
    made, stream, hand = opened
    stream.answers, told = False, []
    (one,) = await sent(made, stream, "a")
    one.on_unsure = lambda: told.append("a")
    hand.seconds += 61.0
    await repeated(made, [one])
    assert told == ["a"]
    assert stream.sent == ["a"]


async def repeated(made, many):
    """Look after what is open until nothing is, of these."""
    looking = asyncio.ensure_future(made.run())

    async def are_closed():
        return not any(each in many for each in made._open.values())

    await until(are_closed)
    looking.cancel()
