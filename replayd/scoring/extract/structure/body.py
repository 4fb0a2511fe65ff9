"""The answer inside an answer: without reasoning, courtesies, fences and quotes.

What a model says around its answer changes nothing for a reader, so rules read the body.
Nothing that states a fact is ever cut: a courtesy holds no digit, no quote and no name.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

LONGEST_READ = 65_536  # characters

_THOUGHTS = re.compile(
    r"<(think|thinking|thoughts?|reasoning|rationale|scratchpad|scratch|analysis|working)>.*?</\1>|^.*?</think>",
    re.DOTALL | re.IGNORECASE,
)
_FENCE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<tag>[\w+#.-]*)[^\n`]*\n"
    r"(?P<code>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_FENCE_IN_LINE = re.compile(
    r"\A\s*(?P<fence>`{3,}|~{3,})(?P<tag>[a-zA-Z]{1,12}\b)?[ \t]*(?P<code>[^`\n]+?)(?P=fence)[ \t]*\Z"
)
_OPENERS: Final = (
    r"sure(?: thing)?|certainly|of course|absolutely|great(?: question)?|good question"
    r"|happy to help|no problem|okay|ok|alright|got it|thanks for asking|you're welcome"
    r"|gerne|natürlich|selbstverständlich|klar|sicher(?:lich)?|gute frage|aber gern\w*"
    r"|bien sûr|certainement|avec plaisir|volontiers|bonne question|d'accord|voici"
    r"|claro(?: que sí)?|por supuesto|con gusto|desde luego|buena pregunta|vale"
    r"|certo|certamente|ecco|volentieri|com certeza|claro que sim|natuurlijk|zeker"
    r"|oczywiście|jasne|självklart|gärna|tabii(?: ki)?|elbette|конечно|はい|もちろん(?:です)?"
    r"|当然|好的|물론(?:입니다|이죠)?|네"
)
_OPENER = re.compile(rf"\A[\s¡¿]*(?:{_OPENERS})\s*[!.,:。！]+\s*", re.IGNORECASE)
_INTRODUCTION = re.compile(
    r"\A(?=\S+[ \t]+\S)[^\n:：|{}\[\]()<>`\"“„«=\d]{3,90}[:：][ \t]*\n(?:[ \t]*\n\s*|(?=\S))",
)
_HERE_IS = re.compile(
    r"\A(?:here(?:'s|’s| is| are| you go| you are)|hier (?:ist|sind|kommt)|voici|voilà"
    r"|aquí (?:tienes|está|están)|ecco|aqui (?:está|estão)|hier is)\b[^\n:|{}\[\]\d]{0,80}[:!.]\s*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"let me know|hope (?:this|that|it) helps|anything else|feel free|happy to help"
    r"|any (?:other |more |further )?questions|need (?:anything|more)|glad to help|if you(?:'d| would)? (?:like|need|want)"
    r"|sag(?:en sie)? (?:mir )?bescheid|wenn (?:du|sie) noch|noch (?:etwas|fragen)|hilft (?:dir|ihnen)|hoffe,? das"
    r"|n'hésitez|n’hésitez|j'espère|besoin d'autre|autre chose"
    r"|avísame|avíseme|espero que|necesitas algo|algo más|no dudes"
    r"|fammi sapere|spero che|hai bisogno|altro\?|avise-me|precisar de|laat (?:het )?me weten|hopelijk"
    r"|daj mi znać|hör av dig|haber ver|дайте знать|他に|お知らせ|其他|알려",
    re.IGNORECASE,
)
_LAST_PARAGRAPH = re.compile(r"\n\s*\n(?P<last>[^\n]{3,160})\s*\Z")
_LAST_SENTENCE = re.compile(
    r"(?<=[.!?…])\s+(?P<last>[^.!?\n\d\"]{3,120}[.!?][^\w\n]*)\Z"
)
_EMPTY_LINES = re.compile(r"\n{4,}")  # say no more than two of them
_A_FACT = re.compile(r"[\d\"“«`|=]")


class Fenced(NamedTuple):
    """A code fence: its tag, lowered, and what it holds."""

    tag: str
    code: str


@lru_cache(maxsize=512)
def body_of(text: str) -> str:
    """Return what `text` answers, without what stands around it."""
    text = _EMPTY_LINES.sub("\n\n\n", without_thoughts(text).strip())
    return without_courtesies(text) or text


def without_thoughts(text: str) -> str:
    """Return `text` without a byte order mark and marked reasoning."""
    text = text[:LONGEST_READ].lstrip("\ufeff")
    return _THOUGHTS.sub("", text, count=4) if "</" in text else text


def without_courtesies(text: str) -> str:
    """Return `text` without an opening phrase and a closing offer."""
    for pattern in (_OPENER, _HERE_IS, _INTRODUCTION):
        shorter = pattern.sub("", text, count=1)
        if shorter.strip():
            text = shorter
    for pattern in (_LAST_PARAGRAPH, _LAST_SENTENCE):
        last = pattern.search(text)
        if (
            last
            and text[: last.start()].strip()
            and _CLOSING.search(last["last"])
            and not _A_FACT.search(last["last"])
        ):
            text = text[: last.start()]
    return text.strip()


def fences(text: str) -> list[Fenced]:
    """Return the code fences of `text`, whatever their marks and tags."""
    if "```" not in text and "~~~" not in text:
        return []
    found = [Fenced(m["tag"].lower(), m["code"]) for m in _FENCE.finditer(text)]
    if not found and (line := _FENCE_IN_LINE.match(text)):
        found = [Fenced((line["tag"] or "").lower(), line["code"])]
    return found


def unfenced(text: str) -> str:
    """Return what the only fence of `text` holds, else `text` itself."""
    found = fences(text)
    return found[0].code.strip("\n") if len(found) == 1 else text
