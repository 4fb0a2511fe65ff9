"""Mistral chat completions: OpenAI's exchange, but for how a stream is asked for.

Source: Mistral API reference, chat completion, as of 2026.
"""

from replayd.providers.contract import Overrides
from replayd.providers.openai_chat import OpenAiChat
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.json_post import with_system


class MistralChat(OpenAiChat):
    """See `contract.Provider`."""

    name = "mistral_chat"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model; a stream always tells its usage."""
        body["model"] = model
        if overrides.stream:
            body["stream"] = True
        if overrides.system is not None:
            body["messages"] = with_system(body.get("messages"), overrides.system)
        return body
