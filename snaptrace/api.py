"""The names that plug-ins may import; everything else may move without notice.

A plug-in implements a Protocol (a scorer's, a media redactor's) by its shape and
needs no base class, so only the data that passes through it is named here.
"""

from snaptrace.scorers.adapters import (
    DeepEvalMetric,
    InspectScorer,
    PromptfooAssertion,
)
from snaptrace.scorers.contract import Score, Scorer, ScorerCase
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
    "DeepEvalMetric",
    "Fidelity",
    "GenericPart",
    "InspectScorer",
    "Media",
    "MediaPart",
    "MediaRef",
    "Message",
    "PromptfooAssertion",
    "ReasoningPart",
    "Redaction",
    "Request",
    "Score",
    "Scorer",
    "ScorerCase",
    "Snapshot",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolCallPart",
    "ToolResultPart",
    "Usage",
]
