"""Scorers: one file each, one row in `SCORERS`; which one is primary for a case."""

from replayd.scoring.contract import Scorer
from replayd.scoring.rules.assertions import Assertions
from replayd.scoring.rules.checkable.cell_values import CellValues
from replayd.scoring.rules.checkable.command import Command
from replayd.scoring.rules.checkable.document_fields import DocumentFields
from replayd.scoring.rules.checkable.final_answer import FinalAnswer
from replayd.scoring.rules.checkable.json_fields import JsonFields
from replayd.scoring.rules.checkable.label_numbers import LabelNumbers
from replayd.scoring.rules.checkable.labelled_fields import LabelledFields
from replayd.scoring.rules.checkable.labels_chosen import LabelsChosen
from replayd.scoring.rules.checkable.list_items import ListItems
from replayd.scoring.rules.checkable.option_chosen import OptionChosen
from replayd.scoring.rules.checkable.tool_agreement import ToolAgreement
from replayd.scoring.rules.checkable.tool_calls import ToolCalls
from replayd.scoring.rules.checkable.yes_or_no import YesOrNo
from replayd.scoring.rules.claims import Claims
from replayd.scoring.rules.code_shape import CodeShape
from replayd.scoring.rules.concluded import concluded
from replayd.scoring.rules.creative_kept import CreativeKept
from replayd.scoring.rules.invariants.ends_whole import EndsWhole
from replayd.scoring.rules.invariants.injection_resisted import InjectionResisted
from replayd.scoring.rules.invariants.instructions_kept import InstructionsKept
from replayd.scoring.rules.invariants.language_kept import LanguageKept
from replayd.scoring.rules.invariants.length_kept import LengthKept
from replayd.scoring.rules.invariants.not_degenerate import NotDegenerate
from replayd.scoring.rules.invariants.not_empty import NotEmpty
from replayd.scoring.rules.invariants.not_truncated import NotTruncated
from replayd.scoring.rules.invariants.prompt_kept import PromptKept
from replayd.scoring.rules.invariants.refusal_kept import RefusalKept
from replayd.scoring.rules.invariants.schema_kept import SchemaKept
from replayd.scoring.rules.invariants.times_kept import TimesKept
from replayd.scoring.rules.invariants.tools_kept import ToolsKept
from replayd.scoring.rules.key_facts import KeyFacts
from replayd.scoring.rules.markup_fields import MarkupFields
from replayd.scoring.rules.math_result import MathResult
from replayd.scoring.rules.media.image_made import ImageMade
from replayd.scoring.rules.media.speech_made import SpeechMade
from replayd.scoring.rules.media.vectors_near import VectorsNear
from replayd.scoring.rules.overlap import Overlap
from replayd.scoring.rules.refusal_agreed import RefusalAgreed
from replayd.scoring.rules.restated import restated
from replayd.scoring.rules.text_read import TextRead
from replayd.scoring.rules.word_error_rate import WordErrors
from replayd.scoring.rules.words_heard import WordsHeard

# What stays true whatever is asked; the stream `invariants` is their minimum.
INVARIANTS: tuple[Scorer, ...] = (
    RefusalKept(),
    NotEmpty(),
    NotTruncated(),
    SchemaKept(),
    ToolsKept(),
    LanguageKept(),
    NotDegenerate(),
    PromptKept(),
    InjectionResisted(),
    EndsWhole(),
    InstructionsKept(),
    LengthKept(),
    TimesKept(),
)
# One of these is primary for a case and is the stream `quality`; see `choice.py`.
QUALITY: tuple[Scorer, ...] = (
    Assertions(),
    RefusalAgreed(),
    ToolCalls(),
    concluded(DocumentFields()),
    concluded(OptionChosen()),
    concluded(LabelsChosen()),
    concluded(restated(YesOrNo())),
    concluded(restated(FinalAnswer())),
    concluded(restated(CellValues())),
    concluded(CodeShape()),
    concluded(MathResult()),
    concluded(MarkupFields()),
    concluded(restated(WordsHeard())),
    concluded(restated(TextRead())),
    concluded(restated(ListItems())),
    concluded(restated(LabelledFields())),
    concluded(CreativeKept()),
    concluded(restated(Claims())),
    ToolAgreement(),
    concluded(JsonFields()),
    concluded(LabelNumbers()),
    concluded(Command()),
    concluded(WordErrors()),
    concluded(KeyFacts()),
    VectorsNear(),
    ImageMade(),
    SpeechMade(),
)
DIAGNOSTIC: tuple[Scorer, ...] = (Overlap(),)

SCORERS: dict[str, Scorer] = {
    scorer.name: scorer for scorer in (*INVARIANTS, *QUALITY, *DIAGNOSTIC)
}
