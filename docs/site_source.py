"""Source tree of the docs site: `python -m docs.site_source FOLDER`.

Copies docs/ and adds pages that stand elsewhere (architecture, change log, security
policy, the chart's README, the glossary) or are made (commands, HTTP API). A link that
leaves docs/ leads to such a page; into the rest of the source it becomes a path, or an
address where `SNAPTRACE_SOURCE_URL` names one. A link into nothing is an error here;
the generator's strict mode checks pages and anchors.
"""

import json
import os
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from snaptrace.cli import application

ROOT = Path(__file__).parents[1]
# Files of the source that are pages of the site, under another name.
MIRRORED = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "helm/snaptrace/README.md": "reference/chart.md",
}
_LEFT_OUT = shutil.ignore_patterns("*.py", "__pycache__", "notebooks")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


class BrokenLinkError(Exception):
    """A page links to a file that is not there."""


def prepare(target: Path) -> None:
    """Write the whole tree into `target`, which is emptied first.

    Raises:
        BrokenLinkError: Names the page and the link.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target, ignore=_LEFT_OUT)
    taken = dict(_pages(target))
    for page, (_, text) in taken.items():
        (target / page).parent.mkdir(exist_ok=True, parents=True)
        (target / page).write_text(text, encoding="utf-8")
    there = {path.relative_to(target).as_posix() for path in target.rglob("*.*")}
    for page, (source, text) in taken.items():
        rewritten = with_links(text, source, page, there)
        (target / page).write_text(rewritten, encoding="utf-8")


def _pages(target: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield page -> (file whose links it has, text)."""
    for path in sorted(target.rglob("*.md")):
        page = path.relative_to(target).as_posix()
        yield page, (f"docs/{page}", path.read_text(encoding="utf-8"))
    for source, page in MIRRORED.items():
        yield page, (source, (ROOT / source).read_text(encoding="utf-8"))
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    glossary = "# Glossary\n" + architecture.partition("\n## Glossary\n")[2]
    yield "glossary.md", ("ARCHITECTURE.md", glossary)
    spec = json.loads((ROOT / "docs/specs/openapi.json").read_text(encoding="utf-8"))
    yield "reference/http.md", ("docs/reference/http.md", http_api(spec))
    yield "decisions.md", ("docs/decisions.md", decisions())
    yield "reference/commands.md", ("docs/reference/commands.md", commands())


def with_links(text: str, source: str, page: str, there: set[str]) -> str:
    """Return a page with its links as the site has them; code is left alone."""
    parts = _FENCE.split(text)
    for number in range(0, len(parts), 2):
        parts[number] = _LINK.sub(
            lambda found: _rewritten(found, source, page, there), parts[number]
        )
    return "".join(parts)


def _rewritten(found: re.Match[str], source: str, page: str, there: set[str]) -> str:
    image, text, target = found.groups()
    path, mark, anchor = target.partition("#")
    if "://" in target or target.startswith("mailto:") or not path:
        return found[0]
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    leads_to = MIRRORED.get(whole, whole.removeprefix("docs/"))
    if whole == "ARCHITECTURE.md" and anchor == "glossary":
        leads_to, mark, anchor = "glossary.md", "", ""
    if leads_to in there:
        back = posixpath.relpath(leads_to, posixpath.dirname(page) or ".")
        return f"{image}[{text}]({back}{mark}{anchor})"
    if not (ROOT / whole).exists():
        raise BrokenLinkError(f"{source}: {target}")
    if base := os.environ.get("SNAPTRACE_SOURCE_URL", "").rstrip("/"):
        return f"[{text}]({base}/{whole})"
    return text if whole in text else f"{text} (`{whole}` in the source)"


def decisions() -> str:
    """Return the list of decision records, by their titles."""
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    titles = [one.read_text(encoding="utf-8").split("\n", 1)[0] for one in records]
    rows = [
        f"- [{title.removeprefix('# ')}](adr/{one.name})"
        for one, title in zip(records, titles, strict=True)
    ]
    return "# Decisions\n\n" + "\n".join(rows) + "\n"


def commands() -> str:
    """Return the reference of all commands, as `--help` has it."""
    text = application().generate_docs(output_format="markdown", include_hidden=False)
    return text.replace("# snaptrace\n", "# Commands\n", 1)


def http_api(spec: dict[str, Any]) -> str:
    """Return the HTTP API as a page: routes with their answers, then the types."""
    lines = ["# HTTP API", "", spec["info"].get("description", ""), ""]
    lines += ["The machine-readable form: [openapi.json](../specs/openapi.json).", ""]
    for path, methods in spec["paths"].items():
        for method, said in methods.items():
            lines += _operation(f"{method.upper()} {path}", said)
    lines += ["## Types", ""]
    for name, schema in spec["components"]["schemas"].items():
        lines += _schema(name, schema)
    return "\n".join(lines) + "\n"


def _operation(title: str, said: dict[str, Any]) -> list[str]:
    lines = [f"## `{title}`", "", said["summary"], ""]
    if asked := said.get("parameters"):
        lines += ["| Parameter | In | Type | Meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{one['name']}` | {one['in']} | {_type(one.get('schema', {}))} "
            f"| {one.get('description', '')} |"
            for one in asked
        ]
        lines.append("")
    lines += ["| Status | Body | When |", "|---|---|---|"]
    for status, answer in said["responses"].items():
        body = next(iter(answer.get("content", {}).values()), {}).get("schema", {})
        lines.append(f"| {status} | {_type(body)} | {answer['description']} |")
    return [*lines, ""]


def _schema(name: str, schema: dict[str, Any]) -> list[str]:
    lines = [f"### {name}", "", schema.get("description", ""), ""]
    if fields := schema.get("properties"):
        lines += ["| Field | Type |", "|---|---|"]
        lines += [f"| `{field}` | {_type(of)} |" for field, of in fields.items()]
        lines.append("")
    return lines


def _type(schema: dict[str, Any] | bool) -> str:  # noqa: FBT001 - `items: false`
    if isinstance(schema, bool):
        return "any value" if schema else "nothing"
    if reference := schema.get("$ref"):
        name = reference.rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("enum"):
        return " or ".join(f"`{one}`" if one != "" else "empty" for one in choices)
    if several := schema.get("anyOf"):
        return " or ".join(map(_type, several))
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {}))}"
        case "object":
            inner = schema.get("additionalProperties")
            return f"map to {_type(inner)}" if isinstance(inner, dict) else "object"
        case None:
            return "" if not schema else "any value"
        case named:
            return str(named)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
