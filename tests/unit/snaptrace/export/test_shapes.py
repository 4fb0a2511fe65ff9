"""Exports: what other tools read, with the media in it."""

import base64
import json

import msgspec
import pytest
from fakes.stored_calls import image_call, text_call

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.export import SHAPES, row
from snaptrace.snapshot.model import Answer, Media, MediaRef, ToolCall

NOW = 1_800_000_000 * 10**9
KEY = FleetKey(b"k" * 32)
DATA = b"\x89PNG\r\n\x1a\n" + b"a chart"
URL = "data:image/png;base64," + base64.b64encode(DATA).decode()
PICTURE = image_call(1, DATA, KEY, at_ns=NOW)
FOREIGN = [name for name in SHAPES if name != "snapshot"]


def tool_call():
    """Return a call with a tool's turn in its history, and a tool call as answer."""
    asked = {
        "id": "c1",
        "type": "function",
        "function": {"name": "find", "arguments": '{"q": "order 7"}'},
    }
    body = {
        "model": "assistant-7",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Where is order 7?"},
            {"role": "assistant", "content": None, "tool_calls": [asked]},
            {"role": "tool", "tool_call_id": "c1", "content": "in Oslo"},
        ],
        "tools": [{"type": "function", "function": {"name": "find"}}],
    }
    call = text_call(2, at_ns=NOW, body=body)
    answer = Answer(
        tool_calls=(ToolCall(name="find", arguments='{"q": "8"}', id="c2"),)
    )
    return msgspec.structs.replace(call, answer=answer)


def sound():
    """Return a call with a recorded sound."""
    data = {"data": MediaRef(0, "base64"), "format": "wav"}
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": [{"type": "input_audio", "input_audio": data}]}
        ],
    }
    medium = Media(kind="audio", mime="audio/wav", state="inline", digest="0" * 64)
    return text_call(3, at_ns=NOW, body=body, modality="audio", media=(medium,))


@pytest.mark.parametrize("shape", SHAPES)
def test_media_are_in_every_shape(shape):
    """If it failed, a picture's case would be exported as a question without one."""
    text = json.dumps(row(PICTURE, shape, blobs={0: DATA}))
    assert base64.b64encode(DATA).decode() in text
    assert "Read every value." in text
    assert "North 12, South 30" in text


@pytest.mark.parametrize("shape", FOREIGN)
def test_what_is_not_there_is_said_in_its_place(shape):
    """If it failed, a case would lose its picture without a word."""
    text = json.dumps(row(PICTURE, shape, blobs={}))
    assert base64.b64encode(DATA).decode() not in text
    if shape != "deepeval":
        assert f"snaptrace:media:{PICTURE.media[0].digest}" in text
    if shape != "openai_finetuning":
        assert '"media_left_out": 1' in text


def test_an_example_of_fine_tuning_ends_in_what_production_said():
    """If it failed, a model would be trained on questions without answers."""
    found = row(tool_call(), "openai_finetuning")
    roles = [message["role"] for message in found["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant"]
    assert found["messages"][-1]["content"] is None
    assert found["messages"][-1]["tool_calls"][0]["function"]["name"] == "find"
    assert found["messages"][2]["tool_calls"][0]["id"] == "c1"
    assert found["messages"][3]["tool_call_id"] == "c1"
    assert found["tools"][0]["function"]["name"] == "find"


def test_sound_is_written_as_each_tool_takes_it():
    """If it failed, a transcription's case would lose its sound."""
    blobs = {0: b"RIFF"}
    encoded = base64.b64encode(b"RIFF").decode()
    (part,) = row(sound(), "openai", blobs=blobs)["item"]["messages"][0]["content"]
    assert part == {
        "type": "input_audio",
        "input_audio": {"data": encoded, "format": "wav"},
    }
    (part,) = row(sound(), "inspect", blobs=blobs)["input"][0]["content"]
    url = f"data:audio/wav;base64,{encoded}"
    assert part == {"type": "audio", "audio": url, "format": "wav"}


def test_inspect_reads_what_is_written(tmp_path):
    """If it failed, `json_dataset` would refuse the file, or lose the picture."""
    dataset = pytest.importorskip("inspect_ai.dataset")
    path = tmp_path / "cases.jsonl"
    rows = [
        row(PICTURE, "inspect", blobs={0: DATA}, probability=0.5),
        row(tool_call(), "inspect"),
        row(sound(), "inspect", blobs={0: b"RIFF"}),
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    samples = list(dataset.json_dataset(str(path)))
    assert samples[0].input[0].content[1].image == URL
    assert samples[0].target == "North 12, South 30"
    assert samples[0].metadata["inclusion_probability"] == 0.5
    assert [message.role for message in samples[1].input] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]
    assert samples[1].input[2].tool_calls[0].arguments == {"q": "order 7"}


def test_hugging_face_reads_what_is_written(tmp_path):
    """If it failed, rows of one export could not stand in one dataset."""
    datasets = pytest.importorskip("datasets")
    path = tmp_path / "cases.jsonl"
    rows = [row(PICTURE, "openai_finetuning", blobs={0: DATA})] * 2
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    cache = str(tmp_path / "cache")
    loaded = datasets.load_dataset(
        "json", data_files=str(path), split="train", cache_dir=cache
    )
    assert loaded[0]["messages"][0]["content"][1]["image_url"]["url"] == URL


def test_the_openai_client_knows_the_messages():
    """If it failed, a request made of an exported item would be refused."""
    chat = pytest.importorskip("openai.types.chat")
    adapter = pytest.importorskip("pydantic").TypeAdapter(
        list[chat.ChatCompletionMessageParam]
    )
    for call, blobs in ((PICTURE, {0: DATA}), (tool_call(), {}), (sound(), {0: b"R"})):
        messages = row(call, "openai_finetuning", blobs=blobs)["messages"]
        adapter.validate_python(messages)
