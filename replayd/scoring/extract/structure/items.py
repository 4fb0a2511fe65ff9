"""The items of a list, however it is written: bullets, numbers, commas, JSON."""

import re
from typing import Final

from replayd.scoring.extract.structure.body import unfenced
from replayd.scoring.extract.structure.json_values import structured

LONGEST_ITEM = 12  # words; longer ones are sentences
MOST_ITEMS = 200

_BULLET = re.compile(
    r"^[ \t]*(?:[-*•–]|\d{1,3}[.)]|\(\d{1,3}\))[ \t]+(?P<item>\S[^\n]*)$", re.MULTILINE
)
_NUMBERED = re.compile(r"(?:^|(?<=\s))\(?(?P<n>\d{1,2})[.)]\s+(?=[^\W\d])")
_STEP = re.compile(
    r"\A(?:step|schritt|étape|paso|passo|stap|steg|krok|adım|шаг|ステップ|步骤|第)\s*\d{1,2}\s*(?:步)?\s*[:.)–—-]?\s*(?=\S)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\*\*|__|`")
_SEPARATORS: Final = (
    re.compile(r"\s*;\s*"),
    re.compile(r"\s*(?:→|⟶|->|=>|>)\s*"),
    re.compile(r"\s*(?<!\d),\s+|(?<=\d),\s+|、|，"),
)
_LAST = re.compile(
    r",?\s+(?:and|und|et|y|e|en|och|og|i|і|та|ve|и|và|dan|και|și|és|ja|or|oder|ou|o|&|그리고|및)\s+",
    re.IGNORECASE,
)
_LEAD = re.compile(r"\A[^:\n]{0,100}:\s+")
_LEAD_VERB = re.compile(
    r"\A[^,;:\n]{3,80}?\b(?:are|include|sind|lauten|grenzen|gehören|sont|son|sono|são|zijn|är|są|это)\s+(?=\S)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:list|name|which|what are|enumerate|extract|give me (?:the|all|a list)|mention\w*|items|steps|ingredients|keywords|topics"
    r"|nenne\w*|welche|liste|zähl\w*|schritte|zutaten|quels|quelles|cite\w*|énumér\w*|étapes|cuáles|qué \w+s|in welcher reihenfolge|che \w+i|enumera|pasos|elenca|quali|liste|cite|quais|noem|welke|nämn|vilka|wymień|nombra\w*|menciona\w*|nomme\w*|nomina|nomeie|jakie|wypisz|listele|hangi|nelerdir|перечисли\w*|какие|назови\w*|перелічи\w*|назви|які|vyjmenuj\w*|vypiš\w*|jaké|jaká|sırala\w*|sebutkan|daftar\w*|apa saja|liệt kê|kể tên|gồm những|απαρίθμησε|ποι[αε]ς?|enumeră|listează|sorold|luettele|mitkä|opliste?|hvilke|hvilka)\b"
    r"|挙げ|列挙|リスト|列出|哪些|나열|목록|اذكر|सूची|कौन-कौन",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"\b(?:steps?|order|sequence|procedure|instructions|first|how (?:do|to|can|should)|rank\w*|sort\w*|chronolog\w*|schritt\w*|reihenfolge|wie (?:kann|geht|mache)|étapes?|ordre|comment|pasos?|orden|cómo|passi|ordine)\b",
    re.IGNORECASE,
)


def items_of(body: str, question: str) -> tuple[str, ...]:
    """Return the items where a list was asked for and is given; else ()."""
    return split_items(body) if _ASKS.search(question) else ()


def is_ordered(question: str) -> bool:
    """Whether the order of the items means something."""
    return bool(_ORDERED.search(question))


def split_items(body: str) -> tuple[str, ...]:
    """Return the items of a list; a text that is none has one item or none."""
    text = unfenced(body).strip()
    value = structured(text)
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, list):
        return tuple(str(item) for item in value[:MOST_ITEMS])
    text = _MARKUP.sub("", text)
    bullets = [m["item"].strip() for m in _BULLET.finditer(text)]
    if len(bullets) >= 2:
        return _kept(bullets)
    numbered = list(_NUMBERED.finditer(text))
    if len(numbered) >= 2 and [int(m["n"]) for m in numbered] == list(
        range(1, len(numbered) + 1)
    ):
        ends = [*(m.start() for m in numbered[1:]), len(text)]
        return _kept(
            [text[m.end() : end] for m, end in zip(numbered, ends, strict=True)]
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) >= 2:
        if lines[0].endswith(":"):
            lines = lines[1:]
        return _kept(lines)
    text = _LEAD.sub("", text) if ":" in text else text
    told = _LEAD_VERB.sub("", text)
    text = told if any(mark in told for mark in ",;、，") else text
    for separator in _SEPARATORS:
        parts = separator.split(text)
        if len(parts) >= 2:
            head, tail = parts[:-1], parts[-1]
            return _kept(
                [
                    *head,
                    *_LAST.split(re.sub(r"\A(?:and|und|et|y|e|그리고)\s+", "", tail)),
                ]
            )
    return _kept(_LAST.split(text))


def _kept(parts: list[str]) -> tuple[str, ...]:
    """Return items without their marks; () where one of them is a sentence."""
    items = [
        re.sub(r"[.;,:!。]+\Z", "", _STEP.sub("", part.strip())).strip()
        for part in parts
    ]
    items = [item for item in items if item]
    if any(len(item.split()) > LONGEST_ITEM for item in items):
        return ()
    return tuple(items[:MOST_ITEMS])
