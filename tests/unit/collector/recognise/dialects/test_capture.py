"""Captured calls: read whole, answers of every API, and nothing more believed."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from fakes.records import PNG, candidate_of, one, record_of

GOLDEN = Path(__file__).parents[4] / "golden" / "providers"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "Grüße"}], "seed": 7}


def told(api="openai_chat", body=CHAT, *, response=None, **more):
    """Return the attributes of a captured call."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    attributes = {
        "snaptrace.llm.format": 1,
        "snaptrace.llm.api": api,
        "snaptrace.llm.url": "https://api.openai.com/v1/chat/completions",
        "snaptrace.llm.request.body": sent.decode(),
        "snaptrace.llm.request.bytes": len(sent),
        "snaptrace.llm.request.type": "application/json",
    }
    if response is not None:
        attributes |= answer(response)
    return attributes | {f"snaptrace.llm.{k}": v for k, v in more.items()}


def answer(body, kind="application/json", status=200):
    """Return the attributes of a response."""
    return {
        "snaptrace.llm.response.status": status,
        "snaptrace.llm.response.type": kind,
        "snaptrace.llm.response.bytes": len(body),
        "snaptrace.llm.response.body_base64": base64.b64encode(body).decode(),
    }


def test_a_body_is_the_request_with_nothing_named_as_lost():
    """A captured request would be doubted like one that somebody put together."""
    call = one(record_of(told()))
    assert call.request.body == CHAT
    assert call.fidelity.level == "exact"
    assert not call.fidelity.reasons
    assert call.provider == "openai"


@pytest.mark.parametrize(
    "said", ["<replaced>", "__REDACTED__", "[Scrubbed due to 'auth']"]
)
def test_a_sign_in_a_captured_text_is_the_text(said):
    """What a person wrote would be taken for content that was removed."""
    body = {"model": "m", "messages": [{"role": "user", "content": said}]}
    assert one(record_of(told(body=body))).fidelity.level == "exact"


@pytest.mark.parametrize(
    "damage",
    [
        {"request.bytes": 10_000},
        {"request.body": '{"model": "m", "mess', "request.bytes": 20},
        {"request.body": "\ud800", "request.bytes": 3},
    ],
)
def test_a_body_that_lost_a_part_is_no_request(damage):
    """A limit on attributes would make a shorter prompt of a long one."""
    candidate = candidate_of(record_of(told(**damage)))
    assert candidate.role == "transport"
    assert not candidate.verbatim
    assert candidate.body is None


def test_media_are_cut_out_of_a_captured_body():
    """A picture's bytes would stay in the stored body."""
    url = f"data:image/png;base64,{PNG}"
    part = {"type": "image_url", "image_url": {"url": url}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    call = one(record_of(told(body=body)))
    assert [(m.kind, m.state) for m in call.media] == [("image", "inline")]
    assert PNG not in json.dumps(call.request.body, default=str)
    assert call.fidelity.level == "exact"


@pytest.mark.parametrize(
    ("api", "path", "body", "where"),
    [
        ("gemini_generate_content", "gemini-3-pro", {"contents": []}, None),
        ("bedrock_converse", "amazon.nova-pro-v1:0", {"messages": []}, None),
        ("anthropic_messages", "claude-5@1", {"messages": []}, "claude-5@1"),
        ("openai_chat", "my-deployment", {"messages": []}, "my-deployment"),
    ],
)
def test_a_model_in_the_path_is_the_calls(api, path, body, where):
    """A replay would not know which model was asked."""
    call = one(record_of(told(api, body, model=path)))
    assert call.request.model == path
    assert call.request.body.get("model") == where


def test_a_coded_request_is_undone():
    """A compressed body would be unreadable."""
    packed = gzip.compress(json.dumps(CHAT).encode())
    attributes = told() | {
        "snaptrace.llm.request.bytes": len(packed),
        "snaptrace.llm.request.encoding": "gzip",
        "snaptrace.llm.request.body_base64": base64.b64encode(packed).decode(),
    }
    del attributes["snaptrace.llm.request.body"]
    assert one(record_of(attributes)).request.body == CHAT


def test_a_bomb_is_no_request(monkeypatch):
    """A small record would take all memory."""
    packed = gzip.compress(b'{"a": "' + b" " * 80 * 2**20)
    attributes = told() | {
        "snaptrace.llm.request.bytes": len(packed),
        "snaptrace.llm.request.encoding": "gzip",
        "snaptrace.llm.request.body_base64": base64.b64encode(packed).decode(),
    }
    del attributes["snaptrace.llm.request.body"]
    assert candidate_of(record_of(attributes)).body is None


def test_a_form_is_read_with_its_file():
    """A transcription would lose its sound."""
    sound = b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(20)) + b"\r\n--not-the-boundary"
    named = b"--b1\r\nContent-Disposition: form-data; name="
    form = (
        named + b'"model"\r\n\r\nwhisper-1\r\n' + named + b'"file"; filename="a.wav"'
        b"\r\nContent-Type: audio/wav\r\n\r\n" + sound + b"\r\n--b1--\r\n"
    )
    attributes = told("openai_transcription") | {
        "snaptrace.llm.request.bytes": len(form),
        "snaptrace.llm.request.type": 'multipart/form-data; boundary="b1"',
        "snaptrace.llm.request.body_base64": base64.b64encode(form).decode(),
    }
    del attributes["snaptrace.llm.request.body"]
    call = one(record_of(attributes))
    assert call.request.model == "whisper-1"
    assert [(m.kind, m.mime, m.size_bytes) for m in call.media] == [
        ("audio", "audio/wav", len(sound))
    ]
    assert call.fidelity.level == "exact"


