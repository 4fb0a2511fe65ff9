"""The pages: what is generated equals the code, and links lead somewhere."""

import re
import subprocess
import sys

import pytest
import yaml
from rendered import CHART, ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))


def test_the_page_of_settings_equals_the_code():
    """A setting exists that nobody can find, or the other way round: `make docs`."""
    run = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"], cwd=ROOT, check=False
    )
    assert run.returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    """A reader follows a link into nothing."""
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_settings_named_in_the_pages_exist(page):
    """A page tells to set a key that the program would refuse."""
    known = (ROOT / "docs" / "config.md").read_text()
    keys = set(
        re.findall(r"`(collector|replayd|store)\.([a-z_.]+[a-z])`", page.read_text())
    )
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for section, key in keys:
        here, in_chart = values.get(section, {}), True
        for part in key.split("."):
            in_chart = isinstance(here, dict) and part in here
            here = here[part] if in_chart else None
            if not in_chart:
                break
        assert in_chart or f"`{section}.{key}" in known, f"{section}.{key}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_metrics_named_in_the_pages_exist(page):
    """A page sends its reader after a series that nobody exports."""
    from registries import of_collector, of_replayd

    known = of_collector() | of_replayd()
    for name in re.findall(
        r"snaptrace_(?:collector|replayd)_[a-z_]+[a-z]", page.read_text()
    ):
        assert name in known, name
