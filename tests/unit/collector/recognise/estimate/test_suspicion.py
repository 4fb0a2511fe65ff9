import pytest

from collector.recognise.estimate.suspicion import INVENTED, LOST, suspicion
from snaptrace.snapshot.model import Media, MediaRef, Usage

PROSE = (
    "The committee met in the morning to review the plans for the new harbour, and it "
    "decided that the work is to begin as soon as the funds are released by the city. "
)
CHINESE = "委员会上午开会审议新港口的计划,并决定一旦市政府拨款就立即开工。"


def _suspicion(system="", question="What did they decide?", **facts):
    messages = [{"role": "user", "content": question}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    body = {"model": "m", "messages": messages, "max_tokens": 9}
    body |= facts.pop("body", {})
    tokens = facts.pop("tokens")
    return suspicion(
        api=facts.get("api", "openai_chat"),
        operation=facts.get("operation", "chat"),
        body=body,
        media=facts.get("media", ()),
        usage=Usage(input_tokens=tokens, cached_tokens=facts.get("cached")),
        recorded_bytes=facts.get("recorded_bytes", 0),
        called=facts.get("called", ()),
    )


@pytest.mark.parametrize(
    ("system", "tokens"),
    [
        (PROSE * 20, 780),  # .23 a character, as English by Llama 2
        (CHINESE * 20, 900),  # 1.4 a character
        ('{"id":"9f8b7c6d5e4f","amount":123456},' * 40, 1400),
        ("ukuthi abantu bonke bazalwa bekhululekile " * 40, 780),  # .46, Zulu
    ],
)
def test_a_whole_request_is_not_doubted_in_any_writing(system, tokens):
    """Calls in a language that costs many tokens would all leave the suite."""
    assert _suspicion(system, tokens=tokens) == ""


def test_a_lost_system_prompt_is_suspected():
    """A replay without its system prompt would be judged as if nothing were amiss."""
    assert _suspicion("", tokens=700) == LOST
    assert _suspicion(PROSE * 20, tokens=700) == ""


def test_tools_bring_room_for_the_providers_own_prompt():
    """Every tool call at Anthropic would be doubted for a prompt nobody recorded."""
    tools = {"tools": [{"name": "weather", "input_schema": {"type": "object"}}]}
    facts = {"api": "anthropic_messages", "tokens": 700}
    assert _suspicion(body=tools, **facts) == ""
    assert _suspicion(**facts) == LOST


@pytest.mark.parametrize("name", ["tools", "functions", "toolConfig", "prompt"])
def test_an_answer_that_calls_tools_had_tools(name):
    """A canary without its tools would be judged by the calls that it cannot make."""
    given = {name: [{"name": "weather"}]}
    assert _suspicion(tokens=40, called=("weather",)) == LOST
    assert _suspicion(tokens=None, called=("weather",)) == LOST  # whatever is counted
    assert _suspicion(body=given, tokens=None, called=("weather",)) == ""


def test_media_bring_room_and_one_of_unknown_length_leaves_it_open():
    """A picture's tokens would count as lost text, or lost text pass for a video."""
    picture = Media(kind="image", mime="image/png", state="inline", size_bytes=9)
    clip = Media(
        kind="video", mime="video/mp4", state="external", reference="https://a"
    )
    seconds = Media(kind="audio", mime="audio/wav", state="inline", size_bytes=96_000)
    part = [{"type": "image_url", "image_url": {"url": MediaRef(0, "data_url")}}]
    facts = {"question": part, "api": "anthropic_messages"}
    assert _suspicion(media=(picture,), tokens=4_800, **facts) == ""
    assert _suspicion(media=(picture,), tokens=20_000, **facts) == LOST
    assert _suspicion(media=(clip,), tokens=900_000, **facts) == ""
    assert _suspicion(media=(seconds,), tokens=9_000, **facts) == ""
    assert _suspicion(media=(seconds,), tokens=40_000, **facts) == LOST


def test_a_known_model_leaves_less_room_for_its_pictures():
    """A lost prompt of some thousand tokens would hide beside any picture."""
    picture = Media(kind="image", mime="image/png", state="inline", size_bytes=9)
    part = [{"type": "image_url", "image_url": {"url": MediaRef(0, "data_url")}}]
    for model, reason in [
        ("gpt-4o-2024-08-06", LOST),
        ("o3", LOST),
        ("gpt-4o-mini", ""),
        ("our-deployment", ""),
    ]:
        found = _suspicion(
            question=part, body={"model": model}, media=(picture,), tokens=9_000
        )
        assert found == reason, model


def test_a_count_far_too_low_is_noted_unless_tokens_were_cached():
    """Invented content would go unnoticed, or every cached prompt be called that."""
    assert _suspicion(PROSE * 40, tokens=30) == INVENTED
    assert _suspicion(PROSE * 40, tokens=30, cached=1_400) == ""
    assert _suspicion(PROSE * 40, tokens=1_400) == ""
    assert _suspicion(PROSE * 2, tokens=10) == ""


def test_telemetry_too_small_for_it_holds_no_invented_content():
    """The whole body would be walked for every call, for a question already settled."""
    assert _suspicion(PROSE * 40, tokens=30, recorded_bytes=400) == ""


@pytest.mark.parametrize("facts", [{"tokens": None}, {"tokens": 0}])
def test_without_a_count_nothing_is_suspected(facts):
    """An absent count would read as a finding."""
    assert _suspicion(**facts) == ""


def test_operations_that_count_otherwise_are_left_alone():
    """A transcription's seconds would be held against its short prompt."""
    assert _suspicion(tokens=50_000, operation="transcription") == ""


def test_text_that_cannot_be_written_is_left_open():
    """A lone surrogate would raise in the middle of recognition."""
    assert _suspicion("\ud800 and more", tokens=5_000) == ""


def test_a_deep_body_is_read_without_recursion():
    """A hostile body would end recognition."""
    deep = []
    for _ in range(5_000):
        deep = [deep]
    assert _suspicion(body={"extra": deep}, tokens=1) == ""
    assert _suspicion(body={"extra": deep}, tokens=10_000) in ("", LOST)
