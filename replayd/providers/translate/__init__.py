"""A call sent through another API than its own: every part is mapped, or refused.

The two shapes meet in `Conversation`. What only one API has stands in the `extra` of a
part, message, tool or request: it is carried under the target's name, known to say
nothing about the answer, or refused by name. The table is in `tests/golden/crossing/`.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from replayd.providers.contract import Refusal
from replayd.providers.translate import invoked
from replayd.providers.translate.asked import Asked
from replayd.providers.translate.messages import Turns
from replayd.providers.translate.parameters import asked_of, place
from replayd.providers.translate.read_extras import READERS
from snaptrace.snapshot.apis import APIS, UnmappableError
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json, Snapshot

INVOKE = "bedrock_invoke"


def cross(
    snapshot: Snapshot, body: Mapping[str, Json], target: str, model: str
) -> dict[str, Json] | Refusal:
    """Return `body` in the shape of `target`."""
    source, wanted = snapshot.request.api, target
    if source not in APIS or wanted not in APIS:
        return Refusal(reason="unknown_api", paths=(source,))
    if APIS[source].operation != APIS[wanted].operation:
        return Refusal(reason="unmappable", paths=("operation",))
    if source == INVOKE:
        source, body = invoked.form_of_body(body), invoked.taken_out(body)
    if wanted == INVOKE:
        wanted = invoked.form_of_model(model)
    if source not in READERS or wanted not in READERS:
        where = "prompt" if source not in READERS else "model"
        return Refusal(reason="unmappable", paths=(where,))
    if source == wanted:
        found: dict[str, Json] | Refusal = dict(body)
    else:
        found = _translated(snapshot, body, source, wanted)
    if target != INVOKE or isinstance(found, Refusal):
        return found
    return invoked.put_in(found, wanted)


def _translated(
    snapshot: Snapshot, body: Mapping[str, Json], source: str, target: str
) -> dict[str, Json] | Refusal:
    asked = asked_of(source, APIS[source].parse(dict(body)))
    conversation, lost = _neutral(asked, source, target, snapshot)
    if lost:
        return Refusal(reason="unmappable", paths=tuple(dict.fromkeys(lost)))
    try:
        return dict(APIS[target].render(conversation))
    except UnmappableError as error:
        return Refusal(reason="unmappable", paths=error.paths)


def _neutral(
    asked: Asked, source: str, target: str, snapshot: Snapshot
) -> tuple[Conversation, list[str]]:
    """Return what `target` can render, and the path of everything that it cannot."""
    turns = Turns(source, target, snapshot.media)
    given = asked.conversation.tools
    tools = tuple(turns.tool(tool) for tool in given if tool.kind != "cachePoint")
    messages = turns.messages(asked.conversation.messages)
    conversation, lost = place(target, replace(asked, lost=(*asked.lost, *turns.lost)))
    return replace(conversation, tools=tools, messages=messages), lost
