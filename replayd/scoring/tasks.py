"""The task of a call, inferred from request, media and recording; and its scorers.

Never from an answer that is being scored. A task only chooses the order in which rules
are asked whether they apply; the first that does is the stream `quality`. To add a task:
a row in `TASKS`, a line in `task_of`, a section with examples in `docs/scoring.md`.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal

from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.intervals import matrix_of
from replayd.scoring.extract.language.key_words import key_words
from replayd.scoring.extract.language.polarity import asks_yes_no, says_yes_or_no
from replayd.scoring.extract.language.words import word_count
from replayd.scoring.extract.math_notation import FORMULA
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.prose.citations import cites_sources
from replayd.scoring.extract.prose.constraints import constraints_of
from replayd.scoring.extract.request_words import (
    ASKS_LETTERS,
    ASKS_PARTS,
    ASKS_SUM,
    BARE_NUMBER,
    CODED,
    DOES_SUMS,
    IS_SOCIAL,
    OFFERS_LABELS,
    OPEN_CHOICE,
    QUESTION,
    SHOWS_VALUES,
)
from replayd.scoring.extract.structure.cells import Grid
from replayd.scoring.extract.structure.code_blocks import code_of
from replayd.scoring.extract.structure.fields import fields_recorded
from replayd.scoring.extract.structure.final import final_of
from replayd.scoring.extract.structure.items import items_of
from replayd.scoring.extract.structure.json_values import NOTHING
from replayd.scoring.extract.structure.options import (
    labels_chosen,
    names_labels,
    option_chosen,
    options_of,
)
from replayd.scoring.rules.checkable.principal import principal_part

Task = Literal[
    "refusal",
    "tool_use",
    "transcription",
    "structured",
    "options",
    "classification",
    "translation",
    "rewriting",
    "summary",
    "creative",
    "sql",
    "code",
    "mathematics",
    "text_reading",
    "table",
    "fields",
    "markup",
    "list",
    "yes_no",
    "short_answer",
    "prose",
]

_PROSE: Final = ("claims", "key_facts")
# Scorers by task, best first.
TASKS: Final[dict[Task, tuple[str, ...]]] = {
    "refusal": ("refusal_agreed",),
    "tool_use": ("tool_calls",),
    "transcription": ("words_heard", "command", "word_errors"),
    "structured": ("document_fields", *_PROSE),
    "options": ("option_chosen",),
    "classification": ("labels_chosen",),
    "translation": _PROSE,
    "rewriting": _PROSE,
    "summary": _PROSE,
    "creative": ("creative_kept", *_PROSE),
    "sql": ("code_shape",),
    "code": ("code_shape",),
    "mathematics": ("math_result", "final_answer", *_PROSE),
    "text_reading": ("text_read", "key_facts"),
    "fields": ("labelled_fields", *_PROSE),
    "table": ("cell_values", "label_numbers"),
    "markup": ("markup_fields", *_PROSE),
    "list": ("list_items", *_PROSE),
    "yes_no": ("yes_or_no", "claims", "final_answer", "key_facts"),
    "short_answer": ("final_answer", *_PROSE),
    "prose": (*_PROSE, "final_answer"),
}

# Rules of partial agreement: fallbacks here, diagnostics wherever they apply.
_PARTIAL: Final = frozenset({"key_facts", "label_numbers", "command", "word_errors"})
# Rules that say how usable an answer is; each speaks only where it is primary.
USABILITY: Final = frozenset(name for row in TASKS.values() for name in row) - _PARTIAL

PICTURES: Final = frozenset({"image", "document", "mixed", "video"})
_VERB: Final = r"(?:\A|[.!?:\n]|please|can you|could you|bitte|just|now|and)\s*"
_TRANSLATES = re.compile(
    r"\btranslat(?:e|ion|ed)\b|\bübersetz\w*|\btradui[rst]\w*|\btraduc[ei]\w*|\btraduzi\w*|\btradurre\b"
    r"|\bvertaal\w*|\böversätt\w*|\bprzetłumacz\w*|\bçevir\w*|переве[дс]\w*|翻译|翻訳|訳して|번역"
    r"|\bin (?:german|english|french|spanish|italian|portuguese|dutch)\s*[:?]|\bhow do you say\b|\bwie sagt man\b",
    re.IGNORECASE,
)
_REWRITES = re.compile(
    r"\b(?:rewrite|rephrase|reword|paraphrase|proofread|polish|simplify|shorten|correct the (?:grammar|spelling|text|sentence)"
    r"|fix the (?:grammar|spelling)|more (?:formal|polite|friendly)|umformulier\w*|formulier\w* um|korrigier\w*|reformul\w*|corrig\w*|reescrib\w*|reescrev\w*|riscriv\w*|riformul\w*|simplifi\w*|semplific\w*|vereinfach\w*|vereenvoudig\w*|herschrijf\w*|herformuleer\w*|przeredag\w*|przeformuł\w*|sadeleştir\w*)\b"
    r"|\bmake (?:this|the|that|it|my) [^.?!:\n]{0,40}\b(?:clearer|simpler|shorter|longer|friendlier|politer|plainer|easier|more \w+|less \w+)\b|\bformulier\w* [^.?!:\n]{0,30}(?:einfacher|höflicher|kürzer|klarer|freundlicher|förmlicher)"
    r"|перефраз\w*|перепиш\w*|упрост\w*|улучши\w* текст|改写|改寫|简化|簡化|润色|書き直\w*|言い換え\w*|簡単に(?:して|書)|바꿔 써|다시 써|고쳐 써|쉽게 바꿔|أعد (?:صياغة|كتابة)|वाक्य को .{0,20}(?:सरल|आसान|बेहतर)|दोबारा लिख",
    re.IGNORECASE,
)
_SUMMARISES = re.compile(
    r"\b(?:summar[iy]\w*|tl;?dr|sum up|condense|the gist|in a nutshell|boil (?:it|this|that) down|main points|key (?:points|takeaways)|zusammenfass\w*|fass\w* .{0,60}zusammen|résum\w*|resum[eai]\w*|riassum\w*|samenvat\w*)\b|要約|总结|摘要|요약",
    re.IGNORECASE,
)
_PLAYS = re.compile(
    r"\b(?:play (?:a|an|the)|act (?:as|like)|pretend|role-?play|impersonate|imagine (?:you|a|an)"
    r"|(?:speak|talk|write) like|spiel\w* (?:ein|den|die)|stell dir vor|joue|imagine que"
    r"|imagina|fingi)\b",
    re.IGNORECASE,
)
# With nothing to look at, there are as many descriptions as there are writers.
_DESCRIBES = re.compile(
    r"\A\W*(?:please )?(?:[^.:\n]{1,60}: )?(?:describe|beschreib\w*|décris|décrivez|describ[ae]"
    r"|descrivi)\b",
    re.IGNORECASE,
)
_CREATES = re.compile(
    r"\b(?:write|compose|tell|reply|respond|make up|invent|create|come up with|give (?:me|us)|list|suggest|propose|think of|schreib\w*|dichte|erzähl\w*|erfinde|nenne?|gib|écri\w*|invente|donne\w*|escrib\w*|cuenta|inventa|dame|da|scrivi|dammi|escreva|crie|dê|name|brainstorm"
    r"|schrijf|bedenk|geef|napisz|wymyśl|podaj|напиши|придумай|сочини|дай|viết)\b"
    r"[^.?!\n]{0,60}\b(?:poem|benefits|advantages|haiku|limerick|story|joke|song|lyrics|slogan|tagline|rap|verse|tale|fairy ?tale|riddle|metaphor|name ideas|names for|synonyms|adjectives|hashtags|headlines?|blog post|tips|ideas|suggestions|birthday|toast"
    r"|gedicht|geschichte|witz|lied|märchen|spruch|glückwunsch|tipps|ideen|poème|histoire|blague|chanson|devinette|conseil|idées|poema|cuento|chiste|canción|eslogan|lema|consejo|poesia|storia|barzelletta|consigli|conto|piada|dica|slogan"
    r"|verhaal|wiersz|opowiad|życzeni|rady|porad|стих|поздравлен|рассказ|сказк|историю|слоган|совет|bài thơ|câu chuyện)\w*"
    r"|(?:写|編|编|创作|作).{0,20}(?:诗|詩|故事|笑话|标语|祝福|童话)|(?:詩|俳句|短歌|物語|キャッチコピー|コツ).{0,12}(?:書い|作っ|教え)"
    r"|(?:시|이야기|동화|슬로건|팁).{0,8}(?:써|지어|알려)|اكتب.{0,30}(?:قصيدة|قصة|شعار)|(?:कविता|कहानी|नारा).{0,12}लिख"
    r"|(?:şiir|hikaye|slogan|fıkra|öneri)\w*.{0,20}(?:yaz|anlat|uydur|ver)",
    re.IGNORECASE,
)
_READS_TEXT = re.compile(
    r"\b(?:read|transcribe|ocr|copy|type out|write out|extract)\b[^.?!\n]{0,40}\b(?:text|words?|writing|sign|label|note|letter|page|receipt|caption|handwrit\w+|plate|serial|code|word for word)\b"
    r"|\bwhat (?:does|do) (?:the|this|that|it) .{0,30}\b(?:say|read)\b(?! about)|\bwhat is written\b|\bwhich text\b|\bwhat text\b|\btext (?:in|on|from|of) (?:the|this)\b"
    r"|\b(?:recopie\w*|transcri[bsv]\w*|retranscri\w*|schreib\w* ab|abtippen)\b|\bwas steht\b|\b(?:lies|read|lee|lis|leggi|leia|lees|läs)\b[^.?!\n]{0,40}(?:adress|dirección|indirizzo|endereço|adres)|\blies\b[^.?!\n]{0,30}\btext|\btext (?:auf|in|aus)\b|\babschreib\w*|\bque dit\b|\bqu'est-ce qui est écrit|\blis(?:ez)? le texte|\bqué (?:dice|pone)\b|\blee el texto|\bcosa (?:dice|c'è scritto)"
    r"|перепиш\w*|\bспиши\b|\bpřepiš\w*|\bopiš\w*|\bprzepisz\b|\b(?:leggi|trascrivi)\b|\bleia\b|escrito n|transcrev\w+|\blees\b[^.?!\n]{0,30}tekst|wat staat er|\bskriv av\b|vad står"
    r"|przeczytaj|co jest napisane|ne yazıyor|прочита\w+|что написано|読(?:んで|み取)|書いてあ|写了什么|读出|识别|읽어|뭐라고|اقرأ|المكتوب|पढ़|लिखा",
    re.IGNORECASE,
)
# What a text says about something is an answer, not the text itself.
_ASKS_ABOUT = re.compile(
    r"\b(?:say|says|said|written|state|stated|steht|geschrieben|dit|écrit|dice|pone|scritto|diz|escrito|staat|står|napisane|написано|говорится|сказано)\b"
    r"[^.?!\n]{0,60}?\b(?:about|regarding|concerning|on the subject|over|über|zu[mr]?|bezüglich|hinsichtlich|sur|à propos|concernant|au sujet|sobre|acerca|respecto|su|sul|sulla|sui|sugli|sulle|riguardo|om|o|na temat|об?|про|насчёт)\b"
    r"|hakkında|について|に関して|关于|關於|에 대해|에 관해|\bعن\b|के बारे में",
    re.IGNORECASE,
)
_ASKS_DOING = re.compile(
    r"\bwhat (?:is|are|was|were)\b[^.?!\n]{0,60}\bdoing\b|\bwhat (?:happens|happened|is happening|is going on)\b|\bhow (?:do|can|could|should|would|does) (?:i|you|we|one)\b"
    r"|\bwas (?:macht|machen|tut|tun|passiert|geschieht|unternimmt)\b|\bwie \w+ (?:ich|man|wir)\b|\bque (?:fait|font|se passe)\b|\bqu'est-ce que? .{0,30}\b(?:fait|font)\b|\bcomment (?:faire|puis-je|peut-on)\b"
    r"|\bqué (?:hace|hacen|está haciendo|pasa|ocurre|sucede)\b|\bcosa (?:fa|fanno|sta facendo|succede)\b|\bcome (?:si|faccio|posso)\b|\bo que .{0,40}\b(?:faz|fazem|fazendo|acontece)\b"
    r"|\bwat (?:doet|doen|gebeurt)\b|\bco (?:robi|robią|się dzieje)\b|\bчто (?:делает|делают|происходит)\b|ne yapıyor|ne oluyor|何をして|なにをして|在做什么|做什么|무엇을 하|뭐 하|ماذا يفعل|क्या कर",
    re.IGNORECASE,
)
FEWEST_DOING: Final = 3  # words that carry meaning, of what somebody does
_LOOKS_SQL = re.compile(
    r"\A\s*(?:--[^\n]*\n\s*)*(?:select\b.+\bfrom\b|insert\s+into\b|update\s+\w+\s+set\b|delete\s+from\b|with\s+\w+\s+as\s*\(|create\s+(?:table|index|view)\b|alter\s+table\b|drop\s+table\b)",
    re.IGNORECASE | re.DOTALL,
)
_SYMBOLIC = re.compile(
    r"\\boxed|\\frac|\\sqrt|\*\*\d|[=^²³√∛π<>≤≥≠∞∪∅]|\A[-−\d.,/ a-z+*·×!|()\[\]⟨⟩^]{1,24}\Z"
    r"|\\(?:infty|pi|ln|log|sin|cos|tan|arctan|begin|left|lvert)\b|\b(?:no|keine?|pas|aucune) (?:real )?(?:solution|lösung)",
    re.IGNORECASE,
)


def task_of(case: ScoringCase) -> Task:
    """Return the task of a call with a usable recording."""
    case = case.settled
    if case.recorded.refuses:
        return "refusal"
    if case.reference.tool_calls:
        return "tool_use"
    if _hears(case):
        return "transcription"
    invents = case.snapshot.modality == "text" and _CREATES.search(case.question)
    if (
        case.recorded.json is not NOTHING
        and invents
        and len(case.question) <= LONGEST_ASKED
    ):
        return "creative"
    if case.recorded.json is not NOTHING:
        sums = DOES_SUMS.search(case.question) and matrix_of(case.recorded.body)
        return "mathematics" if sums else "structured"
    if _states_fields(case):
        return "fields"
    return _closed(case) or _by_verb(case) or _by_recording(case)


def _hears(case: ScoringCase) -> bool:
    snapshot = case.snapshot
    if snapshot.operation == "transcription":
        return True
    return snapshot.modality == "audio" and case.asks_for_words


def _closed(case: ScoringCase) -> Task | None:
    text = case.reference.text
    # Numbered sources that a sentence cites look like options, of which it names one.
    options = {} if cites_sources(text, case.question) else options_of(case.question)
    if options and option_chosen(text, options):
        return "options"
    chosen = labels_chosen(text, case.labels).labels if case.labels else ()
    items = items_of(case.recorded.body, case.question)
    listed = [item for item in items if item.casefold() not in case.labels]
    offered = bool(chosen) and not listed and OFFERS_LABELS.search(case.instructions)
    if items and (len(chosen) > 1 or len(listed) > 1) and not offered:
        return None  # things listed out of a text
    many = len(case.recorded.body.splitlines()) > 1
    if many and code_of(case.recorded.body).language:
        return None
    sums = DOES_SUMS.search(case.question) and _SYMBOLIC.search(case.recorded.body)
    short = names_labels(case.recorded.body, case.labels)
    if chosen and short and not sums and not CODED.search(case.recorded.body):
        return "classification"
    return None


def _by_verb(case: ScoringCase) -> Task | None:
    """Return the task that the newest turn or the system prompt names."""
    question, told = case.question[:2_000], case.instructions[:4_000]
    if _TRANSLATES.search(told):
        return "translation"
    if _SUMMARISES.search(question):
        return "summary"
    copies = case.snapshot.modality in PICTURES and _READS_TEXT.search(question)
    if (
        _REWRITES.search(question)
        and not DOES_SUMS.search(question)
        and not copies  # what a picture shows is copied, not worded anew
    ):
        return "rewriting"
    social = len(question) <= LONGEST_ASKED and IS_SOCIAL.fullmatch(question.strip())
    if social or _CREATES.search(question) or _PLAYS.search(question):
        return "creative"
    alone = case.snapshot.modality == "text" and len(question) <= LONGEST_IDEA
    if alone and OPEN_CHOICE.match(question) and constraints_of(question):
        return "creative"  # any of its kind will do, in the form asked for
    if alone and _DESCRIBES.search(question) and not case.system_prompt:
        return "creative"
    return None


def _by_recording(case: ScoringCase) -> Task:
    body = case.recorded.body
    grid = Grid.of(body)
    if case.snapshot.modality in PICTURES and (seen := _of_picture(case, grid)):
        return seen
    sums = bool(DOES_SUMS.search(case.question) and _SYMBOLIC.search(body))
    sums = sums or FORMULA.search(body) is not None
    if sums and "```" not in body and len(body.splitlines()) == 1:
        return "mathematics"
    if written := _of_code(case):
        return written
    if grid.is_table:
        return "table"
    return "mathematics" if sums else _of_words(case)


def _of_picture(case: ScoringCase, grid: Grid) -> Task | None:
    body = case.recorded.body
    laid_out = grid.is_table and ("|" in body or "\t" in body)
    asked = case.question
    charted = laid_out or (
        SHOWS_VALUES.search(asked) and not ASKS_LETTERS.search(asked)
    )
    if not charted and _READS_TEXT.search(asked) and not _ASKS_ABOUT.search(asked):
        return "text_reading"
    if grid.rows < 2 and not grid.is_table:
        return None
    return "table" if laid_out or not _answers_question(case, grid) else None


def _states_fields(case: ScoringCase) -> bool:
    """Whether the recording is labelled fields that were asked for, no chart's values."""
    if SHOWS_VALUES.search(case.question):
        return False
    fields = fields_recorded(case.recorded.body, case.instructions)
    return any(not BARE_NUMBER.fullmatch(value) for value in fields.values())


