"""Langfuse SDK: `langfuse.observation.*`.

Its OpenAI wrapper keeps messages and tools, but the model only as it answered, invents
defaults for parameters that were not given, and replaces media by tokens.
"""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers import framework_messages
from collector.recognise.dialects.readers.bodies import (
    langchain_json,
    langchain_request,
)
from collector.recognise.dialects.readers.bodies.provider_bodies import (
    answer_of_output,
    api_of_body,
    clean_body,
)
from collector.recognise.dialects.readers.json_values import (
    as_count,
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.parts import read_tools
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import chat_api, is_dated
from collector.recognise.record import Record
from snaptrace.snapshot.apis.fields import all_but
from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json, Usage

_NAME = "langfuse"
_P = "langfuse.observation."
_GENERATION_KEYS = (
    f"{_P}model.name",
    f"{_P}model.parameters",
    f"{_P}usage_details",
    f"{_P}cost_details",
    f"{_P}completion_start_time",
)
# What its OpenAI wrapper writes where the caller gave nothing.
_INVENTED: dict[str, tuple[Any, ...]] = {
    "temperature": (1, "1"),
    "top_p": (1, "1"),
    "frequency_penalty": (0, "0"),
    "presence_penalty": (0, "0"),
    "max_tokens": ("Infinity", "inf"),
    "max_completion_tokens": ("Infinity", "inf"),
    "service_tier": ("default", "auto"),
    "n": (1,),
}
_LAST_WITHOUT_INSTRUCTIONS = 3
# A value equal to its invented default may have been given or not: none is carried.
_CARRIED = {
    "openai_chat": ("tools",),
    "openai_responses": (),
    "openai_embeddings": ("input", "dimensions"),
}


class Langfuse:
    """See `contract.Dialect`."""

    name = _NAME

    def claims(self, record: Record) -> bool:
        """Return whether the record is an observation."""
        return f"{_P}type" in record.attributes

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        kind = attributes.get(f"{_P}type")
        legacy = kind == "span" and any(key in attributes for key in _GENERATION_KEYS)
        if kind not in ("generation", "embedding") and not legacy:
            return candidate_of(record, _NAME, role="wrapper")
        candidate = candidate_of(record, _NAME, role="call")
        given = loads(attributes.get(f"{_P}input"))
        parameters = as_dict(loads(attributes.get(f"{_P}model.parameters")).value)
        named = as_text(attributes.get(f"{_P}model.name"))
        # The wrapper notes the model that answered, until the call fails.
        if named and (not is_dated(named) or attributes.get(f"{_P}level") == "ERROR"):
            candidate.model = named
        if kind == "embedding":
            _read_embedding(candidate, given.value, parameters)
        else:
            _read_generation(candidate, given.value, parameters, named, record)
        if given.broken:
            candidate.reasons += ("truncated",)
        output = loads(attributes.get(f"{_P}output")).value
        answer = (
            output if isinstance(output, dict | list) else {"text": as_text(output)}
        )
        if isinstance(answer, list):
            answer = {"output": answer}
        if isinstance(output, str) and output:
            answer = {"message": {"content": output}}
        failed = record.failed or attributes.get(f"{_P}level") == "ERROR"
        found = answer_of_output(
            answer, failed=failed, error="error", usage=_usage(record)
        )
        candidate.answer = msgspec.structs.replace(found, model=named)
        return candidate


def _usage(record: Record) -> Usage:
    found = as_dict(loads(record.attributes.get(f"{_P}usage_details")).value)
    return Usage(
        input_tokens=as_count(
            found.get("prompt_tokens", found.get("input_tokens", found.get("input")))
        ),
        output_tokens=as_count(
            found.get(
                "completion_tokens", found.get("output_tokens", found.get("output"))
            )
        ),
    )


def _read_embedding(
    candidate: Candidate, given: Json, parameters: dict[str, Any]
) -> None:
    candidate.operation, candidate.api = "embeddings", "openai_embeddings"
    if given is not None:
        candidate.body = {
            "model": candidate.model,
            "input": given,
            **_sent(parameters),
        }
    candidate.lost = ("model",) if not candidate.model else ()
    candidate.lost += all_but("openai_embeddings", _CARRIED["openai_embeddings"])


def _sent(parameters: dict[str, Any]) -> dict[str, Json]:
    """Return the parameters that were given: those unlike the invented defaults."""
    return {
        key: value
        for key, value in _given(parameters).items()
        if value is not None and value not in _INVENTED.get(key, ())
    }


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK's helpers pass for "not given".

    Such a sentinel is written as an object with nothing but its module's name.
    """
    return {
        key: value
        for key, value in fields.items()
        if not (isinstance(value, dict) and value.keys() == {"__module__"})
    }


def _read_generation(
    candidate: Candidate,
    given: Any,  # noqa: ANN401 - any JSON
    parameters: dict[str, Any],
    named: str,
    record: Record,
) -> None:
    body = _given(as_dict(given))
    if _is_langchain(record):
        _read_langchain(candidate, given, parameters, record)
        return
    if langchain_json.is_langchain(
        {"messages": given} if isinstance(given, list) else body
    ):
        source = {"messages": given} if isinstance(given, list) else body
        candidate.api = chat_api(candidate.provider)
        messages = langchain_json.read_messages(source)
        params, _ = langchain_json.read_arguments(_sent(parameters))
        candidate.model = named
        candidate.conversation = Conversation(
            model=named,
            messages=tuple(messages),
            tools=tuple(read_tools(source.get("tools"))),
            params=params,
        )
        candidate.lost = all_but(candidate.api, ())
        return
    body = _shaped(given, body, record)
    api = api_of_body(body, candidate.provider, named)
    if "input" in body and api != "openai_embeddings":
        api = "openai_responses"
    if not api and "messages" in body:
        framework_messages.fill(candidate, record, body["messages"], _sent(parameters))
        return
    candidate.api = api
    candidate.lost = all_but(api, _CARRIED.get(api, ()))
    if not api:
        return
    sent = _sent(parameters)
    if api == "openai_responses":
        sent, body = _responses_body(sent, body, moved=_moves_instructions(record))
    candidate.body = {"model": candidate.model, **clean_body(api, body), **sent}
    if parameters:
        candidate.reasons += ("invented_defaults",)


def _is_langchain(record: Record) -> bool:
    """Detect its handler of LangChain's callbacks, which sets their metadata."""
    return f"{_P}metadata.ls_model_type" in record.attributes


def _read_langchain(
    candidate: Candidate,
    given: Any,  # noqa: ANN401 - any JSON
    parameters: dict[str, Any],
    record: Record,
) -> None:
    """Read what its LangChain handler wrote: tools stand behind the messages."""
    attributes = record.attributes
    told = as_text(loads(attributes.get(f"{_P}metadata.ls_provider")).value)
    asked = as_text(loads(attributes.get(f"{_P}metadata.ls_model_name")).value)
    candidate.provider = candidate.provider or told
    # In JavaScript tools stand beside the messages.
    body = as_dict(given)
    listed = as_list(given) or as_list(body.get("messages"))
    items = [as_dict(item) for item in listed] or [{"role": "user", "content": given}]
    if not all("role" in item for item in items):
        candidate.reasons += ("content_dropped",)  # a tool's result without its call
    if any("base64" in block for item in items for block in _blocks(item)):
        # Releases that show it to a handler like this may have sent it like this.
        candidate.reasons += ("differences_recorded",)
    tools = [item["content"] for item in items if _is_tool(item)]
    choice = {"tool_choice": body["tool_choice"]} if "tool_choice" in body else {}
    versions = as_text(attributes.get(f"{_P}metadata.versions"))
    output = loads(attributes.get(f"{_P}output")).value
    langchain_request.fill(
        candidate,
        langchain_json.read_plain([item for item in items if not _is_tool(item)]),
        {**_given(parameters), "model": asked or candidate.model, **choice},
        responses=langchain_json.is_response_message(output),
        tools=tools or body.get("tools"),
        javascript='"@langchain/' in versions,
    )
    if candidate.api == "openai_chat" and not output:
        candidate.api_source = "guessed"  # only an answer shows which of OpenAI's two
    candidate.lost += all_but(candidate.api, ("model", "messages.name"))


def _blocks(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [as_dict(block) for block in as_list(item.get("content"))]


def _is_tool(item: dict[str, Any]) -> bool:
    """Detect an offered tool, which comes as a message that answers no call."""
    content = item.get("content")
    return (
        item.get("role") == "tool"
        and "tool_call_id" not in item
        and isinstance(content, dict)
    )


def _shaped(
    given: Any,  # noqa: ANN401 - any JSON
    body: dict[str, Any],
    record: Record,
) -> dict[str, Any]:
    """Return the request's own field for what stands alone in the input."""
    if isinstance(given, str):
        usage = as_dict(loads(record.attributes.get(f"{_P}usage_details")).value)
        # A completion counts its tokens by other names than a response does.
        return {"prompt" if "prompt_tokens" in usage else "input": given}
    if isinstance(given, list) and _are_messages(given, record):
        return {"messages": given}
    if isinstance(given, list):
        return {"input": given}
    return body


def _moves_instructions(record: Record) -> bool:
    """Detect a release whose wrapper puts `instructions` in front of the input.

    Version 3 left them out; a system message in its input is the caller's own.
    """
    major = record.scope_version.partition(".")[0]
    return not (major.isdigit() and int(major) <= _LAST_WITHOUT_INSTRUCTIONS)


def _responses_body(
    sent: dict[str, Json], body: dict[str, Any], *, moved: bool
) -> tuple[dict[str, Json], dict[str, Any]]:
    """Bring parameters and instructions to where the Responses API has them."""
    own = {
        key: value
        for key, value in sent.items()
        if key in ("temperature", "top_p", "max_output_tokens", "top_logprobs")
    }
    reasoning = {
        name: sent[f"reasoning_{name}"]
        for name in ("effort", "summary")
        if sent.get(f"reasoning_{name}") is not None
    }
    if reasoning:
        own["reasoning"] = reasoning
    given = body.get("input")
    first = as_dict(given[0]) if isinstance(given, list) and given else {}
    if (
        moved
        and first.get("role") == "system"
        and isinstance(first.get("content"), str)
    ):
        rest: Json = given[1:] if isinstance(given, list) else given
        match rest:
            case [{"role": "user", "content": str(text), **more}] if not more:
                rest = text
        body = {**body, "instructions": first["content"], "input": rest}
    return own, body


def _are_messages(given: list[Any], record: Record) -> bool:
    """Detect a chat's messages from a Responses input list, which looks alike."""
    if any(as_dict(item).get("type") in _ITEMS for item in given):
        return False
    parts = [p for item in given for p in as_list(as_dict(item).get("content"))]
    if any(
        as_text(as_dict(p).get("type")).startswith("input_")
        for p in parts
        if as_dict(p).get("type") != "input_audio"
    ):
        return False
    told = as_text(loads(record.attributes.get(f"{_P}metadata.object")).value)
    if told == "response":
        return False
    usage = as_dict(loads(record.attributes.get(f"{_P}usage_details")).value)
    if "prompt_tokens" in usage:
        return True
    output = as_dict(loads(record.attributes.get(f"{_P}output")).value)
    return output.get("type") != "message" and "input_tokens_details" not in usage


_ITEMS = (
    "function_call",
    "function_call_output",
    "reasoning",
    "item_reference",
    "message",
)
