"""Labelled fields of a short answer: `Dose: 500 mg`, a row of a table, a JSON object.

A form or an extraction may come back in any of these, or in a sentence that holds the
same values. What is asked for are the recording's own labels.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from replayd.scoring.extract.language.contrasts import contrasted
from replayd.scoring.extract.language.key_words import holds_word, key_words, stem
from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.language.polarity import negations
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import Measure, measured, same_measure
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.structure.body import unfenced
from replayd.scoring.extract.structure.codes import codes_of, without_codes
from replayd.scoring.extract.structure.documents import same_text
from replayd.scoring.extract.structure.json_values import structured

FEWEST_FIELDS: Final = 2
MOST_FIELDS: Final = 24
FEWEST_PAIRS: Final = 3  # of names, which no request needs to name
LONGEST_NAME: Final = 3  # words of such a name
LONGEST_LABEL: Final = 5  # words
LONGEST_VALUE: Final = 14  # words; a longer one is prose
LONGEST_READ: Final = 8_192  # characters
_MARKUP = re.compile(r"\*\*|__|`")
_LINE = re.compile(
    r"^\s*(?:[-*•]\s+|\d{1,2}[.)]\s+)?(?P<label>[^:：|\n]{1,60}?)\s*[:：]\s*(?P<value>\S[^\n]*?)\s*$"
)
_CLAUSE = re.compile(r"[.;\n](?=\s|\Z)|[;\n]")
_ASIDE = re.compile(r"\([^()]{0,80}\)")
_NAME = re.compile(r"[^\W\d_][^\W\d_'’. -]*(?:[ '’.-]+[^\W\d_]+)*\.?")
_RULE = re.compile(r"^[\s|:-]+$")
_LISTED = re.compile(r"[,;、，]\s*|\s(?:and|und|et|y|e|en|och|og|i|и|ve)\s")
YES_OR_NO: Final = {
    word: said
    for said, words in {
        "yes": "yes true ja oui sí si sì sim tak да evet ✓ ✔ ☑ ✅ はい 是 예 نعم हाँ given signed checked ticked x",
        "no": "no false nein non não nee nej nie нет hayır ✗ ✘ ☐ ❌ いいえ 否 아니요 لا नहीं none unchecked",
    }.items()
    for word in words.split()
}


def fields_of(text: str) -> dict[str, str]:
    """Return label and value of each field; {} where the text is none but fields."""
    plain = _MARKUP.sub("", unfenced(text[:LONGEST_READ])).strip()
    if found := _of_json(plain):
        return found
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    if sum("|" in line for line in lines) >= FEWEST_FIELDS:
        return _of_table(lines)
    matches = [_LINE.match(line) for line in lines]
    if len(lines) == 1:
        matches = [_LINE.match(part) for part in re.split(r"[;,]\s+|\.\s+", lines[0])]
    found = {m["label"].strip(): m["value"].strip() for m in matches if m}
    return found if len(found) == len(matches) else {}


def fields_recorded(body: str, asked: str) -> dict[str, str]:
    """Return the recording's fields, where the request names their labels."""
    found = fields_of(body)
    if not FEWEST_FIELDS <= len(found) <= MOST_FIELDS:
        return {}
    if any(len(label.split()) > LONGEST_LABEL for label in found):
        return {}
    if any(len(value.split()) > LONGEST_VALUE for value in found.values()):
        return {}
    words = {stem(word) for word in marked_words(asked[:LONGEST_READ])}
    named = [k for k in found if words.intersection(map(stem, marked_words(k)))]
    return found if len(named) * 2 > len(found) or _pairs_names(found) else {}


def _pairs_names(found: Mapping[str, str]) -> bool:
    """Whether fields pair one name with another: who works on which day."""
    return len(found) >= FEWEST_PAIRS and not any(
        len(side.split()) > LONGEST_NAME or not _NAME.fullmatch(side)
        for pair in found.items()
        for side in pair
    )


def fields_wrong(wanted: Mapping[str, str], answer: str) -> list[str]:
    """Return the labels whose value the answer lacks or contradicts."""
    given = fields_of(answer)
    if len(given) >= FEWEST_FIELDS:
        places = {label: _place(label, given) for label in wanted}
        if sum(map(bool, places.values())) * 2 >= len(wanted):
            return [
                label
                for label, value in wanted.items()
                if not (place := places[label]) or not _same(value, given[place], label)
            ]
    body = _MARKUP.sub("", answer[:LONGEST_READ])
    return [k for k, value in wanted.items() if not _stands(value, body, k)]