def _answers_question(case: ScoringCase, grid: Grid) -> bool:
    """Whether values stand in the one sentence that answers a question for them."""
    body, asked = case.recorded.body.strip(), case.question[-LONGEST_ASKED:]
    few = grid.rows <= MOST_ANSWERED and len(body.splitlines()) == 1
    one = _ASKS_ONE.search(asked) or ASKS_PARTS.search(asked)
    question = one or (QUESTION.search(asked) and not SHOWS_VALUES.search(asked))
    return few and bool(asks_yes_no(case.question) or question)


def _of_code(case: ScoringCase) -> Task | None:
    code = code_of(case.recorded.body)
    if not code.language and _states_result(case):
        return "short_answer"
    if _LOOKS_SQL.match(code.text):
        return "sql"
    if code.language and code.is_main:
        return "markup" if code.is_markup else "code"
    return None


def _of_words(case: ScoringCase) -> Task:
    body = case.recorded.body
    items = items_of(body, case.question)
    spans = _RANGES.match(body) is not None and len(items) == 2
    end = case.question[-LONGEST_ASKED:]
    one = _ASKS_ONE.search(end) or ASKS_PARTS.search(end)
    sums = all(map(BARE_NUMBER.fullmatch, items)) and ASKS_SUM.search(case.question)
    if len(items) >= 2 and not (spans or one or sums or _is_sentence(body, items)):
        return "list"
    closed = asks_yes_no(case.question) and not _ASKS_OPENLY.search(end)
    if closed or says_yes_or_no(body) is not None:
        return "yes_no"
    values = any(map(str.isdigit, body))
    if not values and _names_only(case):
        return "short_answer"
    short = SHORT_WITH_VALUES if values else SHORT_ANSWER
    if not values and _CLAUSES.search(body):
        return "prose"
    if len(key_words(body)) >= FEWEST_DOING and _ASKS_DOING.search(end):
        return "prose"
    if values and word_count(body) > short:
        body = principal_part(body, case.question)
    return "short_answer" if word_count(body) <= short else "prose"


