"""Exports: what other tools read, with the media in it."""

import base64
import json

import pytest
from fakes.exported_calls import DATA, PICTURE, sound, tool_call

from snaptrace.export import SHAPES, row

FOREIGN = [name for name in SHAPES if name != "snapshot"]


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


def test_promptfoo_has_something_to_check():
    """If it failed, promptfoo would pass whatever a model answers."""
    (facts,) = row(PICTURE, "promptfoo", blobs={0: DATA})["assert"]
    assert facts == {"type": "factuality", "value": "North 12, South 30"}
    assert row(tool_call(), "promptfoo")["assert"] == [
        {"type": "contains", "value": "find"}
    ]
