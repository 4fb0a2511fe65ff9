"""Output of `replay`: answers beside the recorded ones, then a summary."""

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

from rich.console import Console
from rich.text import Text

from replayd.arms.outcomes import has_answer
from replayd.config import ArmConfig
from replayd.offline.oneshot import Sent
from snaptrace.cli.output import console_of
from snaptrace.runtime.fitted_table import beside

UNLIKE = 0.3  # below this likeness both texts are shown as wholly different
COMPARED_WORDS = 2000  # of a text; the comparison takes longer than its length
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
# What a person can do, by outcome, detail or reason; the first that fits is said.
ADVICE = {
    "status_401": "the key is refused: see --api-key-env or the arm's api_key_*",
    "status_403": "the key may not do this: see the arm's api_key_*",
    "status_404": "no such path or model: see the URL (with its /v1) and the model",
    **dict.fromkeys(
        ("status_301", "status_302", "status_303", "status_307", "status_308"),
        "the server redirects, which is not followed: write the final URL",
    ),
    "given_up": "not tried: the server was away several times in a row",
    "connection": "no server answers: check the URL, the network, ca_file and proxy",
    "timeout": "no answer in time: raise the arm's timeout, or ask for less at once",
    "rate_limited": "the server pushes back: lower --in-flight",
    "unsupported_modality": "the model does not take this kind of medium",
    "context_too_long": "the model's context is smaller than the request",
    "malformed": "no answer of this API came: see the URL and --api",
    "bad_request": "the server refuses the request: compare it with --dry-run",
    "unmappable": "the recorded API says what this one cannot: see the paths named",
    "media_missing": "the bytes are gone: retention or erasure took them",
    "media_not_kept": "the telemetry did not carry the bytes: see `snaptrace doctor`",
    "server_tool": "allow the tool by name in the arm's allowed_tools",
    "provider_state": "the request needs state in the provider's account",
    "no_body": "the telemetry did not carry the request",
    "field_not_allowed": "a field that no catalogue of this API names",
}


class SentPrinter:
    """Prints each answer as it comes; holds counts and nothing else."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or console_of()
        self._outcomes: Counter[str] = Counter()
        self._advice: dict[str, str] = {}
        self._same = 0

    def show(self, sent: Sent) -> None:
        """Print one answer beside the recorded one, differences marked."""
        self._outcomes[sent.outcome] += 1
        same = has_answer(sent.outcome) and sent.recorded == sent.answer
        self._same += same
        if not has_answer(sent.outcome):
            self._advise(sent)
        self.console.print()
        self.console.print(_headline(sent))
        if not has_answer(sent.outcome):
            return
        marks = self.console.is_terminal and not self.console.no_color
        if same:
            before, after = Text(sent.recorded), Text("the same", "dim")
        else:
            before, after = _compared(sent.recorded, sent.answer, coloured=marks)
            for call in sent.tool_calls:
                after.append(f"\n→ {call['name']}({call['arguments']})")
        self.console.print(beside([("recorded", before), ("answered now", after)]))

    def sum_up(self, arm: ArmConfig) -> None:
        """Print what all came to, and what to do about what did not work."""
        total = sum(self._outcomes.values())
        if not total:
            self.console.print("no snapshots chosen")
            return
        parts = [f"{count} {name}" for name, count in self._outcomes.most_common()]
        line = f"{total} sent to {arm.url}: {', '.join(parts)}"
        if self._same:
            line += f"; {self._same} word for word the same"
        self.console.print()
        self.console.print(Text(line, "bold"))
        for word, advice in self._advice.items():
            self.console.print(Text(f"{word}: {advice}", "yellow"))

    def _advise(self, sent: Sent) -> None:
        for word in (sent.reason, sent.outcome):
            if word in ADVICE:
                self._advice[word] = ADVICE[word]
                return


def _headline(sent: Sent) -> Text:
    """Return id, modality, outcome and what it took."""
    good = has_answer(sent.outcome)
    line = Text(f"{sent.snapshot_id[:12]}  {sent.modality}  ")
    line.append(sent.outcome, "green" if good else "red")
    if sent.reason:
        line.append(f" {sent.reason}")
    if sent.paths:
        line.append(f" ({', '.join(sent.paths)})")
    if sent.attempts:
        line.append(f"  {sent.latency_ms:.0f} ms", "dim")
    if sent.attempts > 1:
        line.append(f"  {sent.attempts} attempts", "dim")
    if sent.served_model:
        line.append(f"  {sent.served_model}", "dim")
    return line


def _compared(before: str, after: str, *, coloured: bool) -> tuple[Text, Text]:
    """Return both texts with what differs marked: by colour, or by [-…-] and {+…+}."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > COMPARED_WORDS:
        return Text(before), Text(after)
    if SequenceMatcher(None, old, new, autojunk=False).ratio() < UNLIKE:
        old, new = [before], [after]
    left, right = Text(), Text()
    for kind, pieces_old, pieces_new in _changes(old, new):
        if kind == "equal":
            left.append(pieces_old)
            right.append(pieces_new)
            continue
        if pieces_old:
            left.append(pieces_old if coloured else f"[-{pieces_old}-]", "red")
        if pieces_new:
            right.append(pieces_new if coloured else f"{{+{pieces_new}+}}", "green")
    return left, right


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, str, str]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        yield kind, "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
