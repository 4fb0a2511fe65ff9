"""The choke point: every text of a call, its media, its ids."""

import json
from collections import Counter

import msgspec
import pytest
from fakes.filled_store import KEY

from collector.call import Call
from snaptrace.redact.budget import BudgetSpentError, WorkBudget
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.media.plugin import PluginFailedError
from snaptrace.redact.media.redactor import MediaRedactor
from snaptrace.redact.redactor import Redactor
from snaptrace.redact.text.pseudonyms import Pseudonyms
from snaptrace.redact.text.redactor import TextRedactor
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Request,
    Snapshot,
    ToolCall,
)

ANN = "ann.example@mail.example.org"


def config(**settings):
    """Return a configuration as it would be read from a file."""
    return msgspec.convert(settings, RedactConfig)


def call(body=None, **rest):
    """Return a call with this body."""
    outer = {k: rest.pop(k) for k in ("blobs", "session_id", "user_id") if k in rest}
    fields = {
        "snapshot_id": "0" * 32,
        "trace_id": "0" * 32,
        "span_id": "0" * 16,
        "service": "shop",
        "operation": "chat",
        "modality": "text",
        "request": Request(api="openai_chat", body=body),
        "answer": Answer(),
        "fidelity": Fidelity(level="exact"),
    }
    return Call(snapshot=Snapshot(**{**fields, **rest}), **outer)


def redacted(one, **settings):
    """Return the snapshot after redaction."""
    return Redactor(config(**settings), KEY).redact(one).snapshot


def test_a_person_is_the_same_in_question_tool_result_and_answer():
    """The replayed conversation would be about three people."""
    body = {
        "messages": [
            {"role": "user", "content": f"Look up {ANN}"},
            {"role": "tool", "content": json.dumps({"mail": ANN.upper()})},
        ]
    }
    arguments = json.dumps({"to": ANN})
    answer = Answer(
        text=f"{ANN} it is", tool_calls=(ToolCall(name="m", arguments=arguments),)
    )
    made = redacted(call(body, answer=answer))
    first, second = (m["content"] for m in made.request.body["messages"])
    pseudonym = first.removeprefix("Look up ")
    assert json.loads(second) == {"mail": pseudonym}
    assert made.answer.text == f"{pseudonym} it is"
    assert json.loads(made.answer.tool_calls[0].arguments) == {"to": pseudonym}
    assert made.redaction.counts == {"email": 4}


def test_places_are_named_as_scoring_looks_for_them():
    """Masks would lie over other words, or over none."""
    body = {"messages": [{"content": [{"text": "a"}, {"text": f"b {ANN}"}]}]}
    made = redacted(call(body, answer=Answer(text=f"x {ANN}")))
    places = {(one.path, one.start, one.kind) for one in made.redaction.replaced}
    assert places == {
        ("messages.0.content.1.text", 2, "email"),
        ("answer.text", 2, "email"),
    }


def test_every_text_field_of_a_snapshot_is_looked_at():
    """A new field would let a person through on the day it is added."""
    texts = {
        field.name: ANN
        for field in msgspec.structs.fields(Snapshot)
        if field.type is str
        and field.name not in ("snapshot_id", "trace_id", "span_id")
    }
    ours = ("session", "user", "operation", "modality", "dialect", "route")
    for name in ours:
        texts.pop(name, None)
    one = call(
        {ANN: [{"k": (ANN,)}]},
        **texts,
        request=Request(api="x", path=ANN, model=ANN, body={ANN: [ANN]}),
        answer=Answer(
            text=ANN,
            refusal=ANN,
            error=ANN,
            model=ANN,
            response_id=ANN,
            finish_reason=ANN,
            tool_calls=(ToolCall(name=ANN, arguments=ANN, id=ANN),),
            media=(Media(kind="image", mime=ANN, state="external", reference=ANN),),
        ),
        media=(Media(kind="image", mime=ANN, state="external", path=ANN),),
        attributes={ANN: ANN},
        notes=(ANN,),
        fidelity=Fidelity(level="lossy", missing=(ANN,), unobserved=(ANN,)),
    )
    assert ANN.encode() not in msgspec.json.encode(redacted(one))


def test_values_hidden_by_escapes_are_found():
    r"""`\u0040` is an at sign to whoever reads the JSON."""
    text = r'{"mail": "ann.example\u0040mail.example.org", "x": "\u00e9"}'
    made = redacted(call({"messages": [{"content": text}]}))
    content = json.loads(made.request.body["messages"][0]["content"])
    assert content["mail"].endswith("@redacted.invalid")
    assert content["x"] == "é"
    plain = r'{"a": "\u00e9 \u2013 1.50"}'
    kept = redacted(call({"messages": [{"content": plain}]}))
    assert kept.request.body["messages"][0]["content"] == plain


