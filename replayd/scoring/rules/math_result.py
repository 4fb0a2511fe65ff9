"""Mathematics: is the final expression equal to the recorded one, however written?"""

import re
from collections.abc import Mapping

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.expressions import Value, same_values, values_of
from replayd.scoring.extract.intervals import (
    Interval,
    matrix_of,
    ranges_of,
    vector_of,
)
from replayd.scoring.extract.math_notation import plain_expression
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
_LATEX_MARKS = re.compile(r"\\[,;:! ()\[\]]|\\quad\b|\$")
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
    r"(?<![\w+*/^-])(?P<name>[a-z])\s*=\s*(?:(?![a-z]{2}|\s(?:[a-z]\s)?[a-z]\s*=)[^=,;.\n]){1,30}=\s*(?P<value>-?\s?\d[\d.]*(?:/\d+)?)(?![\w(^*/])"
)
_TUPLE = re.compile(r"\((?P<values>\s*-?[\d./]+(?:\s*[;,]\s*-?[\d./]+){1,3}\s*)\)")
_CHECK = re.compile(
    r"\s*\((?:check|probe|vérification|comprobación|verifica)\b[^()]{0,80}\)",
    re.IGNORECASE,
)
_NEW_ROW = re.compile(r"\\\\")
_FULL_WIDTH = str.maketrans("，。；：（）＝＋－", ",.;:()=+-")
_NUMBER = re.compile(r"-?\d[\d.,]*")
_OPEN_SUM = re.compile(r"\d[\d.]*(?:\s*[-+*×·]\s*\d[\d.]*)+")
_SO = re.compile(
    r"(?:,|;|\.|=>|⇒|⟹|→|\\Rightarrow)?\s*(?:所以|因此|从而|よって|따라서|\b(?:so|thus|therefore|hence|which (?:gives|means|yields)|also|daher|folglich|donc|ainsi|luego|por tanto|quindi|dunque|portanto)\b|⇒|⟹|=>|→|\\Rightarrow|\\implies|\\Longrightarrow)[\s:,]*",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"percent\b(?! of)|percentage|what % |prozentsatz|wie viel prozent|pourcentage|porcentaje|percentuale",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"(?:\A|[\s(:])[a-z][₀-₉_\d{}]*\s*=[^,;=\n]{1,40}[,;]\s*(?:and |und |et |y )?[a-z][₀-₉_\d{}]*\s*=[^=]+\Z"
)
_NONE = re.compile(
    r"\b(?:no|not any|without) (?:real |valid |integer )?(?:solutions?|roots?)\b|\bkeine (?:reellen? |reelle )?(?:lösung(?:en)?|nullstellen?)\b"
    r"|\b(?:pas|aucune) (?:de )?(?:solution|racine)s?\b|\b(?:sin|no (?:hay|tiene)) (?:solución|soluciones)\b|\bnessuna soluzione\b|\bdoes not exist\b|\bundefined\b|\bDNE\b",
    re.IGNORECASE,
)
_INFINITY = re.compile(
    r"(?P<sign>[-−+]?)\s*(?:∞|\\?infty|infinity|unendlich|l'infini|infinito)",
    re.IGNORECASE,
)
_PRODUCT = re.compile(r"\)\(|\)\^|[a-z\d]\((?=[^()]*[-+])")
_ASKS_FORM = re.compile(
    r"\b(?:factor\w*|expand\w*|multiply out|faktorisier\w*|ausmultiplizier\w*|factoris\w*|développ\w*|factoriz\w*|desarroll\w*)\b",
    re.IGNORECASE,
)
_GOES_ON = frozenset("+-/^(")
SHORTEST_ASKED = 4  # characters of an expression that may be the question's own
MOST_PIECES = 6
LONGEST_STATED = 1_000  # characters
LONGEST_WORKING = 4_000

Values = tuple[Value, ...]


class MathResult:
    """1 for expressions of the same values; for several solutions, as a set."""

    name = "math_result"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording states an expression that can be valued."""
        body = case.recorded.body
        stated = _stated(body)
        return bool(
            _ranges(body)
            or matrix_of(stated)
            or vector_of(stated)
            or _in_words(stated)
            or _results(body)
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 where some solutions are wrong, 0 for another result."""
        if (useless := unusable(case, said)) is not None:
            return useless
        recorded, answer = case.recorded.body, said.body
        if (shaped := _of_shape(recorded, answer)) is not None:
            return shaped
        named = _assigned(recorded)
        if len(named) > 1 and (given := _assigned(answer) or _tuple(answer, named)):
            differ = [n for n in named if not _same_assigned(named[n], given.get(n))]
            return valued(len(differ), len(named), "values")
        asked, got = _results(recorded), _results(answer)
        if asked and not got:
            got = _told(answer)
        if _is_left_undone(recorded, answer, case.question):
            return Score(ONE_WRONG / 2, "left to be worked out")
        if _is_share(recorded) != _is_share(answer) and not _SHARE.search(
            case.question
        ):
            return Score(ONE_WRONG / 2, "another unit")
        missing = sum(not any(same_values(w, g) for g in got) for w in asked)
        surplus = sum(not any(same_values(w, g) for w in asked) for g in got)
        wrong = max(missing, surplus)
        return Score(usable(wrong, len(asked)), "another result" if wrong else "")


def _of_shape(recorded: str, answer: str) -> Score | None:
    """Score a result that is no number: none, a range, a vector, a matrix."""
    if word := _in_words(_stated(recorded)):
        same = _in_words(_stated(answer)) == word
        return Score(float(same), "" if same else "another result")
    if (wanted := _ranges(recorded)) is not None:
        same = _ranges(answer) == wanted
        return Score(float(same), "" if same else "another range")
    vector, given_vector = vector_of(_stated(recorded)), vector_of(_stated(answer))
    if vector is not None and given_vector is not None:
        same = vector == given_vector
        return Score(float(same), "" if same else "another vector")
    if (matrix := matrix_of(_stated(recorded))) is not None:
        same = matrix_of(_stated(answer)) == matrix
        return Score(float(same), "" if same else "another matrix")
    if vector is not None:
        return Score(0.0, "no vector")
    return None


