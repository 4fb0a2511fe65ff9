"""Which vendor's family a model is of, by its name: no model judges its relatives."""

import re

_KNOWN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("openai", ("gpt", "chatgpt", "o1", "o3", "o4", "davinci", "codex")),
    ("anthropic", ("claude",)),
    ("google", ("gemini", "gemma", "palm")),
    ("meta", ("llama", "meta-llama")),
    ("mistral", ("mistral", "mixtral", "codestral", "ministral", "pixtral")),
    ("alibaba", ("qwen", "qwq", "qvq")),
    ("deepseek", ("deepseek",)),
    ("microsoft", ("phi",)),
    ("cohere", ("command", "aya")),
    ("amazon", ("nova", "titan")),
    ("xai", ("grok",)),
    ("zhipu", ("glm", "chatglm")),
    ("moonshot", ("kimi", "moonshot")),
)
_HEAD = re.compile(r"[a-z]+")


def family_of(model: str) -> str:
    """Return the vendor of a known name, else the letters that the name begins with.

    Paths and prefixes of gateways (`openai/gpt-…`, `eu.anthropic.claude-…`) are read
    from their last part on.
    """
    name = model.casefold()
    parts = [part for part in re.split(r"[/:@]|\.(?=[a-z])", name) if part]
    for part in reversed(parts):
        for family, stems in _KNOWN:
            if part.startswith(stems):
                return family
    head = _HEAD.match(parts[-1]) if parts else None
    return head.group(0) if head else name