def answers():
    """Yield every recorded response of a provider that says what it must mean."""
    for path in sorted(GOLDEN.glob("*.json")):
        for row in json.loads(path.read_text())["responses"]:
            if row["status"] == 200 and row["expect"].get("outcome") == "answered":
                yield pytest.param(path.stem, row, id=f"{path.stem}-{row['name']}")


@pytest.mark.parametrize(("api", "row"), list(answers()))
def test_an_answer_is_read_as_replayd_reads_it(api, row):
    """The recorded answer would be another than the one that production had."""
    if "base64" in row:
        body = base64.b64decode(row["base64"])
    else:
        body = (
            row["text"].encode() if "text" in row else json.dumps(row["json"]).encode()
        )
    attributes = told(api) | answer(body, row["content_type"])
    got, expect = candidate_of(record_of(attributes)).answer, row["expect"]
    if api != "openai_embeddings":  # whose numbers are scored as a text
        assert got.text == expect.get("text", "")
    if "tool_calls" in expect:
        assert [c.name for c in got.tool_calls] == [c[0] for c in expect["tool_calls"]]
    for name in ("input_tokens", "output_tokens", "cached_tokens"):
        if name in expect:
            assert getattr(got.usage, name) == expect[name]


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_failed_call_is_an_error_with_its_request(status):
    """An error would look like an answer, or its request be lost."""
    call = one(
        record_of(told() | answer(b'{"error": {"message": "no"}}', status=status))
    )
    assert (call.answer.outcome, call.answer.error) == ("error", str(status))
    assert call.request.body == CHAT


def test_a_cut_response_is_no_answer():
    """Half an answer would be scored as the whole one."""
    body = b'{"choices": [{"message": {"content": "half of'
    attributes = told() | answer(body) | {"snaptrace.llm.response.cut": True}
    assert not one(record_of(attributes)).answer.observed


def test_hostile_records_are_bounded_and_never_raise():
    """One record could stop or slow the sampling of all."""
    nested = gzip.compress(gzip.compress(gzip.compress(b"{}")))
    line = b"content-disposition:" * 200_000
    form = b"--b\r\n" + line + b"\r\n\r\nx\r\n--b--"
    for body, more in (
        (nested, {"request.encoding": "gzip,gzip,gzip"}),
        (nested, {"request.encoding": "," * 100_000 + "gzip"}),
        (form, {"request.type": "multipart/form-data; boundary=b"}),
        (b"--b" * 100_000, {"request.type": "multipart/form-data; boundary=b"}),
        (b"{}", {"url": "http://[", "outer_span_id": "x" * 16, "api": "no such"}),
        (b"[" * 100_000, {"response.status": "x", "response.type": "\ud800"}),
        (b"", {"request.body": 7, "request.bytes": -1, "model": ["m"]}),
    ):
        attributes = told() | {
            "snaptrace.llm.request.bytes": len(body),
            "snaptrace.llm.request.body_base64": base64.b64encode(body).decode(),
        }
        del attributes["snaptrace.llm.request.body"]
        attributes |= {f"snaptrace.llm.{k}": v for k, v in more.items()}
        candidate = candidate_of(record_of(attributes))
        assert not (candidate.body and candidate.role != "call")
        assert candidate.body in (None, {})