def _names_only(case: ScoringCase) -> bool:
    """Whether a sentence says the question again, and one to three words besides."""
    body = case.recorded.body
    asked = case.question[-LONGEST_ASKED:]
    openly = _ASKS_OPENLY.search(asked) or asked.rstrip().endswith(("?", "？", "؟"))
    if word_count(body) > LONGEST_ECHO or not openly or asks_yes_no(asked):
        return False
    said = key_words(body, known=marked_words(case.question))
    return 1 <= len(said) <= MOST_NAMES and len(key_words(body)) >= 2 * len(said)


def _is_sentence(body: str, items: Sequence[str]) -> bool:
    """Whether what looks like items are the parts of a sentence."""
    if any(map(_GOES_ON.match, items)):
        return True
    in_line = len(body.strip().splitlines()) == 1
    return in_line and any(len(item.split()) > LONGEST_IN_LINE for item in items)


def _states_result(case: ScoringCase) -> bool:
    """Whether the recording marks its result, as working does."""
    stated = final_of(case.recorded.body)
    return stated.marked and any(map(str.isdigit, stated.text))


_CLAUSES = re.compile(r"[\u3041-\u9fff]{4}[，、][\u3041-\u9fff]{3}")
_RANGES = re.compile(
    r"\W*(?:between|from|zwischen|von|entre|de|desde|tra|da|dal|tussen|mellan|między|od|от|между)\b\D{0,20}[-−]?\d",
    re.IGNORECASE,
)
_ASKS_OPENLY = re.compile(
    r"(?:\A|[.!?:\n]\s*)(?:and |so |in |at |on |by |for |to |from |with |um |auf |in |bei |mit |à |en |de |a |¿)?"
    r"(?:what|which|who|whom|whose|when|where|why|how|wer|wen|wem|welche[rsmn]?|wann|wo|warum|wie|wieso|wohin"
    r"|qui|que|quel\w*|quand|où|pourquoi|comment|combien|quién|qué|cuál\w*|cuándo|dónde|cómo|cuánt\w+"
    r"|chi|cosa|quale|quali|quando|dove|perché|quant\w+|quem|qual|onde|quanto|wie|wat|welk\w*|wanneer|waar|hoe"
    r"|vad|vem|vilken|vilket|när|var|hur|co|kto|który|kiedy|gdzie|ile|jaka|jaki|jakie|кто|что|где|когда|какой|какая|сколько)\b[^.?!\n]{0,200}[?？]\s*\Z",
    re.IGNORECASE,
)
_ASKS_ONE = re.compile(
    r"(?:\A|[.!?:\n]\s*)(?:and |so |in |at |on |by |for |to |from |with |um |auf |in |bei |mit |à |en |de |a |¿)?"
    r"(?:who|whom|whose|when|where|why|how (?:many|much|long|far|high|old|big|fast)|(?:what|which) (?:is|was|does|did|share|month|year|day|team|country|city|clause|button|person|product|\w*[^\W\ds] (?:has|had|is|was|must|should|can|may|will)\b)"
    r"|wer|wen|wem|wann|wo|warum|wie (?:hoch|viel\w*|lang|groß|weit|alt)|welche[rsmn]? (?:ist|war|hat|hatte|monat|jahr|land|stadt)"
    r"|qui|quand|où|combien|quel(?:le)? (?:est|était|mois|année|pays)|quién|cuándo|dónde|cuánt\w+|qué (?:país|mes|año|ciudad)|cuál (?:es|fue)"
    r"|chi|quando|dove|quanto|quale?|quem|onde|wie|wanneer|waar|hoeveel|vem|när|hur|kto|kiedy|ile|jaki jest|кто|когда|сколько|какой)\b|何月|何年|いくら|どの|誰|いつ|几月|哪个|哪一|多少|谁|얼마|누가|언제|어느",
    re.IGNORECASE,
)
MOST_ANSWERED: Final = 3
LONGEST_IDEA: Final = 160  # characters of a request that brings nothing to write about
# What follows a comma or a semicolon in a sentence, not in a list.
_GOES_ON = re.compile(
    r"(?:it|which|that|this|they|he|she|there|so|but|because|though|although|who|where|when|if"
    r"|as|with|for|at|in|on|from|by|of|to|mit|bei|für|avec|pour|con|para|per|com|med|es|das|die|der|sie|er|weil|aber|denn|wenn|elle|qui|mais|parce|que|pero|porque|ma|che"
    r"|and it|and they|and does|and is|and was|does|is|was|were|has|had|can|will)\s",
    re.IGNORECASE,
)
LONGEST_IN_LINE: Final = 6  # words of an item that stands in a sentence
LONGEST_ASKED: Final = 400  # characters of a question's last sentence
LONGEST_ECHO: Final = 20  # words of a sentence that repeats the question
MOST_NAMES: Final = 2
SHORT_ANSWER: Final = 8  # words of a recording
SHORT_WITH_VALUES: Final = 14  # the same where it states numbers
