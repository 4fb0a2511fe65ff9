"""List of the licences of what the image holds, beside Debian's own packages."""

from pathlib import Path

from deploy.release.errors import ReleaseError
from deploy.release.sbom import NOT_STATED, licence, locked
from snaptrace import VERSION

HEAD = f"""# Licences of the parts of snaptrace {VERSION}

What `requirements/workers.txt` puts into the image beside snaptrace itself
(Apache-2.0), with the licence that each part's metadata state. The texts are in the
image, in `*.dist-info` of each part. The base image's packages have theirs in
`/usr/share/doc/*/copyright`; `make image-licences ROOT=FOLDER` lists them from the
unpacked image, and the list of parts that is attached to the image names them, too.

| Part | Version | Licence |
|---|---|---|
"""


def write(root: Path, dist: Path) -> list[Path]:
    """Write the list.

    Raises:
        ReleaseError: Metadata of a part state no licence.
    """
    text = (root / "requirements/workers.txt").read_text(encoding="utf-8")
    parts = [(part, licence(part.name)) for part in locked(text)]
    silent = [part.name for part, stated in parts if stated in NOT_STATED]
    if silent:
        raise ReleaseError(f"no licence is known of {', '.join(sorted(silent))}")
    rows = [f"| {part.name} | {part.version} | {stated} |" for part, stated in parts]
    target = dist / f"snaptrace-{VERSION}-licences.md"
    target.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return [target]
