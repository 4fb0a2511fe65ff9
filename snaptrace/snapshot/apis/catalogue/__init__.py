"""Catalogue of request fields per API: leaf paths a fidelity record can name.

A path ends where the API's own schema ends: what lies below `tools.function.parameters`
or `metadata` is the caller's. Sources: the providers' API references as of 2026, and
for `EXTENSIONS` what servers that speak an API add to it. One file per provider; a new
one gets a row in `FIELDS`.
"""

from snaptrace.snapshot.apis.catalogue import (
    anthropic,
    bedrock,
    cohere,
    gemini,
    mistral,
    ollama,
    openai,
)

FIELDS: dict[str, tuple[str, ...]] = {
    **openai.FIELDS,
    **anthropic.FIELDS,
    **gemini.FIELDS,
    **bedrock.FIELDS,
    **cohere.FIELDS,
    **ollama.FIELDS,
    **mistral.FIELDS,
}
# Beyond the provider's own reference: SDKs pass them in a side door (`extra_body`), so
# an instrumentation that records the SDK's arguments does not see them.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(FIELDS, ()),
    **openai.EXTENSIONS,
    **anthropic.EXTENSIONS,
}
