"""Polarity of an answer to a yes-or-no question, stated or implied.

`It has expired.` denies `Is it still valid?` without a `no`: opposites of the question's
own words turn an answer round, as negations do.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.language.words import words_of
from replayd.scoring.extract.structure.body import body_of

LONGEST_READ = 600  # characters of an answer: it says so at once, or not at all
SHORTEST_STEM = 4
# Ideograms and katakana, which are words and no endings.
_UNSPACED = re.compile(r"[\u30a1-\u30ff\u3400-\u9fff]{2}")

_YES = (
    r"yes|yep|yeah|yup|correct|right|true|indeed|affirmative|it does|it is|they do|ja|jawohl|doch|richtig|stimmt"
    r"|oui|si|exact|sí|correcto|sì|certo|sim|tak|evet|да|はい|是的?|会的?|可以|能|有|对|네|예|हाँ|نعم|kyllä|ano"
)
_NO = (
    r"(?:absolutely |certainly |of course |unfortunately |sadly |(?:i'm )?afraid )not|leider n(?:icht|ein)|malheureusement (?:pas|non)|(?:lamentablemente|desafortunadamente|desgraciadamente) no|purtroppo no|infelizmente não|helaas niet|tyvärr inte|niestety nie|к сожалению,? не[т]?|not at all|(?:he|she|they|we|i|you|it) (?:is|does|do|are|was|were|has|have|can|will|did)n['’]?t"
    r"|no|nope|nah|incorrect|false|wrong|negative|not really|it (?:does|is)n['’]?t|it (?:does|is) not|nein|falsch"
    r"|non|faux|falso|não|nee|nej|nie|hayır|нет|いいえ|違います|不(?:是|会|能|可以|行|对|需要)?|没有|否|아니요|아니오|नहीं|لا|ei|ne"
)
_SAID = re.compile(
    rf"\A\W*(?:(?:well|so|hmm|actually|also|nun|alors|pues|bueno|short answer|answer|antwort|réponse|respuesta)\W+)?"
    rf"(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?=\s*(?:\Z|[,.!:;\n–—()。、،*_\"]|-\s))",
    re.IGNORECASE,
)
_CONDITIONAL_NO = re.compile(
    r"\A\W*(?:not|nicht|pas|no) (?:without|until|unless|yet|ohne|bis|sans|avant|sin|hasta)\b",
    re.IGNORECASE,
)
_SAID_LAST = re.compile(
    r"(?:[,;:]|\b(?:is|ist|est|es|answer|antwort|so|therefore|also|donc))\s*\**(?:(?P<yes>yes|ja|oui|sí|sì|sim)|(?P<no>no|nein|non|não))\**\s*[.!]?\s*\Z",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|nobody|none|nothing|neither|no longer|no|without|ohne|sans|sin|senza|sem|zonder|utan|bez|без"
    r"|nicht|kein\w*|nie|niemals|niemand|nichts|weder|nicht mehr"
    r"|pas|jamais|aucun\w*|personne|rien|plus"
    r"|no|nunca|jamás|ningun\w*|ningún|nadie|nada|tampoco"
    r"|non|mai|nessun\w*|niente|não|nunca|nenhum\w*|niet|geen|nooit|inte|aldrig|ikke|nie ma|değil|yok|не|нет|ні|немає|bukan|tidak|không|chẳng|není|nejsou|nelze|ليس\w{0,3}|नहीं)(?!\w)"
    r"|n['’]t\b|ません|ない|ではなく|じゃなく|不|没|не\s",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"\b(?:not only|no matter|no doubt|no problem|nicht nur|non seulement|no solo|not just|no later than|no fewer|no more than|no less|plus (?:de|que|tard)|(?:le|la|les|du|au|aux) plus\b|no\.\s?\d|without (?:delay|problems?|exception))",
    re.IGNORECASE,
)
_NE_PAS = re.compile(
    r"\b(?:ne|n['’])\s?\w+(?:\s\w+)?\s(?:plus|pas|jamais|rien)\b", re.IGNORECASE
)
# What an answer depends on: a negation in it is none of the answer.
_CONDITION = re.compile(
    r",?\s(?:provided(?: that)?|(?:as|so) long as|unless|except|if|in case|even if|sofern|solange|falls|wenn|außer"
    r"|à condition (?:que|de)|tant que|sauf(?: si)?|à moins que|si|siempre que|a menos que|salvo(?: que| si)?|a condizione che|purché|a meno che|se"
    r"|desde que|a menos que|a não ser que|mits|tenzij|zolang|als|indien|om inte|såvida|så länge|om|jeśli|o ile|chyba że|dopóki|pokud|если|пока|кроме|якщо|eğer)\s[^.!?;]*",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\bonly (?:other|older|newer|earlier|later|the other)|\bother\w* (?:only|alone)|nur andere|seulement d'autres|solo otr\w+",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:\A|[.!?:\n]\s*)(?:please\s|and\s|so\s|but\s|¿\s?)*"
    r"(?:is|are|was (?:the|a|an|it|he|she|this|that|there|they|any|my|your|his|her|our|their|its|not)\b|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must|am|isn't|aren't|doesn't|don't"
    r"|ist|sind|war|waren|hat|haben|kann|können|könnte|wird|werden|darf|dürfen|gibt|muss|müssen|soll|sollte|habe|bin"
    r"|gilt|geht|kommt|steht|gehört|braucht|öffnet|läuft|funktioniert|enthält|stimmt"
    r"|est-ce|est-il|est-elle|peut-on|puis-je|y a-t-il|faut-il|dois-je|a-t-\w+|sont-\w+|est|peut|les?\s\w+\s(?:est|sont)-\w+|la \w+ est-\w+"
    r"|es|está|están|hay|puede|puedo|pueden|se puede|tiene|debe|debo|fue|ha|han|son|sirve|abre|incluye|funciona"
    r"|è|sono|c'è|ci sono|posso|può|si può|ha|deve|posso|pode|há|é|são|tem|kan|mag|zijn|heeft|heb|wordt|mogen)\b[^?\n]{1,300}[?？]",
    re.IGNORECASE,
)
# Languages in which a particle or a word makes a question of yes or no.
_ASKS_BY_PARTICLE = re.compile(
    r"[吗嗎]\s*[?？]|(?:です|ます|でした|ました|ません)か[?？。]?\s*\Z|(?:습니까|입니까|인가요|나요|까요|어요|아요)\s*[?？]\s*\Z|\bczy\s|\sли\s|\bm[ıiuü](?:y?d[ıiuü]\w*|s[ıiuü]n\w*)?\s*[?？]|(?:\A|[.؟?\n]\s*)هل\s|(?:\A|[।?\n]\s*)क्या\s",
    re.IGNORECASE,
)
_ASKS_WHICH = re.compile(
    r"[什哪谁誰几幾]|多少|怎|何|どこ|どの|どれ|どう|いつ|いくら|なぜ|무엇|무슨|어느|어디|어떤|누구|누가|언제|얼마|몇|왜"
    r"|\b(?:co|kto|gdzie|kiedy|ile|jak\w*|któr\w+|albo|что|кто|где|когда|сколько|как\w*|или|ne|kim|nerede|kaç|hangi|nasıl)\b",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(
    r"\b(?:or|oder|ou|o|of)\b(?! (?:not|no|nicht|nein|non|pas)\b)", re.IGNORECASE
)
_INVERTED = re.compile(
    r"-(?:il|elle|on|ils|elles|t-il|t-elle)\b[^?\n]{0,200}\?", re.IGNORECASE
)
# Beginnings of words that stand for and against the same thing.
_OPPOSITES: Final = tuple(
    tuple(frozenset(side.split()) for side in pair.split(" | "))
    for pair in (
        "open offen geöffnet öffnet ouvert abiert abre abren apert abert | closed close closes shut geschloss schließt schliesst fermé ferme cerrad cierra chius fechad",
        "valid gültig valable valide válid valid force effective current gilt remains | expired expire expires invalid void ungültig abgelaufen lapsed terminated expiré périmé caducad vencid scadut",
        "allowed allow allows permitted permit permits may can erlaubt gestattet zulässig darf dürfen autorisé permis permitid puede consentit permess autorizad legal | forbidden forbid prohibited prohibit banned illegal verboten untersagt interdit prohibid vietat proibid disallowed",
        "included include includes inclusive inbegriffen enthalten inklusive compris inclus incluid incluye comprend | excluded exclude excludes excluding extra exclusive ausgeschlossen exclu exclus excluid separately zuzüglich",
        "approved approve approves accept accepted granted agreed agree genehmigt bewilligt angenommen approuvé accepté aprobad aceptad | rejected reject rejects declined decline refused denied deny turned abgelehnt refusé rejeté rechazad negad disagree",
        "safe sicher sûr segur sicur harmless | unsafe dangerous danger hazardous gefährlich dangereux peligros pericolos perigos harmful toxic",
        "possible möglich posible possibile possível | impossible unmöglich imposible impossibile",
        "signed unterschrieben signé firmad | unsigned blank",
        "full voll plein llen pien chei | empty leer vide vací vuot vazi",
        "present exists exist vorhanden there available verfügbar disponible stock lieferbar | absent missing fehlt manque falta unavailable sold ausverkauft épuisé agotad esaurit lacking nowhere",
        "true wahr vrai verdader ver | false falsch faux fals untrue",
        "free kostenlos gratis gratuit frei | fee charge charged paid kostenpflichtig payant costs cost",
        "passed pass passes bestanden réussi aprobó succeeded succeed successful | failed fail fails durchgefallen échoué suspend unsuccessful",
        "works work working funktioniert fonctionne funciona functional running | broken defective kaputt defekt panne averiad down",
        "alive lebt vivant viv | dead died tot mort muert",
        "rise rose risen increase increased up higher grew more gestiegen augmenté hausse subid aument | fall fell fallen decrease decreased down lower shrank less gesunken diminué baisse bajad dropped declined",
        "before earlier vor avant antes prima | after later nach après después dopo",
        "same equal identical gleich identique igual | different differ unequal verschieden anders différent distint",
        "on eingeschaltet allumé encendid accesa lit | off ausgeschaltet éteint apagad spenta unlit",
        "occupied taken besetzt occupé ocupad booked | vacant frei libre unoccupied",
        "covered covers cover gedeckt couvert cubiert covert | uncovered excluded excludes",
        "clean sauber propre limpi | dirty schmutzig sale suci",
        "paid bezahlt payé pagad | unpaid outstanding owed overdue offen impayé impagad due",
        "required necessary mandatory needed compulsory need must erforderlich nötig pflicht obligatoire nécessaire obligatori necesari | optional unnecessary voluntary freiwillig facultatif opcional",
        "alone allein seul sol | together accompanied zusammen ensemble junt",
        "married verheiratet marié casad | single unmarried divorced ledig célibataire solter",
        "free frei sans libre without | contains contain containing enthält contient contiene",
        "guilty schuldig coupable culpable | innocent unschuldig",
        "indoors inside drinnen innen | outdoors outside draußen",
        "online erreichbar | offline unreachable",
        "visible sichtbar | hidden invisible unsichtbar",
        "locked verschlossen verriegelt verrouillé | unlocked",
        "ripe reif | unripe unreif",
        "won win wins gewonnen gagné ganad | lost lose loses verloren perdu perdid",
        "cheap cheaper günstig billig | expensive dearer teuer",
        "correct right richtig | incorrect wrong",
        "awake wach | asleep schläft",
        "standing stand stands | sitting seated sits lying",
        "wearing wears has with carries | without",
        "vegetarian vegan meatless | meat chicken beef pork fish",
    )
)
_TURNING = re.compile(r"\A(?:un|in|im|non-?|dis|des|dés)(?P<rest>\w{4,})\Z")


def asks_yes_no(question: str) -> bool:
    """Whether a question wants yes or no, not one of several things it names."""
    question = question[-2_000:].strip()
    if _ASKS_BY_PARTICLE.search(question) and not _ASKS_WHICH.search(question):
        return True
    asked = list(_ASKS.finditer(question))
    if not asked:
        return bool(_INVERTED.search(question)) and not _ALTERNATIVE.search(question)
    return not _ALTERNATIVE.search(asked[-1][0])


def says_yes_or_no(text: str) -> bool | None:
    """Return what a text says in so many words, None where it does not."""
    body = body_of(text)[:LONGEST_READ]
    if _CONDITIONAL_NO.match(body):
        return False
    said = _SAID.match(body) or _SAID_LAST.search(body)
    return None if said is None else bool(said["yes"])


@lru_cache(maxsize=512)
def polarity(text: str, question: str) -> bool | None:
    """Return whether `text` affirms the question; None where it does not speak of it."""
    said = says_yes_or_no(text)
    if said is not None:
        return said
    body = body_of(text)[:LONGEST_READ]
    first = re.split(r"(?<=[.!?。])\s|\n|;\s", body, maxsplit=1)[0]
    first = _CONDITION.sub(" ", first)
    words, asked = words_of(first), words_of(question[-2_000:])
    turns = _opposed(words, asked)
    if not turns and not _speaks_of(words, asked):
        return None
    turned = turns + negations(first) + bool(_ELSEWHERE.search(first))
    return turned % 2 == 0


def opposed(text: str, other: str) -> bool:
    """Whether one text uses the opposite of a word of the other: `up` for `down`."""
    return bool(_opposed(words_of(text[:LONGEST_READ]), words_of(other[:LONGEST_READ])))


def negations(sentence: str) -> int:
    """Return whether a sentence is negated, as 0 or 1."""
    plain = _NO_NEGATION.sub(" ", sentence)
    plain = _NE_PAS.sub(" not ", plain)
    # Twice in one clause mostly strengthens: `no, never`, `nobody ... nothing`.
    return min(1, len(_NEGATION.findall(plain)))


def _opposed(words: list[str], asked: list[str]) -> int:
    """Count whether an answer uses the opposite of a word of the question."""
    asked_stems = {w for w in asked if len(w) >= SHORTEST_STEM}
    for word in words:
        turning = _TURNING.match(word)
        if turning and any(_akin(turning["rest"], other) for other in asked_stems):
            return 1
    near = frozenset[int]().union(*map(_sides, asked))
    far = frozenset[int]().union(*map(_sides, words))
    # Sides of a pair are neighbours: 2n and 2n + 1.
    return int(
        any(
            side ^ 1 in far and side ^ 1 not in near and side not in far
            for side in near
        )
    )


@lru_cache(maxsize=4096)
def _sides(word: str) -> frozenset[int]:
    """Return which sides of which opposites a word stands on."""
    return frozenset(
        2 * number + side
        for number, pair in enumerate(_OPPOSITES)
        for side, stems in enumerate(pair)
        if word in stems
        or (len(word) > 5 and any(len(s) > 4 and word.startswith(s) for s in stems))
    )


def _akin(one: str, other: str) -> bool:
    """Whether two words share their stem, as far as their beginnings tell."""
    shorter = min(len(one), len(other))
    return shorter >= SHORTEST_STEM and one[: shorter - 1] == other[: shorter - 1]


def _speaks_of(words: list[str], asked: list[str]) -> bool:
    """Whether an answer uses any content word of the question."""
    if _shares_run(words, asked):
        return True
    content = [w for w in asked if w not in STOPWORDS and len(w) > 2]
    return any(
        word == other or _akin(word, other)
        for word in words
        if word not in STOPWORDS
        for other in content
    )


def _shares_run(words: list[str], asked: list[str]) -> bool:
    """Whether two letters of an unspaced script follow each other in both."""
    known = {a + b for a, b in pairwise(asked) if _UNSPACED.fullmatch(a + b)}
    return bool(known) and any(a + b in known for a, b in pairwise(words))
