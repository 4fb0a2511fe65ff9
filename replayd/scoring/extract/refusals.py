"""Whether an answer refuses: by the provider's own sign, else by its first words."""

import re

from snaptrace.snapshot.model import Answer

OPENING = 240  # characters; a refusal says so at once

_APOLOGY = re.compile(
    r"\b(?:"
    r"i(?:'|’)?m (?:very |really |so )?sorry,? (?:but|i can)"  # noqa: RUF001
    r"|i(?:'m| am|’m) (?:unable|not able|not allowed|not permitted) to"  # noqa: RUF001
    r"|i (?:cannot|can't|can’t|can not|won't|won’t|will not|must decline to)"  # noqa: RUF001
    r" (?:help|assist|provide|comply|do that|answer|discuss|fulfil|share|support"
    r"|create|continue|engage|identify)"
    r"|(?:unable|not able) to (?:help|assist|comply|fulfil)"
    r"|as an ai(?: language model)?,? i (?:cannot|can't|can’t|am not)"  # noqa: RUF001
    r"|(?:ich kann|ich darf) (?:\w+ ){0,4}nicht (?:helfen|beantworten|weiterhelfen"
    r"|unterstützen|erfüllen|bereitstellen|nennen|dienen)"
    r"|tut mir leid,? (?:aber|ich kann|das kann)"
    r"|je (?:ne peux pas|suis désolée?,? mais|ne suis pas en mesure)"
    r"|no puedo (?:ayudar|responder|proporcionar|cumplir|asistir)"
    r"|lo siento,? (?:pero|no puedo)"
    r"|(?:mi dispiace,? (?:ma|non posso)|non posso (?:aiutar|rispondere|fornire))"
    r"|não posso (?:ajudar|responder|fornecer)"
    r"|ik kan (?:\w+ ){0,3}niet (?:helpen|beantwoorden)"
    r")",
    re.IGNORECASE,
)
# No apology is without one of these, which are quicker to look for. They have neither
# `i` nor `s`, for which a pattern takes more letters than their capitals.
_NEEDED = (
    *(
        "orry",
        "able to",
        "llowed to",
        "tted to",
        "am not",
        "cannot",
        "can not",
        "ll not",
    ),
    *("can't", "can’t", "won't", "won’t", "t decl"),  # noqa: RUF001
    *("kann", "darf", "tut m", "je ne", "olé", "puedo", "ento", "ace ma", "ace, ma"),
    *("non po", "ão po", "kan "),
)
_SCRIPTS = (
    "申し訳",
    "できません",
    "お答えでき",
    "抱歉",
    "无法",
    "不能提供",
    "죄송",
    "не могу",
)


def refuses(answer: Answer) -> bool:
    """Whether the answer declines to do what was asked."""
    if answer.outcome in {"refused", "filtered"} or answer.refusal:
        return True
    if answer.tool_calls or answer.media:
        return False
    opening = answer.text[:OPENING]
    if any(map(opening.lower().__contains__, _NEEDED)) and _APOLOGY.search(opening):
        return True
    return not opening.isascii() and any(map(opening[:80].__contains__, _SCRIPTS))


def says_nothing(answer: Answer) -> bool:
    """Whether there is no text, no tool call, no media and no refusal."""
    return not (
        answer.text.strip() or answer.tool_calls or answer.media or answer.refusal
    )
