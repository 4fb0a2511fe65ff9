"""Google's Agent Development Kit, on Gemini."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the runs of agents."""
    from google.adk.agents import LlmAgent
    from google.adk.agents.run_config import RunConfig, StreamingMode
    from google.adk.models.google_llm import Gemini
    from google.adk.runners import InMemoryRunner
    from google.genai import Client
    from google.genai import types as t
    from pydantic import BaseModel

    class Place(BaseModel):
        """A place."""

        city: str
        people: int

    class Local(Gemini):
        """Gemini, of the stand-in."""

        @property
        def api_client(self) -> Any:
            return Client(api_key="none", http_options=t.HttpOptions(base_url=url))

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def part(given: Any) -> Any:
        return t.Part(text=given) if isinstance(given, str) else given

    def ask(*turns: Any, stream: bool = False, **more: Any) -> Callable[[], Any]:
        mode = StreamingMode.SSE if stream else StreamingMode.NONE

        async def run() -> None:
            agent = LlmAgent(
                name="assistant", model=Local(model="gemini-2.5-flash"), **more
            )
            runner = InMemoryRunner(agent=agent, app_name="app")
            made = await runner.session_service.create_session(
                app_name="app", user_id="u"
            )
            for turn in turns:
                parts = [part(one) for one in turn]
                async for _ in runner.run_async(
                    user_id="u",
                    session_id=made.id,
                    new_message=t.Content(role="user", parts=parts),
                    run_config=RunConfig(streaming_mode=mode),
                ):
                    pass

        return run

    sampling = t.GenerateContentConfig(
        temperature=0.3,
        top_p=0.9,
        top_k=20,
        max_output_tokens=50,
        stop_sequences=["END"],
        seed=7,
    )
    thinking = t.GenerateContentConfig(
        thinking_config=t.ThinkingConfig(include_thoughts=True, thinking_budget=64)
    )
    png = t.Part.from_bytes(data=m.PNG, mime_type="image/png")
    pdf = t.Part.from_bytes(data=m.PDF, mime_type="application/pdf")
    wav = t.Part.from_bytes(data=m.WAV, mime_type="audio/wav")
    return {
        "text_system": ask([m.QUESTION], instruction=m.SYSTEM),
        "bare": ask([m.ODD]),
        "several_texts": ask(["Capital ", "of France?"], instruction=m.SYSTEM),
        "turns": ask([m.QUESTION], ["And Italy?"], instruction=m.SYSTEM),
        "sampling": ask([m.QUESTION], generate_content_config=sampling),
        "thinking": ask([m.QUESTION], generate_content_config=thinking),
        "tools": ask([m.ASKED], tools=[weather]),
        "image": ask(["What is this?", png]),
        "document": ask([pdf, "Sum up."]),
        "audio": ask(["Write.", wav]),
        "structured": ask([m.QUESTION], output_schema=Place),
        "stream": ask([m.QUESTION], stream=True, instruction=m.SYSTEM),
        "error_400": ask([m.ERROR]),
    }