def test_numbers_and_references_keep_their_types():
    """The provider would refuse the replayed request."""
    body = {
        "n": 4111111111111111,
        "m": 7,
        "f": 1.5,
        "b": True,
        "z": None,
        "r": MediaRef(0, "base64"),
        "big": 1234567890123,
    }
    made = redacted(call(body)).request.body
    assert isinstance(made["n"], int)
    assert made["n"] != 4111111111111111
    assert len(str(made["n"])) == 16
    assert {k: made[k] for k in "mfbzr"} == {k: body[k] for k in "mfbzr"}
    assert made["big"] == body["big"]


def test_fields_that_name_a_person_or_a_secret_go_whatever_they_hold():
    """A short user id or a weak key looks like any word."""
    body = {
        "user": "ann",
        "metadata": {"user_id": "x7"},
        "headers": {"api_key": "k"},
        "safety_identifier": "q",
        "messages": [{"content": "ann"}],
    }
    made = redacted(call(body)).request.body
    for value in (
        made["user"],
        made["metadata"]["user_id"],
        made["headers"]["api_key"],
    ):
        assert value.startswith("redacted_")
    assert made["messages"][0]["content"] == "ann"


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("phone_number", "4155552671", "phone"),
        ("mobilePhone", 491712340987, "phone"),
        ("ssn", "536904399", "ssn"),
        ("passportNumber", "AB1234567", "passport"),
        ("pesel", 44051401359, "pesel"),
    ],
)
def test_a_fields_name_tells_what_its_number_is(key, value, kind):
    """A tool's arguments say `phone` once, in the key, and it is stored."""
    made = redacted(call({"input": {key: value, "count": value}}))
    fields = made.request.body["input"]
    assert fields[key] != value
    assert isinstance(fields[key], type(value))
    assert made.redaction.counts == {kind: 1}
    (one,) = made.redaction.replaced
    assert one.path == f"input.{key}"
    assert str(fields[key])[one.start : one.end] == one.pseudonym
    assert fields["count"] == value


def test_sealed_state_of_a_provider_comes_back_unchanged_but_a_key_does_not():
    """A key would hide in a field that nobody looks into."""
    sealed = "EqQBCgIYAhIkMGNkZWZnaGlqa2xtbm9w" * 8
    body = {"a": {"signature": sealed}, "b": {"signature": "AKIAIOSFODNN7EXAMPLE"}}
    made = redacted(call(body)).request.body
    assert made["a"]["signature"] == sealed
    assert "AKIA" not in made["b"]["signature"]


def test_ids_that_are_no_ids_cost_no_time():
    """A user id of a megabyte would stop the sampling of a node."""
    made = redacted(call({"messages": []}, user_id="x" * 1_000_000))
    assert made.user == KEY.subject("user", "x" * 1_000_000)


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "content_filter", ""])
def test_reasons_that_providers_use_stay(reason):
    """A truncated answer would no longer be known for one."""
    one = call(answer=Answer(finish_reason=reason))
    assert redacted(one).answer.finish_reason == reason


def test_other_reasons_go():
    """They were brought to small letters before, where no pattern knows a key."""
    one = call(answer=Answer(finish_reason="akiaiosfodnn7example"))
    assert redacted(one).answer.finish_reason == "other"


def test_ids_of_session_and_user_become_keyed_and_go_from_texts():
    """Erasure would leave the id itself in the prompt."""
    body = {"messages": [{"content": "I am customer-4711, session sess-0815!"}]}
    made = redacted(call(body, user_id="customer-4711", session_id="sess-0815"))
    assert "4711" not in made.request.body["messages"][0]["content"]
    assert "0815" not in made.request.body["messages"][0]["content"]
    assert made.user == KEY.subject("user", "customer-4711")
    assert made.session == KEY.subject("session", "sess-0815")


RULES = [
    {"name": "ticket", "pattern": r"TICKET-(\d+)"},
    {"name": "diagnosis", "path": "messages.content", "pattern": r"diagnosis: (\w+)"},
    {"name": "note", "path": "metadata.*.note"},
    {"name": "all", "path": "private.**", "with": "nothing"},
    {"name": "said", "path": "answer.text", "pattern": "Klaus"},
    {"name": "plate", "attribute": "car.plate"},
]


