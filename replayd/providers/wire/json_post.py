"""A provider that posts one JSON body to one path: what most of them are.

A member says how the body is fitted and how a response reads; `OpenAiChat` is one.
"""

from collections.abc import Mapping

from replayd.providers.contract import Overrides, ProviderRequest, Refusal
from replayd.providers.preparation.prepare import Body, bearer, prepare
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import Snapshot


class JsonPost:
    """The sending half of `contract.Provider`."""

    name = ""

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        model: str,
        overrides: Overrides,
    ) -> ProviderRequest | Refusal:
        """Return the body with the arm's model, or why there is none."""
        headers: dict[str, str] = {}

        def fit(body: Body) -> Body:
            headers.update(self.headers(body))
            return self.fit(body, model, overrides)

        found = prepare(self.name, snapshot, media, model, overrides, fit=fit)
        if isinstance(found, Refusal):
            return found
        return ProviderRequest(
            method="POST",
            path=self.platform_path(model, overrides),
            body=found.body,
            headers=headers,
            left_out=found.left_out,
        )

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with what this API adds: model, delivery, system prompt."""
        del overrides
        return {**body, "model": model}

    def path(self, model: str, overrides: Overrides) -> str:
        """Return the path below the base URL."""
        del overrides
        return APIS[self.name].path(model)

    def platform_path(self, model: str, overrides: Overrides) -> str:
        """Return the path where the arm's platform has the API."""
        path = self.path(model, overrides)
        return overrides.platform.path(self.name, path, model, stream=overrides.stream)

    def headers(self, body: Body) -> Mapping[str, str]:
        """Return the request's own headers; what only they say leaves the body."""
        del body
        return {}

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return a bearer token."""
        return bearer(key)


def with_system(messages: object, text: str) -> list[object]:
    """Return messages of OpenAI's form with one system prompt, which stands first."""
    others = [
        message
        for message in (messages if isinstance(messages, list) else [])
        if not isinstance(message, dict)
        or message.get("role") not in ("system", "developer")
    ]
    return [{"role": "system", "content": text}, *others]
