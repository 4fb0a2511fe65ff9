"""The docs site: what it is made of, and the strict build of its generator."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rendered import ROOT

from docs import site_source
from docs.diagrams import DIAGRAMS, HEIGHT, WIDTH

ZENSICAL = Path(sys.executable).with_name("zensical")
OUTSIDE = re.compile(r"""(?:src|href)=["']?(https?://[^"'> ]+)""")
LOADED = re.compile(r"""<(?:script|link|img)[^>]+(?:src|href)=["']?(https?:[^"'> ]+)""")


def build(folder):
    """Build the site out of `folder`, as `make site` does."""
    shutil.copy(ROOT / "mkdocs.yml", folder)
    for package in ("snaptrace", "collector", "replayd"):
        if not (folder / package).exists():
            (folder / package).symlink_to(ROOT / package)
    return subprocess.run(
        [ZENSICAL, "build", "--strict", "--clean"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("site")
    site_source.prepare(made / "build" / "site-source")
    return made


@pytest.mark.deploy
@pytest.mark.timeout(300)
@pytest.mark.skipif(not ZENSICAL.exists(), reason="the group `site` is not installed")
def test_the_site_builds_strictly(folder):
    """A reader follows a link, or an anchor, into nothing."""
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    site = folder / "build" / "site"
    for page in (
        "index",
        "glossary",
        "reference/commands",
        "adr/0001-record-decisions",
    ):
        assert (site / f"{page}.html").exists()
    reader = (site / "reference/reader.html").read_text()
    for name in ("Reader", "Call", "Blob", "Estimate"):
        assert re.search(rf'id="snaptrace\.reader\.\w*\.?{name}"', reader), name
    for page in site.rglob("*.html"):
        # Whoever reads the docs is not reported to a third party.
        assert not LOADED.findall(page.read_text()), page
    index = folder / "build/site-source/index.md"
    whole = index.read_text()
    try:
        for link in ("nowhere.md", "config.md#nothing"):
            index.write_text(f"{whole}\n[into nothing]({link})\n")
            assert build(folder).returncode != 0, link
    finally:
        index.write_text(whole)


def test_every_page_is_in_the_menu_or_linked(folder):
    """A page exists that no reader comes across."""

    def named(entry):
        if isinstance(entry, str):
            return {entry}
        values = entry.values() if isinstance(entry, dict) else entry
        return {page for one in values for page in named(one)}

    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    source = folder / "build/site-source"
    pages = {path.relative_to(source).as_posix() for path in source.rglob("*.md")}
    menu = named(settings["nav"])
    texts = "".join(path.read_text() for path in source.rglob("*.md"))
    texts += (ROOT / "README.md").read_text()
    unlisted = {page for page in pages - menu if not page.startswith("adr/")}
    assert [page for page in unlisted if f"/{page})" not in texts] == []
    assert menu <= pages


def test_a_link_into_nothing_stops_the_build():
    """A file that moved would leave a dead link in a page that stands outside docs/."""
    with pytest.raises(site_source.BrokenLinkError, match="gone"):
        site_source.with_links("[x](../gone.py)", "docs/a.md", "a.md", set())
    there = {"b.md", "security-policy.md", "glossary.md"}
    for before, after in (
        ("[x](b.md#y)", "[x](b.md#y)"),
        ("[x](../SECURITY.md)", "[x](security-policy.md)"),
        ("[x](../ARCHITECTURE.md#glossary)", "[x](glossary.md)"),
        ("[x](../Makefile)", "x (`Makefile` in the source)"),
        ("```\n[x](../gone.py)\n```", "```\n[x](../gone.py)\n```"),
    ):
        assert site_source.with_links(before, "docs/a.md", "a.md", there) == after


def test_every_route_and_type_of_the_http_api_has_its_place():
    """A caller would not find a route, or the shape of its answer."""
    import json

    spec = json.loads((ROOT / "docs/specs/openapi.json").read_text())
    page = site_source.http_api(spec)
    for path, methods in spec["paths"].items():
        for method in methods:
            assert f"## `{method.upper()} {path}`" in page
    for name in spec["components"]["schemas"]:
        assert f"\n### {name}\n" in page


@pytest.mark.parametrize("name", DIAGRAMS)
def test_boxes_of_a_diagram_do_not_cover_each_other(name):
    """A box would hide another, or a text run over its edge."""
    boxes = list(DIAGRAMS[name].boxes.values())
    for number, one in enumerate(boxes):
        assert max(len(one.text) * 7.5, len(one.small) * 6.2) < WIDTH, one
        for other in boxes[number + 1 :]:
            apart = abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
            assert apart, (one, other)


def test_stability_names_every_feature():
    """A command or an API would be there without a word on how far to rely on it."""
    from collector.receiver import ENGINES
    from replayd.providers import PROVIDERS
    from snaptrace.cli import application

    page = (ROOT / "docs/stability.md").read_text()
    named = set(re.findall(r"`([\w-]+)`", page))
    commands = {name for name in application() if not name.startswith("-")}
    assert commands | set(PROVIDERS) | set(ENGINES) <= named
    levels = set(re.findall(r"(?m)^\|[^|\n]*\| (\w+) \|", page)) - {"Level", "Means"}
    assert levels == {"stable", "beta", "alpha"}