def test_the_operators_rules_apply_where_they_say():
    """What only the operator knows to be personal would be stored."""
    body = {
        "messages": [{"content": "TICKET-99 diagnosis: flu; Klaus"}],
        "metadata": {"a": {"note": "free text"}, "note": "stays"},
        "private": {"x": ["y", {"z": "w"}]},
    }
    attributes = {"car.plate": "B-AB 123", "car.color": "red"}
    one = call(body, answer=Answer(text="Klaus, TICKET-99"), attributes=attributes)
    made = redacted(one, rules=RULES)
    content = made.request.body["messages"][0]["content"]
    assert "TICKET-99" not in content
    assert "flu" not in content
    assert content.endswith("Klaus")
    assert made.request.body["metadata"]["note"] == "stays"
    assert made.request.body["metadata"]["a"]["note"].startswith("redacted_note_")
    assert made.request.body["private"] == {"x": ["", {"z": ""}]}
    assert "Klaus" not in made.answer.text
    assert made.attributes["car.plate"].startswith("redacted_plate_")
    assert made.attributes["car.color"] == "red"
    ticket = content.split()[0]
    assert made.answer.text.endswith(ticket)


def test_detectors_can_be_switched_off_and_the_version_says_so():
    """Two snapshots would be compared that were not redacted alike."""
    body = {"messages": [{"content": f"{ANN} from 93.184.216.34"}]}
    made = redacted(call(body), detectors=["ip"])
    assert ANN in made.request.body["messages"][0]["content"]
    assert "93.184" not in made.request.body["messages"][0]["content"]
    versions = {
        Redactor(config(**settings), KEY).version
        for settings in ({}, {"detectors": ["ip"]}, {"rules": RULES[:1]})
    }
    assert len(versions) == 3


def with_image(**settings):
    """Return the redacted call of one with an inline image of no known format."""
    image = Media(kind="image", mime="image/x", state="inline", path="messages.content")
    one = call({"x": MediaRef(0, "base64")}, media=(image,), blobs={0: b"\0mage bytes"})
    return Redactor(config(**settings), KEY).redact(one)


def test_dropped_media_keep_their_shape_and_the_call_says_so():
    """A replay would send a request with a hole in it."""
    made = with_image(drop_media=["image"])
    assert made.blobs == {}
    (image,) = made.snapshot.media
    assert (image.state, image.digest, image.size_bytes) == ("redacted", "", 11)
    assert made.snapshot.fidelity.level == "unreplayable"
    assert made.snapshot.fidelity.reasons == ("media_redacted",)
    assert made.snapshot.redaction.counts == {"image_dropped": 1}


def test_kept_media_get_a_digest_of_what_is_stored():
    """The medium would not be found under its name."""
    made = with_image()
    assert made.blobs == {0: b"\0mage bytes"}
    assert made.snapshot.media[0].digest == KEY.media_digest(b"\0mage bytes")
    assert made.snapshot.redaction.counts == {"metadata_kept": 1}
    assert with_image(unstrippable_media="drop").blobs == {}


@pytest.mark.parametrize("answer", [b"blurred", None, PluginFailedError("x")])
def test_a_plug_in_decides_over_its_kind(monkeypatch, answer):
    """A face would be stored because a redactor crashed."""

    def redact(self, data, mime):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("snaptrace.redact.media.redactor.Plugin.redact", redact)
    made = with_image(image_plugin="blur")
    assert list(made.blobs.values()) == [b for b in [answer] if isinstance(b, bytes)]
    assert (made.snapshot.fidelity.level == "exact") is isinstance(answer, bytes)


def test_a_body_of_any_depth_is_survived():
    """One crafted request would end the sampling process."""
    body = ANN
    for _ in range(3000):
        body = [body]
    made = redacted(call({"messages": body}))
    assert made.redaction.counts["too_deep"] == 1


def test_a_call_that_costs_too_much_is_lost_and_a_medium_dropped():
    """One prompt made of what patterns cost most would stop sampling."""
    spent = iter([0.0, 0.0, *[9e9] * 10_000])
    budget = WorkBudget(lambda: next(spent))
    budget.start(1.0)
    budget.check()
    texts = TextRedactor(config(), Pseudonyms(KEY), pace=budget.check)
    with pytest.raises(BudgetSpentError):
        texts.redact("hello " * 10_000)
    media = MediaRedactor(config(), KEY, pace=budget.check)
    blob = Media(kind="document", mime="text/plain", state="inline", path="messages")
    one = call({"messages": []}, media=(blob,), blobs={0: b"hello"})
    counts = Counter()
    snapshot, blobs = media.redact(
        one.snapshot, one.blobs, counts, lambda text: texts.redact(text)[0]
    )
    assert blobs == {}
    assert snapshot.media[0].state == "redacted"
    assert snapshot.fidelity.level == "unreplayable"
    assert counts == {"document_too_costly": 1, "document_dropped": 1}


def test_a_budget_that_was_not_started_never_ends():
    """Names of services are redacted without one."""
    WorkBudget(lambda: 9e9).check()
