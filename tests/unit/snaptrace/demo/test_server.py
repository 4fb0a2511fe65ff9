"""`snaptrace.demo.server`: real models answer real requests; bad ones get a 400."""

import base64
import io
import json
import random

import msgspec
import numpy as np
import pytest
from aiohttp.test_utils import TestClient, TestServer

from snaptrace.demo import server as demo
from snaptrace.demo.pictures import draw

MODEL = "assistant-7"


@pytest.fixture(scope="module")
def assistant():
    """Loaded once: models take a second, and calls leave nothing behind."""
    pytest.importorskip("rapidocr_onnxruntime")
    pytest.importorskip("pocketsphinx")
    made = demo.Assistant(demo.ServerSettings(model=MODEL, seed=5))
    yield made
    made.close()


@pytest.fixture
async def client(assistant):
    """The server on a free port."""
    app = demo.application(assistant, lambda: 1_700_000_000.5)
    async with TestClient(TestServer(app)) as made:
        yield made


async def ask(client, content, **more):
    """One chat request; (status, body)."""
    messages = [{"role": "user", "content": content}]
    body = {"model": MODEL, "messages": messages, **more}
    async with client.post("/v1/chat/completions", json=body) as answer:
        return answer.status, await answer.json()


def said(body):
    """The answer's text."""
    return body["choices"][0]["message"]["content"]


def picture_part(data, kind="png"):
    """A picture as the SDK sends it."""
    url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def sound_part(data, kind="wav"):
    """A sound as the SDK sends it."""
    sound = {"data": base64.b64encode(data).decode(), "format": kind}
    return {"type": "input_audio", "input_audio": sound}


async def test_a_question_is_answered_in_the_providers_shape(client):
    """The SDK could not read the answer."""
    status, body = await ask(client, "How many seats does the Mirror Theatre have?")
    assert status == 200
    assert "Mirror Theatre has" in said(body)
    assert body["object"] == "chat.completion"
    assert body["created"] == 1_700_000_000
    assert body["choices"][0]["finish_reason"] == "stop"
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_a_picture_is_read(client):
    """The image model would not be reached, or would not be a real one."""
    picture = draw(random.Random(8))
    parts = [{"type": "text", "text": "Which numbers?"}, picture_part(picture.png)]
    status, body = await ask(client, parts)
    assert status == 200
    read = said(body).splitlines()
    truth = {f"{label}: {number}" for label, number in picture.rows}
    assert len(truth & set(read)) >= len(truth) - 1


async def test_a_sound_is_recognised(client):
    """The speech model would not be reached, or would not be a real one."""
    voices = pytest.importorskip("snaptrace.demo.voices")
    heard = voices.Recordings().pick(random.Random(1))
    assert heard.accent == "en-US"
    status, body = await ask(client, [sound_part(heard.wave)])
    assert (status, said(body)) == (200, heard.words)


async def test_only_the_newest_question_is_answered(client):
    """A follow-up would get the answer to the turn before it."""
    body = {
        "model": MODEL,
        "messages": [
            {"role": "user", "content": "How much is a day ticket at Quarry Pool?"},
            {"role": "assistant", "content": "4.50 euros."},
            {"role": "user", "content": "What is the longest stay at Heron Campsite?"},
        ],
    }
    async with client.post("/v1/chat/completions", json=body) as answer:
        assert "Heron Campsite" in said(await answer.json())


async def test_an_answer_longer_than_asked_for_is_cut_and_says_so(client):
    """A truncated answer would pass for a whole one."""
    _, body = await ask(client, "How deep is Quarry Pool's deep basin?", max_tokens=3)
    assert len(said(body).split()) == 3
    assert body["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("content", "more", "status", "code"),
    [
        ([picture_part(b"no picture")], {}, 400, "invalid_media"),
        ([{"type": "image_url", "image_url": {"url": "http://a/b"}}], {}, 400,
         "invalid_media"),
        ([sound_part(b"no sound")], {}, 400, "invalid_media"),
        ([sound_part(b"ID3", "mp3")], {}, 400, "invalid_media"),
        ([{"type": "input_audio", "input_audio": {"data": "%", "format": "wav"}}], {},
         400, "invalid_media"),
        ([{"type": "file", "file": {}}], {}, 400, "invalid_body"),
        ("hello", {"model": "assistant-9"}, 404, "model_not_found"),
        ("hello", {"stream": True}, 400, "unsupported_value"),
        ("hello", {"messages": []}, 400, "invalid_body"),
    ],
    ids=["picture", "url", "sound", "mp3", "base64", "part", "model", "stream", "none"],
)  # fmt: skip
async def test_what_cannot_be_answered_is_refused_with_a_reason(
    client, content, more, status, code
):
    """A mistake of the caller would look like an outage of the model."""
    got, body = await ask(client, content, **more)
    assert (got, body["error"]["code"]) == (status, code)
    assert body["error"]["message"]
    assert body["error"]["type"] == "invalid_request_error"


async def test_a_body_that_is_no_json_or_too_large_is_refused(client):
    """The server would answer 500, or hold what it cannot use."""
    async with client.post("/v1/chat/completions", data=b"\xff{") as answer:
        assert answer.status == 400
    huge = io.BytesIO(b" " * (demo.MAX_BODY_BYTES + 1))
    async with client.post("/v1/chat/completions", data=huge) as answer:
        assert answer.status == 413
        assert (await answer.json())["error"]["code"] == "too_large"


async def test_what_is_switched_off_is_named_and_refused():
    """A modality without its wheel would fail late and without a reason."""
    assistant = demo.Assistant(demo.ServerSettings(model=MODEL, modalities=("text",)))
    async with TestClient(TestServer(demo.application(assistant))) as client:
        async with client.get("/healthz") as answer:
            health = await answer.json()
        assert health["modalities"] == ["text"]
        assert set(health["unserved"]) == {"image", "audio"}
        status, body = await ask(client, [picture_part(b"any")])
        assert (status, body["error"]["code"]) == (400, "unsupported_modality")
        async with client.get("/v1/models") as answer:
            assert (await answer.json())["data"][0]["id"] == MODEL
    assistant.close()


async def test_a_full_line_is_a_429_and_nothing_waits_beyond_it(monkeypatch):
    """A slow model would pile up requests without bound."""
    monkeypatch.setattr(demo, "MAX_WAITING", 0)
    lane = demo.Lane("image")
    with pytest.raises(demo.BusyError):
        await lane.run(lambda: None)
    lane.close()


class Listener:
    """Stands for a model and keeps the noise it was handed."""

    def __init__(self):
        self.heard = []

    def recognise(self, _sound: bytes, noise: np.random.Generator) -> str:
        """The first number of the noise."""
        self.heard.append(noise.random())
        return ""


async def test_each_request_gets_noise_of_its_own(assistant, monkeypatch):
    """Equal requests would be answered alike by construction."""
    listener = Listener()
    monkeypatch.setattr(assistant, "_audio", listener)
    part = msgspec.convert(sound_part(b"RIFF"), type=demo.chat.Part)
    for _ in range(3):
        await assistant.answer((part,))
    assert len(set(listener.heard)) == 3


def test_the_port_file_is_never_seen_half_written(tmp_path):
    """Whoever waits for it could read a part of the number."""
    path = tmp_path / "port"
    demo._write_whole(path, "12345")
    assert json.loads(path.read_text()) == 12345
    assert [entry.name for entry in tmp_path.iterdir()] == ["port"]
