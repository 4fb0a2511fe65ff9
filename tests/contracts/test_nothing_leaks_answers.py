"""What models answer in a replay is redacted like what they answered to an app."""

import asyncio

import pytest
import zstandard
from fakes.dict_store import dict_store
from fakes.judged_epoch import planned_of, said
from fakes.leaping_loop import LoopClock
from fakes.led_epoch import NOW, StubReplay, cases, lead, run_until
from fakes.planted import SENTENCE, SPELLINGS, needles
from fakes.planted_files import png
from fakes.stored_calls import text_call
from msgspec.structs import replace

from replayd.errors import BudgetSpentError
from replayd.evaluation.caught_pairs import Caught
from replayd.evaluation.pair import Asked
from replayd.model import PairAnswers
from replayd.scoring.pool import ScoringPool
from replayd.scoring.recorded import Recorded
from replayd.scoring.redaction import AnswerRedactor, RedactionSettings
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.redactor import Redactor
from snaptrace.snapshot.codec import pack_snapshot
from snaptrace.snapshot.model import Answer, Media, ToolCall

KEY = FleetKey(b"the secret of a fleet of test sidecars")
REDACTION = RedactionSettings(RedactConfig(), KEY.handed_over())


def planted(text):
    """Return an arm's answer with a text in every place that a server fills."""
    tool = ToolCall(name="send", arguments=f'{{"to": ["{SENTENCE}"]}}', id=SENTENCE)
    medium = Media(kind="image", mime="image/png", state="inline")
    return replace(
        said(""),
        answer=Answer(
            text=text,
            refusal=text,
            tool_calls=(tool,),
            media=(medium,),
            model=SENTENCE,
            finish_reason=SENTENCE,
            response_id=SENTENCE,
            error=SENTENCE,
        ),
        blobs={0: png(SENTENCE)},
        served_model=SENTENCE,
        fingerprint=SENTENCE,
        quota={"x-ratelimit-note": SENTENCE},
    )


class Planted(StubReplay):
    """Arms that say what must not be stored, in another spelling each time."""

    def __init__(self, end=Asked):
        super().__init__(seconds=0.01)
        self._end = end

    async def pair(self, planned, reserved_at_ns, load, *, again=False):
        asked = await super().pair(planned, reserved_at_ns, load, again=again)
        spellings = list(SPELLINGS.values())
        text = spellings[planned.number % len(spellings)](SENTENCE)
        arm = planted(text)
        answers = replace(asked.answers, canary=arm, control=arm, second_control=arm)
        return (
            Caught(answers) if self._end is Caught else Asked(asked.recorded, answers)
        )


def stored_bytes(store):
    """Return all that reached the store, unpacked and in lower case."""
    unpacker = zstandard.ZstdDecompressor()
    return b"\0".join(
        name.encode()
        + (
            unpacker.decompress(data)
            if data.startswith(zstandard.FRAME_HEADER)
            else data
        ).lower()
        for name, data in store._backend.objects.items()
    )


async def led(count, judging, replay):
    """Lead an epoch of `count` pairs to its end; return the store."""
    store = dict_store()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(judging.run(lambda: None, stop))
        # A slow first number makes the others early.
        found, _ = lead(store, cases(count), replay=replay)
        found._judge = judging.judge
        await run_until(found, count)
        stop.set()
    return store


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize("end", [Asked, Caught])
async def test_nothing_planted_in_answers_is_stored(in_process, end):
    """If it failed, a model that repeats a customer's data would have it stored."""
    judging = ScoringPool(LoopClock(NOW), REDACTION, in_process=in_process)
    store = await led(2 * len(SPELLINGS), judging, Planted(end))
    stored = stored_bytes(store)
    assert b"v1/answers/" in stored
    assert not [needle for needle in needles() if needle in stored]


def pair_of(recorded, *answers):
    """Return one call as it was stored, and the arms' answers to it."""
    call = Redactor(RedactConfig(), KEY).redact(Unclean(recorded)).snapshot
    canary, control = answers
    pair = PairAnswers(
        number=1,
        snapshot_id=call.snapshot_id,
        canary=said(canary),
        control=said(control),
    )
    return planned_of(1, call, "s", 0), Recorded(pack_snapshot(call)), pair


class Unclean:
    """A call before redaction."""

    blobs, session_id, user_id = {}, "", ""

    def __init__(self, answer):
        self.snapshot = text_call(7, at_ns=NOW, answer=answer)


ADDRESSED = "Write to {}; the total is {}."
REAL, OTHER = "jane.doe@leaky.example.com", "john.roe@leaky.example.com"


@pytest.mark.parametrize(
    ("canary", "control", "worse"),
    [
        ((REAL, 7), (REAL, 7), False),
        ((REAL, 8), (REAL, 7), True),
        ((OTHER, 7), (REAL, 7), False),
    ],
)
async def test_an_arm_that_says_what_was_recorded_agrees_with_it(
    canary, control, worse
):
    """If it failed, redaction of the recording alone would be a difference."""
    recorded = ADDRESSED.format(REAL, 7)
    pair = pair_of(recorded, ADDRESSED.format(*canary), ADDRESSED.format(*control))
    judging = ScoringPool(LoopClock(NOW), REDACTION, in_process=False)
    found = await judging.judge(*pair)
    quality = found.result.streams["quality"]
    assert (quality.canary < quality.control) is worse
    assert quality.control == 1.0
    assert REAL not in found.answers.control.answer.text
    # The same value has the same name in the recording and in both arms.
    named = found.answers.control.answer.text.partition(";")[0]
    assert (
        named
        in Redactor(RedactConfig(), KEY).redact(Unclean(recorded)).snapshot.answer.text
    )


async def test_what_needs_no_redaction_is_handed_back_as_it_was():
    """If it failed, every answer would cross the processes twice."""
    *_, pair = pair_of("The total is 7.", "The total is 7.", "The total is 8.")
    assert AnswerRedactor(REDACTION).redacted(pair) is pair


async def test_answers_that_cannot_be_redacted_are_judged_and_not_stored(monkeypatch):
    """If it failed, one huge answer would be stored as it is, or stop the canary."""

    def redact_answer(self, answer, blobs):
        raise BudgetSpentError("seconds", 0)

    monkeypatch.setattr(Redactor, "redact_answer", redact_answer)
    judging = ScoringPool(LoopClock(NOW), REDACTION, in_process=False)
    found = await judging.judge(*pair_of("It is 7.", "It is 8.", "It is 7."))
    assert found.answers is None
    assert found.result.streams["quality"].canary < 1.0


async def test_other_rules_than_the_recordings_are_told_once(caplog):
    """If it failed, two sets of rules would make differences that nobody explains."""
    redactor = AnswerRedactor(REDACTION)
    for version in ("", redactor._redactor.version, "2-00000000", "2-00000000"):
        redactor.compare(version)
    assert [r.snapshots for r in caplog.records] == ["2-00000000"]


def test_a_child_process_makes_the_same_pseudonyms():
    """If it failed, answers would never agree with recordings."""
    child = FleetKey(KEY.handed_over(), handed_over=True)
    assert child.pseudonym("email", REAL) == KEY.pseudonym("email", REAL)
    assert child.rank(b"t") == KEY.rank(b"t")
