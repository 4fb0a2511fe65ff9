"""The names that plug-ins may import; everything else may move without notice.

A plug-in implements a Protocol (a scorer's, a media redactor's) by its shape and
needs no base class, so only the data that passes through it is named here.
"""

from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Redaction,
    Request,
    Snapshot,
    ToolCall,
    Usage,
)

__all__ = [
    "Answer",
    "Conversation",
    "Fidelity",
    "GenericPart",
    "Media",
    "MediaPart",
    "MediaRef",
    "Message",
    "ReasoningPart",
    "Redaction",
    "Request",
    "Snapshot",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolCallPart",
    "ToolResultPart",
    "Usage",
]
