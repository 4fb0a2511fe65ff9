"""Spoken commands in one form: verbs that ask for the same, and what is asked for.

`Switch the light off`, `turn off the light` and `Licht ausschalten` differ in words only.
"""

import re
from collections import Counter
from typing import Final

from replayd.scoring.extract.transcripts import heard_words

LONGEST: Final = 24  # words of a command
_INTRODUCED = re.compile(
    r"\A\W*(?:(?:the|der|die|das|la|le|il|el|o)\s)?(?:user|command|speaker|befehl|commande|orden|comando|nutzer|usuario|utilisateur)\b"
    r"(?:\s(?:is|was|says|wants(?: the device)? to|asks(?: the device)? to|lautet|ist|est|es|dice|è|é|möchte|will|veut|quiere))?\s*:?\s*(?:de\s)?",
    re.IGNORECASE,
)
# One verb for all that ask for the same; what is switched may stand in between.
_VERBS: Final = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (r"\b(?:turn|switch|put|power) on\b", "do on"),
        (r"\b(?:turn|switch|put|power|shut) off\b", "do off"),
        (r"\b(?:turn|switch|put|power)\b(?= .*\bon$)", "do"),
        (r"\b(?:turn|switch|put|power|shut)\b(?= .*\boff$)", "do"),
        (r"\b(?:turn up|raise|increase)\b", "raise"),
        (r"\bturn\b(?= .*\bup\b)(.*?)\bup\b", r"raise\1"),
        (r"\b(?:turn down|lower|reduce|decrease)\b", "lower"),
        (r"\bturn\b(?= .*\bdown\b)(.*?)\bdown\b", r"lower\1"),
        (r"\b(?:set|adjust|change|put|make)\b", "set"),
        (r"\b(?:start|begin)\b(?= (?:playing|a timer|the timer))", "set"),
        (r"\bplaying\b", "play"),
        (r"\b(?:skip to|go to)\b", "play"),
        (r"\b(?:phone|ring|dial)\b", "call"),
        (r"\b(?:mach|mache|schalt|schalte|dreh|drehe|knips|knipse)\b", "mach"),
        (r"\b(aus|ein|an)(?:machen|schalten|drehen)\b", r"mach \1"),
        (r"\bein$", "an"),
        (
            r"\b(?:stell|stelle|stellen|gestellt|einstellen|setz|setze|setzen|gesetzt)\b",
            "stell",
        ),
        (r"\b(?:pon|poner|ponme|ponga|programa|programar)\b", "pon"),
        (r"\b(?:apaga|apagar|desconecta|desconectar)\b", "apaga"),
        (r"\b(?:enciende|encender|prende|prender)\b", "enciende"),
        (r"\b(?:mets|mettre|mettez|règle|régler)\b", "mets"),
        (r"\b(?:allume|allumer|allumez)\b", "allume"),
        (r"\b(?:éteins|éteindre|éteignez)\b", "éteins"),
        (r"\b(?:accendi|accendere)\b", "accendi"),
        (r"\b(?:spegni|spegnere)\b", "spegni"),
    )
)
_FRAMES: Final = frozenset(
    "the a an my me and then please in of im der die das den dem ein eine einen mir bitte und"
    " le la les un une el los las una y il lo i gli o os as e de het per favore por".split()
)
_AN_INCH: Final = "length 0.0254"  # what `in` is read as beside numbers
_IN_ORDER: Final = frozenset("from von de desde da then dann".split())


def same_command(recorded: str, answer: str) -> bool:
    """Whether both texts ask for the same, verbs in one form and order aside."""
    wanted, got = _words(recorded), _words(answer)
    if not wanted or len(wanted) > LONGEST:
        return False
    ordered = any(word in _IN_ORDER for word in wanted)
    return wanted == got if ordered else Counter(wanted) == Counter(got)


def _words(text: str) -> list[str]:
    said = " ".join(heard_words(_INTRODUCED.sub("", text))).replace(_AN_INCH, "in")
    for pattern, form in _VERBS:
        said = pattern.sub(form, said)
    return [word for word in said.split() if word not in _FRAMES]
