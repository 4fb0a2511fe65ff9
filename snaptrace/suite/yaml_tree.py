"""YAML with places: plain values, and the line and column at which each stands.

Bounded: bytes, depth, aliases and the number of values after aliases are followed, so
that a small file cannot become a large one. Only plain tags; nothing is constructed.
"""

from typing import Any, Final, TypeAlias

import yaml

from snaptrace.suite.errors import Problem, SuiteFileError

LARGEST_BYTES: Final = 2**20
MOST_VALUES: Final = 200_000
MOST_ALIASES: Final = 100
DEEPEST: Final = 32

Path: TypeAlias = tuple[str | int, ...]


class Tree:
    """A document's plain values, and where they stand."""

    def __init__(self, value: Any, places: dict[Path, tuple[int, int]]) -> None:  # noqa: ANN401
        self.value, self._places = value, places

    def problem(self, path: Path, why: str) -> Problem:
        """Return a mistake at a path, or at the nearest part of it that is there."""
        at = path
        while at and at not in self._places:
            at = at[:-1]
        line, column = self._places.get(at, (0, 0))
        return Problem(line, column, dotted(path), why)


def dotted(path: Path) -> str:
    """Return a path as `assert[2].number`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(data: bytes) -> Tree:
    """Parse a document.

    Raises:
        SuiteFileError: malformed, too large or too deep, with the place.
    """
    if len(data) > LARGEST_BYTES:
        raise _refused(0, 0, f"larger than {LARGEST_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(0, 0, f"no UTF-8 at byte {error.start}") from None
    try:
        node = _Composer(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _refused(line, column, error.problem or "no YAML") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _refused(0, 0, str(error).partition("\n")[0]) from None
    if node is None:
        return Tree({}, {})
    builder = _Builder()
    return Tree(builder.value(node, ()), builder.places)


def _refused(line: int, column: int, why: str) -> SuiteFileError:
    return SuiteFileError([Problem(line, column, "", why)])


class _Composer(yaml.SafeLoader):
    """Composes nodes; counts aliases and depth as they come."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._aliases = self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401
        """Compose one node within the bounds."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self._aliases += 1
        self._depth += 1
        if self._aliases > MOST_ALIASES or self._depth > DEEPEST:
            why = "too many aliases" if self._depth <= DEEPEST else "nested too deeply"
            raise yaml.composer.ComposerError(None, None, why, event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Builder:
    """Makes plain values out of nodes, each alias anew and counted."""

    def __init__(self) -> None:
        self.places: dict[Path, tuple[int, int]] = {}
        self._left = MOST_VALUES

    def value(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.places[path] = (line, column)
        self._left -= 1
        if self._left < 0 or len(path) > DEEPEST:
            raise _refused(line, column, "too many values once aliases are followed")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(v, (*path, i)) for i, v in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refused(mark.line + 1, mark.column + 1, "a key must be a word")
            key = str(key_node.value)
            if key in found:
                why = f"the key {key!r} stands twice"
                raise _refused(mark.line + 1, mark.column + 1, why)
            found[key] = self.value(value_node, (*path, key))
        return found

    def _scalar(self, node: yaml.Node) -> Any:  # noqa: ANN401
        tag, text = node.tag, str(node.value)
        construct = _PLAIN.get(tag)
        if construct is None:
            mark = node.start_mark
            raise _refused(
                mark.line + 1, mark.column + 1, f"the tag {tag} is not allowed"
            )
        if tag.endswith(("timestamp", "str")):
            return text  # a date stays the text that it looks like
        try:
            return construct(_constructor, node)
        except (ValueError, yaml.YAMLError) as error:
            mark = node.start_mark
            raise _refused(mark.line + 1, mark.column + 1, str(error)) from None


_constructor = yaml.SafeLoader("")
_PLAIN = {
    f"tag:yaml.org,2002:{name}": yaml.SafeLoader.yaml_constructors[
        f"tag:yaml.org,2002:{name}"
    ]
    for name in ("null", "bool", "int", "float", "str", "timestamp")
}
