"""Words of a request that tell tasks apart, beside the verbs that name them."""

import re
from typing import Final

# Two things are asked for at once, which are no list.
_QUESTION_WORD: Final = r"(?:what|when|where|how|who|which|was|wann|wo|wie|wer|welche\w*|quand|où|quel\w*|combien|qui|cuándo|dónde|qué|cuánt\w+|quién|quando|dove|quanto|chi|quale|qué|quem|onde|qual|wat|waar|wanneer|hoeveel|vad|vem|när|kto|co|gdzie|kiedy|ile|кто|что|где|когда|сколько|какой|kim|ne|nerede|hangi|kaç)"
ASKS_PARTS = re.compile(
    rf"\b{_QUESTION_WORD}\b[^?]*\b(?:and|und|et|y|e|en|och|i|и|ve)\s(?:(?:on|in|at|for|to|by|an|auf|für|zu|à|en|sur|pour|para|con|a|per|su) )?{_QUESTION_WORD}\b",
    re.IGNORECASE,
)
OFFERS_LABELS = re.compile(
    r"\b(?:choose|select|pick|all that apply|classif\w*|categor\w*|labels?|tags?|wähle\w*|klassifizier\w*|kategori\w*|zutreffend\w*|choisi\w*|sélectionn\w*|class(?:er|ez|e)\b|étiquett\w*|elige|elija|selecciona|clasifica|scegli|classifica|escolha|kies|välj|wybierz|sklasyfikuj|выбери\w*)\b|選(?:んで|択)|选择|分类|선택|분류",
    re.IGNORECASE,
)
# A command or an expression, in which a label is only a word.
CODED = re.compile(r"\s--?[a-z]|[{};$|]|\w\(\)|=>|==")
BARE_NUMBER = re.compile(r"[-−]?\d[\d.,/]*")
# Numbers that are worked out are an answer, not things that are listed.
ASKS_SUM = re.compile(
    r"\b(?:sum|difference|product|numbers?|summe|differenz|produkt|zahlen|somme|nombres|suma|números|numeri)\b[^?]{0,120}\?",
    re.IGNORECASE,
)
DOES_SUMS = re.compile(
    r"\b(?:solve|simplify|sqrt|square root|radical form|logarithm|inequality|polynomial|matrix|determinant|factor(?:ise|ize)?|integrate|differentiate|derivative|evaluate|compute|calculate|expand|roots? of|antiderivative|integral"
    r"|simplif\w*|résou\w*|calcola|risolvi|resolv[ae]|simplifique|bereken|förenkla|rozwiąż|oblicz|uprość|реши|вычисли|упрости|çöz|hesapla|sadeleştir|löse|berechne|vereinfache|ableitung|résou\w*|calcul\w*|dérivée|resuelv\w*|derivada|quanto fa)\b|解方程|计算|化简|解け|求めよ|計算し|계산하|풀어라"
    r"|\d\s*[+*×÷^]\s*\d|\d\s+[-−/]\s+\d|\d\s*[-−/]\s*\d+(?:[.,]\d+)?\s*[=?]|\bx\^?\d?\s*[=+-]|\d\s*[a-z]\s*=\s*\d",
    re.IGNORECASE,
)
SHOWS_VALUES = re.compile(
    r"\b(?:charts?|graphs?|plots?|bars?|tables?|diagramm?\w*|tabell\w*|tableau\w*|graphique\w*|gr[aá]fic\w*|tabla|tabela|wykres\w*|grafiek|grafi[ğk]\w*|график\w*|таблиц\w*)\b|グラフ|図表|[图圖]表|图中|표|차트|그래프|الرسم|الجدول|चार्ट|तालिका",
    re.IGNORECASE,
)
QUESTION = re.compile(r"[?？؟]\s*\Z")
# One of many is asked for, whichever it is.
OPEN_CHOICE = re.compile(
    r"\W*(?:please )?(?:name|give me|tell me|pick|list|suggest|nenne|nomme|cite|nombra|dime|dimmi|elenca|noem|nämn)"
    r" (?:(?:exactly|just|genau|exactement|exactamente|esattamente) )?(?:a|an|any|one|two|three|four|five|[2-5]|eine?[nm]?|zwei|drei|vier|fünf|une?|deux|trois|quatre|cinq|una?|dos|tres|cuatro|cinco|due|tre|quattro|cinque|een|en|ett)\s",
    re.IGNORECASE,
)
# Thanks, greetings, goodbyes and nothing else: any courtesy answers them.
IS_SOCIAL = re.compile(
    r"\W*(?:(?:ok(?:ay)?|great|perfect|super|cool|no|nein|non)\W+)?(?:thanks?\b|thank you|thx|cheers|hello|hi\b|hey|good (?:morning|evening|night|bye)|bye|goodbye|see you"
    r"|danke\w*|vielen dank|hallo|guten (?:morgen|tag|abend)|tschüss|auf wiedersehen|merci|bonjour|salut|au revoir|bonne (?:journée|soirée)"
    r"|gracias|muchas gracias|hola|buen[oa]s (?:días|tardes|noches)|adiós|grazie|ciao|buongiorno|arrivederci|obrigad[oa]|olá|tchau|bom dia"
    r"|bedankt|dank je|tack|hej|dzięk\w+|cześć|teşekkür\w*|merhaba|спасибо|привет|ありがとう|こんにちは|谢谢|你好|감사합니다|안녕\w*|شكرا|مرحبا|धन्यवाद|नमस्ते)[^?？\n]{0,60}",
    re.IGNORECASE,
)

# What is written in a picture, whatever else its words may name.
ASKS_LETTERS = re.compile(
    r"\b(?:text|texte|testo|texto|tekst|wording|inscription|words on|текст|надпись|metin)\b|文字|글자|글씨|النص",
    re.IGNORECASE,
)
