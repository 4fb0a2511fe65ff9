"""Scorers: one file each, one row in `SCORERS`; which one is primary for a case."""

from replayd.scoring.assertions import Assertions
from replayd.scoring.command import Command
from replayd.scoring.contract import Scorer
from replayd.scoring.json_fields import JsonFields
from replayd.scoring.key_facts import KeyFacts
from replayd.scoring.label_numbers import LabelNumbers
from replayd.scoring.language_kept import LanguageKept
from replayd.scoring.not_empty import NotEmpty
from replayd.scoring.not_truncated import NotTruncated
from replayd.scoring.overlap import Overlap
from replayd.scoring.refusal_kept import RefusalKept
from replayd.scoring.schema_kept import SchemaKept
from replayd.scoring.tool_agreement import ToolAgreement
from replayd.scoring.tools_kept import ToolsKept
from replayd.scoring.word_errors import WordErrors

# What stays true whatever is asked; the stream `invariants` is their minimum.
INVARIANTS: tuple[Scorer, ...] = (
    RefusalKept(),
    NotEmpty(),
    NotTruncated(),
    SchemaKept(),
    ToolsKept(),
    LanguageKept(),
)
# One of these is primary for a case and is the stream `quality`; see `choice.py`.
QUALITY: tuple[Scorer, ...] = (
    Assertions(),
    ToolAgreement(),
    JsonFields(),
    LabelNumbers(),
    Command(),
    WordErrors(),
    KeyFacts(),
)
DIAGNOSTIC: tuple[Scorer, ...] = (Overlap(),)

SCORERS: dict[str, Scorer] = {
    scorer.name: scorer for scorer in (*INVARIANTS, *QUALITY, *DIAGNOSTIC)
}
