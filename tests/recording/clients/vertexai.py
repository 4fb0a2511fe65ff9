"""Google's Vertex client for Gemini."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of Vertex' client."""
    import vertexai
    from google.auth.credentials import AnonymousCredentials
    from vertexai.generative_models import (
        Content,
        FunctionDeclaration,
        GenerationConfig,
        GenerativeModel,
        Part,
        Tool,
    )

    vertexai.init(
        project="none",
        location="us-central1",
        api_endpoint=url,
        api_transport="rest",
        credentials=AnonymousCredentials(),
    )

    def model(**more: Any) -> Any:
        return GenerativeModel("gemini-2.5-flash", **more)

    declared = FunctionDeclaration(
        name="weather",
        description=m.ABOUT,
        parameters={"type": "object", "properties": {"city": {"type": "string"}}},
    )
    tool = Tool(function_declarations=[declared])
    sampling = GenerationConfig(
        temperature=0.3, top_p=0.9, top_k=20, max_output_tokens=50, seed=7
    )
    turns = [
        Content(role="user", parts=[Part.from_text(m.ODD)]),
        Content(role="model", parts=[Part.from_text("777 km")]),
        Content(role="user", parts=[Part.from_text("Die Loire?")]),
    ]
    return {
        "text": lambda: model().generate_content(m.QUESTION),
        "text_system": lambda: model(system_instruction=m.SYSTEM).generate_content(
            m.QUESTION
        ),
        "sampling": lambda: model().generate_content(
            m.QUESTION, generation_config=sampling
        ),
        "multi_turn": lambda: model().generate_content(turns),
        "several_texts": lambda: model().generate_content(["Capital ", "of France?"]),
        "tools": lambda: model().generate_content(m.ASKED, tools=[tool]),
        "image": lambda: model().generate_content(
            [Part.from_data(m.PNG, "image/png"), "What is this?"]
        ),
        "stream": lambda: m.used_up(model().generate_content(m.QUESTION, stream=True)),
        "error_400": lambda: model().generate_content(m.ERROR),
    }
