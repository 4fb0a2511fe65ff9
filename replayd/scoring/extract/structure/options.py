"""Closed questions: the options of a request, and which of them an answer chose."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from replayd.scoring.extract.language.key_words import stem
from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.language.words import word_count, words_of
from replayd.scoring.extract.structure.body import body_of
from replayd.scoring.extract.structure.json_values import structured

MOST_OPTIONS = 26
LONGEST_LABEL = 5  # words
MOST_PER_LABEL = 4  # words of an answer to several questions, for each label
FEWEST_CONCLUDING = 3  # words of a clause that settles on an option
LONGEST_BARE = 40  # characters of a label in another form
LONGEST_ANSWER = 60  # words; beyond, the last sentence is read
LONGEST_REQUEST = 16_384  # characters

_LINE_OPTION = re.compile(
    r"^[ \t]*(?:[-*•][ \t]*)?[(\[]?(?P<mark>[A-Za-z]|\d{1,2})[)\].:][ \t]+(?P<text>\S[^\n]{0,200})$",
    re.MULTILINE,
)
_INLINE_OPTION = re.compile(
    r"(?<!\w)\(?(?P<mark>[A-Ha-h])[).:]\s+(?P<text>[^\n]{1,80}?)(?=[,;]?\s+\(?[A-Ha-h][).:]\s|[.?]?\s*$|\n)"
    r"|(?<!\w)\(?(?P<figure>\d|[А-Еа-е])[).．]\s+(?P<told>[^\n]{1,80}?)(?=[,;]?\s+\(?[\dА-Еа-е][).．]\s|[.?]?\s*$|\n)"
)
# Letters that options are counted with, beside the Latin ones.
_SERIES = (
    "абвгдежз",
    "कखगघङच",
    "アイウエオカ",
    "甲乙丙丁戊己",
    "가나다라마바",
    "αβγδεζ",
    "ابجدهو",
    "אבגדהו",
)
_CYRILLIC = str.maketrans("АБВГДЕабвгде", "ABCDEFabcdef")
_LETTERS = {
    ord(letter): "ABCDEFGH"[n] for series in _SERIES for n, letter in enumerate(series)
} | {ord("أ"): "A"}
# As a mark: in brackets, or alone before one; a letter of a word has no such mark.
_MARK = "".join(map(chr, _LETTERS))
_LETTERED = re.compile(
    rf"(?P<open>[(（\[]\s?)(?P<in>[{_MARK}])(?=\s?[)）\]])|(?<![\w\u0900-\u097f])(?P<bare>[{_MARK}])(?=\s?[).．、:：]|\W*\Z)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\*\*|__|`|\\boxed|\\text|\$|[{}]")
_FINAL = re.compile(
    r"(?:final answer|correct (?:answer|option|choice)|answer|antwort|lösung|réponse|réponses|bonne réponse"
    r"|respuesta|risposta|resposta|antwoord|svar|odpowiedź|cevap|ответ|答案|应选|所以选|故选|选择|答え|正解|정답|choice|choose|option|label"
    r"|category|class|kategorie|categor[íi]a|catégorie|sentiment|result|verdict)"
    r"\s*(?:is|ist|lautet|est|es|è|är|は|为|為|是|은|는|:|：|=|->)+\s*",
    re.IGNORECASE,
)
_LONE_LETTER = re.compile(
    r"(?<![a-zA-Z0-9_'’°º-])(?<![°º] )(?P<letter>[A-Z])(?=\s*(?:[).,:;!?\"'*\]。，、！）】」（(]|$|\n)|\s*(?:或|または|か、|또는|和|と)|\s+(?:or|and|oder|und|ou|et|o|y|или|и|або|lub|i|veya|ve|eller|och|of|en|hoặc|và|atau|dan|is|ist|est|es|richtig|korrekt|correct\w*|right|true|juste?|jest)\b)"
)
# In small letters only where a word or parentheses say that it is an option.
_SMALL_LETTER = re.compile(
    r"(?:\b(?:option|choice|answer|antwort|réponse|opción|risposta|variante?|alternativ\w*)\s*[:(\[]?\s*|\()(?P<letter>[a-h])(?=\)|\]|\b(?!['’]))",
    re.IGNORECASE,
)
_LONE_FIGURE = re.compile(
    r"(?<![\w.,-])\d{1,2}(?![\w%°]|[.,:]\d|\s?(?:°|%|[a-z]{1,2}\b))"
)
_HEAD = re.compile(r"\W*([A-Za-z]|\d{1,2})\s*[).:,–-]\s*\S")
_QUOTED_LABELS = re.compile(
    r"[「『“„«\"'‘](?P<label>[^「」『』“”„«»\"'‘’\n]{1,30})[」』”“»\"'’]"
)
_NEGATED = re.compile(
    r"\b(?:not|n['’]t|never|isn|no|neither|nor|wrong|incorrect|nicht|kein\w*|weder|pas|ni|non|niet|geen|inte|nie|не|değil)"
    r"\W+(?:\w+\W+){0,3}\Z",
    re.IGNORECASE,
)
_NOT_BEFORE = re.compile(r"(?:不是|并非|並非|不属于)\s*[「“\"]?\Z")
_UNSEGMENTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_REJECTED = re.compile(
    r"\A(?:では|じゃ|でも)(?:あり|ない)|\A\s?(?:이|가)? ?아[니닙]|\A[^.\n]{0,30}?\b(?:tempting|wrong|incorrect|false|not (?:right|correct|it)|out\b|falsch|faux|incorrect[ao])",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?。])\s+|\n+")
_SEPARATORS = re.compile(
    r"\s*(?:[,;/|、，]|\n\s*[-*•]?|\b(?:or|and|oder|und|ou|et|o|y|e|u|lub|veya|eller|або|или|または|或)\b)\s*",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"[/|,]|\n\s*[-*•]|\b(?:or|oder|ou|o|u|lub|veya|eller|або|или)\b|または|或",
    re.IGNORECASE,
)
_IN_PARENTHESES = re.compile(r"[(（]([^()（）\n]{3,400})[)）]")
_QUOTES = " \t\"'“”„«»‘’`*_.()[]{}<>:?!"


# A letter of Cyrillic options: alone, or with a mark that sets it apart.
_CYRILLIC_MARK = re.compile(r"(?<!\w)[А-Еа-е](?=[).:,]|\s*[–—-]\s|\W*\Z)")
_CIRCLED = {0x2460 + n: f"{n + 1}) " for n in range(20)}


_SPACED = re.compile(
    r"^[ \t]*(?P<mark>[アイウエオカ甲乙丙丁戊가나다라마])[ \t\u3000]+(?=\S)",
    re.MULTILINE,
)
_TOLD = re.compile(
    r"(?<=[はがを：: ])(?P<mark>[アイウエオカ甲乙丙丁戊])(?=(?:です|である|だ|で|が|を|。|\s|\Z))"
)


class Chosen(NamedTuple):
    """The options that an answer settles on."""

    labels: frozenset[str]
    unknown: bool = False  # it names something, but none of the set


def options_of(question: str) -> dict[str, str]:
    """Return the lettered or numbered options of a question: mark, then text."""
    question = _in_latin(question.translate(_CIRCLED))
    found = [
        (m["mark"].upper(), m["text"].strip()) for m in _LINE_OPTION.finditer(question)
    ]
    if len(found) < 2:
        found = [
            (
                (m["mark"] or m["figure"].translate(_CYRILLIC)).upper(),
                (m["text"] or m["told"]).strip(),
            )
            for m in _INLINE_OPTION.finditer(question)
        ]
    marks = [mark for mark, _ in found]
    first = marks[0] if marks else ""
    if first not in {"A", "1"} or not 2 <= len(marks) <= MOST_OPTIONS:
        return {}
    ordered = (
        [chr(ord("A") + n) for n in range(len(marks))]
        if first == "A"
        else [str(n + 1) for n in range(len(marks))]
    )
    return dict(found) if marks == ordered else {}


def _in_latin(text: str) -> str:
    """Return `text` with marks of options in other scripts as Latin letters."""
    if text.isascii():
        return text
    text = _SPACED.sub(lambda m: f"{m['mark'].translate(_LETTERS)}) ", text)
    text = _TOLD.sub(lambda m: f"({m['mark'].translate(_LETTERS)})", text)
    return _LETTERED.sub(
        lambda m: (
            (m["open"] or "") + (m["in"] or m["bare"]).lower().translate(_LETTERS)
        ),
        text,
    )


def option_chosen(text: str, options: Mapping[str, str]) -> frozenset[str]:
    """Return the marks of the options that an answer settles on; one, if it is clear."""
    text = _in_latin(text.translate(_CIRCLED))
    body = _MARKUP.sub("", _json_value(body_of(text))).strip()
    if len(body) <= 3 or _CYRILLIC_MARK.search(body):
        body = _CYRILLIC_MARK.sub(lambda m: m[0].translate(_CYRILLIC), body)
    bare = body.strip(_QUOTES).upper()
    if bare in options:
        return frozenset({bare})
    head = _HEAD.match(body)
    stated = [m.end() for m in _FINAL.finditer(body)]
    if stated:
        last = body[stated[-1] :]
        return _named(_first_line(last), options)
    if head and head[1].upper() in options and len(body.split()) <= LONGEST_ANSWER:
        chosen = head[1].upper()
        rest = _SENTENCES.split(body[head.end() - 1 :])[0]
        others = _named(rest, options) | _listed(body, options)
        others -= {chosen}
        if not others or _same_words(rest, options[chosen]):
            return frozenset({chosen})
        return others | {chosen}
    for sentence in reversed(_SENTENCES.split(body)):
        if named := _named(sentence, options):
            return _concluded(sentence, options) if len(named) > 1 else named
    return frozenset()


def _concluded(sentence: str, options: Mapping[str, str]) -> frozenset[str]:
    """Return the options of a last clause that concludes, else of the whole sentence."""
    _, comma, last = sentence.rpartition(", ")
    if comma and len(last.split()) >= FEWEST_CONCLUDING and not _EITHER.search(last):
        named = _named(last, options)
        if len(named) == 1:
            return named
    return _named(sentence, options)


def _listed(body: str, options: Mapping[str, str]) -> frozenset[str]:
    """Return the options that begin the lines of an answer, one each."""
    marks = (_HEAD.match(line) for line in body.splitlines())
    return frozenset(m[1].upper() for m in marks if m) & frozenset(options)


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _json_value(text: str) -> str:
    """Return the only value of a JSON object, else the text."""
    value = structured(text)
    if isinstance(value, dict) and value:
        plain = [v for v in value.values() if isinstance(v, str | int | bool)]
        known = {
            "answer",
            "choice",
            "option",
            "label",
            "class",
            "category",
            "sentiment",
        }
        named = [v for k, v in value.items() if str(k).lower() in known]
        if named and isinstance(named[0], str | int):
            return str(named[0])
        if isinstance(named[0] if named else None, list):
            return json.dumps(named[0])
        if len(plain) == 1:
            return str(plain[0])
    return text


def _named(sentence: str, options: Mapping[str, str]) -> frozenset[str]:
    """Return the options that a sentence names and does not reject."""
    if sentence.strip(_QUOTES).upper() in options:
        return frozenset({sentence.strip(_QUOTES).upper()})
    found: set[str] = set()
    for letter in _LONE_LETTER.finditer(sentence):
        mark = letter["letter"]
        if mark in options and not _is_rejected(sentence, letter.start(), letter.end()):
            found.add(mark)
    figures = set(_LONE_FIGURE.findall(sentence))
    if not found and len(figures) == 1:
        found = figures & set(options)
    if not found:
        small = _SMALL_LETTER.finditer(sentence)
        found = {m["letter"].upper() for m in small} & set(options)
    if found:
        return frozenset(found)
    folded = sentence.casefold()
    spans: list[tuple[int, int, str]] = []
    for mark, text in sorted(options.items(), key=lambda item: -len(item[1])):
        wanted = text.strip(_QUOTES).casefold()
        at = folded.find(wanted) if wanted else -1
        if at >= 0 and not any(a <= at < b for a, b, _ in spans):
            spans.append((at, at + len(wanted), mark))
    return frozenset(
        mark for at, end, mark in spans if not _is_rejected(sentence, at, end)
    )


def _is_rejected(sentence: str, start: int, end: int) -> bool:
    return bool(
        _NEGATED.search(sentence[max(0, start - 60) : start])
        or _NOT_BEFORE.search(sentence[max(0, start - 6) : start])
        or _REJECTED.match(sentence[end : end + 60])
    )


def _same_words(one: str, other: str) -> bool:
    return words_of(one) == words_of(other)


def label_sets(request: str, recorded: str) -> tuple[tuple[str, ...], ...]:
    """Return the sets of labels that a request offers and the recording uses.

    A request may ask for several, as a sentiment and a topic; a set that shares a label
    with a larger one is part of it.
    """
    body = _json_value(body_of(recorded)).strip(_QUOTES).casefold()
    if not body or len(body.split()) > LONGEST_ANSWER:
        return ()
    found: list[tuple[str, ...]] = []
    if not request.isascii():
        quoted = tuple(
            dict.fromkeys(
                m["label"].casefold() for m in _QUOTED_LABELS.finditer(request)
            )
        )
        if 2 <= len(quoted) <= MOST_OPTIONS and any(_word_in(q, body) for q in quoted):
            found.append(quoted)
    asked = request[-LONGEST_REQUEST:]
    told = re.split(r"(?<=[.!?])\s+|\n\s*\n|:", asked)
    aside = {_enumerated(inside) for inside in _IN_PARENTHESES.findall(asked)}
    found += [
        labels
        for labels in (*aside, *map(_enumerated, told))
        if any(_word_in(label, body) for label in labels)
    ]
    kept: list[tuple[str, ...]] = []
    for labels in sorted(found, key=lambda each: (each not in aside, -len(each))):
        if all(set(labels).isdisjoint(other) for other in kept):
            kept.append(labels)
    several = len(kept) > 1 and len(body.split()) <= MOST_PER_LABEL * len(kept)
    return tuple(kept if several else kept[:1])


def _enumerated(sentence: str) -> tuple[str, ...]:
    """Return the items of an enumeration, folded; () where there is none."""
    if len(sentence) > 2_000:
        return ()
    items = [item.strip(_QUOTES) for item in _SEPARATORS.split(sentence)]
    items = [item for item in items if item]
    if not 2 <= len(items) <= MOST_OPTIONS:
        return ()
    if len(items) == 2 and not _EITHER.search(sentence):
        return ()  # two things joined by `and` are no choice
    inner = items[1:-1] or items[1:]
    longest = max(len(item.split()) for item in inner)
    if longest > LONGEST_LABEL:
        return ()
    first = " ".join(items[0].split()[-longest:])
    last = " ".join(items[-1].split()[:longest])
    labels = [first, *items[1:-1], last]
    if any(label.casefold() in STOPWORDS for label in labels):
        return ()  # a sentence whose small words only look like `or`
    return tuple(dict.fromkeys(label.casefold().strip(_QUOTES) for label in labels))


def labels_chosen(text: str, labels: Sequence[str]) -> Chosen:
    """Return the labels that an answer settles on, none of them negated."""
    body = _MARKUP.sub("", _json_value(body_of(text))).strip()
    folded = body.casefold()
    if folded.strip(_QUOTES) in labels:
        return Chosen(frozenset({folded.strip(_QUOTES)}))
    stated = [m.end() for m in _FINAL.finditer(folded)]
    pieces = [p for p in _SENTENCES.split(folded) if p.strip()]
    if stated and len(pieces) > 1:
        pieces = [folded[stated[-1] :]]
    elif len(folded.split()) <= 12:
        pieces = [folded]
    for piece in reversed(pieces):
        found = _mentioned(piece, labels)
        kept = frozenset(
            label
            for label, (at, end) in found.items()
            if not _is_rejected(piece, at, end)
        )
        if kept:
            return Chosen(kept)
        if found:
            return Chosen(frozenset(), unknown=True)
    stems = (
        {stem(word) for word in words_of(folded)}
        if len(folded) < LONGEST_BARE
        else set()
    )
    alike = [label for label in labels if stem(label) in stems]
    if len(alike) == 1:
        return Chosen(frozenset(alike))  # `surprise` for surprised
    return Chosen(frozenset(), unknown=bool(folded))


def _mentioned(piece: str, labels: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return where labels stand, the longest first, none inside another."""
    found: dict[str, tuple[int, int]] = {}
    for label in sorted(labels, key=len, reverse=True):
        for match in re.finditer(_whole(label), piece):
            if not any(a <= match.start() < b for a, b in found.values()):
                found[label] = match.span()
                break
    return found


def _word_in(label: str, body: str) -> bool:
    return bool(label) and bool(re.search(_whole(label), body))


def _whole(label: str) -> str:
    """Return a pattern for a label as a whole word, where words have blanks."""
    word = re.escape(label)
    return word if _UNSEGMENTED.search(label) else rf"(?<!\w){word}(?!\w)"


def names_labels(body: str, labels: Sequence[str]) -> bool:
    """Whether a text is short enough to name labels, and gives none a value: `tip 1`."""
    valued = any(map(str.isdigit, body)) and not any(map(str.isdigit, "".join(labels)))
    return not valued and word_count(body) <= 4 + 2 * len(labels)
