"""Optional extras and their lock files."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
MEDIA = {"pillow", "pypdf", "soundfile"}  # decoders of media that others made


def names_in(path):
    """Return what a lock file names."""
    return set(re.findall(r"(?m)^([a-z0-9._-]+)==", path.read_text()))


def test_every_extra_is_locked():
    """If it failed, an extra would be tested with whatever was newest that day."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        NAME.match(each)[0].lower()
        for extra in project["optional-dependencies"].values()
        for each in extra
    }
    locked = set().union(*map(names_in, (ROOT / "requirements").glob("*.txt")))
    assert wanted - locked == set()


def test_the_image_holds_no_decoder_of_media():
    """If it failed, the docs would say less of the image than an attacker finds."""
    assert names_in(ROOT / "requirements/workers.txt") & MEDIA == set()
    assert "The image holds none of the three" in (ROOT / "docs/traits.md").read_text()
