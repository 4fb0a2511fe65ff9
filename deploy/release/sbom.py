"""List of the image's parts in SPDX 2.3.

Names, versions and hashes come from `requirements/workers.txt`, which is what the image
installs; licences from the metadata of the same versions in this environment.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    Checksum,
    ChecksumAlgorithm,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from spdx_tools.spdx.writer.write_anything import write_file

from deploy.release.distributions import commit_time
from deploy.release.errors import ReleaseError
from snaptrace import VERSION

NOT_STATED = ("not installed here", "not stated")
REQUIREMENT = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$"
)


class Locked(NamedTuple):
    """One requirement of the lock file."""

    name: str
    version: str


def locked(text: str) -> Iterator[Locked]:
    """Yield the requirements that apply to this Python, in the file's order."""
    for line in text.splitlines():
        found = REQUIREMENT.match(line)
        if found is None:
            continue
        marker = found["marker"]
        if marker is None or Marker(marker).evaluate():
            yield Locked(found["name"], found["version"])


def licence(name: str) -> str:
    """Licence of an installed distribution, as its metadata state it."""
    try:
        of = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return NOT_STATED[0]
    expression = of.get("License-Expression")
    if expression:
        return str(expression)
    named = [
        value.rsplit(" :: ", 1)[-1]
        for value in of.get_all("Classifier") or []
        if value.startswith("License :: ") and value.count(" :: ") > 1
    ]
    if named:
        return ", ".join(named)
    return (of.get("License") or NOT_STATED[1]).splitlines()[0]


def _package(part: Locked, number: int) -> Package:
    return Package(
        spdx_id=f"SPDXRef-Package-{number}",
        name=part.name,
        version=part.version,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        license_concluded=SpdxNoAssertion(),
        license_comment=f"Its metadata say: {licence(part.name)}",
        copyright_text=SpdxNoAssertion(),
        external_references=[
            ExternalPackageRef(
                ExternalPackageRefCategory.PACKAGE_MANAGER,
                "purl",
                f"pkg:pypi/{part.name.lower()}@{part.version}",
            )
        ],
    )


def document(root: Path, wheel: Path | None) -> Document:
    """Describe snaptrace and each locked part that it depends on."""
    created = datetime.fromtimestamp(int(commit_time(root)), UTC).replace(tzinfo=None)
    ours = Package(
        spdx_id="SPDXRef-Package-snaptrace",
        name="snaptrace",
        version=VERSION,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        license_concluded=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        checksums=[Checksum(ChecksumAlgorithm.SHA256, _sha256(wheel))] if wheel else [],
    )
    text = (root / "requirements/workers.txt").read_text(encoding="utf-8")
    parts = [_package(part, number) for number, part in enumerate(locked(text), 1)]
    return Document(
        creation_info=CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id="SPDXRef-DOCUMENT",
            name=f"snaptrace-{VERSION}",
            document_namespace=f"https://spdx.org/spdxdocs/snaptrace-{VERSION}",
            creators=[Actor(ActorType.TOOL, "snaptrace deploy.release")],
            created=created,
        ),
        packages=[ours, *parts],
        relationships=[
            Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, ours.spdx_id),
            *(
                Relationship(ours.spdx_id, RelationshipType.DEPENDS_ON, part.spdx_id)
                for part in parts
            ),
        ],
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(root: Path, dist: Path) -> list[Path]:
    """Write the list beside the wheel that it describes.

    Raises:
        ReleaseError: The document is not valid SPDX 2.3.
    """
    wheel = next(iter(dist.glob(f"snaptrace-{VERSION}-*.whl")), None)
    made = document(root, wheel)
    messages = validate_full_spdx_document(made)
    if messages:
        raise ReleaseError("\n".join(str(one.validation_message) for one in messages))
    target = dist / f"snaptrace-{VERSION}.spdx.json"
    write_file(made, str(target), validate=False)
    return [target]
