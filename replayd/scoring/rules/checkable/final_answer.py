"""Short answers: is the stated result the recorded one, and the only one?

The result is a value with its unit, a date, a code or a few words. What the question
says already is no part of it; neither is working that comes before it.
"""

import re
from collections.abc import Sequence

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.contrasts import (
    adds_counterpart,
    contrasted,
    other_colour,
)
from replayd.scoring.extract.language.key_words import (
    LONG_WORD,
    holds_word,
    key_words,
    plain_word,
)
from replayd.scoring.extract.language.polarity import negations, opposed
from replayd.scoring.extract.numbers.bounds import bounds
from replayd.scoring.extract.numbers.dates import MONTHS
from replayd.scoring.extract.numbers.direction import direction
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import Measure, measured, same_measure
from replayd.scoring.extract.structure.codes import codes_of, one_group, without_codes
from replayd.scoring.extract.structure.final import (
    final_of,
    first_sentence,
    last_sentence,
)
from replayd.scoring.rules.checkable.asides import contradicts_aside
from replayd.scoring.rules.checkable.bindings import values_exchanged
from replayd.scoring.rules.checkable.copies import edited_copy
from replayd.scoring.rules.checkable.nearly import (
    rounded,
    same_name,
    same_year,
    without_sign,
)
from replayd.scoring.rules.checkable.principal import as_asked, is_alone
from replayd.scoring.rules.checkable.result import (
    FEW_WORDS,
    PARENTHESES,
    Result,
    names_in,
    plain_statement,
    result_of,
    words_beside,
)
from replayd.scoring.rules.checkable.rivals import (
    CLAUSE,
    HEDGE,
    answers_with_other,
    is_range,
    rivals,
)
from replayd.scoring.usability import ONE_WRONG, unusable, usable

MOST_KEY_WORDS = 3  # that are no names; a longer result is prose
MOST_MEASURES = 4
SHORT = 12  # words, up to which a whole answer is one statement
LONGEST_OF_PARTS = 40  # words of an answer of several parts that is read as one
TELLING = 3  # key words beside values, from which a sentence is prose
LIST_OF_VALUES = 5  # more values than these beside the right one state nothing

_NEGATED = re.compile(
    r"(?:不是|并非|並非|而非)\s?\Z|(?<!\w)(?:و?ليس(?:ت)?|وليس|не|değil)\W+(?:\w+\W+){0,2}\Z|\b(?:not|never|n['’]t|nicht|kein\w*|pas|no|non|nie|geen|niet|instead of|rather than|statt)\W+(?:\w+\W+){0,2}\Z",
    re.IGNORECASE,
)
_SET_APART = re.compile(
    r"[,;(]\s*(?:and )?not (?:the |an? )?(?P<word>\w+)", re.IGNORECASE
)
# Set apart from the answer, behind it: `Canberra, not Sydney`.
_APART = re.compile(
    r"[,;–—-]\s*(?:and |und |et |y )?(?:not|nicht|pas|no|non|niet|inte|nie|не|instead of|rather than|statt|au lieu de|en lugar de)\s[^.,;\n]{1,60}",
    re.IGNORECASE,
)
LEAST_SQUEEZED = 5  # characters of a code that may be grouped otherwise
_BETWEEN_SIGNS = re.compile(r"[-./]")
_ALIAS = re.compile(r"[^()\n]{1,60}\s\((?P<other>[^()\d\n]{1,30})\)\.?")
_DASHES = re.compile(r"\s*[‐‑–—-]\s*")
# Follow a number and count nothing of their own.
_COUNTED = frozenset(
    "th st nd rd in on at of for and or is was were are per of more to".split()
)
_TIMES = frozenset("times mal fois veces volte vezes keer gånger razy kat раз".split())
_ASKS_ORDER = re.compile(
    r"\b(?:in (?:what|which) (?:order|sequence)|order of|sequence|ranking|reihenfolge|dans quel ordre|en qué orden|in che ordine|em que ordem|volgorde|ordning|kolejnoś\w+|порядк\w+)\b",
    re.IGNORECASE,
)
_SEQUENCE = re.compile(r"\d\s?(?:[–:-]|to|bis|à|a|and|und)\s?\d", re.IGNORECASE)


