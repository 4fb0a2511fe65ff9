r"""The part of an answer that states the result, after any working.

`\boxed{6}`, `#### 6`, `Answer: 6 km/h`, `So it is **6 km/h**`: each names the result.
Without such a mark the whole body is the answer.
"""

import re
from typing import Final, NamedTuple

from replayd.scoring.extract.numbers.dates import MONTHS

_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")
_HASHES = re.compile(r"^\s*#{4}\s*(?P<rest>[^\n]+)", re.MULTILINE)
_NOUNS: Final = (
    r"answer|result|solution|conclusion|antwort|ergebnis|lösung|réponse|résultat|solution|respuesta"
    r"|resultado|solución|risposta|risultato|resposta|antwoord|resultaat|svar|odpowiedź|ответ|答案|答え|結果|정답"
)
_STATED = re.compile(
    rf"(?:\b(?:final|correct|so the|thus the|the|die|das|la|le|el|il|richtige)\s+)?\b(?:{_NOUNS})\b\**"
    r"(?:\s+(?:is|ist|lautet|est|es|è|é|sera|är|jest|は)\b\s*:?|\s*[:：=]\**)+\s*(?P<rest>[^\n]+)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"^\W*(?:grand )?(?:total|gesamt|summe|somme|suma)\**\s*[:=]\**\s*(?P<rest>[^\n]+)",
    re.IGNORECASE | re.MULTILINE,
)
_THEREFORE = re.compile(
    r"(?:^|[.!?;:,\n]\s*(?=dus\b|więc\b|quindi\b|donc\b)|[.!?;:\n]\s*)(?:so|thus|therefore|hence|consequently|in total|altogether|also|somit|daher|folglich|insgesamt|donc|ainsi|au total"
    r"|por (?:lo )?tanto|así que|entonces|en total|quindi|dunque|portanto|dus|więc|zatem|alltså|значит|поэтому|итого|yani|jadi|vậy)\b,?\s+(?P<rest>[^\n]+)",
    re.IGNORECASE,
)
_BOLD = re.compile(r"\*\*(?P<rest>[^*\n]{1,120})\*\*")
# A point behind `a.m` or before a small letter or, behind a short word, before a digit
# belongs to an abbreviation.
_SENTENCE_END = re.compile(
    r"(?<=[^\W\d])(?:[!?](?=\s|\Z)|(?<!\.[^\W\d])\.(?=\s+(?![a-zß-ÿа-я\d])|\s*\Z)|(?<=[^\W\d]{5})\.(?=\s+\d)|(?<=\.[^\W\d])\.(?=\s+[A-Z]|\s*\Z))|(?<=\d)[.!?](?="
    # `15. April` is a date, not the end of a sentence.
    rf"\s+(?!(?:{'|'.join(sorted(map(str.title, MONTHS), key=len, reverse=True))})\b)[A-Z]|\s*\Z)|\n"
)
# Working: what stands behind the last sign of equality is its result.
_SUM = re.compile(
    r"(?<=\d)[^=\n\d]{0,6}[-+×*/÷−^·²³][^=\n]{0,40}=\s*(?=(?P<rest>[-−]?[$€£]?\d[^\n=]*))"
)
_BLANK_LINES = re.compile(r"\n\s{2,}(?=\S|\Z)")
LONGEST_READ = 16_384  # characters
LONGEST_STATED = 200  # characters


class Stated(NamedTuple):
    """The stated result, and whether it was marked as such."""

    text: str
    marked: bool


def final_of(body: str) -> Stated:
    """Return the part of `body` that states the result."""
    body = _BLANK_LINES.sub("\n\n", body[:LONGEST_READ])
    if boxed := _last_boxed(body):
        return Stated(boxed, marked=True)
    for pattern in (_HASHES, _STATED, _TOTAL):
        if found := list(pattern.finditer(body)):
            return Stated(_one_sentence(found[-1]["rest"]), marked=True)
    sums = list(_SUM.finditer(body))
    if sums and (after := _stated_after(body, sums[-1].start("rest"))):
        return Stated(after, marked=True)
    if sums:
        return Stated(_one_sentence(sums[-1]["rest"]), marked=True)
    if len(body.split()) > 8:
        bold = [m["rest"] for m in _BOLD.finditer(body)]
        if len(bold) == 1 and not bold[0].rstrip().endswith(":"):
            return Stated(bold[0], marked=True)
        if found := list(_THEREFORE.finditer(body)):
            return Stated(_one_sentence(found[-1]["rest"]), marked=True)
    return Stated(body, marked=False)


def _stated_after(body: str, at: int) -> str:
    """Return the last sentence behind the working, where it states a value itself."""
    end = _SENTENCE_END.search(body, at)
    if end is None or not any(map(str.isdigit, body[end.end() :])):
        return ""
    last = last_sentence(body[end.end() :])
    return last if "=" not in last and any(map(str.isdigit, last)) else ""


def first_sentence(text: str) -> str:
    """Return `text` up to the end of its first sentence or line."""
    return _one_sentence(text.strip())


def last_sentence(text: str) -> str:
    """Return the last sentence or line of `text`."""
    text = text.strip()
    ends = [m.end() for m in _SENTENCE_END.finditer(text) if m.end() < len(text)]
    return text[ends[-1] :].strip() if ends else text


def _one_sentence(text: str) -> str:
    end = _SENTENCE_END.search(text)
    return (
        text[: end.end() if end else len(text)]
        .strip()
        .strip("*")
        .strip()[:LONGEST_STATED]
    )


def _last_boxed(body: str) -> str:
    """Return what the last box holds, braces matched."""
    opened = list(_BOXED.finditer(body))
    if not opened:
        return ""
    found = opened[-1]
    depth, at = 1, found.end()
    while at < len(body) and depth and at - found.end() < LONGEST_STATED:
        depth += {"{": 1, "}": -1}.get(body[at], 0)
        at += 1
    return body[found.end() : at - (not depth)].strip()
