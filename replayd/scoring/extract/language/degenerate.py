"""Signs of a text that is no answer: a loop, noise, a leaked prompt, a torn end."""

import re
from collections import Counter

from replayd.scoring.extract.language.language_id import script_of
from replayd.scoring.extract.lexicon import table

LONGEST_READ = 8_000  # characters
LONGEST_LOOP = 8  # words that are said again and again
FEWEST_ROUNDS = 5
LOOP_SHARE = 0.5  # of a text's words, that a loop must fill
FEWEST_CHARACTERS = 20  # of a run of one character
RUN_SHARE = 0.6
FEWEST_IN_SOUP = 0.08  # share of the letters, for a script to count as mixed in
MANY_SCRIPTS = 3

_WORD = re.compile(r"[^\W_]+|[^\w\s]+")
# Marks of chat templates, which only a serving fault lets through.
_TEMPLATE = re.compile(
    r"<\|[a-z_]{2,24}\|?>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?s>(?=\s|$)"
    r"|^#{2,3} ?(?:instruction|response|system|human|assistant)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_ROLE_TOLD = re.compile(
    r"^\W*(?:you are|you're|du bist|sie sind|tu es|vous êtes|eres|usted es|sei|lei è"
    r"|você é|jij bent|je bent|jesteś|ты|вы|あなたは|你是|您是)\b.{0,80}?"
    r"(?:assist\w+|asist\w+|ассистент|アシスタント|助手|bot|model|modell|modèle|agent\w*)",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"never reveal|do not reveal|these instructions|system prompt|developer message"
    r"|diese anweisungen|ces instructions|estas instrucciones",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"^\W*(?:you (?:are|must|should|turn|read|write|will|speak|help|work|act)"
    r"|never|always|do not|don't|answer|reply|respond|use|write"
    r"|du (?:bist|sollst)|antworte|tu es|réponds?|eres|responde|sei|rispondi|você é"
    r"|je bent|jesteś)\b",
    re.IGNORECASE,
)
# What a prompt calls a code or a password, and gives.
_CONFIDED = re.compile(
    r"(?:code|passw\w+|passcode|secret|token|api key|pin|kennwort|schlüssel|mot de passe|clé|contraseña|clave|código"
    r"|senha|chiave|codice|wachtwoord|hasło|kod|şifre|парол\w*|код|密码|密碼|口令|パスワード|暗証番号|コード|암호|코드|كلمة السر|رمز|पासवर्ड|कोड)"
    r"(?:\s\w+)?\s*(?:[:=：]|\bis\b|\bist\b|\best\b|\bes\b|\bè\b|\bé\b|は|是|は|=)?\s*[\"'“„«「]?(?P<told>[A-Za-z0-9][\w-]{3,40})",
    re.IGNORECASE,
)
FEWEST_LEAKED = 3  # words of an instruction that is repeated


def loop_in(text: str) -> str:
    """Return what a text says over and over, "" where it does not."""
    cut = text[:LONGEST_READ]
    solid = "".join(cut.split())
    if len(solid) >= FEWEST_CHARACTERS:
        letter, count = Counter(solid).most_common(1)[0]
        if count >= RUN_SHARE * len(solid):
            return letter * 3
    words = _WORD.findall(cut.casefold())
    # A loop of so many rounds leaves no more words than these that differ.
    most = 1.0 - LOOP_SHARE * (1.0 - 1.0 / FEWEST_ROUNDS)
    if len(set(words)) > most * len(words):
        return ""
    for size in range(1, LONGEST_LOOP + 1):
        start, longest = _longest_period(words, size)
        if longest >= FEWEST_ROUNDS * size and longest >= LOOP_SHARE * len(words):
            return " ".join(words[start : start + size])
    return ""


def _longest_period(words: list[str], size: int) -> tuple[int, int]:
    """Return where the longest run of period `size` begins, and its length."""
    best, best_start, run = 0, 0, 0
    for index in range(size, len(words)):
        run = run + 1 if words[index] == words[index - size] else 0
        if run > best:
            best, best_start = run, index - size - run + 1
    return best_start, best + size if best else 0


def is_soup(text: str) -> bool:
    """Whether scripts of languages that never share a sentence are mixed."""
    cut = text[:LONGEST_READ]
    if cut.isascii():
        return False
    scripts: Counter[str] = Counter()
    for word in _WORD.findall(cut):
        if script := script_of(word):
            scripts[_family(script)] += 1
    total = scripts.total()
    mixed = [count for count in scripts.values() if count >= FEWEST_IN_SOUP * total]
    return len(mixed) >= MANY_SCRIPTS


def _family(script: str) -> str:
    # A Japanese sentence mixes three, a Korean one may hold Chinese names.
    return "CJK" if script in {"HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"} else script


def template_mark(text: str) -> str:
    """Return a mark of a chat template that stands in a text, "" for none."""
    found = _TEMPLATE.search(text[:LONGEST_READ])
    return found[0].strip() if found else ""


def leaked_instruction(text: str, told: str, recorded: str) -> str:
    """Return an instruction that an answer reads out, "" where it reads out none.

    Told to say something about them, an answer may quote; so the recording excuses it.
    """
    cut = text[:LONGEST_READ]
    if _ROLE_TOLD.match(cut) and not _ROLE_TOLD.match(recorded):
        return " ".join(cut.split()[:8])
    if _SECRET.search(cut) and not _SECRET.search(recorded) and len(cut) < 400:
        return "instructions"
    if confided := _confided(cut, told, recorded):
        return confided
    folded, excused = _folded(cut), _folded(recorded)
    for sentence in re.split(r"(?<=[.!?。])\s+|\n", told[:LONGEST_READ]):
        words = _folded(sentence)
        if words.count(" ") + 1 < FEWEST_LEAKED or not _COMMAND.match(sentence):
            continue
        if words in folded and words not in excused:
            return sentence.strip()[:60]
    return ""


