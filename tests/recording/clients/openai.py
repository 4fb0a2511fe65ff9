"""OpenAI's client: chat completions, Responses, embeddings."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m

_WEATHER = {"type": "function", "strict": False, **m.TOOL}


def chat(create: Callable[..., Any], model: str) -> dict[str, Callable[[], Any]]:
    """Return the cases of chat completions, for all clients that speak them."""
    picture = {"url": m.url_of(m.PNG, "image/png"), "detail": "low"}
    image = {"type": "image_url", "image_url": picture}
    web = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    sound = {"data": m.encoded(m.WAV), "format": "wav"}
    file = {"filename": "a.pdf", "file_data": m.url_of(m.PDF, "application/pdf")}
    system = m.turn("system", m.SYSTEM)
    rules = m.turn("system", *map(m.text, m.RULES))
    called = m.turn("assistant", None, tool_calls=[m.USED])
    told = m.turn("tool", m.TOLD, tool_call_id="call_1")
    pieces = m.turn("tool", m.text("18 "), m.text("degrees"), tool_call_id="call_1")
    two = m.turn("assistant", "Looking.", tool_calls=[m.USED, m.AGAIN])

    def ask(*messages: Any, **more: Any) -> Callable[[], Any]:
        return lambda: create(model=more.pop("model", model), messages=messages, **more)

    def stream(*messages: Any, **more: Any) -> Callable[[], Any]:
        asked = ask(*messages, stream=True, **more)
        return lambda: m.used_up(asked())

    question = m.user(m.QUESTION)
    return {
        "text_system": ask(system, question),
        "sampling": ask(
            question,
            temperature=0.3,
            top_p=0.9,
            max_tokens=50,
            seed=7,
            stop=["END"],
            n=2,
            presence_penalty=0.1,
            frequency_penalty=0.2,
            logprobs=True,
            top_logprobs=2,
            logit_bias={"50256": -100},
            user="u-1",
        ),
        "zeros": ask(question, temperature=0.0, seed=0, stop="END"),
        "reasoning": ask(
            m.turn("developer", "Be brief."),
            question,
            reasoning_effort="low",
            max_completion_tokens=300,
        ),
        "multi_turn": ask(
            system, m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Die Loire?")
        ),
        "several_texts": ask(
            rules, m.user(m.text("Capital "), m.text("of France?"), name="anna")
        ),
        "two_systems": ask(system, m.turn("system", m.RULES[0]), question),
        "tools": ask(m.user(m.ASKED), tools=m.FUNCTIONS, tool_choice="auto"),
        "tool_named": ask(
            m.user(m.ASKED),
            tools=m.BOTH,
            tool_choice={"type": "function", "function": {"name": "weather"}},
            parallel_tool_calls=False,
        ),
        "tool_results": ask(m.user(m.ASKED), called, told, tools=m.FUNCTIONS),
        "tool_pieces": ask(m.user(m.ASKED), called, pieces, tools=m.FUNCTIONS),
        "tools_parallel": ask(
            m.user("Weather and time?"),
            two,
            told,
            m.turn("tool", '{"time": "12:30"}', tool_call_id="call_2"),
            m.user("Thanks. And now?"),
            tools=m.BOTH,
            tool_choice="required",
        ),
        "image": ask(m.user(m.text("What is this?"), image)),
        "image_url": ask(m.user(web, image, m.text("Compare."))),
        "audio": ask(
            m.user(m.text("Write."), {"type": "input_audio", "input_audio": sound})
        ),
        "document": ask(m.user({"type": "file", "file": file}, m.text("Sum up."))),
        "structured": ask(
            question, response_format={"type": "json_schema", "json_schema": m.SCHEMA}
        ),
        "json_object": ask(question, response_format={"type": "json_object"}),
        "refused_before": ask(
            m.user("Hi"),
            m.turn("assistant", None, refusal="I cannot."),
            question,
        ),
        "empty": ask(m.turn("system", ""), m.user("")),
        "extra": ask(question, extra_body={"top_k": 20, "min_p": 0.05}),
        "stream": stream(system, question, temperature=0.7),
        "stream_tools": stream(m.user(m.ASKED), tools=m.FUNCTIONS),
        "error_400": ask(m.user(m.ERROR), temperature=0.5),
    }


def responses(create: Callable[..., Any], model: str) -> dict[str, Callable[[], Any]]:
    """Return the cases of Responses."""
    image = {"type": "input_image", "image_url": m.url_of(m.PNG, "image/png")}
    words = {"type": "input_text", "text": "What is this?"}
    file = {"filename": "a.pdf", "file_data": m.url_of(m.PDF, "application/pdf")}
    call = {"type": "function_call", "call_id": "call_1", "name": "weather"}
    told = {"type": "function_call_output", "call_id": "call_1", "output": m.TOLD}

    def ask(given: Any, **more: Any) -> Callable[[], Any]:
        return lambda: create(model=model, input=given, **more)

    streamed = ask(m.QUESTION, instructions=m.SYSTEM, stream=True)
    form = {"type": "json_schema", **m.SCHEMA}
    return {
        "responses_text": ask(m.QUESTION, instructions=m.SYSTEM, temperature=0.2),
        "responses_sampling": ask(
            [m.user(m.QUESTION)],
            top_p=0.5,
            max_output_tokens=99,
            reasoning={"effort": "low", "summary": "auto"},
            truncation="auto",
            metadata={"team": "geo"},
        ),
        "responses_tools": ask(
            [m.user(m.ASKED)],
            tools=[_WEATHER],
            tool_choice="required",
            parallel_tool_calls=False,
        ),
        "responses_results": ask(
            [m.user(m.ASKED), {**call, "arguments": m.ARGUMENTS}, told],
            tools=[_WEATHER],
        ),
        "responses_turns": ask(
            [
                m.turn("developer", "Be brief."),
                m.user(
                    {"type": "input_text", "text": "Capital "},
                    {"type": "input_text", "text": "of France?"},
                ),
                m.turn("assistant", "Paris."),
                m.user(m.ODD),
            ]
        ),
        "responses_media": ask(
            [m.user(words, {**image, "detail": "low"}, {"type": "input_file", **file})]
        ),
        "responses_schema": ask(m.QUESTION, text={"format": form, "verbosity": "low"}),
        "responses_continued": ask("And Italy?", previous_response_id="resp_0"),
        "responses_stream": lambda: m.used_up(streamed()),
        "responses_error": ask(m.ERROR, temperature=0.1),
    }


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls of OpenAI's client."""
    import openai as sdk

    client = sdk.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    asynchronous = sdk.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    async def later() -> None:
        await asynchronous.chat.completions.create(
            model="gpt-4o-mini", messages=[m.user(m.QUESTION)], max_tokens=12
        )

    def embed() -> None:
        client.embeddings.create(
            model="text-embedding-3-small", input=["one", "two"], dimensions=16
        )

    return {
        **chat(client.chat.completions.create, "gpt-4o-mini"),
        **responses(client.responses.create, "gpt-4o-mini"),
        "asynchronous": later,
        "embeddings": embed,
    }
