"""Mathematics: is the final expression equal to the recorded one, however written?"""

import re
from collections.abc import Mapping

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.expressions import same_values, values_of
from replayd.scoring.extract.intervals import Interval, interval_of, matrix_of
from replayd.scoring.extract.numbers.measures import measured
from replayd.scoring.extract.structure.final import final_of
from replayd.scoring.usability import ONE_WRONG, unusable, usable, valued

_PIECES = re.compile(
    r"\s*(?:,\s+|;|∨|∪|\\(?:quad|lor|text\{ ?(?:or|and|oder|und|ou|et|o|y) ?\})|\bor\b|\band\b|\boder\b|\bund\b|\bou\b|\bet\b|\bi\.e\.|=>|⇒)\s*"
)
_VERB = re.compile(
    r"\A.*?\b(?:is|are|ist|sind|lautet|est|sont|es|son|equals|gives|becomes|obtain|get|all)\b:?\s*(?=\S)",
    re.IGNORECASE | re.DOTALL,
)
# Where the result holds, behind it.
_CONDITION = re.compile(
    r"\s*(?:\(\s*(?:for|where|if|with|when|provided|as long|für|wobei|falls|pour|où|si|donde|con|per)\b[^()]*\)"
    r"|\(\s*[a-z]\s*(?:≠|!=|\\ne\w*)[^()]*\)"
    r"|,?\s+\(?(?:for|where|when|provided that|für|wobei|falls|pour|où|donde)\s.*|,\s*[a-z]\s*(?:≠|!=|\\neq?)\s*\S+)\s*\.?\Z",
    re.IGNORECASE | re.DOTALL,
)
_LATEX_BLANKS = re.compile(r"\\[,;:! ]|\\quad\b")
_SET = re.compile(
    r"\A\s*(?:[a-zA-Z]\s*(?:=|∈|\\in)\s*)?\\?\{(?P<inside>.*?)\\?\}\s*\.?\Z", re.DOTALL
)
_EITHER_SIGN = re.compile(r"±|\\pm\b|\+/-")
_PAIR = re.compile(
    r"\((?P<names>[a-z](?:\s*,\s*[a-z]){1,3})\)\s*=\s*\((?P<values>[^()]{1,60})\)"
)
_ASSIGNED = re.compile(
    r"(?<![\d+*/^-] )(?<![\w+*/^(-])(?P<name>[a-z])\s*=\s*(?P<value>-?\s?(?:\d[\d.]*(?:/\d+)?|\\frac\{-?\d+\}\{\d+\}))(?![\w(^*/])"
)
# `x = y + 1 = 3`: the last value is the one given.
_CHAINED = re.compile(
    r"(?<![\w+*/^-])(?P<name>[a-z])\s*=\s*(?:(?![a-z]{2})[^=,;.\n]){1,30}=\s*(?P<value>-?\s?\d[\d.]*(?:/\d+)?)(?![\w(^*/])"
)
_TUPLE = re.compile(r"\((?P<values>\s*-?[\d./]+(?:\s*[;,]\s*-?[\d./]+){1,3}\s*)\)")
_NUMBER = re.compile(r"-?\d[\d.,]*")
_OPEN_SUM = re.compile(r"\d[\d.]*(?:\s*[-+*×·]\s*\d[\d.]*)+")
MOST_PIECES = 6
LONGEST_STATED = 1_000  # characters
LONGEST_WORKING = 4_000

Values = tuple[float, ...]


class MathResult:
    """1 for expressions of the same values; for several solutions, as a set."""

    name = "math_result"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording states an expression that can be valued."""
        body = case.recorded.body
        return bool(_interval(body) or matrix_of(_stated(body)) or _results(body))

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 where some solutions are wrong, 0 for another result."""
        if (useless := unusable(case, said)) is not None:
            return useless
        recorded, answer = case.recorded.body, said.body
        if (wanted := _interval(recorded)) is not None:
            same = _interval(answer) == wanted
            return Score(float(same), "" if same else "another range")
        if (matrix := matrix_of(_stated(recorded))) is not None:
            same = matrix_of(_stated(answer)) == matrix
            return Score(float(same), "" if same else "another matrix")
        named = _assigned(recorded)
        if len(named) > 1 and (given := _assigned(answer) or _tuple(answer, named)):
            differ = [n for n in named if not _same_assigned(named[n], given.get(n))]
            return valued(len(differ), len(named), "values")
        asked, got = _results(recorded), _results(answer)
        if asked and not got:
            got = _told(answer)
        if _is_left_undone(recorded, answer):
            return Score(ONE_WRONG / 2, "left to be worked out")
        missing = sum(not any(same_values(w, g) for g in got) for w in asked)
        surplus = sum(not any(same_values(w, g) for w in asked) for g in got)
        wrong = max(missing, surplus)
        return Score(usable(wrong, len(asked)), "another result" if wrong else "")


