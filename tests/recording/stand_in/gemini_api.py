"""Google's Gemini API and Vertex: generateContent and embedContent."""

from recording.stand_in.contract import (
    TOKENS_IN,
    TOKENS_OUT,
    Json,
    Route,
    events,
    said,
)


def _generate(body: Json, path: str) -> Json:
    tools = [
        (one["name"], one.get("parameters") or one.get("parametersJsonSchema"))
        for tool in body.get("tools") or ()
        for one in tool.get("functionDeclarations") or ()
    ]
    config = body.get("generationConfig") or {}
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    told = said(body, tools, schema)
    part: Json = {"text": told.text}
    if told.tool:
        part = {"functionCall": {"name": told.tool, "args": told.arguments}}
    content = {"role": "model", "parts": [part]}
    return {
        "candidates": [{"index": 0, "content": content, "finishReason": "STOP"}],
        "usageMetadata": {
            "promptTokenCount": TOKENS_IN,
            "candidatesTokenCount": TOKENS_OUT,
            "totalTokenCount": TOKENS_IN + TOKENS_OUT,
        },
        "modelVersion": path.rpartition("/")[2].partition(":")[0],
        "responseId": "resp-1",
    }


def _embed(body: Json, _path: str) -> Json:
    count = len(body.get("requests") or body.get("instances") or (1,))
    return {"embeddings": [{"values": [0.1, 0.2]} for _ in range(count)]}


ROUTES = (
    Route(
        r":(generateContent|streamGenerateContent)$",
        _generate,
        lambda made: events([("", made)]),
        lambda _, path: ":stream" in path,
    ),
    Route(r":(embedContent|batchEmbedContents)$", _embed),
)
