"""Requests that are forms with a file: transcriptions."""

import asyncio
import io

import aiohttp
import httpx
import pytest
import requests
import snaptrace_capture

SOUND = b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(256))


def over_httpx(url):
    """Send a form, its file read from a buffer."""
    files = {"file": ("a.wav", io.BytesIO(SOUND), "audio/wav")}
    return httpx.post(url, data={"model": "whisper-1"}, files=files).json()


def over_requests(url):
    """Send a form, its file read from a buffer."""
    files = {"file": ("a.wav", io.BytesIO(SOUND), "audio/wav")}
    data = {"model": "whisper-1"}
    return requests.post(url, data=data, files=files, timeout=30).json()


@pytest.mark.parametrize("send", [over_httpx, over_requests])
async def test_a_form_is_captured_with_its_file(recorded, model, send):
    """A transcription would lose its sound, or the provider get an empty file."""
    model.answer = lambda _body: {"text": "open the door"}
    answer = await asyncio.to_thread(send, f"{model.url}/audio/transcriptions")
    assert answer == {"text": "open the door"}
    ((_, sent),) = model.requests
    assert SOUND in sent
    call = recorded.call()
    assert call.snapshot.fidelity.level == "exact"
    assert call.snapshot.request.model == "whisper-1"
    assert call.snapshot.answer.text == "open the door"
    assert list(call.blobs.values()) == [SOUND]


async def test_a_body_that_is_read_once_is_sent_and_counted(recorded, model):
    """A capture would use up what the provider should get."""
    model.answer = lambda _body: {"text": "open the door"}
    form = aiohttp.FormData({"model": "whisper-1"})
    form.add_field("file", io.BytesIO(SOUND), filename="a.wav")
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{model.url}/audio/transcriptions", data=form) as response,
    ):
        assert await response.json() == {"text": "open the door"}
    ((_, sent),) = model.requests
    assert SOUND in sent
    assert recorded.spans == ()
    assert snaptrace_capture.counts()["body_unread"] == 1