def _of_json(text: str) -> dict[str, str]:
    value = structured(text)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        return {}
    plain = {k: v for k, v in value.items() if not isinstance(v, dict | list)}
    return {
        re.sub(r"[_-]+", " ", str(k)): str(v) for k, v in plain.items() if v is not None
    }


def _of_table(lines: Sequence[str]) -> dict[str, str]:
    """Return the fields of a table of two columns, or of one row under its heads."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if "|" in line and not _RULE.match(line)
    ]
    if len(rows) == FEWEST_FIELDS and len(rows[0]) == len(rows[1]) > FEWEST_FIELDS:
        return dict(zip(rows[0], rows[1], strict=True))
    if any(len(row) != FEWEST_FIELDS for row in rows):
        return {}
    return {label: value for label, value in rows if value}


def _place(label: str, given: Iterable[str]) -> str:
    """Return the answer's name of a label, "" where it has none."""
    words = [stem(word) for word in marked_words(label)]
    for other in given:
        if other.casefold() == label.casefold():
            return other
    for other in given:
        own = [stem(word) for word in marked_words(other)]
        if contrasted(marked_words(other), marked_words(label)):
            continue  # `net amount` for `gross amount`
        if set(own) & set(words) or _initials(label) == other.casefold():
            return other
    return ""


def _initials(label: str) -> str:
    """Return `dob` for `Date of birth`."""
    return "".join(word[0] for word in marked_words(label))


def _same(wanted: str, got: str, label: str) -> bool:
    said, also = (YES_OR_NO.get(v.strip(" .!").casefold()) for v in (wanted, got))
    if said or also:
        return said == also
    if "(" not in wanted:
        got = _ASIDE.sub(" ", got)
    if _lists_more(wanted, got):
        return False
    return same_text(wanted, got) or _stands(wanted, got, label, alone=True)


def _lists_more(wanted: str, got: str) -> bool:
    """Whether a list of things has one besides: `milk, eggs, bread` for `milk, eggs`."""
    items, others = (
        [item for item in _LISTED.split(text) if key_words(item)]
        for text in (wanted, got)
    )
    if not 1 < len(items) < len(others):
        return False
    known = key_words(wanted)
    return any(
        not any(holds_word(known, word) for word in key_words(item)) for item in others
    )


def _stands(value: str, text: str, label: str, *, alone: bool = False) -> bool:
    """Whether a value stands in a text; `alone`: without another one beside it."""
    if said := YES_OR_NO.get(value.strip(" .!").casefold()):
        return _is_said(said, text, label)
    if codes := codes_of(value):
        return set(codes) <= set(codes_of(text))
    one, other = measured(without_codes(value)), measured(without_codes(text))
    for measure in one.measures:
        if measure.quantity.optional:
            continue
        if not any(same_measure(measure, each) for each in other.measures):
            return False
        if alone and _rivalled(measure, one.measures, other.measures):
            return False
    words = key_words(_without(one.text, one.measures), known=marked_words(label))
    said_words = marked_words(plain_numbers(text))
    if len(words) == 1 and len(words[0]) <= FEWEST_FIELDS:
        return words[0] in said_words  # `A-` is right to the mark
    return all(_is_held(said_words, word) for word in words)


def _is_said(said: str, text: str, label: str) -> bool:
    """Whether a sentence about a label affirms or denies it, as a field does."""
    words = [word for word in marked_words(label) if word not in STOPWORDS]
    for clause in _CLAUSE.split(text):
        own = marked_words(clause)
        if words and any(holds_word(own, word) for word in words):
            told = {YES_OR_NO[w] for w in own if w in YES_OR_NO} or {"yes"}
            return said == ("no" if negations(clause) or "no" in told else "yes")
    return said == "yes" or any(YES_OR_NO.get(w) == said for w in marked_words(text))


def _is_held(words: Sequence[str], word: str) -> bool:
    """Whether a word stands there, right to the letter but for its ending."""
    if any(map(str.isdigit, word)):
        return word in words
    return word in words or any(
        holds_word([each], word)
        and each[:4] == word[:4]
        and abs(len(each) - len(word)) < 3
        and each[: len(word) - 2] == word[: len(word) - 2]
        for each in words
    )


def _rivalled(
    measure: Measure, wanted: Sequence[Measure], given: Sequence[Measure]
) -> bool:
    """Whether another value of the same kind stands beside the right one."""
    return any(
        each.unit is not None
        and measure.unit is not None
        and each.unit.dimension == measure.unit.dimension
        and not any(same_measure(each, known) for known in wanted)
        for each in given
    )


def _without(text: str, measures: Sequence[Measure]) -> str:
    for measure in reversed(measures):
        text = f"{text[: measure.start]} {text[measure.end :]}"
    return text
