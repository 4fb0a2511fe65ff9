"""Licences of Debian's packages in an image: `python -m deploy.release.debian ROOT`.

ROOT is the unpacked file system of an image, as `docker export` or `buildah mount` give
it. Names and versions are dpkg's; licences are read from each package's copyright file,
which both slim and distroless images carry.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

STATUS = "var/lib/dpkg/status"
PARTS = "var/lib/dpkg/status.d"  # of distroless images: a file per package
LARGEST = 4 * 2**20  # bytes of a copyright file that are read
UNREADABLE = "see its copyright file"
_FIELD = re.compile(r"(?m)^(Package|Version|Status): *(.*)$")
_MACHINE = re.compile(r"(?m)^Format: *\S*copyright-format")
_LICENCE = re.compile(
    r"(?mi)^License: *([A-Za-z0-9][^\s,]*(?:,? +(?:and|or|with) [^\n]+)?)"
)
_PHRASES = {
    "python software foundation license": "PSF-2.0",
    "permission is hereby granted, free of charge": "MIT or alike",
    "redistribution and use in source and binary forms": "BSD or alike",
}
_SHARED = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9+])")


class DebianPackage(Struct, frozen=True):
    """One installed package."""

    name: str
    version: str
    licences: tuple[str, ...]


def packages(root: Path) -> Iterator[DebianPackage]:
    """Yield the installed packages by name."""
    found = dict(_installed(root))
    for name in sorted(found):
        yield DebianPackage(name, found[name], tuple(_licences(root, name)))


def _installed(root: Path) -> Iterator[tuple[str, str]]:
    parts = root / PARTS
    files = sorted(parts.iterdir()) if parts.is_dir() else [root / STATUS]
    for file in files:
        if file.suffix == ".md5sums" or not file.is_file():
            continue
        for text in file.read_text("utf-8", "replace").split("\n\n"):
            fields = dict(_FIELD.findall(text))
            gone = "Status" in fields and not fields["Status"].endswith(" installed")
            if "Package" in fields and not gone:
                yield fields["Package"], fields.get("Version", "")


def _licences(root: Path, name: str) -> list[str]:
    """Return the licences that a copyright file names, in its order."""
    # A package may share its documentation with another one by a link.
    file = root / "usr/share/doc" / name / "copyright"
    try:
        text = file.read_bytes()[:LARGEST].decode("utf-8", "replace")
    except OSError:
        return [UNREADABLE]
    if _MACHINE.search(text) and (named := _LICENCE.findall(text)):
        return list(dict.fromkeys(named))
    # Free text: what it says by itself, then what it refers to.
    own = [short for phrase, short in _PHRASES.items() if phrase in text.lower()]
    referred = [f"refers to {each}" for each in dict.fromkeys(_SHARED.findall(text))]
    return [*own, *referred] or [UNREADABLE]


def table(found: list[DebianPackage]) -> str:
    """Return the packages as a table in Markdown."""
    rows = [f"| {p.name} | {p.version} | {'; '.join(p.licences)} |" for p in found]
    return (
        "\n".join(("| Package | Version | Licences |", "|---|---|---|", *rows)) + "\n"
    )


if __name__ == "__main__":
    sys.stdout.write(table(list(packages(Path(sys.argv[1])))))
