"""DSPy's language models and predictors."""

from collections.abc import Callable
from typing import Any

from recording.clients import material as m


def cases(url: str) -> dict[str, Callable[[], Any]]:
    """Return the calls through DSPy."""
    import dspy

    def model(**more: Any) -> Any:
        return dspy.LM(
            "openai/gpt-4o-mini",
            api_base=f"{url}/v1",
            api_key="none",
            cache=False,
            num_retries=0,
            **more,
        )

    def weather(city: str) -> str:
        """Weather of a city."""
        return m.TOLD

    def predicted(make: Any, **given: Any) -> Callable[[], Any]:
        def call() -> Any:
            with dspy.context(lm=model()):
                return make()(**given)

        return call

    system, question = m.turn("system", m.SYSTEM), m.user(m.QUESTION)
    responses = dspy.LM(
        "openai/gpt-4o-mini",
        api_base=f"{url}/v1",
        api_key="none",
        cache=False,
        num_retries=0,
        model_type="responses",
    )
    return {
        "text": lambda: model()(m.QUESTION),
        "messages": lambda: model()(messages=[system, question]),
        "sampling": lambda: model(temperature=0.3, max_tokens=50)(
            m.QUESTION, top_p=0.9, n=2, stop=["END"]
        ),
        "multi_turn": lambda: model()(
            messages=[m.user(m.ODD), m.turn("assistant", "777 km"), m.user("Loire?")]
        ),
        "predict": predicted(
            lambda: dspy.Predict("question -> answer"), question=m.QUESTION
        ),
        "chain_of_thought": predicted(
            lambda: dspy.ChainOfThought("question -> answer"), question=m.QUESTION
        ),
        "react": predicted(
            lambda: dspy.ReAct("question -> answer", tools=[weather], max_iters=1),
            question=m.ASKED,
        ),
        "responses_text": lambda: responses(messages=[system, question]),
        "error_400": lambda: model()(m.ERROR),
    }