def _stated(body: str) -> str:
    """Return the stated result without the condition under which it holds."""
    body = body.translate(_FULL_WIDTH)
    stated = final_of(body).text.strip()[:LONGEST_STATED]
    told = body.strip() if "oxed{" not in body and "####" not in body else stated
    if _SEVERAL.search(told) and len(told) <= LONGEST_STATED:
        stated = told  # each solution has a name
    if stated == body.strip() and "=" in (line := last_line(_CHECK.sub("", body))):
        told = stated = line  # the steps stand above it
    parts = _SO.split(told[-LONGEST_STATED:])
    concluded = len(parts) > 1 and any(map(str.isdigit, parts[-1]))
    last = parts[-1].strip() if concluded else stated  # working stands before it
    return _CONDITION.sub("", last) or last


def last_line(text: str) -> str:
    """Return the last line that holds anything."""
    return next((s for line in reversed(text.splitlines()) if (s := line.strip())), "")


def _ranges(body: str) -> frozenset[Interval] | None:
    stated = _stated(body)
    last = stated.rsplit(", i.e.", 1)[-1]
    for text in (stated, last, _VERB.sub("", stated), _spelt(stated)):
        if (found := ranges_of(text)) is not None:
            return found
    return None


def _in_words(stated: str) -> str:
    """Return that there is no solution, or that a value has no bound; else ""."""
    text = _VERB.sub("", stated).strip(" .$*`\\()[]")
    if _NONE.search(stated) or text in {"∅", "emptyset", "varnothing", "{}"}:
        return "none"
    infinite = _INFINITY.fullmatch(text)
    return f"{infinite['sign'] or '+'}infinity" if infinite else ""


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
    (
        re.compile(
            r"\s*\b(?:größer|mayor|maggiore|maior|supérieur\w*) (?:oder gleich|o igual|o uguale|ou égale?)(?: (?:als|que|di|a|à))?\b\s*"
        ),
        " >= ",
    ),
    (
        re.compile(
            r"\s*\b(?:kleiner|menor|minore|inférieur\w*) (?:oder gleich|o igual|o uguale|ou égale?)(?: (?:als|que|di|a|à))?\b\s*"
        ),
        " <= ",
    ),
    (
        re.compile(
            r"\s*\b(?:ist )?(?:größer|mayor|maggiore|maior|supérieur\w*) (?:als|que|di|à)\s*"
        ),
        " > ",
    ),
    (
        re.compile(
            r"\s*\b(?:ist )?(?:kleiner|menor|minore|inférieur\w*) (?:als|que|di|à)\s*"
        ),
        " < ",
    ),
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
    text = _NEW_ROW.sub(" ; ", body[:LONGEST_WORKING].translate(_FULL_WIDTH))
    text = _LATEX_MARKS.sub(" ", text)
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


def _is_share(body: str) -> bool:
    """Whether a result is a number of hundredths."""
    return _stated(body).rstrip(" .$*").endswith("%")


def _told(body: str) -> tuple[Values, ...]:
    """Return the numbers of an answer in words: `The result is twelve`."""
    found = measured(final_of(body).text[:LONGEST_STATED]).measures
    numbers = [m for m in found if m.is_number and not m.quantity.optional]
    values = [values_of(min(m.quantity.readings, key=len)) for m in numbers]
    return tuple(v for v in values if v is not None)


def _is_left_undone(recorded: str, answer: str, question: str) -> bool:
    """Whether a sum, or what was asked, stands where its value was recorded."""
    wanted, got = _stated(recorded).strip("$ ."), _stated(answer).strip("$ .")
    if _NUMBER.fullmatch(wanted) and _OPEN_SUM.fullmatch(got):
        return True
    if _same_text(wanted, got) or "=" in got or _NUMBER.fullmatch(wanted):
        return False
    if len(got) > SHORTEST_ASKED and _is_asked(_squeezed(got), _squeezed(question)):
        return True  # `sqrt(50)` for 5√2
    return bool(_PRODUCT.search(_squeezed(wanted))) != bool(
        _PRODUCT.search(_squeezed(got))
    ) and bool(_ASKS_FORM.search(question))


def _is_asked(expression: str, question: str) -> bool:
    """Whether a question states an expression, which is no part of a longer one."""
    before, found, after = question.partition(expression)
    return bool(found) and before[-1:] not in _GOES_ON and after[:1] not in _GOES_ON


def _same_text(one: str, other: str) -> bool:
    return _squeezed(one) == _squeezed(other)


def _squeezed(text: str) -> str:
    """Return an expression without blanks and in plain notation, to compare its form."""
    return plain_expression(text).replace(" ", "").replace("*", "")


def _both_signs(piece: str) -> tuple[str, ...]:
    if not _EITHER_SIGN.search(piece):
        return (piece,)
    return (_EITHER_SIGN.sub("+", piece), _EITHER_SIGN.sub("-", piece))


def _valued(piece: str) -> Values | None:
    exact = piece.partition("≈")[0]  # a rounded value behind it says it again
    piece = exact if values_of(exact.rpartition("=")[2]) else piece.replace("≈", "=")
    last = piece.rpartition("=")[2]
    for text in (piece, _VERB.sub("", piece), last, _VERB.sub("", last)):
        values = values_of(text) if text.strip() else None
        if values is not None:
            return values
    return None
