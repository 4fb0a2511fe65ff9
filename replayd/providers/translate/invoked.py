"""Bodies of Bedrock InvokeModel as those of the API whose form they have, and back.

A Claude body is that of the Messages API, a Nova body nearly Converse's. A Llama body
holds a prompt in the model's own template, which no other API can take.
"""

from collections.abc import Mapping

from snaptrace.snapshot.apis import bedrock_invoke
from snaptrace.snapshot.model import Json

_FORMS = {"anthropic": "anthropic_messages", "nova": "bedrock_converse"}
_NOVA_VERSION = "messages-v1"


def form_of_body(body: Mapping[str, Json]) -> str:
    """Return the API that a body has the form of; "" for one of no other's."""
    return _FORMS.get(bedrock_invoke.family_of_body(body), "")


def form_of_model(model: str) -> str:
    """Return the API that a model's body has the form of; "" for a model not known."""
    return _FORMS.get(bedrock_invoke.family_of_model(model), "")


def taken_out(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return a recorded body as that of the API whose form it has."""
    found = dict(body)
    if found.pop("anthropic_version", None) is not None:
        if betas := found.pop("anthropic_beta", None):
            found["betas"] = betas
        return found
    found.pop("schemaVersion", None)
    config = found.get("inferenceConfig")
    if isinstance(config, Mapping) and "topK" in config:
        found["inferenceConfig"] = {k: v for k, v in config.items() if k != "topK"}
        found["additionalModelRequestFields"] = {"top_k": config["topK"]}
    return found


def put_in(body: Mapping[str, Json], form: str) -> dict[str, Json]:
    """Return the body of InvokeModel that holds what `body` asks."""
    found = dict(body)
    if form == "anthropic_messages":
        found.pop("model", None)
        if betas := found.pop("betas", None):
            found["anthropic_beta"] = betas
        return {"anthropic_version": bedrock_invoke.ANTHROPIC_VERSION, **found}
    return {"schemaVersion": _NOVA_VERSION, **found}
