"""Google's Agent Development Kit, on models of others."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the runs of agents."""
    from google.adk.agents import LlmAgent
    from google.adk.models.lite_llm import LiteLlm
    from google.adk.runners import InMemoryRunner
    from google.genai import types as t

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    models = {
        "openai": ("openai/gpt-4o-mini", f"{url}/v1"),
        "anthropic": ("anthropic/claude-sonnet-4-5", url),
    }

    def ask(name: str, *given: Any, **more: Any) -> Callable[[], Any]:
        model, base = models[name]

        async def run() -> None:
            made = LiteLlm(model=model, api_base=base, api_key="none", num_retries=0)
            agent = LlmAgent(name="assistant", model=made, **more)
            runner = InMemoryRunner(agent=agent, app_name="app")
            session = await runner.session_service.create_session(
                app_name="app", user_id="u"
            )
            parts = [t.Part(text=p) if isinstance(p, str) else p for p in given]
            async for _ in runner.run_async(
                user_id="u",
                session_id=session.id,
                new_message=t.Content(role="user", parts=parts),
            ):
                pass

        return run

    sampling = t.GenerateContentConfig(temperature=0.3, max_output_tokens=50)
    png = t.Part.from_bytes(data=m.PNG, mime_type="image/png")
    made: dict[str, Callable[[], Any]] = {}
    for name in models:
        made |= {
            f"{name}_text": ask(name, m.QUESTION, instruction=m.SYSTEM),
            f"{name}_bare": ask(name, m.ODD),
            f"{name}_several": ask(name, "Capital ", "of France?"),
            f"{name}_sampling": ask(name, m.QUESTION, generate_content_config=sampling),
            f"{name}_tools": ask(name, m.ASKED, tools=[weather]),
            f"{name}_image": ask(name, "What is this?", png),
            f"{name}_error": ask(name, m.ERROR),
        }
    return made
