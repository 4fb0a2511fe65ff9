"""Quota reservoirs of a call: a pure function of the call.

Never of history, never of chance, and decided before redaction, so that every
sidecar of a fleet decides alike.
"""

import functools
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator

from collector.config.sampling import ReservoirConfig, RouteRule
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import Conversation, TextPart
from snaptrace.snapshot.modality import newest_user_parts
from snaptrace.snapshot.model import Snapshot

VERSION = "1"  # raised whenever a call's strata could change; in each header
ROUTES = 32
_VARIABLE = re.compile(r"\d+|\s+")
_OUTCOMES = {
    "error": "error",
    "refused": "refused",
    "truncated": "truncated",
    "filtered": "filtered",
}
_LOOKED_AT = 400  # characters of the newest turn, to tell its language
_LEAST_WORDS = 3
# Frequent short words; a text belongs to the language that has clearly most of them.
_WORDS = {
    word: language
    for language, words in {
        "en": "the and of to is are what how with for this that you can please",
        "de": "der die das und ist nicht ein eine wie mit für auf ich bitte wird",
        "fr": "le les des et est une pour dans que qui avec sur vous pas nous",
        "es": "el los las y es una por para que con del cómo más está",
        "pt": "os as é uma para não com que do da você como mais está",
        "it": "il gli è una per che con non di sono della come più",
        "nl": "het een en is niet van voor met dat op zijn wat hoe",
        "pl": "i w nie na się jest do że jak z to co",
        "sv": "och det att är en som på för med inte hur",
        "tr": "bir ve bu için ile ne neden değil çok",
        "vi": "của và là có không được cho trong một những",
        "id": "yang dan di untuk dengan ini itu tidak apa bagaimana",
    }.items()
    for word in words.split()
}


def conversation_of(snapshot: Snapshot) -> Conversation | None:
    """Return the typed view of the request; None if its API is unknown."""
    api = APIS.get(snapshot.request.api)
    if api is None or snapshot.request.body is None:
        return None
    return api.parse(snapshot.request.body)


def route(
    snapshot: Snapshot, conversation: Conversation | None, rules: tuple[RouteRule, ...]
) -> str:
    """Return the operator's name of the route, or one of 32 buckets.

    Numbers in the prompt do not count, so that a date does not scatter a route.
    """
    prompt = _system_prompt(conversation)
    tools = tuple(tool.name for tool in conversation.tools) if conversation else ()
    for rule in rules:
        if (
            (not rule.service or rule.service == snapshot.service)
            and (not rule.prompt_contains or rule.prompt_contains in prompt)
            and (not rule.tool or rule.tool in tools)
            and (
                not rule.attribute
                or snapshot.attributes.get(rule.attribute) == rule.value
            )
        ):
            return rule.name
    text = "\0".join((_VARIABLE.sub(" ", prompt), *sorted(tools)))
    return f"{zlib.crc32(text.encode('utf-8', 'replace')) % ROUTES:02d}"


def strata(
    snapshot: Snapshot,
    conversation: Conversation | None,
    route_name: str,
    config: ReservoirConfig,
) -> tuple[str, ...]:
    """Return the names of the call's quota reservoirs, sorted."""
    names = {f"route:{route_name}"}
    if outcome := _OUTCOMES.get(snapshot.answer.outcome):
        names.add(outcome)
    if (snapshot.answer.usage.input_tokens or 0) >= config.long_context_tokens:
        names.add("long_context")
    if snapshot.answer.tool_calls or (conversation and conversation.tools):
        names.add("tools")
    if conversation and (language := _language(conversation)) not in ("", "en"):
        names.add(f"language:{language}")
    names.update(
        f"rule:{rule.name}"
        for rule in config.strata
        if rule.attribute in snapshot.attributes
        and (not rule.values or snapshot.attributes[rule.attribute] in rule.values)
    )
    return tuple(sorted(names))


def _system_prompt(conversation: Conversation | None) -> str:
    if conversation is None:
        return ""
    return "\n".join(
        part.text
        for message in conversation.messages
        if message.role in ("system", "developer")
        for part in message.parts
        if isinstance(part, TextPart)
    )


def _language(conversation: Conversation) -> str:
    """Return a language, or a script's name for other scripts than Latin; "" unsure."""
    text = " ".join(_newest_texts(conversation))[:_LOOKED_AT]
    if (script := _script(text)) != "latin":
        return script
    votes = Counter(
        _WORDS[word] for word in re.findall(r"\w+", text.lower()) if word in _WORDS
    )
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < _LEAST_WORDS:
        return ""
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return ""
    return ranked[0][0]


def _script(text: str) -> str:
    """Return the script of at least half of a text's letters; "" if none is."""
    if text.isascii():
        return "latin" if any(map(str.isalpha, text)) else ""
    scripts: Counter[str] = Counter()
    for sign, count in Counter(text).items():
        if sign.isalpha():
            scripts[_script_of(sign)] += count
    if not scripts:
        return ""
    script, count = scripts.most_common(1)[0]
    return script if count * 2 >= scripts.total() else ""


@functools.lru_cache(maxsize=1024)
def _script_of(sign: str) -> str:
    return unicodedata.name(sign, "").partition(" ")[0].lower()


def _newest_texts(conversation: Conversation) -> Iterator[str]:
    for part in newest_user_parts(conversation):
        if isinstance(part, TextPart):
            yield part.text
