"""A call sent through another API than its own: every part is mapped, or refused.

The two shapes meet in `Conversation`. What only one API has stands in the `extra` of a
part, message, tool or request: it is carried under the target's name, known to say
nothing about the answer, or refused by name. `tests/golden/crossing.tsv` is the table.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from replayd.providers.contract import Refusal
from replayd.providers.translate.messages import Turns
from replayd.providers.translate.parameters import Asked, asked_of, place
from snaptrace.snapshot.apis import APIS, UnmappableError
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json, Snapshot


def cross(
    snapshot: Snapshot, body: Mapping[str, Json], target: str, model: str
) -> dict[str, Json] | Refusal:
    """Return `body` in the shape of `target`."""
    source = APIS.get(snapshot.request.api)
    wanted = APIS.get(target)
    if source is None or wanted is None:
        return Refusal(reason="unknown_api", paths=(snapshot.request.api,))
    if source.operation != wanted.operation:
        return Refusal(reason="unmappable", paths=("operation",))
    asked = asked_of(source.name, source.parse(dict(body)))
    conversation, lost = _neutral(asked, source.name, target, snapshot)
    if lost:
        return Refusal(reason="unmappable", paths=tuple(dict.fromkeys(lost)))
    try:
        return dict(wanted.render(conversation))
    except UnmappableError as error:
        return Refusal(reason="unmappable", paths=error.paths)


def _neutral(
    asked: Asked, source: str, target: str, snapshot: Snapshot
) -> tuple[Conversation, list[str]]:
    """Return what `target` can render, and the path of everything that it cannot."""
    turns = Turns(source, target, snapshot.media)
    tools = tuple(turns.tool(tool) for tool in asked.conversation.tools)
    messages = turns.messages(asked.conversation.messages)
    conversation, lost = place(target, replace(asked, lost=(*asked.lost, *turns.lost)))
    return replace(conversation, tools=tools, messages=messages), lost
