import pytest

from collector.recognise.fidelity import assess, reassess, unseen
from snaptrace.snapshot.model import Media

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


def _assess(*, body=CHAT, media=(), api="openai_chat", lost=(), missing=(), reasons=()):
    return assess(api, body, media, lost=lost, missing=missing, reasons=reasons)


def test_levels():
    """A call would be replayed that must not be, or kept back that may."""
    assert _assess().level == "exact"
    assert _assess(lost=("seed",)).level == "as_observed"
    assert _assess(missing=("seed",)).level == "lossy"
    assert _assess(reasons=("truncated",)).level == "unreplayable"
    assert _assess(body=None).reasons == ("no_content",)


def test_a_field_that_was_seen_is_not_unobserved():
    """What is there would be declared lost."""
    body = {**CHAT, "seed": 1}
    assert _assess(body=body, lost=("seed", "user")).unobserved == ("user",)


def test_fields_of_parts_are_named_only_where_such_a_part_is():
    """Every text would carry a list of what images might have had."""
    detail = "messages.content.image_url.detail"
    assert unseen("openai_chat", (detail,), CHAT) == ()
    part = {"type": "image_url", "image_url": {"url": "https://a.example/x"}}
    body = {"messages": [{"role": "user", "content": [part]}]}
    assert unseen("openai_chat", (detail,), body) == (detail,)


def test_a_group_that_nobody_shows_is_named_whole():
    """Tools would be missing without a word where none were recorded."""
    found = unseen("openai_chat", ("tools",), CHAT)
    assert "tools.function.parameters" in found
    assert unseen("openai_chat", ("tools.function.strict",), CHAT) == ()


@pytest.mark.parametrize(
    ("api", "extra", "reason"),
    [
        ("openai_responses", {"previous_response_id": "r"}, "provider_state"),
        ("openai_responses", {"tools": [{"type": "web_search"}]}, "server_tool"),
        ("openai_responses", {"tools": [{"type": "function", "name": "f"}]}, None),
        (
            "anthropic_messages",
            {"tools": [{"type": "web_search_20250305", "name": "w"}]},
            "server_tool",
        ),
        ("anthropic_messages", {"tools": [{"name": "f", "input_schema": {}}]}, None),
        (
            "anthropic_messages",
            {"mcp_servers": [{"url": "https://a.example"}]},
            "server_tool",
        ),
        ("gemini_generate_content", {"tools": [{"googleSearch": {}}]}, "server_tool"),
        ("gemini_generate_content", {"cachedContent": "c"}, "provider_state"),
        ("openai_chat", {"web_search_options": {"size": "low"}}, "server_tool"),
        ("openai_chat", {"prompt": "x"}, None),
    ],
)
def test_what_only_the_provider_has_or_does(api, extra, reason):
    """A replay would search the web, or ask for a history that is not there."""
    found = _assess(body={"model": "m", **extra}, api=api).reasons
    assert found == ((reason,) if reason else ())


@pytest.mark.parametrize(
    ("state", "reason", "level"),
    [
        ("redacted", "media_redacted", "unreplayable"),
        ("placeholder", "media_placeholder", "unreplayable"),
        ("truncated", "media_truncated", "unreplayable"),
        ("provider_file", "provider_file", "unreplayable"),
        ("external", "external_media", "exact"),
        ("inline", None, "exact"),
    ],
)
def test_media_states(state, reason, level):
    """An image that is gone would be asked about."""
    medium = Media(kind="image", mime="", state=state, path="messages.content.x")
    found = _assess(media=(medium,))
    assert found.level == level
    assert (reason in found.reasons) is (reason is not None)


def test_fetched_media_make_a_call_whole_again():
    """A call would stay refused although its bytes are there now."""
    gone = Media(kind="image", mime="", state="placeholder", path="messages.content.x")
    before = _assess(media=(gone,), lost=("seed",))
    here = Media(kind="image", mime="", state="inline", path="messages.content.x")
    after = reassess(before, (here,))
    assert (after.level, after.reasons) == ("as_observed", ())
    assert reassess(before, (here, gone)).level == "unreplayable"
