import pytest

from collector.recognise.masks import has_mask, is_mask


@pytest.mark.parametrize(
    "text",
    [
        "[REDACTED]",
        "<redacted>",
        "[Redacted: email]",
        "[EMAIL_REDACTED]",
        "[REDACTED_EMAIL]",
        "<EMAIL_ADDRESS>",
        "[Scrubbed due to 'password']",
        "__REDACTED__",
        "redacted-by-litellm",
        "******",
        "█████",
    ],
)
def test_a_sign_alone_stands_for_a_lost_text(text):
    """A prompt whose words were taken away would be replayed as the sign."""
    assert is_mask(text)


@pytest.mark.parametrize("text", ["", "Redacted texts", "[1]", "<b>", "**bold**"])
def test_words_are_no_sign(text):
    """Ordinary prompts would be refused."""
    assert not is_mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "Write to [REDACTED] today.",
        "Write to <EMAIL_ADDRESS_1> today.",
        "Write to j***@example.com today.",
        "J*** is ill.",
        "My card is ****1234, please.",
        "Call *** now, or ***.",
        "The name is ███ here",
    ],
)
def test_a_sign_amid_words_is_seen(text):
    """What a processor took out of a prompt would be missed by nobody."""
    assert has_mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "This is ***very*** important.",
        "***Note:*** read `items[REDACTED]`.",
        "a\n***\nb",
        "Use <PERSON>Ann</PERSON> as a tag.",
        "A redacted text has [brackets] and <tags>.",
        "See [1] and <https://example.com>.",
    ],
)
def test_markup_is_no_sign(text):
    """Prompts with Markdown, tags or code would all be doubted."""
    assert not has_mask(text)
