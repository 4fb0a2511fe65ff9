"""Frameworks on the models of further providers: a file each, a row per model."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# provider -> module, class and arguments; `{url}` stands for the stand-in.
Table = Mapping[str, tuple[str, str, dict[str, Any]]]


def makers(table: Table, url: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield each provider's model class that is there, with its arguments filled in."""
    for name, (module, kind, given) in table.items():
        try:
            made = getattr(importlib.import_module(module), kind)
        except (ImportError, AttributeError):
            continue
        yield name, _filled(made, _placed(given, url))


def _filled(made: Any, given: dict[str, Any]) -> Callable[..., Any]:
    return lambda **more: made(**{**given, **more})


def _placed(value: Any, url: str) -> Any:
    if isinstance(value, str):
        return value.replace("{url}", url)
    if isinstance(value, dict):
        return {key: _placed(inner, url) for key, inner in value.items()}
    return value