class FinalAnswer:
    """Errors: values missing or contradicted, key words missing, a hedge."""

    name = "final_answer"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording states a result of a few words or values."""
        result = result_of(case)
        if result.measures and len(words_beside(result, case)) >= TELLING:
            return False  # a sentence that states more than its values
        return (
            result.asked >= 1
            and len(result.measures) <= MOST_MEASURES
            and len(set(result.words) - names_in(result.text)) <= MOST_KEY_WORDS
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 where part of the result is wrong, 0 for another."""
        if (useless := unusable(case, said)) is not None:
            return useless
        result = result_of(case)
        parts = _statements(said.body)
        if result.asked > 1 and len(said.body.split()) <= LONGEST_OF_PARTS:
            parts.append(plain_statement(said.body))  # each part in a line of its own
        wrong = min(_errors(result, part, case) for part in parts)
        if wrong and _says_alias(case.recorded.body, said.body):
            return Score(1.0)
        if not wrong and (edit := edited_copy(case, said)):
            return Score(ONE_WRONG / 2, edit)
        value = usable(wrong, result.asked)
        return Score(value, f"{wrong} of {result.asked} wrong" if wrong else "")


def _says_alias(recorded: str, body: str) -> bool:
    """Whether an answer is the other name that the recording gives: `franc (CHF)`."""
    alias = _ALIAS.fullmatch(recorded.strip())
    return alias is not None and marked_words(body) == marked_words(alias["other"])


def _statements(body: str) -> list[str]:
    """Return the parts of an answer that may state its result, one of them marked."""
    stated = final_of(body)
    first = first_sentence(body)
    if stated.marked and not is_alone(first):
        return [plain_statement(stated.text)]
    if stated.marked:
        return [plain_statement(first), plain_statement(stated.text)]
    parts: tuple[str, ...] = (first_sentence(body), last_sentence(body))
    if len(body.split()) <= SHORT:
        parts = (stated.text, parts[0])
    if HEDGE.search(body):
        parts = parts[:1]
    return list(dict.fromkeys(map(plain_statement, parts)))


def _errors(result: Result, statement: str, case: ScoringCase) -> int:
    """Count what one statement lacks of the result, or adds to it."""
    found = measured(without_codes(statement))
    codes = codes_of(statement)
    wrong = _unmet_measures(result, found.measures, found.text, case)
    wrong += sum(not _holds_code(statement, code) for code in result.codes)
    wrong += _unmet_words(result, statement, case)
    if wrong:
        return wrong
    if answers_with_other(result, found, case.question):
        return 1
    about = _clause_about(statement, result)
    if result.words and _negations(about, result) != _negations(result.text, result):
        return 1
    if result.measures and opposed(statement, result.text):
        return 1
    if contradicts_aside(result, statement) or _negates_word(result, statement, case):
        return 1
    if _speaks_of_other(result, statement, case) or _is_out_of_order(
        result, statement, case
    ):
        return 1
    if result.measures and (
        direction(statement) * direction(result.text) < 0
        or bounds(statement) * bounds(result.text) < 0
    ):
        return 1
    strange = [
        c for c in codes if c not in result.codes and c not in case.question.casefold()
    ]
    if result.codes and strange and HEDGE.search(statement):
        return 1
    settled = _APART.sub(" ", PARENTHESES.sub(" ", statement))
    return int(rivals(result, settled, case) or is_range(result, settled))


def _negates_word(result: Result, statement: str, case: ScoringCase) -> bool:
    """Whether a word beside the recorded values is denied: `which need not be written`."""
    if not result.measures or negations(result.text):
        return False
    return any(_is_negated(statement, word) for word in words_beside(result, case))


