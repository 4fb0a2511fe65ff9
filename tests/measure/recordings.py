"""Reads recordings: a true HTTP request beside the OTLP exports that reported it."""

import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from collector.otlp.signals import OtlpRequest


class TrueRequest(NamedTuple):
    """What really went over the wire."""

    method: str
    path: str
    body: Any


class Case(NamedTuple):
    """One recorded case."""

    variant: str
    name: str
    requests: list[TrueRequest]
    exports: list[OtlpRequest]
    coverage: dict[str, Any]


# Azure, and Anthropic's models on Vertex.
_MODEL_IN_PATH = re.compile(
    r"/openai/deployments/([^/?]+)/|/anthropic/models/([^/?]+):\w+Predict"
)


def _with_model(path: str, body: Any) -> Any:
    """Return a body with its model, which some providers take from the path alone."""
    found = _MODEL_IN_PATH.search(path)
    if found and isinstance(body, dict):
        return {**body, "model": found[1] or found[2]}
    return body


def _case(variant: str, name: str, files: dict[str, bytes]) -> Case:
    requests = []
    # `request.json` is the first call; `request-001.json` and on are the later ones.
    order = sorted(files, key=lambda f: (f != "request.json", f))
    for file in order:
        if file.startswith("request"):
            raw = json.loads(files[file])
            body = _with_model(raw["path"], raw.get("body"))
            requests.append(TrueRequest(raw["method"], raw["path"], body))
    exports = [
        OtlpRequest(
            signal="traces" if file.startswith("traces") else "logs",
            encoding="protobuf",
            body=files[file],
            received_at_ns=0,
        )
        for file in sorted(files)
        if file.endswith(".binpb")
    ]
    coverage = json.loads(files.get("coverage.json", b"{}"))
    return Case(variant, name, requests, exports, coverage)


def from_folder(root: Path) -> Iterator[Case]:
    """Yield the cases of an unpacked tree of recordings."""
    for folder in sorted(root.glob("*/*/")):
        files = {f.name: f.read_bytes() for f in folder.iterdir() if f.is_file()}
        if "request.json" in files:
            yield _case(folder.parent.name, folder.name, files)


def from_archive(path: Path) -> Iterator[Case]:
    """Yield the cases of a compact archive, in order."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    with path.open("rb") as file:
        data = decompressor.stream_reader(file).read()
    folders: dict[tuple[str, str], dict[str, bytes]] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            parts = member.name.strip("./").split("/")
            if member.isfile() and (handle := archive.extractfile(member)):
                folders.setdefault((parts[-3], parts[-2]), {})[parts[-1]] = (
                    handle.read()
                )
    for (variant, name), files in sorted(folders.items()):
        if "request.json" in files:
            yield _case(variant, name, files)


GOLDEN = Path(__file__).parents[1] / "golden" / "corpus"


def golden() -> Iterator[Case]:
    """Yield all recordings that the tree holds."""
    for archive in sorted(GOLDEN.glob("*.tar.zst")):
        yield from from_archive(archive)
