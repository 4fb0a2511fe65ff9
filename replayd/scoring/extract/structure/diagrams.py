"""Flow charts in Mermaid as arrows between labels; ids and layout say nothing."""

import re
from typing import NamedTuple

LONGEST_READ = 16_384  # characters
MOST_ARROWS = 500

_HEAD = re.compile(r"\A\s*(?:graph|flowchart)\b")
_NODE = re.compile(
    r"(?<![\w-])(?P<id>\w[\w-]*)\s*[\[({]{1,3}\"?(?P<label>[^\])}\"|\n]{1,120})\"?[\])}]{1,3}"
)
_ARROW = re.compile(
    r"\s*(?:--\s*(?P<said>[^->|\n]{1,60}?)\s*-{1,2}>|(?:-{2,3}>|={2,3}>|-\.->|-{3})(?:\s*\|(?P<on>[^|\n]{1,60})\|)?)\s*"
)


class Arrow(NamedTuple):
    """An arrow between two labelled nodes, and what it says."""

    start: str
    said: str
    end: str


def flowchart(text: str) -> frozenset[Arrow]:
    """Return the arrows of a flow chart; none where the text is no such chart."""
    if not _HEAD.match(text):
        return frozenset()
    text = text[:LONGEST_READ]
    labels = {m["id"]: _plain(m["label"]) for m in _NODE.finditer(text)}
    found: set[Arrow] = set()
    for line in text.splitlines()[1:]:
        at = 0
        nodes: list[str] = []
        said: list[str] = []
        for arrow in _ARROW.finditer(line):
            nodes.append(_node(line[at : arrow.start()], labels))
            said.append(_plain(arrow["said"] or arrow["on"] or ""))
            at = arrow.end()
        nodes.append(_node(line[at:], labels))
        for i, label in enumerate(said):
            found.add(Arrow(nodes[i], label, nodes[i + 1]))
        if len(found) > MOST_ARROWS:
            break
    return frozenset(found)


def _node(text: str, labels: dict[str, str]) -> str:
    name = re.match(r"[\w-]+", text.strip().rstrip(";"))
    return labels.get(name[0], name[0]) if name else _plain(text)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .?!;")
