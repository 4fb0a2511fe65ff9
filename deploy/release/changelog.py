"""The changelog of the next version, put together by towncrier from `changelog.d`."""

from pathlib import Path

from deploy.release.errors import ReleaseError
from deploy.release.tools import run
from snaptrace import VERSION


def render(root: Path, dist: Path) -> list[Path]:
    """Render the next version's section without touching CHANGELOG.md.

    Raises:
        ReleaseError: towncrier refused a fragment, or there is none.
    """
    text = run("towncrier", "build", "--draft", "--version", VERSION, cwd=root)
    if "No significant changes" in text:
        raise ReleaseError("changelog.d holds no fragment: what would be released?")
    target = dist / f"CHANGELOG-{VERSION}.md"
    target.write_text(text[text.index("## ") :], encoding="utf-8")
    return [target]
