"""Signs that somebody put in the place of words before the telemetry arrived.

SDKs, processors and libraries of backends take personal data out of what they record.
A text that is one such sign has lost its content. A sign amid other words may have been
sent like that, where the application itself masks what it sends: nobody can tell, so
the request is doubted. The words are those of Presidio, Logfire, Langfuse, Sentry,
OpenInference, LiteLLM, LangChain and the OpenTelemetry Collector.
"""

import re

_DONE = ("REDACTED", "MASKED", "SCRUBBED", "FILTERED", "ANONYMIZED", "ANONYMISED")
_ENTITIES = (
    "EMAIL",
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "CREDIT_CARD_NUMBER",
    "IBAN",
    "IBAN_CODE",
    "SSN",
    "US_SSN",
    "IP_ADDRESS",
    "PERSON",
    "US_PASSPORT",
    "US_DRIVER_LICENSE",
    "US_BANK_NUMBER",
    "MEDICAL_LICENSE",
    "API_KEY",
    "PASSWORD",
    "PII",
    "PHI",
)
# `[REDACTED]`, `<masked>`, `[EMAIL_REDACTED]`, `[REDACTED_EMAIL]`, `[redacted: name]`.
_SIGN = (
    rf"[\[<]{{1,2}}(?:(?:[A-Z0-9]{{1,24}}_){{0,2}}(?:{'|'.join(_DONE)})(?:_[A-Z_]{{1,40}})?"
    rf"|(?i:{'|'.join(_DONE)}))(?::[^\]>\n]{{0,60}})?[\]>]{{1,2}}"
)
# A closing one after it shows that it is a tag.
_ENTITY = rf"[\[<](?:{'|'.join(_ENTITIES)})(?:_\d{{1,3}})?[\]>](?![^<]{{0,200}}</)"
_BRACKETED = re.compile(f"{_SIGN}|{_ENTITY}")
_SCRUBBED = r"\[Scrubbed due to [^\]]{0,200}\]"
_WHOLE = re.compile(
    rf"\s*(?:{_SIGN}|{_ENTITY}|{_SCRUBBED}|█{{3,}}|\*{{3,}}|REDACTED|FILTERED"
    r"|__REDACTED__|redacted-by-litellm|<replaced>|<not serializable>"
    r"|<non-serializable>)\s*"
)
_STARS = re.compile(r"\*{3,}")
_ENDS = " .,;:?!)"
_BLOCKS = "███"
_LONGEST = 400  # of a text that is a sign and nothing else


def is_mask(text: str) -> bool:
    """Return whether a whole text is a sign in place of its content."""
    return len(text) < _LONGEST and _WHOLE.fullmatch(text) is not None


def has_mask(text: str) -> bool:
    """Return whether a sign stands amid the words of a text."""
    if "***" in text and _has_stars(text):
        return True
    if "[" not in text and "<" not in text:
        return _BLOCKS in text or "__REDACTED__" in text
    capitals = text.upper()
    if not any(word in capitals for word in _DONE) and not any(
        word in text for word in _ENTITIES
    ):
        return _BLOCKS in text or "[Scrubbed due to " in text
    # After a word it is an index of code.
    return any(
        not text[max(0, found.start() - 1) : found.start()].isalnum()
        for found in _BRACKETED.finditer(text)
    )


def _has_stars(text: str) -> bool:
    """Return whether stars stand for a word, or for a part of one.

    Markdown has them in pairs: before the first word of a phrase and behind its last.
    """
    opened = False
    for stars in _STARS.finditer(text):
        before = text[max(0, stars.start() - 2) : stars.start()]
        after = text[stars.end() : stars.end() + 1]
        behind = before[-1:].isalnum() or before[-1:] == "@"
        ahead = after.isalnum() or after == "@"
        if behind and (ahead or not opened):
            return True
        if after.isdigit() and len(stars[0]) > len("***"):
            return True
        alone = before[-1:] == " " and before[:1].isalnum() and not ahead
        if alone and after != "" and after in _ENDS:
            return True
        opened = ahead
    return False
