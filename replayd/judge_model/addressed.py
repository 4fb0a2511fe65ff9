"""Text in an answer that speaks to whoever judges it: found, and taken out. Pure.

No list is complete, so this is one of several fences: both orders are asked, evidence
has to be found in the answers, and an answer in which something was taken out, or that
the judge itself reports, cannot win. What the request or the recording speak of (a
court case, an exam) is no address.
"""

import re
import unicodedata
from base64 import b64decode

from msgspec import Struct

REMOVED = "[removed: text addressed to the evaluator]"
LONGEST_ANSWER = 24_000  # characters that are shown to a judge

# Characters that are read by a model and not seen by a person.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_PIECES = re.compile(r"[^\n.!?。！？]*[\n.!?。！？]*")  # noqa: RUF001 - full-width marks
# Who judges, and what by. Word stems, since most languages inflect.
_JUDGES = re.compile(
    r"\b(?:judg(?:e|es|ing|ement|ment)|evaluat(?:or|ors|ion)|grad(?:er|ers|ing)"
    r"|assess(?:or|ors|ment)|rater|examiner|referee|rubric|verdict|scor(?:er|ing)"
    r"|compar(?:ator|ison)|arbiter|reviewer|llm|language model"
    r"|gutachter|bewerter|prüfer|richter|bewertung|urteil|beurteil"
    r"|juge|évaluat|correcteur|jury|juez|evaluador|jurado|calificador"
    r"|giudic|valutator|juiz|avaliador|beoordel|jurylid|sędzi|oceniając|domare"
    r"|hakem|değerlendir)\w*"
    r"|судь|оцен|жюри|эксперт|评委|评审|评判|裁判|评分|評価者|審査員|採点|判定"
    r"|심사|평가|채점|الحكم|المقيّم|المقيم|न्यायाधीश|मूल्यांक|שופט",
    re.IGNORECASE,
)
# What is compared: no answer needs to speak of itself as one of two.
_SIDES = re.compile(
    r"\b(?:answer|response|candidate|option|output|completion|assistant|reply"
    r"|submission|antwort|réponse|respuesta|risposta|resposta|antwoord)"
    r"\s*(?:[ab12]|one|two|left|right|links|rechts|gauche|droite)\b"
    r"|\b(?:this|the|my) (?:answer|response|one|reply) (?:is|was|should be|must be"
    r"|wins?|deserves)\b"
    r"|\bthe (?:other|second|first|competing|opposing) (?:answer|response|one|reply"
    r"|candidate)\b"
    r"|\b(?:diese|die andere|cette|l'autre|esta|la otra|questa|l'altra) "
    r"(?:antwort|réponse|respuesta|risposta)\b",
    re.IGNORECASE,
)
# What it is told to do.
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.\n]{0,40}"
    r"\b(?:instruction|rule|rubric|criteri|prompt|above|previous|prior|everything"
    r"|reference|guideline)\w*"
    r"|\b(?:choose|pick|select|prefer|vote|rate|rank|mark|score|declare|output"
    r"|return|reply|respond|answer)\b[^.\n]{0,40}"
    r"\b(?:[ab]\b|this (?:one|answer|response)|me\b|best|better|winner|winning"
    r"|highest|full (?:marks|score|points)|10/10|100\s?%|perfect|tie\b|superior)"
    r"|\b(?:ignorier|missacht|wähl|bevorzug|ignorez|choisis|préfér|ignora|elige"
    r"|prefier|scegli|prefer|escolh|kies|wybierz|välj|seç)\w*\b[^.\n]{0,60}"
    r"(?:antwort|réponse|respuesta|risposta|resposta|antwoord|odpowied|svar|cevap"
    r"|anweisung|instruction|instruccion|istruzion|regel|\b[ab]\b)"
    r"|игнорир|выбер|предпоч|忽略|选择|選択|無視|选\s*[ab]|무시|선택|تجاهل|اختر"
    r"|अनदेखा|चुन",
    re.IGNORECASE,
)
# Marks that only a prompt has: roles, delimiters, a verdict written out.
_MARKS = re.compile(
    r"<\|[a-z_]+\|>|\[/?INST\]|</?(?:system|assistant|user|instructions?|judge"
    r"|verdict|answer_?[ab]?|reference)>"
    r"|^\s*#*\s*(?:system|developer|assistant|user|judge|evaluator|human)\s*:"
    r"|[\"']?\bbetter\b[\"']?\s*[:=]|\berrors_[ab]\b|\baddressed_to_judge\b"
    r"|(?:end|begin|close) of (?:answer|response|data|material|candidate)"
    r"|^[-=<>*#]{3,}\s*(?:end|begin|answer|system|verdict)",
    re.IGNORECASE | re.MULTILINE,
)


class Shown(Struct, frozen=True):
    """An answer as the judge may see it."""

    text: str
    addressed: bool  # something was taken out: this answer cannot win


def shown(answer: str, known: str) -> Shown:
    """Return `answer` without what it says to a judge.

    `known` is the text of request and recording: words of theirs are no address.
    """
    plain = unicodedata.normalize("NFKC", answer[:LONGEST_ANSWER])
    clean = _UNSEEN.sub("", plain)
    hidden = clean != plain and bool(_signs(_unhidden(plain), ""))
    hidden = hidden or bool(_signs(_decoded(clean), ""))
    said = unicodedata.normalize("NFKC", known).casefold()
    pieces = [piece for piece in _PIECES.findall(clean) if piece]
    bad = [bool(_signs(piece, said)) for piece in pieces]
    if not any(bad) and _signs(_joined(clean), said):
        bad = [True] * len(pieces)  # spread over pieces, or letter by letter
    if not any(bad):
        return Shown(clean, hidden)
    kept = [REMOVED if out else piece for piece, out in zip(pieces, bad, strict=True)]
    return Shown(_without_repeats(kept), addressed=True)


def _signs(text: str, known: str) -> bool:
    """Whether a stretch speaks to a judge: a mark, or two of judge, sides and order."""
    if any(m.casefold() not in known for m in _MARKS.findall(text)):
        return True
    found = [
        any(_whole(match).casefold() not in known for match in pattern.finditer(text))
        for pattern in (_JUDGES, _SIDES, _ORDERS)
    ]
    return sum(found) >= 2


def _decoded(text: str) -> str:
    """Return what Base64 in a text says, "" where there is none that is text."""
    found = []
    for run in _BASE64.findall(text[:LONGEST_ANSWER]):
        try:
            found.append(b64decode(run + "=" * (-len(run) % 4)).decode("utf-8"))
        except ValueError:
            continue
    return " ".join(found)


def _whole(match: re.Match[str]) -> str:
    return match.group(0)


def _unhidden(text: str) -> str:
    """Return text with tag characters (U+E0000 and on) as the letters they mirror."""
    return "".join(
        chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) <= 0xE007E else c for c in text
    )


def _joined(text: str) -> str:
    """Return text with letters that stand alone, as `c h o o s e`, put together."""
    flat = " ".join(text.split())
    spaced = re.compile(r"(?<!\w)(?:\w[ .\-_*]){3,}\w(?!\w)")
    return spaced.sub(lambda m: re.sub(r"[ .\-_*]", "", m.group(0)), flat)


def _without_repeats(pieces: list[str]) -> str:
    kept: list[str] = []
    for piece in pieces:
        if piece != REMOVED or not kept or kept[-1] != REMOVED:
            kept.append(piece)
    return " ".join(p if p == REMOVED else p.strip(" ") for p in kept).strip()
