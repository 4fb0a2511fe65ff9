"""What drivers on Node call: the cases of Python's clients, as plain JSON."""

from collections.abc import Callable
from typing import Any

from recording.clients import anthropic, material, openai

_ALONE = "extra_body"  # how Python's client spells fields that it does not know


def plain_cases() -> dict[str, Any]:
    """Return the bodies by API and case, and what they are made of."""
    return {
        "chat": _bodies(openai.chat, "gpt-4o-mini"),
        "responses": _bodies(openai.responses, "gpt-4o-mini"),
        "messages": anthropic.bodies(),
        "material": _material(),
    }


def _bodies(
    cases: Callable[..., dict[str, Callable[[], Any]]], model: str
) -> dict[str, Any]:
    """Return what a client would be given."""
    given: list[dict[str, Any]] = []

    def create(**body: Any) -> tuple[()]:
        alone = body.pop(_ALONE, {})
        given.append(body | alone)
        return ()

    found = {}
    for name, call in cases(create, model).items():
        call()
        found[name] = given[-1]
    return found


def _material() -> dict[str, Any]:
    named = {name: value for name, value in vars(material).items() if name.isupper()}
    return {
        name: material.encoded(value) if isinstance(value, bytes) else value
        for name, value in named.items()
    }