def _clause_about(statement: str, result: Result) -> str:
    """Return the clause that states the result: `She doesn't like it; she is sad`."""
    clauses = [c for c in CLAUSE.split(statement) if c.strip()]
    for clause in clauses:
        if result.words and holds_word(marked_words(clause), result.words[-1]):
            return clause
    return statement


def _speaks_of_other(result: Result, statement: str, case: ScoringCase) -> bool:
    """Whether the other one of two things is spoken of, or the values are exchanged."""
    settled = marked_words(_APART.sub(" ", PARENTHESES.sub(" ", statement)))
    recorded, asked = marked_words(result.text), marked_words(case.question)
    if (
        other_colour(settled, recorded)
        or contrasted(settled, recorded)
        or (contrasted(settled, asked) and not contrasted(recorded, asked))
    ):
        return True
    if len(settled) <= SHORT and adds_counterpart(settled, recorded):
        return adds_counterpart(settled, (*recorded, *asked))
    return len(result.measures) > 1 and values_exchanged(result.text, statement)


def _is_out_of_order(result: Result, statement: str, case: ScoringCase) -> bool:
    """Whether things whose order was asked for stand in another one."""
    if len(result.words) < 2 or not _ASKS_ORDER.search(case.question):
        return False
    words = marked_words(statement)
    places = [
        next((i for i, w in enumerate(words) if holds_word([w], word)), -1)
        for word in result.words
    ]
    return places != sorted(places)


def _unmet_words(result: Result, statement: str, case: ScoringCase) -> int:
    words = marked_words(statement)
    words += [part for word in words if "'" in word for part in word.split("'")]
    names = names_in(f"x {result.text}")
    unmet = [
        w
        for w in result.words
        if not (_holds_name if w in names else holds_word)(words, w)
    ]
    met = [w for w in result.words if w not in unmet]
    named = names.issuperset(result.words) and all(w.isalpha() for w in unmet)
    if unmet and named and result.words[-1] in met:
        # A surname stands for the whole name, unless another first name is given.
        unmet = unmet if _other_name(statement, case) else []
    return len(unmet) + sum(_is_negated(statement, word) for word in met)


def _holds_name(words: Sequence[str], name: str) -> bool:
    """Whether a name stands there, accents and a genitive aside: Mario is not Maria."""
    wanted = plain_word(name)
    if name in MONTHS:
        return holds_word(words, name)
    if same_name(words, wanted):
        return True
    endings = {wanted, f"{wanted}s", f"{wanted}'s", wanted.removesuffix("s")}
    if not name.isascii() and not name[:1].isascii():
        return holds_word(words, name)  # declined, where names are
    return any(plain_word(word) in endings for word in words) or (
        len(name) >= LONG_WORD
        and holds_word(words, name)
        and not _gender(words, wanted)
    )


def _gender(words: Sequence[str], name: str) -> bool:
    """Whether only a last vowel tells a name of `words` from this one."""
    return any(
        len(word) == len(name) and plain_word(word)[:-1] == name[:-1] for word in words
    )


def _other_name(statement: str, case: ScoringCase) -> bool:
    known = (*marked_words(case.question), *marked_words(case.reference.text))
    names = re.findall(r"\b[A-ZÀ-Þ][a-zà-þ]+", statement)
    return any(key_words(name, known=known) for name in names)


def _negations(statement: str, result: Result) -> int:
    """Count negations, but for those that only set another thing apart: `not Y`."""
    apart = [
        m
        for m in _SET_APART.finditer(statement)
        if not any(holds_word([m["word"].casefold()], word) for word in result.words)
    ]
    for match in reversed(apart):
        statement = f"{statement[: match.start()]} {statement[match.end() :]}"
    return negations(statement)


