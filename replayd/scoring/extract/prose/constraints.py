"""Constraints that a request puts on the form of its answer, and whether one is kept.

Only what can be counted: how many sentences, words, lines or items; letter case; words
and marks that must or must not be there; a first or last phrase; the longest word.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Final, NamedTuple

LONGEST_READ: Final = 4_000  # characters of the instructions
MOST: Final = 12  # constraints of one request
FEW_WORDS: Final = 3  # asked for, up to which they are not counted
SLACK: Final = 1.1  # times the asked length, which a count of words may reach

_NUMBERS: Final = {
    word: value
    for value, words in enumerate(
        (
            "",
            "one a an single ein einen einem einer eine un une uno una",
            "two zwei deux dos due",
            "three drei trois tres tre",
            "four vier quatre cuatro quattro",
            "five fünf cinq cinco cinque",
            "six sechs seis sei",
            "seven sieben sept siete sette",
            "eight acht huit ocho otto",
            "nine neun neuf nueve nove",
            "ten zehn dix diez dieci",
        )
    )
    for word in words.split()
}
_N: Final = rf"(?P<n>\d{{1,4}}|{'|'.join(_NUMBERS)})"
_UNITS: Final = {
    "sentences": r"sentences?|s[äa]tze?n?|phrases?|frases?|oraci[óo]n(?:es)?|frasi",
    "words": r"words?|w[öo]rter\w*|worten?|wort|mots?|palabras?|parole",
    "lines": r"lines?|zeilen?|lignes?|l[íi]neas?|righe",
    "paragraphs": r"paragraphs?|abs[äa]tzen?|absatz|paragraphes?|p[áa]rrafos?|paragrafi",
    "items": r"bullet(?: point)?s?|bullets|items?|points?|entries|stichpunkte?n?"
    r"|aufzählungspunkte?n?|puces?|viñetas?|puntos?|punti|steps?|schritten?",
    "characters": r"characters?|zeichen|caract[èe]res?|caracteres",
}
_UNIT: Final = "|".join(f"(?P<{name}>{words})" for name, words in _UNITS.items())
_AT_MOST: Final = (
    r"at most|no more than|not more than|up to|under|fewer than|less than|within|maximum(?:"
    r" of)?|max\.?|höchstens|maximal|nicht mehr als|au plus|au maximum|pas plus de|moins de"
    r"|como máximo|máximo|no más de|menos de|al massimo|non più di"
)
_AT_LEAST: Final = (
    r"at least|no fewer than|no less than|minimum(?: of)?|mindestens|au moins|al menos"
    r"|por lo menos|como mínimo|almeno"
)
_EXACTLY = re.compile(
    r"exactly|genau|exactement|exactamente|esattamente|precisely", re.IGNORECASE
)
_BELOW: Final = re.compile(
    r"(?:fewer|less) than|under|moins de|menos de", re.IGNORECASE
)
_OR_LESS: Final = ("less", "fewer", "most", "max", "weniger", "moins", "menos")
_COUNT = re.compile(
    rf"(?:(?P<most>{_AT_MOST})|(?P<least>{_AT_LEAST})|(?P<exact>exactly|genau|exactement"
    rf"|exactamente|esattamente|precisely|only|just|nur|in|as|with|mit|en|con|use|give|write"
    rf"|list|name|using))\s+(?:the\s+)?{_N}\s+(?:short |brief |kurzen? |courtes? |cortas? )?"
    rf"(?:{_UNIT})\b(?P<after>\s+(?:or (?:less|fewer)|at most|max(?:imum)?|oder weniger"
    rf"|ou moins|o menos|or more|oder mehr))?",
    re.IGNORECASE,
)
_LONGEST_WORD = re.compile(
    rf"no words? (?:longer|of more) than {_N} (?:letters|characters)"
    rf"|words? (?:with|of) (?:at most|no more than|up to) (?P<m>\d+|\w+) (?:letters|characters)",
    re.IGNORECASE,
)
_LOWER = re.compile(
    r"\b(?:in|all|only|use)\s+(?:all |only )?(?:lower ?-?case|small letters)\b|lower ?-?case only"
    r"|kleinbuchstaben|kleinschreibung|minuscules|minúsculas|minuscole",
    re.IGNORECASE,
)
_UPPER = re.compile(
    r"\b(?:in|all|only|use)\s+(?:all |only )?(?:capitals?|caps|upper ?-?case|capital letters)\b"
    r"|upper ?-?case only|großbuchstaben|majuscules|mayúsculas|maiuscole",
    re.IGNORECASE,
)
_MARKS: Final = {
    "comma": ",", "commas": ",", "komma": ",", "kommas": ",", "virgule": ",", "coma": ",",
    "virgola": ",", "period": ".", "full stop": ".", "exclamation mark": "!",
    "exclamation marks": "!", "question mark": "?", "hyphen": "-", "dash": "–", "dashes": "–",
    "em dash": "—", "em dashes": "—", "semicolon": ";", "colon": ":", "asterisk": "*",
    "emoji": "emoji", "emojis": "emoji", "emoticons": "emoji",
    "digits": "digit", "numbers": "digit", "numerals": "digit", "ziffern": "digit",
    "bullet points": "bullet", "bullets": "bullet", "lists": "bullet", "markdown": "markdown",
}  # fmt: skip
_WITHOUT = re.compile(
    r"\b(?:without(?: using| any)?|do(?: not|n't) use|no|avoid(?: using)?|never use|ohne|sans"
    r"|sin(?: usar)?|senza|keine?n?)\s+(?:a |an |any |the |ein(?:e|en)? |une? |ning[uú]na? )?"
    rf"(?P<mark>{'|'.join(sorted(_MARKS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_QUOTE: Final = r"[\"'“„«‘`](?P<{0}>[^\"'”“»’`\n]{{1,60}})[\"'”“»’`]"
_FORBIDDEN = re.compile(
    r"(?:without|do(?: not|n't)|never|avoid|not)\s+(?:\w+ )?(?:us(?:e|ing)|say(?:ing)?|mention(?:ing)?|writ(?:e|ing)"
    rf"|includ(?:e|ing)|the)?\s*(?:the )?(?:words?|phrase|term|letter)\s+{_QUOTE.format('a')}"
    rf"|(?:ohne|nicht|vermeide|sans|sin|senza|sem|zonder|utan|bez|без)\s+(?:\w+ )?(?:das|die|den|le|la|il|a|o|het)?\s*(?:wort|buchstaben?|mot|palabra|parola|palavra|woord|ordet|słowa|слова)\s+{_QUOTE.format('b')}",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"\b(?:without|avoid|no)\b[^.\n]{0,20}\bletter\s+[\"'“]?(?P<letter>[a-z])[\"'”]?\b",
    re.IGNORECASE,
)
_REQUIRED = re.compile(
    r"\b(?:include|use|mention|contain(?:ing)?|including|verwende|erwähne|inclu\w+|usa)\s+(?:the |das |le |la )?"
    rf"(?:words?|phrase|term|wort|mot|palabra)\s+{_QUOTE.format('a')}",
    re.IGNORECASE,
)
_STARTS = re.compile(
    rf"\b(?:start|begin|beginne?|commence\w*|empieza)\b[^.\n\"“']{{0,40}}?{_QUOTE.format('a')}",
    re.IGNORECASE,
)
_ENDS = re.compile(
    rf"\b(?:end|finish|close|ende|termine\w*|acaba|finisce)\b[^.\n\"“']{{0,40}}?{_QUOTE.format('a')}",
    re.IGNORECASE,
)
_WRAPPED = re.compile(
    r"\b(?:wrap|put|enclose)\b[^.\n]{0,40}\b(?:answer|response|it|everything)\b[^.\n]{0,20}\b(?:in|within)"
    r"\s+(?:double )?(?P<what>quotes|quotation marks|brackets|parentheses)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\bnumbered list\b|nummerierte liste|liste numérotée", re.IGNORECASE
)
_AS_TABLE = re.compile(
    r"\b(?:as|in) an? (?:markdown )?table\b|als tabelle", re.IGNORECASE
)
_ASKS_QUESTION = re.compile(r"\b(?:end|finish) with a question\b", re.IGNORECASE)

_ONLY_NUMBER = re.compile(
    r"\b(?:only|just) (?:the|a|with (?:the|a)|with) (?:number|digits?|figure)\b|\b(?:nur|ausschließlich) (?:mit )?(?:der|die|einer|eine) zahl\b"
    r"|uniquement (?:par )?(?:le|un) (?:nombre|chiffre)|(?:solo|únicamente) (?:con )?el número|solo (?:con )?il numero",
    re.IGNORECASE,
)
_BARE = re.compile(r"[-+−]?[$€£]?\s?\d[\d.,'\u202f\u00a0 ]*\s?[%€$£]?")
_BY_COMMAS = re.compile(
    r"separated by (?:a )?commas?|comma[- ]separated|durch kommas? getrennt|kommagetrennt|séparés? par des virgules|separad[oa]s por comas|separati da virgole",
    re.IGNORECASE,
)
LONGEST_THING: Final = 40  # characters of a line that is one thing of a list
_EXACTLY_LISTED = re.compile(
    rf"\A\W*(?:please )?(?:list|name|give(?: me)?|write|nenne|liste|nomme|cite|nombra|enumera|elenca) (?:{_EXACTLY.pattern}) {_N}\s",
    re.IGNORECASE,
)
_ONE_A_LINE = re.compile(
    r"\b(?:one (?:item |word |name |value )?(?:per|on each|a) line|each on (?:a|its own) (?:new |separate )?line|eine[rsn]? pro zeile|jeweils in einer (?:eigenen )?zeile"
    r"|une? par ligne|un[oa] por línea|uno? per riga|uma? por linha|één per regel|po jednym w (?:linii|wierszu))\b|по одному в строке|1行に1つ|每行一个",
    re.IGNORECASE,
)
_UNNUMBERED = re.compile(
    r"\b(?:without|no) number(?:ing|s in front)\b|\b(?:do not|don't) number\b|\bohne nummerierung|\bsans numérotation|\bsin numerar|\bsin numeración|\bsenza numerazione|\bsem numeração|\bzonder nummering|без нумерации",
    re.IGNORECASE,
)
_LISTED = re.compile(
    rf"\b(?:give|list|name|write|suggest)(?: me)?(?: exactly)? {_N} [^.\n]{{0,80}}?(?:{_BY_COMMAS.pattern})",
    re.IGNORECASE,
)
_KEYS = re.compile(
    rf"\bkeys?:? (?P<keys>{_QUOTE.format('k1')}(?:[^\n.]{{0,30}}?{_QUOTE.format('k2')}){{0,8}})",
    re.IGNORECASE,
)
_KEY = re.compile(_QUOTE.format("key"))

# Two lines of as many cells, set apart by blanks or tabs.
_COLUMNS = re.compile(
    r"^(?:\S+(?: \S+)*)(?:[ ]{2,}|\t)\S[^\n]*\n(?:[^\n]*\n)?(?:\S+(?: \S+)*)(?:[ ]{2,}|\t)\S",
    re.MULTILINE,
)
_ITEM = re.compile(r"^\s*(?:[-*•‣◦–+]|\d{1,2}[.)])\s+\S", re.MULTILINE)
_NUMBERED_ITEM = re.compile(r"^\s*\d{1,2}[.)]\s+\S", re.MULTILINE)
_EMOJI = re.compile(r"[\U0001f300-\U0001faff☀-➿]")
_SENTENCE_END = re.compile(r"[.!?。！？…]+(?=[\s\"'”’)]|\Z)")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class Constraint(NamedTuple):
    """Constraints on an answer."""

    told: str  # for a person
    holds: Callable[[str], bool]


@lru_cache(maxsize=128)  # of one pair, for which they are asked several times
def constraints_of(instructions: str) -> tuple[Constraint, ...]:
    """Return the constraints that instructions state, in order."""
    return tuple(_read(instructions[:LONGEST_READ]))[:MOST]


def _read(text: str) -> Iterator[Constraint]:
    for match in _COUNT.finditer(text):
        # "In one word" asks for a label, however it is brought.
        exact = _EXACTLY.fullmatch(match["exact"] or "")
        if not match["words"] or exact or _number(match["n"]) > FEW_WORDS:
            yield _counted(match)
    yield from _forms(text)
    yield from _layouts(text)
    yield from _words(text)


def _forms(text: str) -> Iterator[Constraint]:
    for match in _LONGEST_WORD.finditer(text):
        if most := _number(match["n"] or match["m"]):
            told = f"no word over {most} letters"
            yield Constraint(told, partial(_short_words, most))
    if _LOWER.search(text):
        yield Constraint("lower case", lambda a: a == a.lower())
    if _UPPER.search(text):
        yield Constraint("capitals", lambda a: a == a.upper())
    if _NUMBERED.search(text):
        yield Constraint("a numbered list", lambda a: bool(_NUMBERED_ITEM.search(a)))
    if _AS_TABLE.search(text):
        yield Constraint("a table", _is_table)
    if _ASKS_QUESTION.search(text):
        told = "a question at the end"
        yield Constraint(told, lambda a: a.rstrip(' *_"”').endswith("?"))
    if wrapped := _WRAPPED.search(text):
        pairs = "\"\"“”„“«»''" if "quot" in wrapped["what"].lower() else "[]()"
        yield Constraint(f"within {wrapped['what']}", partial(_enclosed, pairs))


def _layouts(text: str) -> Iterator[Constraint]:
    if _ONLY_NUMBER.search(text):
        yield Constraint("only a number", lambda a: bool(_BARE.fullmatch(a.strip())))
    if _BY_COMMAS.search(text):
        yield Constraint("by commas", lambda a: "," in a and not _ITEM.search(a))
    if exact := _EXACTLY_LISTED.search(text):
        number = _number(exact["n"])
        yield Constraint(f"exactly {number}", partial(_things, number))
    if _ONE_A_LINE.search(text):
        yield Constraint("one a line", _one_a_line)
    if _UNNUMBERED.search(text):
        yield Constraint("no numbering", lambda a: not _NUMBERED_ITEM.search(a))
    if count := _LISTED.search(text):
        told = f"{count['n']} by commas"
        yield Constraint(told, partial(_listed, _number(count["n"])))
    if keys := _KEYS.search(text):
        names = frozenset(m["key"] for m in _KEY.finditer(keys["keys"]))
        yield Constraint("the keys", partial(_has_keys, names))


def _words(text: str) -> Iterator[Constraint]:
    for match in _WITHOUT.finditer(text):
        mark = _MARKS[match["mark"].lower()]
        yield Constraint(f"no {match['mark']}", partial(_lacks, mark))
    for match in _LETTER.finditer(text):
        letter = match["letter"].lower()
        yield Constraint(f"no letter {letter}", partial(_lacks_letter, letter))
    for match in _FORBIDDEN.finditer(text):
        word = (match["a"] or match["b"]).lower().strip()
        yield Constraint(f"not “{word}”", partial(_never_says, word))
    for match in _REQUIRED.finditer(text):
        word = match["a"].lower()
        yield Constraint(f"“{word}”", partial(_says, word))
    for match in _STARTS.finditer(text):
        start = _plain(match["a"])
        yield Constraint(f"“{start}” first", partial(_starts, start))
    for match in _ENDS.finditer(text):
        end = _plain(match["a"])
        yield Constraint(f"“{end}” last", partial(_ends, end))


def _is_table(answer: str) -> bool:
    return answer.count("|") > 2 or "<table" in answer or bool(_COLUMNS.search(answer))


def _things(number: int, answer: str) -> bool:
    """Whether an answer that is a bare list has so many things."""
    lines = [line for line in answer.splitlines() if line.strip()]
    return (
        len(lines) < 2
        or any(len(line) > LONGEST_THING for line in lines)
        or (len(lines) == number)
    )


def _one_a_line(answer: str) -> bool:
    lines = [line for line in answer.splitlines() if line.strip()]
    return len(lines) > 1 or answer.count(",") < FEW_WORDS - 1


def _counted(match: re.Match[str]) -> Constraint:
    unit = next(name for name in _UNITS if match[name])
    number = _number(match["n"])
    after = (match["after"] or "").lower()
    most, least = number, number
    if match["most"] or any(word in after for word in _OR_LESS):
        least = 0
        most -= bool(match["most"] and _BELOW.match(match["most"]))
    elif match["least"] or "more" in after or "mehr" in after:
        most = 10**6
    return Constraint(match[0].strip()[:40], partial(_within, unit, least, most))


def _within(unit: str, least: int, most: int, answer: str) -> bool:
    count = _count(answer, unit)
    if unit in {"words", "characters"} and most > 10:
        # Nobody counts words like the next; a small excess is no broken instruction.
        return least / SLACK <= count <= most * SLACK
    return least <= count <= most


def _short_words(most: int, answer: str) -> bool:
    return all(len(word) <= most for word in _WORD.findall(answer))


def _enclosed(pairs: str, answer: str) -> bool:
    return any(
        answer.startswith(pairs[i]) and answer.endswith(pairs[i + 1])
        for i in range(0, len(pairs), 2)
    )


def _listed(number: int, answer: str) -> bool:
    parts = [part for part in re.split(r"[,、，]", answer) if part.strip()]
    return not number or len(parts) == number


def _has_keys(names: frozenset[str], answer: str) -> bool:
    return all(f'"{name}"' in answer for name in names)


def _lacks(mark: str, answer: str) -> bool:
    return not _has(answer, mark)


def _lacks_letter(letter: str, answer: str) -> bool:
    return letter not in answer.lower()


def _never_says(word: str, answer: str) -> bool:
    return not _says(word, answer)


def _starts(start: str, answer: str) -> bool:
    return _plain(answer).startswith(start)


def _ends(end: str, answer: str) -> bool:
    return _plain(answer).endswith(end)


def _count(answer: str, unit: str) -> int:
    if unit == "words":
        return len(_WORD.findall(answer))
    if unit == "characters":
        return len(answer)
    if unit == "lines":
        return sum(bool(line.strip()) for line in answer.splitlines())
    if unit == "paragraphs":
        return len([p for p in re.split(r"\n\s*\n", answer) if p.strip()])
    if unit == "items":
        return len(_ITEM.findall(answer))
    ends = len(_SENTENCE_END.findall(answer.strip()))
    return ends + (not _SENTENCE_END.search(answer.strip()[-3:]))


def _has(answer: str, mark: str) -> bool:
    if mark == "emoji":
        return bool(_EMOJI.search(answer))
    if mark == "digit":
        return any(map(str.isdigit, answer))
    if mark == "bullet":
        return bool(_ITEM.search(answer))
    if mark == "markdown":
        return bool(
            _ITEM.search(answer) or re.search(r"\*\*|^#|`", answer, re.MULTILINE)
        )
    return mark in answer


def _says(word: str, answer: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", answer.lower()))


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.get(word.lower(), 0)
