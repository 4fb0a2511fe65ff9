"""The three answers of a pair, each held against another one."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct, structs

from replayd.results.history import Made
from replayd.results.json_tree import Node, tree
from replayd.results.pair_view import Said, WorstPair
from replayd.results.text_diff import Compared, compare
from snaptrace.snapshot.model import Media

Against = Literal["recording", "control"]
NAMES: Final = {
    "recorded": "production, recorded",
    "control": "control, asked again",
    "canary": "canary",
    "left": "left",
    "right": "right",
}


class ToolTree(Struct, frozen=True, kw_only=True):
    """A tool call with its arguments as a tree; `plain` where they are no JSON."""

    name: str
    node: Node | None
    plain: str
    known: bool  # whether the other side calls a tool of this name, too


class Output(Struct, frozen=True, kw_only=True):
    """A medium that a side answered with."""

    medium: Media
    index: int
    is_kept: bool
    against: str = ""  # the other side, where it answered with an image there, too


class Side(Struct, frozen=True, kw_only=True):
    """One answer as it is shown."""

    kind: str  # recorded, control or canary
    name: str
    said: Said | None
    compared: Compared | None  # None: this side is what others are held against
    cut_at: int | None  # characters, where the text goes on
    tree: Node | None  # of an answer that is JSON
    tools: tuple[ToolTree, ...] = ()
    missing_tools: tuple[str, ...] = ()  # that the other side calls
    outputs: tuple[Output, ...] = ()


def sides(
    pair: WorstPair,
    made: Mapping[str, Made],
    against: Against,
    longest: int,
) -> Iterator[Side]:
    """Yield the sides, texts cut at `longest` characters."""
    said = {
        "recorded": pair.recorded,
        "control": pair.said_control,
        "canary": pair.said_canary,
    }
    base = "control" if against == "control" and said["control"] else "recorded"
    found = {}
    for kind, mine in said.items():
        other = None if kind == base else said[base]
        found[kind] = side(kind, mine, other, made.get(kind), longest=longest)
    # Arms were asked alike; the recording is older, and all there is without a control.
    against_arm = "control" if _images(found["control"]) else "recorded"
    faced = facing(found[against_arm], found["canary"])
    found[against_arm], found["canary"] = faced
    yield from found.values()


def side(
    kind: str,
    mine: Said | None,
    other: Said | None,
    made: Made | None,
    *,
    longest: int,
) -> Side:
    """Return one answer, held against another one if there is one."""
    text = mine.text if mine else ""
    compared = None
    if mine and other:
        compared = compare(text[:longest], other.text[:longest])
    return Side(
        kind=kind,
        name=NAMES[kind],
        said=mine,
        compared=compared,
        cut_at=longest if len(text) > longest else None,
        tree=_answer_tree(text, other),
        tools=tuple(_tools(mine, other)) if mine else (),
        missing_tools=_missing(mine, other),
        outputs=tuple(outputs(made)) if made else (),
    )


def _answer_tree(text: str, other: Said | None) -> Node | None:
    """Return the tree of an answer that is a JSON object or list."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    return tree(text, other.text if other else None)


def _tools(mine: Said, other: Said | None) -> Iterator[ToolTree]:
    """Pair calls by name, in order: the second call of a tool with the second one."""
    theirs: dict[str, list[str]] = {}
    for name, arguments in other.tool_calls if other else ():
        theirs.setdefault(name, []).append(arguments)
    for name, arguments in mine.tool_calls:
        waiting = theirs.get(name, [])
        against = waiting.pop(0) if waiting else None
        yield ToolTree(
            name=name,
            node=tree(arguments, against),
            plain=arguments,
            known=other is None or against is not None,
        )


def _missing(mine: Said | None, other: Said | None) -> tuple[str, ...]:
    if mine is None or other is None:
        return ()
    called = [name for name, _ in mine.tool_calls]
    missing = []
    for name, _ in other.tool_calls:
        if name in called:
            called.remove(name)
        else:
            missing.append(name)
    return tuple(missing)


def outputs(made: Made) -> Iterator[Output]:
    """Yield the media that a side answered with."""
    for index, medium in enumerate(made.media):
        yield Output(medium=medium, index=index, is_kept=index in made.blobs)


def facing(one: Side, two: Side) -> tuple[Side, Side]:
    """Return both sides with each image held against the other side's at its index."""
    return _held(one, two), _held(two, one)


def _images(side: Side) -> set[int]:
    return {o.index for o in side.outputs if o.is_kept and o.medium.kind == "image"}


def _held(mine: Side, other: Side) -> Side:
    images = _images(other)
    found = tuple(
        structs.replace(output, against=other.kind)
        if output.index in images and output.medium.kind == "image"
        else output
        for output in mine.outputs
    )
    return structs.replace(mine, outputs=found)
