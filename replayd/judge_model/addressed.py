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
    r"|\b(?:this|my) (?:answer|response|one|reply) (?:is|was|should be|must be"
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
    r"|return|reply|respond)\b[^.\n]{0,40}"
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

# The wider net: what speaks of judging, of answers, of winning, gives orders, or speaks
# to a machine. A passage with two of these is left in place, and its answer cannot win.
_META = (
    re.compile(  # judging
        r"\b(?:judg|evaluat|grad(?:e|er|ing)\b|assess|rating|rate\b|compar|vot(?:e|ing)"
        r"|juror|jury|reviewer|scor(?:e|ing)|bewert|beurteil|entscheid|évalu|jug"
        r"|considér|évaluer|valut|califi|avali|beoordel|oceń|oceni|bedöm)"
        r"|оцен|сравн|суд[ьи]|评|比较|評価|判定|採点|평가|비교|심사|قيّم|قارن|मूल्यां",
        re.IGNORECASE,
    ),
    re.compile(  # answers
        r"\b(?:(?:this|that|my|the other|other|second|first|above|these) "
        r"(?:answer|response|reply|text|one|output|entry|candidate|submission)s?"
        r"|text above|mine|alternative|candidate|entry|reference|errors?\b|mistakes?"
        r"|hallucinat|plagiari|answer (?:one|two|[ab12])\b|the letter [ab]\b|\ba must"
        r"|\bb must|antwort|réponse|respuesta|risposta|resposta|antwoord|odpowied"
        r"|svar(?:et)?\b|reply)"
        r"|ответ|回答|答案|応答|답변|응답|إجابة|उत्तर",
        re.IGNORECASE,
    ),
    re.compile(  # winning
        r"\b(?:best|better|superior|flawless|correct|incorrect|wrong|outdated|verified"
        r"|certified|perfect|wins?\b|winn(?:er|ing)|tie\b|ties\b|stars?\b|maximum"
        r"|highest|full marks|false positives?|right choice|must be picked|fabricated"
        r"|beste|besser|meilleur|mejor|miglior|melhor|najleps|bästa)"
        r"|лучш|правильн|最佳|最好|最良|正しい|최고|최선|정답|الأفضل|सर्वश्रेष्ठ",
        re.IGNORECASE,
    ),
    re.compile(  # orders
        r"\b(?:choose|pick(?:ed)?\b|select|prefer|mark\b|trust\b|ignore|disregard"
        r"|forget|do not (?:quote|list|mention|report)|left out|not allowed|give\b"
        r"|return\b|respond\b|output\b|print\b|declare|confirm|must be|wähl|nimm"
        r"|bevorzug|choisi|veuillez|elige|elija|escog|scegli|escolh|kies|wybierz|välj)"
        r"|выбер|пожалуйста|选择|請選|选|選ん|ください|선택|주세요|اختر|चुन",
        re.IGNORECASE,
    ),
    re.compile(  # to a machine
        r"\b(?:ai\b|llm|language model|assistant|system (?:prompt|administrator|message"
        r"|override)|instructions?\b|administrator|json\b|prompt\b|if you are an?\b"
        r"|whoever (?:is|reads)|comparison ends"
        r"|end of (?:the )?(?:material|text|answer))"
        r"|\{\{|<!--|###|\[\[",
        re.IGNORECASE,
    ),
)
_LEET = str.maketrans("013457@$", "oieastas")
_MIXED = re.compile(r"\b(?=\w*[a-zA-Z])(?=\w*[013457])\w+\b")


class Shown(Struct, frozen=True):
    """An answer as the judge may see it."""

    text: str
    addressed: bool  # it speaks to a judge, or may: this answer cannot win


def shown(answer: str, known: str) -> Shown:
    """Return `answer` without what it says to a judge.

    `known` is the text of request and recording: words of theirs are no address.
    """
    plain = unicodedata.normalize("NFKC", answer[:LONGEST_ANSWER])
    clean = _UNSEEN.sub("", plain)
    coded = f"{_unhidden(plain) if clean != plain else ''} {_decoded(clean)}"
    hidden = _signs(coded, "") or _suspect(coded, "")
    said = unicodedata.normalize("NFKC", known).casefold()
    pieces = [piece for piece in _PIECES.findall(clean) if piece]
    bad = [bool(_signs(piece, said)) for piece in pieces]
    if not any(bad) and _signs(_joined(clean), said):
        bad = [True] * len(pieces)  # spread over pieces, or letter by letter
    if not any(bad):
        plainer = _MIXED.sub(lambda m: m.group(0).translate(_LEET), clean)
        return Shown(clean, hidden or _suspect(clean, said) or _suspect(plainer, said))
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


def _suspect(text: str, known: str) -> bool:
    """Whether a sentence holds two kinds of words that speak about judging answers."""
    for piece in _PIECES.findall(text):
        kinds = (
            any(_whole(m).casefold() not in known for m in pattern.finditer(piece))
            for pattern in _META
        )
        if sum(kinds) >= 2:  # one alone is ordinary language
            return True
    return False


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
