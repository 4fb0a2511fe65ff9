"""Diagrams of the concept pages as SVG: boxes on a grid, arrows between them.

`make docs` writes docs/diagrams/*.svg. Drawn here rather than by a script in the
reader's browser, so that they show in a checkout, on paper and without a network.
"""

from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 168, 56, 62, 46, 16
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1c2733; text-anchor: middle; }
  .small { font-size: 11px; fill: #52616f; }
  rect { fill: #f4f7fa; stroke: #7b8b9a; rx: 8px; }
  rect.ours { fill: #e3f0ee; stroke: #2b7a6f; }
  rect.paper { fill: #ffffff; stroke: none; rx: 0; }
  path { stroke: #52616f; fill: none; stroke-width: 1.4; marker-end: url(#tip); }
"""


class Box(NamedTuple):
    """One box at a place of the grid; `ours` are parts of snaptrace."""

    column: float
    row: float
    text: str
    small: str = ""
    ours: bool = False

    @property
    def x(self) -> float:
        """Left edge."""
        return MARGIN + self.column * (WIDTH + GAP_X)

    @property
    def y(self) -> float:
        """Upper edge."""
        return MARGIN + self.row * (HEIGHT + GAP_Y)


class Diagram(NamedTuple):
    """A drawing: what it shows in a sentence, its boxes by name, its arrows."""

    says: str
    boxes: dict[str, Box]
    arrows: tuple[tuple[str, str, str], ...]  # from, to, label


def _box(box: Box) -> str:
    middle = box.x + WIDTH / 2
    kind = ' class="ours"' if box.ours else ""
    first = box.y + (HEIGHT / 2 + 5 if not box.small else 24)
    drawn = (
        f'<rect{kind} x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}"/>'
        f'<text x="{middle:g}" y="{first:g}">{escape(box.text)}</text>'
    )
    if box.small:
        drawn += (
            f'<text class="small" x="{middle:g}" y="{box.y + 42:g}">'
            f"{escape(box.small)}</text>"
        )
    return drawn


def _arrow(start: Box, end: Box, label: str) -> str:
    if start.row == end.row:
        rightwards = start.column < end.column
        x1 = start.x + (WIDTH if rightwards else 0)
        x2 = end.x + (-3 if rightwards else WIDTH + 3)
        y1 = y2 = start.y + HEIGHT / 2
        at = ((x1 + x2) / 2, y1 - 7)
    else:
        downwards = start.row < end.row
        x1, x2 = start.x + WIDTH / 2, end.x + WIDTH / 2
        y1 = start.y + (HEIGHT if downwards else 0)
        y2 = end.y + (-3 if downwards else HEIGHT + 3)
        at = ((x1 + x2) / 2 + 6, (y1 + y2) / 2 + 4)
    drawn = f'<path d="M{x1:g} {y1:g} L{x2:g} {y2:g}"/>'
    if label:
        anchor = "" if start.row == end.row else ' style="text-anchor: start"'
        drawn += (
            f'<text class="small" x="{at[0]:g}" y="{at[1]:g}"{anchor}>'
            f"{escape(label)}</text>"
        )
    return drawn


def svg(diagram: Diagram) -> str:
    """Return the drawing as a document of its own."""
    boxes = diagram.boxes.values()
    width = max(box.x for box in boxes) + WIDTH + MARGIN
    height = max(box.y for box in boxes) + HEIGHT + MARGIN
    parts = [_box(box) for box in boxes]
    parts += [
        _arrow(diagram.boxes[start], diagram.boxes[end], label)
        for start, end, label in diagram.arrows
    ]
    lines = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img">\n'
        f"<title>{escape(diagram.says)}</title>\n<style>{_STYLE}</style>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" '
        'style="fill:#52616f;stroke:none"/></marker></defs>\n'
        f'<rect class="paper" width="{width:g}" height="{height:g}"/>\n'
        f"{lines}\n</svg>\n"
    )


DIAGRAMS: dict[str, Diagram] = {
    "span-to-verdict": Diagram(
        "A span is forwarded at once; a sample of model calls is replayed and judged.",
        {
            "app": Box(0, 0, "your app", "any GenAI instrumentation"),
            "collector": Box(1, 0, "collector", "forwards, samples", ours=True),
            "backend": Box(2, 0, "your backend", "as before"),
            "store": Box(1, 1, "snapshots", "folder, S3, GCS, Azure", ours=True),
            "replayd": Box(1, 2, "replayd", "replays, scores, decides", ours=True),
            "canary": Box(0, 2, "canary", "the candidate"),
            "control": Box(2, 2, "control", "the production model"),
            "verdict": Box(1, 3, "verdict", "metrics, gate, page", ours=True),
        },
        (
            ("app", "collector", "OTLP"),
            ("collector", "backend", "the same bytes"),
            ("collector", "store", "redacted sample"),
            ("store", "replayd", ""),
            ("replayd", "canary", "the call"),
            ("replayd", "control", "the call"),
            ("replayd", "verdict", "per modality"),
        ),
    ),
    "sampling": Diagram(
        "Each call has a rank from its trace id; a window keeps the highest ranks.",
        {
            "request": Box(0, 0, "export request", "never waits for sampling"),
            "prefilter": Box(1, 0, "prefilter", "cheap markers", ours=True),
            "recognise": Box(2, 0, "recognise", "dialects, correlation", ours=True),
            "redact": Box(2, 1, "redact", "before disk", ours=True),
            "window": Box(1, 1, "window", "the highest ranks", ours=True),
            "segment": Box(0, 1, "segment", "and its probabilities", ours=True),
        },
        (
            ("request", "prefilter", "a copy"),
            ("prefilter", "recognise", ""),
            ("recognise", "redact", "a call"),
            ("redact", "window", ""),
            ("window", "segment", "sealed"),
        ),
    ),
    "pair": Diagram(
        "One case is sent to both arms; the difference of scores is the evidence.",
        {
            "case": Box(0, 0.5, "case", "one snapshot"),
            "canary": Box(1, 0, "canary", "same request"),
            "control": Box(1, 1, "control", "same request, same time"),
            "a": Box(2, 0, "score", "0 to 1", ours=True),
            "b": Box(2, 1, "score", "0 to 1, same rule", ours=True),
            "evidence": Box(3, 0.5, "evidence", "differences, in order", ours=True),
        },
        (
            ("case", "canary", ""),
            ("case", "control", ""),
            ("canary", "a", ""),
            ("control", "b", ""),
            ("a", "evidence", ""),
            ("b", "evidence", ""),
        ),
    ),
    "shapes": Diagram(
        "Beside your collector nothing can be delayed; before the backend, it can.",
        {
            "app": Box(0, 0, "your app"),
            "yours": Box(1, 0, "your collector"),
            "backend": Box(2, 0, "your backend"),
            "fanout": Box(1, 1, "collector", "shape fanout", ours=True),
            "app2": Box(0, 2, "your app"),
            "path": Box(1, 2, "collector", "gateway, node, sidecar", ours=True),
            "backend2": Box(2, 2, "your backend"),
        },
        (
            ("app", "yours", ""),
            ("yours", "backend", ""),
            ("yours", "fanout", "a copy"),
            ("app2", "path", ""),
            ("path", "backend2", "the same bytes"),
        ),
    ),
}
