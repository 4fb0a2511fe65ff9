"""Google's genai client."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Google's genai client."""
    from google import genai
    from google.genai import types as t

    options = t.HttpOptions(base_url=url)
    client = genai.Client(api_key="none", http_options=options)
    model = "gemini-2.5-flash"
    words = t.Part.from_text
    schema = t.Schema(
        type=t.Type.OBJECT, properties={"city": t.Schema(type=t.Type.STRING)}
    )
    declared = t.FunctionDeclaration(
        name="weather", description=m.ABOUT, parameters=schema
    )
    tool = t.Tool(function_declarations=[declared])
    used = t.Part.from_function_call(name="weather", args={"city": "Paris"})
    told = t.Part.from_function_response(name="weather", response={"degrees": 18})
    calling = t.FunctionCallingConfig(
        mode=t.FunctionCallingConfigMode.ANY, allowed_function_names=["weather"]
    )

    def said(role: str, *parts: Any) -> Any:
        return t.Content(role=role, parts=list(parts))

    def ask(contents: Any, **config: Any) -> Callable[[], Any]:
        made = t.GenerateContentConfig(**config) if config else None
        return lambda: client.models.generate_content(
            model=model, contents=contents, config=made
        )

    def stream(contents: Any, **config: Any) -> Callable[[], Any]:
        made = t.GenerateContentConfig(**config)
        return lambda: m.used_up(
            client.models.generate_content_stream(
                model=model, contents=contents, config=made
            )
        )

    async def later() -> None:
        await client.aio.models.generate_content(model=model, contents=m.QUESTION)

    def embed() -> None:
        client.models.embed_content(
            model="gemini-embedding-001",
            contents=["one", "two"],
            config=t.EmbedContentConfig(output_dimensionality=16),
        )

    def picture(data: bytes, kind: str) -> Any:
        return t.Part.from_bytes(data=data, mime_type=kind)

    return {
        "text_system": ask(m.QUESTION, system_instruction=m.SYSTEM),
        "text": ask(m.QUESTION),
        "sampling": ask(
            m.QUESTION,
            temperature=0.3,
            top_p=0.9,
            top_k=20,
            max_output_tokens=50,
            seed=7,
            stop_sequences=["END"],
            candidate_count=1,
            presence_penalty=0.1,
            frequency_penalty=0.2,
        ),
        "zeros": ask(m.QUESTION, temperature=0.0, seed=0),
        "several_texts": ask(
            [said("user", words(text="Capital "), words(text="of France?"))],
            system_instruction=list(m.RULES),
        ),
        "multi_turn": ask(
            [
                said("user", words(text=m.ODD)),
                said("model", words(text="777 km")),
                said("user", words(text="Die Loire?")),
            ]
        ),
        "tools": ask(
            m.ASKED,
            tools=[tool],
            tool_config=t.ToolConfig(function_calling_config=calling),
        ),
        "tool_results": ask(
            [
                said("user", words(text=m.ASKED)),
                said("model", used),
                said("user", told),
            ],
            tools=[tool],
        ),
        "image": ask([picture(m.PNG, "image/png"), "What is this?"]),
        "audio": ask(["Write.", picture(m.WAV, "audio/wav")]),
        "document": ask([picture(m.PDF, "application/pdf"), "Sum up."]),
        "file_uri": ask(
            [
                t.Part.from_uri(
                    file_uri="https://example.com/a.png", mime_type="image/png"
                ),
                "And this?",
            ]
        ),
        "structured": ask(
            m.QUESTION,
            response_mime_type="application/json",
            response_json_schema=m.PLACE,
        ),
        "response_schema": ask(
            m.QUESTION, response_mime_type="application/json", response_schema=schema
        ),
        "thinking": ask(
            m.QUESTION,
            thinking_config=t.ThinkingConfig(
                thinking_budget=100, include_thoughts=True
            ),
        ),
        "stream": stream(m.QUESTION, system_instruction=m.SYSTEM, temperature=0.7),
        "stream_tools": stream(m.ASKED, tools=[tool]),
        "asynchronous": later,
        "embeddings": embed,
        "error_400": ask(m.ERROR, temperature=0.5),
    }
