"""YAML reader for configuration. Imported only if there is a file to read."""

from typing import Any

import yaml
from yaml import YAMLError

__all__ = ["YAMLError", "read"]


class _Loader(yaml.SafeLoader):
    """YAML without dates: `revision: 2026-11-20` stays the text it looks like."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(":timestamp")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> Any:  # noqa: ANN401 - any tree of plain values
    """Parse a document; YAMLError if it is malformed."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