def _holds_code(statement: str, code: str) -> bool:
    pattern = rf"(?<![\w-])v?{re.escape(code)}(?![\w-])"
    plain = one_group(statement).casefold()
    one = _DASHES.sub("-", plain)
    if re.search(pattern, one) or re.search(pattern, plain):
        return True
    squeezed = _BETWEEN_SIGNS.sub("", code)
    if len(squeezed) < LEAST_SQUEEZED or "/" in code[:1] or "@" in code:
        return False
    letters = r"[-./\s]?".join(map(re.escape, squeezed))
    return bool(re.search(rf"(?<![\w.-]){letters}(?![\w-])", one))


def _unmet_measures(
    result: Result, given: Sequence[Measure], text: str, case: ScoringCase
) -> int:
    given = as_asked(given, case.question)
    if direction(result.text) < 0 and not direction(text):
        given = [without_sign(m) for m in given]  # `-12 %` fell by 12 %
    asked = measured(case.question).measures
    # `Ana is 36 years old, Luis 12`: the unit of one is that of the other.
    expected = (*asked, *result.measures)
    fresh = [m for m in given if not any(same_measure(m, a) for a in expected)]
    met = [
        [
            m
            for m in given
            if (
                same_measure(w, m)
                or same_year(w, m)
                or rounded(w, m, result.text, text)
            )
            and not _repeats(w, m, text, case.question)
            and not _other_thing(w, m, text, case)
            and not _lacks_unit(w, m, fresh)
        ]
        for w in result.measures
    ]
    if unmet := sum(not each for each in met):
        return unmet
    if _contradicts(result, given):
        return 1
    if len(given) > len(result.measures) + LIST_OF_VALUES:
        return 1
    numbers = all(measure.is_number for measure in result.measures)
    if (
        len(met) == 2
        and numbers
        and _SEQUENCE.search(result.text)
        and _SEQUENCE.search(text)
    ):
        return int(met[0][0].start > met[1][-1].start)
    return 0


def _repeats(wanted: Measure, got: Measure, text: str, question: str) -> bool:
    """Whether a value is the question's own, to be converted: `2.5 hours` in minutes."""
    if wanted.quantity.readings == got.quantity.readings:
        return False
    return bool(got.unit) and text[got.start : got.end] in question


def _lacks_unit(wanted: Measure, got: Measure, fresh: Sequence[Measure]) -> bool:
    """Whether a bare number is not meant, as another one has the unit: `16 pens, $15`."""
    if wanted.unit is None or got.unit is not None:
        return False
    kind = wanted.unit.dimension
    return any(m.unit is not None and m.unit.dimension == kind for m in fresh)


def _other_thing(wanted: Measure, got: Measure, text: str, case: ScoringCase) -> bool:
    """Whether a bare number counts something else: `3,210 bags` for `3,210 tonnes`."""
    if got.unit is not None or not got.noun or got.noun in _COUNTED:
        return False
    if got.noun in _TIMES and wanted.noun not in _TIMES:
        return True
    if wanted.unit is None and (not wanted.noun or wanted.noun in _COUNTED):
        return False
    if not got.noun.isascii() and got.noun[0] in case.question + wanted.noun:
        return False  # `2人` is `2人です`
    known = (*marked_words(case.question), *marked_words(case.reference.text))
    short = len(text.split()) <= FEW_WORDS
    return short and bool(key_words(got.noun, known=known))


def _contradicts(result: Result, given: Sequence[Measure]) -> bool:
    """Whether another number stands where the recording repeats the question's."""
    lost = [
        m
        for m in result.repeated
        if not m.quantity.optional and not any(same_measure(m, g) for g in given)
    ]
    strange = [
        g
        for g in given
        if not any(same_measure(m, g) for m in (*result.measures, *result.repeated))
    ]
    return any(g.is_number == m.is_number for m in lost for g in strange)


def _is_negated(statement: str, word: str) -> bool:
    at = statement.casefold().find(word)
    return at >= 0 and bool(_NEGATED.search(statement[max(0, at - 40) : at]))
