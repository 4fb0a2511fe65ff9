"""Contract of an API shape.

To add one: a file beside this one, a row in `APIS` (`__init__.py`), and golden bodies
in `tests/golden/apis/`. The contract tests find it by its row.
"""

from typing import Protocol

from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json


class UnmappableError(ValueError):
    """A conversation holds what this API cannot say; `paths` names every part."""

    def __init__(self, api: str, paths: tuple[str, ...]) -> None:
        super().__init__(f"{api} cannot carry {', '.join(paths)}")
        self.api, self.paths = api, paths


class Api(Protocol):
    """One model API's request body. Pure: bytes and network are others' business."""

    name: str  # as in `Request.api`: openai_chat, anthropic_messages, …
    operation: str  # `model.Operation`

    def path(self, model: str) -> str:
        """Return the path below the base URL, as `/chat/completions`."""
        ...

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a body; unknown parts become `GenericPart`.

        Never raises on any JSON: what cannot be understood is generic.
        """
        ...

    def render(self, conversation: Conversation) -> Json:
        """Return the body that says `conversation`; `parse(render(c)) == c`.

        Raises:
            UnmappableError: a part or parameter that this API has no place for.
        """
        ...
