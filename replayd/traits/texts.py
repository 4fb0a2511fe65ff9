"""Traits of text: script and language of the newest user turn."""

from functools import lru_cache

from replayd.scoring.extract.language.language_id import (
    likely_language,
    prose_of,
    script_of,
)
from replayd.traits.names import VALUES

_KANA = ("HIRAGANA", "KATAKANA")
_SCRIPTS = {"CJK": "han", **dict.fromkeys(_KANA, "kana")}
_KNOWN = VALUES["text"]["text.script"], VALUES["text"]["text.language"]


@lru_cache(maxsize=1024)
def text_traits(text: str) -> dict[str, str]:
    """Return script and language; none for a text too short to tell."""
    prose = prose_of(text)
    script = script_of(prose)
    if not script:
        return {}
    name = _SCRIPTS.get(script, script.lower())
    found = {"text.script": name if name in _KNOWN[0] else "other"}
    if language := likely_language(text):
        found["text.language"] = language if language in _KNOWN[1] else "other"
    return found