def _stated(body: str) -> str:
    """Return the stated result without the condition under which it holds."""
    stated = final_of(body).text.strip()[:LONGEST_STATED]
    return _CONDITION.sub("", stated) or stated


def _interval(body: str) -> Interval | None:
    stated = _stated(body)
    last = stated.rsplit(", i.e.", 1)[-1]
    for text in (stated, last, _VERB.sub("", stated), _spelt(stated)):
        if (found := interval_of(text)) is not None:
            return found
    return None


def _spelt(text: str) -> str:
    """Return `x greater than 2` with a sign."""
    for words, sign in _COMPARED:
        text = words.sub(sign, text)
    return _VERB.sub("", text)


_COMPARED = (
    (re.compile(r"\s*\b(?:greater|larger|more|bigger) than or equal to\b\s*"), " >= "),
    (re.compile(r"\s*\b(?:less|smaller) than or equal to\b\s*"), " <= "),
    (re.compile(r"\s*\b(?:is )?(?:greater|larger|more|bigger) than\b\s*"), " > "),
    (re.compile(r"\s*\b(?:is )?(?:less|smaller) than\b\s*"), " < "),
    (re.compile(r"\s*\b(?:is )?at least\b\s*"), " >= "),
    (re.compile(r"\s*\b(?:is )?at most\b\s*"), " <= "),
)


def _results(body: str) -> tuple[Values, ...]:
    """Return the values of each solution that an answer states."""
    stated = _LATEX_BLANKS.sub(" ", _stated(body))
    if inside := _SET.match(stated.strip("$ ")):
        stated = inside["inside"]
    pieces = _PIECES.split(stated.strip().rstrip("."))[:MOST_PIECES]
    found: list[Values] = []
    for piece in pieces:
        for signed in _both_signs(piece):
            values = _valued(signed)
            if values and not any(same_values(values, each) for each in found):
                found.append(values)
    return tuple(found)


def _assigned(body: str) -> dict[str, Values]:
    """Return the value that each unknown of a system is given, the last time it is."""
    text = _LATEX_BLANKS.sub(" ", body[:LONGEST_WORKING]).replace("$", " ")
    if pair := _PAIR.search(text):
        names, values = pair["names"].split(","), pair["values"].split(",")
        text = " ".join(
            f"{n.strip()} = {v.strip()} ;" for n, v in zip(names, values, strict=False)
        )
    found: dict[str, Values] = {}
    text = _CHAINED.sub(r"\g<name> = \g<value>", text)
    for match in _ASSIGNED.finditer(text):
        if (values := values_of(match["value"])) is not None:
            found[match["name"]] = values
    return found


def _tuple(body: str, named: Mapping[str, Values]) -> dict[str, Values]:
    """Return the values of `(3 ; 2)`, in the order in which the unknowns are named."""
    found = _TUPLE.search(final_of(body).text[:LONGEST_STATED])
    values = [values_of(v) for v in re.split(r"[;,]", found["values"])] if found else []
    if len(values) != len(named):
        return {}
    pairs = zip(named, values, strict=True)
    return {name: value for name, value in pairs if value is not None}


def _same_assigned(one: Values, other: Values | None) -> bool:
    return other is not None and same_values(one, other)


def _told(body: str) -> tuple[Values, ...]:
    """Return the numbers of an answer in words: `The result is twelve`."""
    found = measured(final_of(body).text[:LONGEST_STATED]).measures
    numbers = [m for m in found if m.is_number and not m.quantity.optional]
    values = [values_of(min(m.quantity.readings, key=len)) for m in numbers]
    return tuple(v for v in values if v is not None)


def _is_left_undone(recorded: str, answer: str) -> bool:
    """Whether a sum stands where its value was recorded: `5 + 7` for 12."""
    plain = _NUMBER.fullmatch(_stated(recorded).strip("$ ."))
    return bool(plain and _OPEN_SUM.fullmatch(_stated(answer).strip("$ .")))


def _both_signs(piece: str) -> tuple[str, ...]:
    if not _EITHER_SIGN.search(piece):
        return (piece,)
    return (_EITHER_SIGN.sub("+", piece), _EITHER_SIGN.sub("-", piece))


def _valued(piece: str) -> Values | None:
    last = piece.rpartition("=")[2]
    for text in (piece, _VERB.sub("", piece), last, _VERB.sub("", last)):
        values = values_of(text) if text.strip() else None
        if values is not None:
            return values
    return None