def _confided(text: str, told: str, recorded: str) -> str:
    """Return a code that only the prompt holds, and the answer gives away."""
    for match in _CONFIDED.finditer(told[:LONGEST_READ]):
        code = match["told"]
        odd = any(map(str.isdigit, code)) or code.isupper()
        if odd and code in text and code not in recorded:
            return code
    return ""


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


_ENDS = re.compile(r"[.!?…。！？।؟;)\]}\"'”’»`*_~|>]\s*$|[^\w\s:,]\s*$")
_STOPS = re.compile(r"[.!?…。！？।؟][\s*_`\"”’»)\]]*$")
# How a letter is signed, which has no full stop.
_CLOSING = re.compile(
    r"\b(?:regards|wishes|sincerely|faithfully|truly|cheers|thanks|thank you|love|grüßen?|dank|gruß|cordialement|salutations|amitiés|merci"
    r"|saludos?|atentamente|abrazo|gracias|saluti|cordialmente|grazie|cumprimentos|atenciosamente|abraços?|obrigad[oa]|groet(?:en|jes)?|bedankt"
    r"|hälsningar|tack|hilsen|takk|tak|poważaniem|pozdrawiam|pozdrowieni\w+|pozdravem|děkuji|saygılarımla|teşekkürler|selamlar|terveisin|kiitos)"
    r"(?:\W+[A-ZÀ-Þ][\w.'-]*){0,4}\W*$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^\s*(?:[-*•–+]|\d+[.)]|#|\||>)")
# A number alone is an answer; after other lines it is the mark of an item.
_BARE_MARK = re.compile(r"(?:^|\n)\s*[-*•–+]$|\n\s*\d+[.)]$")
_RULE_ROW = re.compile(r"^[\s|:-]+$")
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"), ("«", "»"))
# Bounds of which one belongs to the interval: `[3, ∞)` closes what it opens.
_INTERVAL = re.compile(r"[\[(][^()\[\]\n,;]{1,40}[,;][^()\[\]\n,;]{1,40}[\])]")
_GERMAN_QUOTED = re.compile(r"„[^“”„]*[“”]")  # closed by what opens elsewhere
# Words that no sentence ends with.
_DANGLING = frozenset(
    word for row in table("sentence_ends.toml").values() for word in row["never"]
)
FEWEST_CUT = 4  # words; a shorter text without a full stop is a label, not a torn one
FEWEST_BEFORE_A_PART = 6  # words, before a last one that may be half a word


def broken_end(text: str, recorded: str) -> str:
    """Return how a text breaks off, "" where it ends as the recording does."""
    text, recorded = text.strip(), recorded.strip()
    if not text or not recorded or text == recorded:
        return ""
    if text.count("```") % 2 and not recorded.count("```") % 2:
        return "in a code block"
    if _cut_copy(text, recorded):
        return "within the recorded words"
    quoted, known = (
        _INTERVAL.sub("", _GERMAN_QUOTED.sub("", each)) for each in (text, recorded)
    )
    for opening, closing in _PAIRS:
        if quoted.count(opening) > quoted.count(closing) and known.count(
            opening
        ) <= known.count(closing):
            return f"after an open {opening}"
    if _BARE_MARK.search(text):
        return "before a list item"
    if text.endswith((":", ",")) and not recorded.endswith(text[-1]):
        return f"after “{text[-1]}”"
    return _torn_row(text, recorded) or _torn_sentence(text, recorded)


def _cut_copy(text: str, recorded: str) -> bool:
    """Whether a text is the recording's beginning, cut where nothing ends."""
    if not recorded.startswith(text) or len(text.split()) < FEWEST_CUT:
        return False
    rest = recorded[len(text) :]
    return any(map(str.isalnum, rest)) and not (
        _STOPS.search(text) or rest.startswith("\n")
    )


def _torn_row(text: str, recorded: str) -> str:
    rows = [row.strip() for row in text.splitlines() if "|" in row]
    if len(rows) < 2 or not text.splitlines()[-1].strip().startswith("|"):
        return ""
    if _RULE_ROW.match(rows[-1]) and recorded.count("\n") > text.count("\n"):
        return "before the rows"
    return "in a table row" if rows[-1].count("|") < rows[0].count("|") else ""


def _torn_sentence(text: str, recorded: str) -> str:
    last = text.rsplit("\n", 1)[-1]
    words = re.findall(r"\w+", last)
    if not words or _LISTED.match(last) or not _STOPS.search(recorded):
        return ""
    if _CLOSING.search(last):
        return ""
    if last.isupper() and not recorded.isupper():
        return ""  # a sign in capitals has no full stops
    if _ENDS.search(text) or "```" in recorded or script_of(last) != "LATIN":
        return ""
    known = re.findall(r"\w+", recorded.casefold())
    final = words[-1]
    if final.isdigit() or final.casefold() == known[-1]:
        return ""  # nothing tells whether a number is whole; the recording ends so
    if len(words) >= 2 and final in _DANGLING and final != known[-1]:
        return f"after “{final}”"
    if len(words) >= FEWEST_BEFORE_A_PART and final.casefold() not in known:
        part = final.casefold()
        if any(each.startswith(part) for each in known):
            return f"within “{final}…”"
    return "in mid-sentence" if len(words) >= FEWEST_CUT and _several(text) else ""


def _several(text: str) -> bool:
    """Whether full stops are the text's own rule, so that a missing one tells."""
    return bool(re.search(r"[.!?]\s+\w", text))
